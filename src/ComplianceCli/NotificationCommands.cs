using System.CommandLine;
using Compliance.Notifications;
using Compliance.Text;

namespace ComplianceCli;

/// <summary>The commands about notifications.</summary>
internal static class NotificationCommands
{
    /// <summary>The command with its subcommand.</summary>
    public static Command Create(AppCommands commands) => new("notifications", "Who is notified of what waits for them") { Test(commands) };

    private static Command Test(AppCommands commands) =>
        commands.Make(
            "test",
            "Send a test message to everybody whom the policy names and to every room; 1 when one did not arrive",
            async (parsed, _, client, token) =>
            {
                var outcomes = await client.TestNotificationsAsync(token);
                if (commands.IsJson(parsed))
                    commands.Print(outcomes);
                else if (outcomes.Count == 0)
                    await commands.Output.WriteLineAsync(
                        "No one is notified: no mailbox or room is set, or the policy names no one. See docs/operations/notifications.md"
                    );
                else
                    foreach (var outcome in outcomes)
                        await commands.Output.WriteLineAsync(Plain.Text(Line(outcome)));
                return outcomes.All(o => o.Failure is null) ? 0 : 1;
            }
        );

    private static string Line(TestDelivery outcome) =>
        outcome.Failure is { } why ? $"{outcome.Recipient}  not delivered: {why}" : $"{outcome.Recipient}  sent";
}
