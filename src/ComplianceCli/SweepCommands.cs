using System.CommandLine;
using System.Globalization;
using System.Text;
using Compliance.Minimization.Sweeps;
using Compliance.Text;

namespace ComplianceCli;

/// <summary>The commands about sweeps of stored data.</summary>
internal static class SweepCommands
{
    /// <summary>The command with its subcommands.</summary>
    public static Command Create(AppCommands commands) =>
        new("sweep", "Delete stored data that may be kept no longer, and show what was deleted")
        {
            Demo(commands),
            Start(commands),
            List(commands),
            Show(commands),
            Cancel(commands),
            Report(commands),
        };

    private static Command Demo(AppCommands commands) =>
        commands.Make(
            "demo",
            "One sweep of the sandbox tenant's data, live; 0 when report, evidence and accounts agree",
            (_, where, client, token) => new SweepDemo(where, client, commands.Output, TimeProvider.System).RunAsync(token)
        );

    private static Command Start(AppCommands commands)
    {
        var dryRun = new Option<bool>("--dry-run") { Description = "End with the plan: nothing is asked and nothing is deleted" };
        return commands.Make(
            "start",
            "Start a sweep, as yourself: others approve what it deletes",
            async (parsed, _, client, token) =>
            {
                var sweep = await client.StartSweepAsync(parsed.GetValue(dryRun), token);
                if (commands.IsJson(parsed))
                    return commands.Print(sweep);
                await commands.Output.WriteLineAsync($"{Line(sweep)}\nWhat it plans: compliance sweep show {sweep.Id}");
                return 0;
            },
            dryRun
        );
    }

    private static Command List(AppCommands commands) =>
        commands.Make(
            "list",
            "All sweeps, the newest first",
            async (parsed, _, client, token) =>
            {
                var sweeps = await client.SweepsAsync(token);
                if (commands.IsJson(parsed))
                    return commands.Print(sweeps);
                foreach (var sweep in sweeps)
                    await commands.Output.WriteLineAsync(Line(sweep));
                if (sweeps.Count == 0)
                    await commands.Output.WriteLineAsync("There was no sweep yet.");
                return 0;
            }
        );

    private static Command Show(AppCommands commands)
    {
        var id = AppCommands.Named("SWEEP", "Id of the sweep");
        return commands.Make(
            "show",
            "What a sweep plans for each data set, why it waits, and names of what is due",
            async (parsed, _, client, token) =>
            {
                var view = await client.SweepAsync(parsed.GetValue(id)!, token);
                if (commands.IsJson(parsed))
                    return commands.Print(view);
                await commands.Output.WriteAsync(Whole(view));
                return 0;
            },
            id
        );
    }

    private static Command Cancel(AppCommands commands)
    {
        var id = AppCommands.Named("SWEEP", "Id of the sweep");
        return commands.Make(
            "cancel",
            "Stop a sweep, so that it deletes nothing more",
            async (parsed, _, client, token) =>
            {
                var sweep = await client.CancelSweepAsync(parsed.GetValue(id)!, token);
                if (commands.IsJson(parsed))
                    return commands.Print(sweep);
                await commands.Output.WriteLineAsync(Line(sweep));
                return 0;
            },
            id
        );
    }

    private static Command Report(AppCommands commands)
    {
        var id = AppCommands.Named("SWEEP", "Id of the sweep");
        var file = new Option<FileInfo?>("--output") { Description = "Write it to this file: .html, .csv or .json", HelpName = "FILE" };
        var force = OutputFile.Force();
        return commands.Make(
            "report",
            "What a sweep came to; 1 when something that was due is left or could not be read",
            async (parsed, _, client, token) =>
            {
                var (sweep, target) = (parsed.GetValue(id)!, parsed.GetValue(file));
                OutputFile.Require(target, parsed.GetValue(force));
                var report = await client.SweepReportAsync(sweep, token);
                if (target is not null)
                    await File.WriteAllBytesAsync(
                        target.FullName,
                        await client.SweepReportAsync(sweep, target.Extension.TrimStart('.').ToLowerInvariant(), token),
                        token
                    );
                if (commands.IsJson(parsed))
                    commands.Print(report);
                else
                    await commands.Output.WriteAsync(Whole(report));
                return report.IsComplete ? 0 : 1;
            },
            id,
            file,
            force
        );
    }

    private static string Line(Sweep sweep) =>
        Plain.Text(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{sweep.Id}  {Stage(sweep.Stage)}  as of {sweep.At.UtcDateTime:yyyy-MM-dd HH:mm}Z{(sweep.IsDryRun ? "  (dry run)" : "")}"
            )
        );

    private static string Whole(SweepView view)
    {
        var text = new StringBuilder(Line(view.Sweep)).Append('\n');
        foreach (var unread in view.Sweep.Unread)
            text.Append(CultureInfo.InvariantCulture, $"  not read: {Plain.Text(unread)}\n");
        foreach (var set in view.DataSets)
        {
            text.Append('\n').Append(Plain.Text(set.DataSet));
            text.Append(
                CultureInfo.InvariantCulture,
                $"  {set.Totals.Due.Items} of {set.Totals.All.Items} items are due, {set.Totals.Due.Bytes} bytes\n"
            );
            foreach (var (rule, total) in set.Due)
                text.Append(CultureInfo.InvariantCulture, $"  rule {Plain.Text(rule)}: {total.Items} items, {total.Bytes} bytes\n");
            foreach (var hold in set.Holds)
                text.Append(CultureInfo.InvariantCulture, $"  waits: {Plain.Text(hold)}\n");
            foreach (var name in set.Samples)
                text.Append(CultureInfo.InvariantCulture, $"  for example {Plain.Text(name)}\n");
        }
        if (view.DataSets.Count == 0)
            text.Append(view.Sweep.Stage == SweepStage.Planning ? "It is being planned.\n" : "Nothing is due.\n");
        return text.ToString();
    }

    /// <summary>A report as text.</summary>
    internal static string Whole(SweepReport report)
    {
        var text = new StringBuilder();
        foreach (var set in report.DataSets)
        {
            text.Append(
                CultureInfo.InvariantCulture,
                $"{Plain.Text(set.DataSet)}  {State(set.State)}  {set.Totals.Due.Items} due, {set.Deleted.Items} deleted, "
                    + $"{set.Left.Items} left\n"
            );
            if (set.Note is { } note)
                text.Append(CultureInfo.InvariantCulture, $"  {Plain.Text(note)}\n");
        }
        if (report.Unclassified.Items > 0)
            text.Append(CultureInfo.InvariantCulture, $"{report.Unclassified.Items} items are in no data set.\n");
        foreach (var unread in report.Unread)
            text.Append(CultureInfo.InvariantCulture, $"not read: {Plain.Text(unread)}\n");
        text.Append(
            report.IsComplete ? "Everything that was due is gone or kept with a reason.\n" : "Not everything that was due is gone.\n"
        );
        return text.ToString();
    }

    private static string Stage(SweepStage stage) => stage.ToString().ToLowerInvariant();

    private static string State(DataSetState state) =>
        state switch
        {
            DataSetState.NothingDue => "nothing due",
            DataSetState.NotDone => "not done",
            _ => state.ToString().ToLowerInvariant(),
        };
}
