using System.Runtime.InteropServices;
using Compliance.Text;
using Local;

// The first Ctrl-C (or TERM, or a closed terminal) asks for an orderly end, the second for one by force.
using var cancellation = new CancellationTokenSource();
using var hurry = new CancellationTokenSource();
void Asked(PosixSignalContext signal)
{
    signal.Cancel = true;
    (cancellation.IsCancellationRequested ? hurry : cancellation).Cancel();
}
using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Asked);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Asked);
using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, Asked);

var width = 150; // for files and pipes
if (!Console.IsOutputRedirected && Console.WindowWidth > 0)
    width = Console.WindowWidth;
var colour = !Console.IsOutputRedirected && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"));

var commands = new CommandLine(
    options =>
        new Launcher(Programs.OfCheckout(), Console.Out, Console.Error, (width, colour), TimeProvider.System).RunAsync(
            options,
            cancellation.Token,
            hurry.Token
        ),
    (longOnes, arguments) => TestRun.RunAsync(RepositoryRoot.Find(), longOnes, arguments, Console.Out),
    (folder, arguments) => Mutation.RunAsync(RepositoryRoot.Find(), folder, arguments),
    async arguments =>
    {
        var root = RepositoryRoot.Find();
        // Errors alone: the inner build of the Functions SDK warns of lower bounds that no pin of ours reaches.
        var built = await TestRun.DotnetAsync(
            root,
            ["build", "tests/Benchmarks", "-c", "Release", "-v", "quiet", "--nologo", "-clp:ErrorsOnly"]
        );
        return built == ExitCode.Done
            ? await TestRun.DotnetAsync(root, ["run", "-c", "Release", "--no-build", "--project", "tests/Benchmarks", "--", .. arguments])
            : built;
    }
);
try
{
    return await commands.InvokeAsync(args, Console.Out, Console.Error);
}
catch (HttpRequestException e)
{
    await Console.Error.WriteLineAsync(Plain.Line($"the app does not answer: {e.Message}"));
    return ExitCode.Failed;
}
catch (Exception e) when (e is LaunchException or IOException or UnauthorizedAccessException)
{
    await Console.Error.WriteLineAsync(Plain.Line(e.Message));
    return ExitCode.Failed;
}
