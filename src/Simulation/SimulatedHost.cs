using System.Collections.Concurrent;
using DurableTask.Core;
using DurableTask.Core.History;
using DurableTask.Core.Middleware;
using DurableTask.Core.Settings;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.DurableTask.Worker;
using Microsoft.DurableTask.Worker.Shims;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Simulation;

/// <summary>One host of a simulation: the official dispatcher, the app's functions and services, and the orchestrators it keeps.</summary>
internal sealed class SimulatedHost(HostOptions options, DurableSimulation simulation, TaskHub hub, DataConverter converter)
    : IAsyncDisposable
{
    // Work items of a host that died are never handed in, and must not use up its places.
    private const int Places = 1_000_000;

    private readonly ConcurrentDictionary<TaskScheduledEvent, WorkInHand> _activities = new(ReferenceEqualityComparer.Instance);
    private readonly HubConnection _connection = new(simulation, Places);
    private TaskHubWorker? _worker;

    public string Name => options.Name;

    public string? Version => options.Version;

    public DurableTaskClient Client { get; } = new TaskHubClient(hub, converter, options.Version ?? "");

    public KeptOrchestrators Orchestrators { get; } = new(simulation.Options);

    /// <summary>The services of the app, as it was started last.</summary>
    public IServiceProvider? Services { get; private set; }

    /// <summary>Its present run, or the last one when it has ended.</summary>
    public SimulatedProcess Process { get; private set; } = null!;

    /// <summary>Begins another run of it.</summary>
    public async Task BeginAsync(Func<string, Task<IServiceProvider>> services)
    {
        Process = new SimulatedProcess(this, (Process?.Number ?? 0) + 1);
        Services = await simulation.InProcessAsync(Process, () => services(Name)).ConfigureAwait(false);
    }

    public async Task StartAsync(Func<string, Task<IServiceProvider>> makeServices)
    {
        await BeginAsync(makeServices).ConfigureAwait(false);
        var services = Services!;
        var log = services.GetService<ILoggerFactory>() ?? NullLoggerFactory.Instance;
        var worker = new DurableTaskWorkerOptions { DataConverter = converter, EnableEntitySupport = false };
        if (options.Version is not null)
            worker.Versioning = new() { Version = options.Version, DefaultVersion = options.Version };
        var shims = new DurableTaskShimFactory(worker, log);
        var functions = new DurableFunctions(options.Functions, shims, DurableEngine.Json, () => Services!, CancellationToken.None);
        var versions = options.Version is null
            ? null
            : new VersioningSettings
            {
                Version = options.Version,
                MatchStrategy = VersioningSettings.VersionMatchStrategy.CurrentOrOlder,
                FailureStrategy = VersioningSettings.VersionFailureStrategy.Reject,
            };
        _worker = new TaskHubWorker(_connection, functions, functions, versions, log)
        {
            ErrorPropagationMode = ErrorPropagationMode.UseFailureDetails,
        };
        _worker.AddOrchestrationDispatcherMiddleware(RunEpisodeAsync);
        _worker.AddActivityDispatcherMiddleware(RunActivityAsync);
        await _worker.StartAsync();
        // Otherwise a history has no inputs of activities.
        _worker.TaskOrchestrationDispatcher.IncludeParameters = simulation.Options.RecordsHistories;
    }

    /// <summary>Whether it takes an instance: it leaves those of a newer version to others.</summary>
    public bool Takes(HubInstance instance) =>
        options.Version is null || VersioningSettings.CompareVersions(instance.State.Version, options.Version) <= 0;

    public void HandOut(Episode episode) => _connection.HandOut(episode);

    public void HandOut(ActivityInHand activity)
    {
        _activities[(TaskScheduledEvent)activity.TaskMessage.Event] = activity.Work!;
        _connection.HandOut(activity);
    }

    public async ValueTask DisposeAsync()
    {
        if (_worker is null)
            return;
        await _worker.StopAsync(isForced: true);
        _worker.Dispose();
    }

    private Task RunEpisodeAsync(DispatchMiddlewareContext context, Func<Task> next)
    {
        var state = context.GetProperty<OrchestrationRuntimeState>()!;
        var episode = (Episode)context.GetProperty<TaskOrchestrationWorkItem>()!;
        // The dispatcher stamps events with the system's time; an orchestrator's time is the stamp of its OrchestratorStarted.
        foreach (var added in state.NewEvents)
            added.Timestamp = hub.Now;
        episode.Generations.Add(state);
        try
        {
            context.SetProperty(Orchestrators.Execute(episode, state, context.GetProperty<TaskOrchestration>()!));
        }
        catch (NonDeterminismException e)
        {
            simulation.Fail(e);
            throw;
        }
        return Task.CompletedTask;
    }

    private async Task RunActivityAsync(DispatchMiddlewareContext context, Func<Task> next)
    {
        _activities.TryRemove(context.GetProperty<TaskScheduledEvent>()!, out var work);
        simulation.SetCurrent(work!);
        await simulation.BeginAsync(work!);
        // What follows goes on on a thread of the dispatcher.
        await work!.RunAsync(next).ConfigureAwait(false);
    }
}
