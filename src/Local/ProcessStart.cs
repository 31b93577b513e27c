using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Local;

/// <summary>Starts and ends child processes; no shell in between.</summary>
internal static class ProcessStart
{
    /// <summary>Starts a process, or says which tool is missing and what to do.</summary>
    /// <exception cref="LaunchException">The tool is not there, or may not be run.</exception>
    public static Process Start(ProcessStartInfo start, string tool, string remedy)
    {
        try
        {
            return Process.Start(start) ?? throw new LaunchException($"{tool} did not start");
        }
        catch (Win32Exception e)
        {
            throw new LaunchException($"{tool} could not be started ({e.Message}): {remedy}", e);
        }
    }

    /// <summary>When the system says the process started (UTC).</summary>
    public static DateTimeOffset StartedAt(Process process) => new DateTimeOffset(process.StartTime).ToUniversalTime();

    /// <summary>Asks a process to end (TERM; on Windows it is ended at once) and ends it by force after a while.</summary>
    /// <param name="process">The process; one that has ended is left alone.</param>
    /// <param name="grace">How long it may take to end by itself.</param>
    /// <param name="hurry">Ends the grace at once.</param>
    public static async Task TerminateAsync(Process process, TimeSpan grace, CancellationToken hurry = default)
    {
        if (process.HasExited)
            return;
        if (OperatingSystem.IsWindows())
            process.Kill(entireProcessTree: true);
        else
            using (
                var kill = Start(
                    new ProcessStartInfo("kill")
                    {
                        ArgumentList = { "-TERM", process.Id.ToString(CultureInfo.InvariantCulture) },
                        RedirectStandardError = true,
                    },
                    "kill",
                    "it comes with the system"
                )
            )
                await kill.WaitForExitAsync(CancellationToken.None);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(hurry);
        limit.CancelAfter(grace);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync(CancellationToken.None);
        }
    }
}
