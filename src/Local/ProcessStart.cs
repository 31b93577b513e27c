using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;

namespace Local;

/// <summary>Starts and ends child processes; no shell in between.</summary>
internal static class ProcessStart
{
    /// <summary>Starts a process, or says which tool is missing and what to do.</summary>
    /// <exception cref="LaunchException">The tool is not on PATH.</exception>
    public static Process Start(ProcessStartInfo start, string tool, string remedy)
    {
        try
        {
            return Process.Start(start) ?? throw new LaunchException($"{tool} did not start");
        }
        catch (Win32Exception e)
        {
            throw new LaunchException($"{tool} is missing ({e.Message}): {remedy}", e);
        }
    }

    /// <summary>Asks a process to end (TERM; on Windows it is ended at once) and ends it by force after <paramref name="grace"/>.</summary>
    public static async Task TerminateAsync(Process process, TimeSpan grace)
    {
        if (process.HasExited)
            return;
        if (OperatingSystem.IsWindows())
            process.Kill(entireProcessTree: true);
        else
            using (var kill = Process.Start(new ProcessStartInfo("kill") { ArgumentList = { "-TERM", process.Id.ToString(CultureInfo.InvariantCulture) } }))
                await kill!.WaitForExitAsync();
        using var limit = new CancellationTokenSource(grace);
        try
        {
            await process.WaitForExitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            await process.WaitForExitAsync();
        }
    }
}
