using System.Collections;
using System.Runtime.InteropServices;
using System.Text.Json;
using LocalHost.Configuration;
using LocalHost.Hosting;
using LocalHost.Timers;

const string usage =
    "usage: dotnet LocalHost.dll PATH/TO/APP.dll (settings: the environment, and local.settings.json and host.json beside the app)";
if (args is not [var app])
{
    await Console.Error.WriteLineAsync(usage);
    return 2;
}

using var stop = new CancellationTokenSource();
void Stop(PosixSignalContext signal)
{
    // However often: a terminal and the program that started the host may both send one.
    signal.Cancel = true;
    stop.Cancel();
}

using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
try
{
    var environment = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(v => (string)v.Key, v => (string)v.Value!);
    var context = HostContext.Load(app, environment);
    using var loggers = HostLogging.Create(context.Configuration);
    await using var host = new AppHost(context, AppHost.DefaultStarters, loggers, SetClock.From(context.Configuration));
    await host.BindAsync(stop.Token);
    Console.WriteLine(JsonSerializer.Serialize(new { address = host.Address.GetLeftPart(UriPartial.Authority) }));
    HostLogging.AddConsole(loggers, context.Configuration);
    await host.StartAsync(stop.Token);
    await host.WaitAsync(stop.Token);
    return 0;
}
catch (OperationCanceledException) when (stop.IsCancellationRequested)
{
    // Stopped before it ran.
    return 0;
}
catch (StartupException e)
{
    await Console.Error.WriteLineAsync($"LocalHost: {e.Message}");
    return 1;
}
