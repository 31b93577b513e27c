using System.CommandLine;
using ComplianceCli.Azure;

namespace ComplianceCli;

/// <summary>The commands of <c>compliance</c>.</summary>
internal static class Commands
{
    private const string Name = "compliance";

    /// <summary>
    /// Parses and does it. Exit codes: 0 done, 1 it could not or something disagrees, 64 wrong usage; those of evidence: 0 intact, 1
    /// tampered, 2 cannot decide.
    /// </summary>
    /// <param name="arguments">What was typed.</param>
    /// <param name="output">For what was asked for.</param>
    /// <param name="errors">For progress and what went wrong.</param>
    /// <param name="cancellationToken">Interrupts it.</param>
    /// <param name="input">Opens standard input; null for the process's own.</param>
    /// <param name="time">The clock that an event's times are judged by; null for the system's.</param>
    /// <param name="azure">What the commands reach outside this process; null for the real one.</param>
    public static async Task<int> InvokeAsync(
        string[] arguments,
        TextWriter output,
        TextWriter errors,
        CancellationToken cancellationToken,
        Func<Stream>? input = null,
        TimeProvider? time = null,
        AzureOutside? azure = null
    )
    {
        var outside = azure ?? AzureOutside.Default;
        var options = new AppOptions(outside);
        var commands = new AppCommands(options, output);
        var root = new RootCommand(
            "Manages the compliance app: cases of leavers, their plans and certificates, what waits for approval, what is open, "
                + "sweeps of stored data, notifications, the policy of retention, the pause, the evidence, events sent by hand, messages "
                + "that were given up, and "
                + "its deployment to Azure."
        )
        {
            OffboardCommands.Create(commands),
            ApprovalCommands.Create(commands),
            FindingCommands.Create(commands),
            SweepCommands.Create(commands),
            NotificationCommands.Create(commands),
            new PolicyCommands(output, time ?? TimeProvider.System).Create(),
            EvidenceCommands.Create(options.Connection, options.Json, output, errors),
            EventCommands.Create(options.Connect, options.Json, input ?? Console.OpenStandardInput, output, time ?? TimeProvider.System),
            new QueueCommands(options.Connect, options.Json, output).Create(),
            new AzureCommands(outside, time ?? TimeProvider.System, output, errors).Create(),
        };
        root.HelpName = Name;
        foreach (var option in options.All)
            root.Options.Add(option);
        foreach (var command in PauseCommands.Create(options, output))
            root.Subcommands.Add(command);
        var result = root.Parse(arguments);
        if (result.Errors.Count > 0)
        {
            foreach (var error in result.Errors)
                await errors.WriteLineAsync(error.Message);
            return 64;
        }
        // The program stops by its own token: a second handler of signals would end it in between.
        var configuration = new InvocationConfiguration
        {
            Output = output,
            Error = errors,
            EnableDefaultExceptionHandler = false,
            ProcessTerminationTimeout = null,
        };
        return await result.InvokeAsync(configuration, cancellationToken);
    }
}
