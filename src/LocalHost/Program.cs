using System.Collections;
using System.Runtime.InteropServices;
using System.Text.Json;
using LocalHost.Configuration;
using LocalHost.Hosting;
using LocalHost.Timers;

const string parentOption = "--parent-stdin";
const string usage =
    $"usage: dotnet LocalHost.dll PATH/TO/APP.dll [{parentOption}] "
    + "(settings: the environment, and local.settings.json and host.json beside the app)";
var endsWithParent = args is [_, parentOption];
if (args.Length != 1 && !endsWithParent)
{
    await Console.Error.WriteLineAsync(usage);
    return 2;
}

// Not disposed: a signal may come at any moment until the process has ended.
var cancellation = new CancellationTokenSource();
void Stop(PosixSignalContext signal)
{
    // However often: a terminal and the program that started the host may both send one.
    signal.Cancel = true;
    cancellation.Cancel();
}

// The program that started the host holds its standard input open: the end of it means that this program is gone, however it went. Then
// nothing else ends by force a host that cannot stop in order, for example because storage went too.
async Task EndWithParentAsync(TimeSpan limit)
{
    await using var input = Console.OpenStandardInput();
    var buffer = new byte[256];
    while (await input.ReadAsync(buffer) > 0)
        continue;
    await cancellation.CancelAsync();
    await Task.Delay(limit, TimeProvider.System);
    Environment.Exit(1);
}

using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
try
{
    var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(v => (string)v.Key, v => (string)v.Value!);
    var context = HostContext.Load(args[0], environment);
    if (endsWithParent)
        _ = EndWithParentAsync(context.Settings.DrainTime + TimeSpan.FromSeconds(10));
    using var loggers = HostLogging.Create(context.Configuration);
    await using var host = new AppHost(context, AppHost.DefaultStarters, loggers, SetClock.From(context.Configuration));
    await host.BindAsync(cancellation.Token);
    Console.WriteLine(JsonSerializer.Serialize(new { address = host.Address.GetLeftPart(UriPartial.Authority) }));
    HostLogging.AddConsole(loggers, context.Configuration);
    await host.StartAsync(cancellation.Token);
    await host.WaitAsync(cancellation.Token);
    return 0;
}
catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
{
    // Stopped before it ran.
    return 0;
}
catch (Exception e) when (e is StartupException or IOException or UnauthorizedAccessException)
{
    await Console.Error.WriteLineAsync($"LocalHost: {e.Message}");
    return 1;
}
