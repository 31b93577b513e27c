using System.Buffers;
using System.ComponentModel;
using System.Diagnostics;
using Compliance.Observability;

namespace ComplianceCli.Azure;

/// <summary>What came of a program.</summary>
/// <param name="Code">Exit code.</param>
/// <param name="Output">What it wrote.</param>
/// <param name="Errors">What it wrote to standard error.</param>
internal sealed record ToolResult(int Code, string Output, string Errors)
{
    /// <summary>The line that names what went wrong, without secrets.</summary>
    public string Reason
    {
        get
        {
            var lines = Errors.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            var line = Array.Find(lines, l => l.StartsWith("ERROR", StringComparison.OrdinalIgnoreCase)) ?? lines.LastOrDefault();
            return line is null ? $"it ended with code {Code}" : SecretScrubber.FirstLine(line);
        }
    }
}

/// <summary>Starts <c>az</c> and <c>azd</c>; no shell in between.</summary>
internal static class Tools
{
    // In a batch file, as az is on Windows, cmd.exe reads these once more.
    private static readonly SearchValues<char> Unsafe = SearchValues.Create("\"%!&|<>^\r\n");

    private static readonly Dictionary<string, string> Homes = new(StringComparer.Ordinal)
    {
        ["az"] = "https://aka.ms/azure-cli",
        ["azd"] = "https://aka.ms/azd",
    };

    /// <summary>Runs a program to its end.</summary>
    /// <param name="tool"><c>az</c> or <c>azd</c>.</param>
    /// <param name="arguments">Its arguments, each handed over as it is.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="CliException">It is not there.</exception>
    public static async Task<ToolResult> RunAsync(string tool, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var file = OperatingSystem.IsWindows() ? OnWindows(tool) : tool;
        if (file.EndsWith(".cmd", StringComparison.OrdinalIgnoreCase) && arguments.Any(a => a.AsSpan().ContainsAny(Unsafe)))
            throw new CliException($"{tool} cannot be started with one of its arguments: it has a character that cmd.exe reads");
        var start = new ProcessStartInfo(file, arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        using var process = Start(start, tool);
        process.StandardInput.Close();
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var errors = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return new(process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }

    private static Process Start(ProcessStartInfo start, string tool)
    {
        try
        {
            return Process.Start(start) ?? throw new CliException($"{tool} did not start");
        }
        catch (Win32Exception e)
        {
            throw new CliException($"{tool} could not be started ({e.Message}): install it from {Homes.GetValueOrDefault(tool, tool)}", e);
        }
    }

    private static string OnWindows(string tool)
    {
        var folders = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        return folders
                .SelectMany(f => new[] { Path.Combine(f, tool + ".exe"), Path.Combine(f, tool + ".cmd") })
                .FirstOrDefault(File.Exists)
            ?? tool;
    }
}
