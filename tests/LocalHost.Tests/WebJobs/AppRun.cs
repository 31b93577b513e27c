using System.Diagnostics;
using System.Net.Http.Headers;
using Azure.Storage.Queues;
using LocalHost.Configuration;
using LocalHost.Hosting;
using LocalHost.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Testing;

namespace LocalHost.Tests.WebJobs;

/// <summary>A run of the test app in this process' host, with queues and a task hub of its own, its worker a real process.</summary>
internal sealed class AppRun : IAsyncDisposable
{
    public const string Master = "master-key";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(25);
    private static int _number;

    private readonly AppHost _host;
    private readonly ServiceProvider _clients;
    private readonly ILoggerFactory _loggers;
    private bool _disposed;

    private AppRun(AppHost host, AppPlace place, ILoggerFactory loggers, LogBook log)
    {
        (_host, Place, _loggers, Log) = (host, place, loggers, log);
        _clients = new ServiceCollection()
            .AddLogging()
            .AddDurableTaskClient(b => b.UseGrpc(RpcAddress(host.Worker)))
            .BuildServiceProvider();
    }

    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    public AppPlace Place { get; }

    public LogBook Log { get; }

    public WorkerSupervisor Worker => _host.Worker;

    /// <summary>The client that the worker would have.</summary>
    public DurableTaskClient Client => _clients.GetRequiredService<DurableTaskClient>();

    /// <param name="place">What it works on.</param>
    /// <param name="version">The default version of orchestrations; null for none.</param>
    public static async Task<AppRun> StartAsync(AppPlace place, string? version = null)
    {
        var log = new LogBook();
        var environment = new Dictionary<string, string>(place.Environment);
        if (version is not null)
            environment[AppPlace.Setting("durableTask:defaultVersion")] = version;
        var context = HostContext.Create(TestHost.AppDll, environment, []);
        var loggers = HostLogging.Create(context.Configuration, log);
        var host = new AppHost(context, AppHost.DefaultStarters, loggers, TimeProvider.System);
        await host.BindAsync(Stop);
        try
        {
            await host.StartAsync(Stop);
        }
        catch
        {
            await host.DisposeAsync();
            throw;
        }

        return new AppRun(host, place, loggers, log);
    }

    public static string NewName(string prefix) => $"{prefix}{Environment.ProcessId}x{Interlocked.Increment(ref _number)}";

    /// <summary>Starts an orchestration and waits for its end.</summary>
    public async Task<OrchestrationMetadata> RunAsync(string name, object? input = null, string? id = null) =>
        await EndAsync(await Client.ScheduleNewOrchestrationInstanceAsync(name, input, new StartOrchestrationOptions(id), Stop));

    public Task<OrchestrationMetadata> EndAsync(string id) =>
        Client.WaitForInstanceCompletionAsync(id, true, Stop).WaitAsync(Patience, Stop);

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? key = null, string? body = null)
    {
        using var client = new HttpClient(new SocketsHttpHandler()) { BaseAddress = _host.Address };
        using var request = new HttpRequestMessage(method, path);
        if (key is not null)
            request.Headers.Add("x-functions-key", key);
        if (body is not null)
            request.Content = new StringContent(body, MediaTypeHeaderValue.Parse("application/json"));
        return await client.SendAsync(request, Stop);
    }

    /// <summary>Waits until functions have left so many lines.</summary>
    public Task<IReadOnlyList<string>> SeenAsync(int count) => Place.SeenAsync(count);

    /// <summary>Kills the worker as a fault of the machine would.</summary>
    public void KillWorker()
    {
        using var process = Process.GetProcessById(Worker.ProcessId!.Value);
        process.Kill();
    }

    public Task StopAsync() => _host.StopAsync();

    public async ValueTask DisposeAsync()
    {
        if (_disposed)
            return;
        _disposed = true;
        await _clients.DisposeAsync();
        await _host.DisposeAsync();
        _loggers.Dispose();
    }

    private static string RpcAddress(WorkerSupervisor worker) =>
        System.Text.Json.JsonElement.Parse(worker.DurableClient!).GetProperty("rpcBaseUrl").GetString()!;

    /// <summary>Waits until a queue has no message, visible or not.</summary>
    internal static async Task EmptyAsync(QueueClient queue) =>
        await UntilAsync(
            async () => (await queue.GetPropertiesAsync(Stop)).Value.ApproximateMessagesCount,
            n => n == 0,
            () => "messages are left"
        );

    internal static async Task<T> UntilAsync<T>(Func<Task<T>> look, Func<T, bool> enough, Func<string> seen)
    {
        var began = TimeProvider.System.GetTimestamp();
        while (true)
        {
            var now = await look();
            if (enough(now))
                return now;
            if (TimeProvider.System.GetElapsedTime(began) > Patience)
                throw new TimeoutException($"not within {Patience.TotalSeconds} s; there is: {seen()}");
            await Task.Delay(Between, TimeProvider.System, Stop);
        }
    }
}

/// <summary>
/// What a run works on, and what outlives it: settings, task hub, queues, and the folder in which functions leave what they did.
/// </summary>
internal sealed class AppPlace : IDisposable
{
    /// <param name="azurite">The storage.</param>
    /// <param name="hostJson">Values of host.json under <c>extensions</c>, such as <c>("queues:maxDequeueCount", "3")</c>.</param>
    public AppPlace(AzuriteFixture azurite, params (string Path, string Value)[] hostJson)
    {
        Hub = AppRun.NewName("Hub");
        Environment = new Dictionary<string, string>
        {
            ["PATH"] = System.Environment.GetEnvironmentVariable("PATH")!,
            ["AzureWebJobsStorage"] = azurite.StateConnection,
            ["AzureFunctionsWebHost__hostid"] = Hub.ToLowerInvariant(),
            ["LocalHost__Port"] = "0",
            ["LocalHost__Keys__Master"] = AppRun.Master,
            // What a killed host had in work, or a stopped one had just fetched, comes back after this time.
            ["LocalHost__Durable__VisibilityTimeout"] = "00:00:10",
            ["LocalHost__Journal"] = Path.Combine(Folder, "journal"),
            ["TestApp__Folder"] = Folder,
            ["Elsewhere"] = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;QueueEndpoint=http://127.0.0.1:1/a",
            ["AzureWebJobs__Nightly__Disabled"] = "true",
            ["Nightly"] = "0 0 3 * * *",
        };
        foreach (var setting in new[] { "Take", "Refuse", "Hold", "Read", "First", "Second", "ForwardElsewhere" })
            Environment[setting] = $"{setting}-{Hub}".ToLowerInvariant();
        (string Path, string Value)[] own =
        [
            ("queues:maxPollingInterval", "00:00:00.1"),
            ("durableTask:hubName", Hub),
            ("durableTask:storageProvider:partitionCount", "1"),
            ("durableTask:storageProvider:maxQueuePollingInterval", "00:00:00.1"),
        ];
        foreach (var (path, value) in own.Concat(hostJson))
            Environment[Setting(path)] = value;
    }

    public string Hub { get; }

    public string Folder { get; } = Directory.CreateTempSubdirectory("local-host-").FullName;

    public Dictionary<string, string> Environment { get; }

    /// <summary>What functions left, in the order of time.</summary>
    public IReadOnlyList<string> Seen() =>
        [.. new DirectoryInfo(Folder).GetFiles("seen-*.txt").OrderBy(f => f.LastWriteTimeUtc).Select(f => File.ReadAllText(f.FullName))];

    public Task<IReadOnlyList<string>> SeenAsync(int count) => SeenAsync(s => s.Count >= count);

    public Task<IReadOnlyList<string>> SeenAsync(Func<IReadOnlyList<string>, bool> enough) =>
        AppRun.UntilAsync(() => Task.FromResult(Seen()), enough, () => string.Join(", ", Seen()));

    /// <summary>Lets functions pass that wait here.</summary>
    public void Open(string gate) => File.WriteAllText(Path.Combine(Folder, $"gate-{gate}.txt"), "");

    /// <summary>The setting of a value of host.json under <c>extensions</c>.</summary>
    public static string Setting(string path) => "AzureFunctionsJobHost__extensions__" + path.Replace(":", "__", StringComparison.Ordinal);

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
