using EmbeddedHost.Tests.Durable;
using Xunit.MicrosoftTestingPlatform;
using Xunit.Runner.InProc.SystemConsole;

namespace EmbeddedHost.Tests;

internal static class Program
{
    private static Task<int> Main(string[] args) => args switch
    {
        [KillRole.Name, .. var rest] => KillRole.RunAsync(rest),
        _ when args.Contains("--server") || args.Contains("--internal-msbuild-node") =>
            TestPlatformTestFramework.RunAsync(args, SelfRegisteredExtensions.AddSelfRegisteredExtensions),
        _ => ConsoleRunner.Run(args),
    };
}
