using System.Globalization;
using Compliance.Controls;
using Compliance.Credentials;
using Compliance.Findings;
using Compliance.Text;
using Spectre.Console;

namespace Local;

/// <summary>Prints a report for people.</summary>
internal static class ReportTable
{
    private static readonly int Narrowest = 80;
    private static readonly int Widest = 200;

    /// <summary>Prints it.</summary>
    /// <param name="report">The report.</param>
    /// <param name="to">Where to.</param>
    /// <param name="width">Columns of the terminal; kept between 80 and 200.</param>
    /// <param name="colour">Whether the terminal shows colours and wants them.</param>
    /// <param name="data">Folder that holds the evidence's storage.</param>
    public static void Print(CredentialReport report, TextWriter to, int width, bool colour, string data)
    {
        var console = AnsiConsole.Create(
            new AnsiConsoleSettings
            {
                Out = new AnsiConsoleOutput(to),
                Ansi = colour ? AnsiSupport.Yes : AnsiSupport.No,
                ColorSystem = colour ? ColorSystemSupport.Standard : ColorSystemSupport.NoColors,
                Interactive = InteractionSupport.No,
            }
        );
        console.Profile.Width = Math.Clamp(width, Narrowest, Widest);
        console.Profile.Capabilities.Unicode = true;

        // Not through the console: it breaks long lines, and a command that is broken cannot be copied.
        void Line(string text = "") => to.Write(Plain.Line(text) + "\n");

        Line($"Credential-rotation check of {report.Tenant.Name ?? report.Tenant.Id} at {Time(report.Run.StartedAt)}");
        Line();
        var shown = report
            .Findings.Where(finding => finding.Status != FindingStatus.Resolved)
            .OrderByDescending(finding => finding.Severity)
            .ThenBy(finding => finding.Control, StringComparer.Ordinal)
            .ThenBy(finding => finding.Subject.Name, StringComparer.Ordinal)
            .ThenBy(finding => finding.Id, StringComparer.Ordinal)
            .ToList();
        if (shown.Count > 0)
            console.Write(Rows(shown));
        var resolved = report.Findings.Where(finding => finding.Status == FindingStatus.Resolved).ToList();
        foreach (var finding in resolved)
            Line($"Resolved: {finding.Control} {finding.Subject.Name}");
        Line(Counts(report, shown, resolved.Count));
        Line();
        if (report.Unknown.Count > 0)
        {
            Line("Could not be read or decided:");
            foreach (var unknown in report.Unknown)
            {
                Line($"  {unknown.Subject.Name}: {unknown.Reason}{(unknown.Scope == "source" ? $" [{unknown.Source}]" : "")}");
                if (unknown.Permission is { } permission)
                    Line($"    missing permission: {permission}");
                if (unknown.Remedy is { } remedy)
                    Line($"    to correct it: {remedy}");
            }
        }
        Line(report.Run.Complete ? "Every source was read to its end." : "Not every source was read: there may be more than this.");
        foreach (var warning in report.Run.Warnings)
            Line($"Note: {warning}");
        Line();
        Line(
            $"Evidence: record {report.Evidence.RecordId} in {report.Evidence.Location} at byte "
                + $"{report.Evidence.Offset.ToString(CultureInfo.InvariantCulture)}, storage in {Shown(data)}"
        );
        Line("What to do about each: ./scripts/run --once --json (field nextStep). More: docs/get-started.md");
    }

    private static Table Rows(IEnumerable<ReportFinding> findings)
    {
        var table = new Table { Border = TableBorder.Simple, Expand = false };
        foreach (
            var (name, whole) in new[]
            {
                ("severity", true),
                ("control", true),
                ("object", false),
                ("age", true),
                ("expires", true),
                ("owner", false),
                ("why", false),
            }
        )
        {
            var column = new TableColumn(new Text(name)) { NoWrap = whole, Padding = new Padding(0, 0, 1, 0) };
            table.AddColumn(column);
        }
        foreach (var finding in findings)
            table.AddRow(
                new Text(Name(finding.Severity), Colour(finding.Severity)),
                new Text(finding.Control),
                new Text(Plain.Line(finding.Subject.Name)),
                new Text(finding.AgeDays is { } days ? days.ToString(CultureInfo.InvariantCulture) + " d" : "-"),
                new Text(finding.Expires is { } end ? end.UtcDateTime.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture) : "-"),
                new Text(Plain.Line(finding.Owner ?? "nobody")),
                new Text(Plain.Line(finding.Status == FindingStatus.Waived ? $"waived: {finding.Reason}" : finding.Reason))
            );
        return table;
    }

    private static string Counts(CredentialReport report, List<ReportFinding> shown, int resolved)
    {
        var open = shown.Where(finding => finding.Status == FindingStatus.Open).ToList();
        var bySeverity = string.Join(
            ", ",
            open.GroupBy(finding => finding.Severity)
                .OrderByDescending(group => group.Key)
                .Select(group => $"{group.Count()} {Name(group.Key)}")
        );
        var run = report.Run.Counts;
        var text =
            $"{open.Count} open{(open.Count == 0 ? "" : $" ({bySeverity})")}, {shown.Count - open.Count} waived, {resolved} resolved by "
            + "this run";
        if (run.TryGetValue("opened", out var opened))
            text += $", {Number(opened)} new";
        if (run.TryGetValue("reopened", out var reopened) && reopened > 0)
            text += $", {Number(reopened)} back again";
        if (
            run.TryGetValue("credentials", out var credentials)
            && run.TryGetValue("objects", out var objects)
            && run.TryGetValue("sources", out var sources)
        )
            text += $". Read: {Number(credentials)} credentials among {Number(objects)} objects of {Number(sources)} sources.";
        return text;
    }

    // Below the working folder the path is shown from there: shorter, and the same on every machine.
    private static string Shown(string path)
    {
        var relative = Path.GetRelativePath(Environment.CurrentDirectory, path);
        return relative.StartsWith("..", StringComparison.Ordinal) ? path : relative;
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static string Name(Severity severity) => severity.ToString().ToLowerInvariant();

    private static Style Colour(Severity severity) =>
        severity switch
        {
            Severity.Critical => new Style(Color.Red, decoration: Decoration.Bold),
            Severity.High => new Style(Color.Red),
            Severity.Medium => new Style(Color.Yellow),
            _ => Style.Plain,
        };
}
