using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Compliance.Tests.AuditPack;

/// <summary>Runs the commands of a pack's VERIFY.md as an auditor would.</summary>
internal static partial class Shell
{
    /// <summary>Runs all of them in a folder.</summary>
    /// <returns>The exit code, and what was printed.</returns>
    public static async Task<(int Code, string Said)> VerifyAsync(string folder)
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var guide = await File.ReadAllTextAsync(Path.Combine(folder, "VERIFY.md"), cancellationToken);
        var commands = string.Concat(Block().Matches(guide).Select(m => m.Groups["commands"].Value));
        using var shell = Process.Start(
            new ProcessStartInfo("sh", "-eu")
            {
                WorkingDirectory = folder,
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            }
        )!;
        var (output, errors) = (
            shell.StandardOutput.ReadToEndAsync(cancellationToken),
            shell.StandardError.ReadToEndAsync(cancellationToken)
        );
        // Whoever ends at the first thing that is wrong does not read the rest.
        try
        {
            await shell.StandardInput.WriteAsync(commands);
            shell.StandardInput.Close();
        }
        catch (IOException) { }
        await shell.WaitForExitAsync(cancellationToken);
        return (shell.ExitCode, await output + await errors);
    }

    [GeneratedRegex("^```sh\n(?<commands>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline | RegexOptions.ExplicitCapture)]
    private static partial Regex Block();
}
