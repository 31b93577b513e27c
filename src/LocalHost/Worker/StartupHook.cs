using System.Diagnostics;
using System.Runtime.InteropServices;

// The runtime runs this in the worker process before the app's Main (DOTNET_STARTUP_HOOKS). It needs this very name, outside any namespace.

/// <summary>Ends the worker together with its host, however the host ended.</summary>
internal static class StartupHook
{
    /// <summary>Called by the runtime.</summary>
    public static void Initialize()
    {
        // Processes that the app starts are not workers.
        Environment.SetEnvironmentVariable("DOTNET_STARTUP_HOOKS", null);
        // Ctrl-C in a terminal reaches its whole process group: the worker leaves it, or it would end before the host has drained it.
        if (!OperatingSystem.IsWindows())
            _ = CreateSession();
        new Thread(EndWithHost) { IsBackground = true, Name = "end with the host" }.Start();
    }

    private static void EndWithHost()
    {
        // The host holds the other end of standard input and never writes to it: an end of input means that the host is gone.
        using var input = Console.OpenStandardInput();
        try
        {
            while (input.ReadByte() >= 0) { }
        }
        catch (IOException)
        {
            // A broken pipe means the same.
        }

        Process.GetCurrentProcess().Kill();
    }

    [DllImport("libc", EntryPoint = "setsid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int CreateSession();
}
