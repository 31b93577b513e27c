using System.Collections;
using System.Net.Http.Headers;
using LocalHost.Configuration;
using LocalHost.Hosting;
using LocalHost.Timers;
using LocalHost.Worker;
using Microsoft.Extensions.Logging;

namespace LocalHost.Tests;

/// <summary>The host in this process, over a real worker process of the test app: free port, settings of its own, the log kept.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    public const string Master = "master-key";
    public const string Default = "default-key";

    private ILoggerFactory? _loggers;
    private AppHost? _host;

    public Dictionary<string, string> Settings { get; } =
        new(StringComparer.OrdinalIgnoreCase)
        {
            ["LocalHost__Port"] = "0",
            ["LocalHost__Keys__Master"] = Master,
            ["LocalHost__Keys__Default"] = Default,
            ["LocalHost__DrainSeconds"] = "30",
            ["AzureFunctionsWebHost__hostid"] = "test",
            ["AzureWebJobs__Nightly__Disabled"] = "true",
            ["Take"] = "take",
            ["Refuse"] = "refuse",
            ["Hold"] = "hold",
            ["Read"] = "read",
            ["First"] = "first",
            ["Second"] = "second",
            ["ForwardElsewhere"] = "forward",
        };

    public string HostJson { get; init; } = """{"version":"2.0"}""";

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public LogBook Log { get; } = new();

    public CreateStarters Starters { get; init; } = CreateStarters;

    public AppHost Host => _host ?? throw new InvalidOperationException("the host was not started");

    /// <summary>The assembly of the test app, built beside this one.</summary>
    public static string AppDll { get; } = Find("LocalHost.TestApp");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static async Task<TestHost> StartAsync(TestHost host)
    {
        await host.BindAsync();
        await host.Host.StartAsync(Token);
        return host;
    }

    public Task BindAsync()
    {
        var environment = Environment
            .GetEnvironmentVariables()
            .Cast<DictionaryEntry>()
            .ToDictionary(v => (string)v.Key, v => (string)v.Value!);
        foreach (var (name, value) in Settings)
            environment[name] = value;
        var context = HostContext.Create(AppDll, environment, LocalHost.Configuration.HostJson.Parse(HostJson, "host.json"));
        _loggers = HostLogging.Create(context.Configuration, Log);
        _host = new AppHost(context, Starters, _loggers, Time);
        return _host.BindAsync(Token);
    }

    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method,
        string path,
        string? key = null,
        string? body = null,
        params (string Name, string Value)[] headers
    )
    {
        using var client = new HttpClient(new SocketsHttpHandler()) { BaseAddress = Host.Address };
        using var request = new HttpRequestMessage(method, path);
        if (key is not null)
            request.Headers.Add("x-functions-key", key);
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        if (body is not null)
            request.Content = new StringContent(body, MediaTypeHeaderValue.Parse("application/json"));
        return await client.SendAsync(request, Token);
    }

    /// <summary>The status and the body of an answer.</summary>
    public async Task<(int Status, string Body)> CallAsync(HttpMethod method, string path, string? key = null, string? body = null)
    {
        using var answer = await SendAsync(method, path, key, body);
        return ((int)answer.StatusCode, await answer.Content.ReadAsStringAsync(Token));
    }

    public async ValueTask DisposeAsync()
    {
        if (_host is not null)
            await _host.DisposeAsync();
        _loggers?.Dispose();
    }

    // tests/THIS/bin/Debug/net10.0 and tests/PROJECT/bin/Debug/net10.0
    private static string Find(string project)
    {
        var framework = new DirectoryInfo(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var configuration = framework.Parent!;
        var tests = configuration.Parent!.Parent!.Parent!;
        return Path.Combine(tests.FullName, project, "bin", configuration.Name, framework.Name, $"{project}.dll");
    }

    private static IReadOnlyList<IFunctionStarter> CreateStarters(
        HostContext context,
        Uri address,
        IWorkerChannel worker,
        ILoggerFactory loggers,
        TimeProvider time
    ) => [new TimerStarter(context, worker, loggers, time), new Idle()];

    /// <summary>Takes the triggers that these tests are not about, and starts nothing.</summary>
    private sealed class Idle : IFunctionStarter
    {
        public Task Failure { get; } = new TaskCompletionSource().Task;

        public bool Starts(FunctionBinding trigger) =>
            trigger.Type is "queueTrigger" or "orchestrationTrigger" or "activityTrigger" or "entityTrigger";

        public Task PrepareAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartAsync(IReadOnlyList<WorkerFunction> functions, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task RunByHandAsync(WorkerFunction function, string? input, CancellationToken cancellationToken) => Task.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}

/// <summary>One running host for all tests of a class that leave it as it was.</summary>
public sealed class SharedHost : IAsyncLifetime
{
    internal TestHost Host { get; } = new() { Settings = { ["AzureWebJobs__DoorPut__Disabled"] = "1" } };

    public async ValueTask InitializeAsync() => await TestHost.StartAsync(Host);

    public ValueTask DisposeAsync() => Host.DisposeAsync();
}
