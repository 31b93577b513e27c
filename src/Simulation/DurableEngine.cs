using System.Collections.Concurrent;
using System.Text.Json;
using DurableTask.Core;
using DurableTask.Core.Exceptions;
using DurableTask.Core.History;
using DurableTask.Core.Middleware;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Converters;
using Microsoft.DurableTask.Worker;
using Microsoft.DurableTask.Worker.Shims;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Simulation;

/// <summary>
/// The official dispatcher around an app's own orchestrators and activities, on a clock that a test moves and a task hub in memory.
/// Everything runs as soon as it can, several at a time. An app that was stopped goes on where it was when it is started again.
/// </summary>
public sealed class DurableEngine : IAsyncDisposable
{
    // As the Functions worker reads and writes.
    internal static readonly JsonSerializerOptions Json = new() { PropertyNameCaseInsensitive = true };

    private readonly IReadOnlyCollection<Type> _classes;
    private readonly DataConverter _converter = new JsonDataConverter(Json);
    private readonly TaskHub _hub;
    private readonly FreeDriver _driver;
    private readonly ConcurrentDictionary<Task, bool> _running = new();
    private TaskHubWorker? _worker;
    private CancellationTokenSource? _stopping;

    /// <summary>An engine with an empty hub, not started.</summary>
    /// <param name="classes">The classes with the functions.</param>
    /// <param name="time">The clock of timers, orchestrators and the states of instances.</param>
    /// <param name="defaultVersion">The version of instances that are started without one.</param>
    public DurableEngine(IReadOnlyCollection<Type> classes, TimeProvider time, string defaultVersion = "")
    {
        _classes = classes;
        _hub = new TaskHub(time);
        _driver = new FreeDriver(_hub, time);
        Client = new TaskHubClient(_hub, _converter, defaultVersion);
    }

    /// <summary>What functions get with <c>[DurableClient]</c>.</summary>
    public DurableTaskClient Client { get; }

    /// <summary>Starts, or goes on with what the hub holds.</summary>
    /// <param name="services">The app's services.</param>
    public async Task StartAsync(IServiceProvider services)
    {
        ArgumentNullException.ThrowIfNull(services);
        var log = services.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance;
        var options = new DurableTaskWorkerOptions { DataConverter = _converter, EnableEntitySupport = false };
        var shims = new DurableTaskShimFactory(options, log);
        _stopping = new CancellationTokenSource();
        var functions = new DurableFunctions(_classes, shims, Json, () => services, _stopping.Token);
        var connection = new HubConnection(_driver, concurrency: 16);
        _worker = new TaskHubWorker(connection, functions, functions, log)
        {
            ErrorPropagationMode = ErrorPropagationMode.UseFailureDetails,
        };
        _worker.AddOrchestrationDispatcherMiddleware(SetTimeAsync);
        var stopping = _stopping.Token;
        _worker.AddActivityDispatcherMiddleware((context, next) => TrackAsync(context, next, stopping));
        await _worker.StartAsync();
        _driver.Connect(connection);
    }

    /// <summary>
    /// Ends once nothing is left to do at the clock's present time. An activity that itself waits for the clock keeps it from that.
    /// </summary>
    public Task WhenIdleAsync(CancellationToken cancellationToken) => _driver.WhenIdleAsync(cancellationToken);

    /// <summary>The id of the history that an instance is in; it gets another one each time that it is continued as new.</summary>
    public string? HistoryOf(string instanceId) => _hub.Find(instanceId)?.OrchestrationInstance.ExecutionId;

    /// <summary>Stops: running activities are cancelled and awaited, and done again after the next start.</summary>
    public async Task StopAsync()
    {
        if (_worker is null)
            return;
        _driver.Disconnect();
        await _stopping!.CancelAsync();
        // Forced, since the other way looks every second whether all is done; what runs is awaited here.
        await _worker.StopAsync(isForced: true);
        await Task.WhenAll(_running.Keys);
        _hub.ReturnAll();
        _stopping.Dispose();
        _worker.Dispose();
        (_worker, _stopping) = (null, null);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _driver.Dispose();
    }

    // The dispatcher stamps events with the system's time; an orchestrator's time is the stamp of its OrchestratorStarted.
    private Task SetTimeAsync(DispatchMiddlewareContext context, Func<Task> next)
    {
        foreach (var added in context.GetProperty<OrchestrationRuntimeState>()!.NewEvents)
            added.Timestamp = _hub.Now;
        return next();
    }

    private async Task TrackAsync(DispatchMiddlewareContext context, Func<Task> next, CancellationToken stopping)
    {
        // Known as running before it begins: a stop awaits it from its first moment on.
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _running[ended.Task] = true;
        try
        {
            await RunActivityAsync(context, next, stopping);
        }
        finally
        {
            ended.SetResult();
            _running.TryRemove(ended.Task, out _);
        }
    }

    // An activity that ended in an error since the app stops has not failed: its message goes back to the hub.
    private static async Task RunActivityAsync(DispatchMiddlewareContext context, Func<Task> next, CancellationToken stopping)
    {
        if (!stopping.IsCancellationRequested)
            await next();
        if (stopping.IsCancellationRequested && context.GetProperty<ActivityExecutionResult>()?.ResponseEvent is not TaskCompletedEvent)
            throw new SessionAbortedException("the app was stopped");
    }
}
