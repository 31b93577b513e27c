using EndToEnd.Ledger;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

namespace EndToEnd;

internal static class Program
{
    private static Task<int> Main(string[] args) =>
        args switch
        {
            [WriterRole.Name, .. var rest] => WriterRole.RunAsync(rest),
            _ when args.Contains("--server") || args.Contains("--internal-msbuild-node") => TestPlatformTestFramework.RunAsync(
                args,
                SelfRegisteredExtensions.AddSelfRegisteredExtensions
            ),
            _ => ConsoleRunner.Run(args),
        };
}
