using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Compliance.Changes.Pauses;
using Compliance.Text;

namespace ComplianceCli;

/// <summary>Commands that hold what the app would change, and ask to let it continue.</summary>
internal static class PauseCommands
{
    /// <summary>Commands <c>pause</c> and <c>resume</c>.</summary>
    /// <param name="options">The options that name the app and who calls it.</param>
    /// <param name="output">For what was done.</param>
    public static IEnumerable<Command> Create(AppOptions options, TextWriter output)
    {
        var reason = new Option<string>("--reason")
        {
            Description = "Why, for everybody who sees that acts are paused; at most 500 characters",
            Required = true,
            HelpName = "TEXT",
        };
        reason.Validators.Add(result =>
        {
            if (result.Tokens is [var only] && (string.IsNullOrWhiteSpace(only.Value) || only.Value.Length > PauseDesk.MaxReason))
                result.AddError($"--reason takes 1 to {PauseDesk.MaxReason} characters");
        });
        var blocking = new Option<bool>("--blocking") { Description = "Do not block leavers either: whoever leaves keeps all access" };
        var pause = new Command("pause", "Hold everything that would be changed in the tenant, as yourself")
        {
            reason,
            blocking,
            Make(
                new Command("show", "Whether acts are paused, why, and who is asked to let them continue"),
                (_, client, token) => client.PauseAsync(token)
            ),
        };
        yield return Make(
            pause,
            (parsed, client, token) => client.PauseAsync(parsed.GetValue(reason)!, parsed.GetValue(blocking), token)
        );
        yield return Make(
            new Command("resume", "Ask two others to let acts continue, as yourself"),
            (_, client, token) => client.ResumeAsync(token)
        );

        Command Make(Command command, Func<ParseResult, AppClient, CancellationToken, Task<PauseView>> ask)
        {
            command.SetAction(
                async (parsed, token) =>
                {
                    using var client = options.Open(parsed, options.Connect(parsed));
                    var view = await ask(parsed, client, token);
                    await output.WriteLineAsync(
                        parsed.GetValue(options.Json) ? JsonSerializer.Serialize(view, ComplianceJson.Readable) : Text(view)
                    );
                    return 0;
                }
            );
            return command;
        }
    }

    private static string Text(PauseView view)
    {
        if (!view.Paused)
            return "Acts are not paused.";
        var what = view.Blocking ? "blocking of leavers included" : "leavers are still blocked";
        var next = view.RequestId is { } request
            ? $"Two others let acts continue: compliance approvals answer {request} --plan {view.PlanId}"
            : "Ask two others to let acts continue: compliance resume";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"Acts are paused since {view.At?.UtcDateTime:yyyy-MM-dd HH:mm}Z by {view.By}, {what}: {Plain.Text(view.Reason ?? "")}\n{next}"
        );
    }
}
