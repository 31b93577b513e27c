using System.Collections.Concurrent;
using System.Net.Http.Headers;
using Azure.Core;
using EmbeddedHost.Durable;
using EmbeddedHost.Hosting;
using EmbeddedHost.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace EmbeddedHost.Tests;

/// <summary>A real host over given function classes: free port, real Kestrel, a folder of its own, the log kept.</summary>
internal sealed class TestHost : IAsyncDisposable
{
    public const string Master = "master-key";

    private readonly string _folder = Directory.CreateTempSubdirectory("embedded-host-").FullName;
    private IHost? _host;
    private bool _stopped;

    public Dictionary<string, string?> Settings { get; } = new()
    {
        ["EmbeddedHost:Port"] = "0",
        ["EmbeddedHost:Keys:Master"] = Master,
        ["EmbeddedHost:Keys:Default"] = "default-key",
        ["EmbeddedHost:Keys:EventGrid"] = "grid-key",
    };

    public Probe Probe { get; init; } = new();

    public LogBook Log { get; } = new();

    public TimeProvider Time { get; init; } = TimeProvider.System;

    public FakeTimeProvider Clock => (FakeTimeProvider)Time;

    public string HostJson { get; init; } = """{"version":"2.0"}""";

    public TimeSpan QueueLease { get; init; } = TimeSpan.FromMinutes(10);

    public Action<ClientOptions>? ConfigureStorage { get; init; }

    public Func<CommitPoint, Task>? OnCommit { get; init; }

    public Action<FunctionsApplicationBuilder> Configure { get; init; } = _ => { };

    public Uri Address => _host!.Services.GetRequiredService<HttpServer>().Address;

    public IHost Host => _host!;

    public DurableTaskClient Durable => _host!.Services.GetRequiredService<EmbeddedDurableTaskClient>();

    public static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async Task<TestHost> StartAsync(params Type[] functions)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "host.json"), HostJson, Stop);
        var builder = new FunctionsApplicationBuilder([], new HostSetup
        {
            FunctionTypes = functions,
            ContentRoot = _folder,
            ReadEnvironment = _ => null,
            QueueLease = QueueLease,
            ConfigureStorage = ConfigureStorage,
            OnCommit = OnCommit,
        });
        builder.ConfigureFunctionsWebApplication();
        builder.Configuration.AddInMemoryCollection(Settings);
        builder.Logging.ClearProviders().SetMinimumLevel(LogLevel.Debug).AddProvider(Log);
        builder.Services.AddSingleton(Probe).AddSingleton(Time).AddScoped<Scoped>();
        Configure(builder);
        _host = builder.Build();
        await _host.StartAsync(Stop);
        return this;
    }

    public Task QuietAsync() => _host!.Services.GetRequiredService<Workload>().WhenQuietAsync(Stop).WaitAsync(TimeSpan.FromSeconds(20), Stop);

    public async Task AdvanceAsync(TimeSpan time)
    {
        Clock.Advance(time);
        await QuietAsync();
    }

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, string? key = null, string? body = null, params (string Name, string Value)[] headers)
    {
        using var client = new HttpClient(new SocketsHttpHandler()) { BaseAddress = Address };
        using var request = new HttpRequestMessage(method, path);
        if (key is not null)
            request.Headers.Add("x-functions-key", key);
        foreach (var (name, value) in headers)
            request.Headers.Add(name, value);
        if (body is not null)
            request.Content = new StringContent(body, MediaTypeHeaderValue.Parse("application/json"));
        return await client.SendAsync(request, Stop);
    }

    public async Task StopAsync()
    {
        _stopped = true;
        if (_host is not null)
            await _host.StopAsync(CancellationToken.None);
    }

    public async ValueTask DisposeAsync()
    {
        if (!_stopped)
            await StopAsync();
        if (_host is IAsyncDisposable host)
            await host.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>Where test functions leave what they saw, and where they wait for the test.</summary>
internal sealed class Probe
{
    private readonly System.Threading.Channels.Channel<object?> _seen = System.Threading.Channels.Channel.CreateUnbounded<object?>();
    private readonly ConcurrentQueue<object?> _all = new();

    public TaskCompletionSource Gate { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Makes functions that heed it fail.</summary>
    public bool Fail { get; set; }

    public IReadOnlyList<object?> All => [.. _all];

    public void See(object? value)
    {
        _all.Enqueue(value);
        _seen.Writer.TryWrite(value);
    }

    public async Task<T> NextAsync<T>() => (T)(await _seen.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(20)))!;
}

internal sealed class Scoped : IDisposable
{
    public bool Disposed { get; private set; }

    public void Dispose() => Disposed = true;
}

/// <summary>Keeps the log; a test can await an event of it.</summary>
internal sealed class LogBook : ILoggerProvider, ILogger
{
    private readonly Lock _lock = new();
    private readonly List<(int Id, LogLevel Level, string Text, Exception? Error)> _lines = [];
    private readonly List<(Func<int> Missing, TaskCompletionSource Done)> _waiting = [];

    public IReadOnlyList<(int Id, LogLevel Level, string Text, Exception? Error)> Lines
    {
        get
        {
            lock (_lock)
                return [.. _lines];
        }
    }

    public Task SeenAsync(int id, int times = 1)
    {
        lock (_lock)
        {
            int Missing() => times - _lines.Count(l => l.Id == id);
            if (Missing() <= 0)
                return Task.CompletedTask;
            var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Add((Missing, done));
            return done.Task.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        }
    }

    public ILogger CreateLogger(string categoryName) => categoryName.StartsWith("EmbeddedHost", StringComparison.Ordinal) ? this : Microsoft.Extensions.Logging.Abstractions.NullLogger.Instance;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        lock (_lock)
        {
            _lines.Add((eventId.Id, logLevel, formatter(state, exception), exception));
            foreach (var (missing, done) in _waiting)
            {
                if (missing() <= 0)
                    done.TrySetResult();
            }
        }
    }

    public void Dispose()
    {
    }
}
