using System.Collections.Concurrent;
using EmbeddedHost.Hosting;
using EmbeddedHost.Invocation;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EmbeddedHost.Durable;

/// <summary>
/// The orchestrations of this process: the one owner of its hub. Histories of running instances are kept in memory and committed step by step; activities, timers
/// and messages between instances follow from what is committed, so a process killed at any instant goes on where its last commit left it. An activity
/// whose end was not committed runs again: it has to be idempotent.
/// </summary>
internal sealed class DurableHub(
    InstanceStore store, DurableRules rules, FunctionInvoker invoker, RunningInvocations running, Workload workload, TimeProvider time, IServiceProvider services,
    IHostApplicationLifetime lifetime, ILoggerFactory loggers, ILogger<DurableHub> logger) : IDisposable
{
    private readonly ConcurrentDictionary<string, Instance> _live = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Function> _orchestrators = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, Function> _activities = new(StringComparer.OrdinalIgnoreCase);
    private readonly SemaphoreSlim _room = new(rules.MaxConcurrentActivities);
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _recovered = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public InstanceStore Store => store;

    public TimeProvider Time => time;

    public Workload Workload => workload;

    public RunningInvocations Running => running;

    public ILogger Logger => logger;

    public ILoggerFactory Loggers => loggers;

    /// <summary>Cancelled when the host takes no new work.</summary>
    public CancellationToken Stopping => _stop.Token;

    /// <summary>Ends when what an earlier process left has been taken up. Starts and queries wait for it.</summary>
    public Task Recovered => _recovered.Task;

    /// <summary>How many orchestrators and activities there are.</summary>
    public int Functions => _orchestrators.Count + _activities.Count;

    public void Know(Function function)
    {
        if (function.Method.Attribute is OrchestrationTriggerAttribute)
            _orchestrators[function.Name] = function;
        else
            _activities[function.Name] = function;
    }

    /// <summary>Takes up every instance that had not ended.</summary>
    public async Task RecoverAsync(CancellationToken stop)
    {
        await store.CreateAsync(stop);
        foreach (var id in await store.OpenAsync(stop))
        {
            if (await store.FindAsync(id, stop) is not { Ended: false } state)
            {
                await store.EndAsync(id);
                continue;
            }

            var instance = new Instance(this, state, await store.HistoryAsync(state, stop));
            _live[id] = instance;
        }

        logger.Recovered(_live.Count);
        foreach (var instance in _live.Values)
            instance.Resume();
        _recovered.TrySetResult();
    }

    public void NotRecovered(Exception e) => _recovered.TrySetException(e);

    /// <summary>Begins an instance; when this returns it is kept.</summary>
    /// <returns>False when an instance with this id has not ended.</returns>
    /// <exception cref="InvalidOperationException">There is no such orchestrator.</exception>
    public async Task<bool> StartAsync(string id, string name, string? input, DateTimeOffset? startAt, InstanceState? parent, int parentTask, CancellationToken stop)
    {
        if (!_orchestrators.ContainsKey(name))
            throw new InvalidOperationException($"there is no orchestrator '{name}'; this app has: {string.Join(", ", _orchestrators.Keys.Order(StringComparer.Ordinal))}");
        var now = time.GetUtcNow();
        var fresh = new Instance(this, new InstanceState
        {
            Id = id,
            Name = name,
            Status = OrchestrationRuntimeStatus.Pending,
            CreatedAt = now,
            UpdatedAt = now,
            Input = input,
            ParentId = parent?.Id,
            ParentName = parent?.Name,
            ParentTask = parentTask,
            ParentExecution = parent?.Execution ?? 0,
        }, []);
        // Whoever puts it here first begins it; everybody else sees one that has not ended.
        if (!_live.TryAdd(id, fresh))
            return false;
        try
        {
            if (await store.FindAsync(id, stop) is { } before)
            {
                if (!before.Ended)
                    throw new HubLostException($"orchestration instance '{id}' runs in another process");
                fresh.Replace(before);
            }

            await store.BeginAsync(id);
            await fresh.BeginAsync(startAt);
            return true;
        }
        catch
        {
            _live.TryRemove(new KeyValuePair<string, Instance>(id, fresh));
            throw;
        }
    }

    public Instance? Live(string id) => _live.GetValueOrDefault(id);

    public ICollection<Instance> AllLive => _live.Values;

    public void Forget(Instance instance) => _live.TryRemove(new KeyValuePair<string, Instance>(instance.State.Id, instance));

    /// <summary>The orchestrator's code; null when the app no longer has it.</summary>
    public Func<TaskOrchestrationContext, Task<object?>>? Orchestrator(string name) =>
        _orchestrators.TryGetValue(name, out var function) ? context => CallAsync(function, context) : null;

    /// <summary>Runs an activity beside everything else and tells the instance how it ended.</summary>
    public void RunActivity(Instance instance, int execution, HistoryEvent scheduled)
    {
        workload.Enter();
        running.Begin();
        _ = Task.Run(async () =>
        {
            try
            {
                await _room.WaitAsync(_stop.Token);
                try
                {
                    if (!_stop.IsCancellationRequested)
                        instance.Post(execution, await ActivityAsync(scheduled));
                }
                finally
                {
                    _room.Release();
                }
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                // It runs when the app is started again.
            }
            finally
            {
                running.End();
                workload.Exit();
            }
        });
    }

    /// <summary>Ends the app: another process has the hub.</summary>
    public void Lost(string why)
    {
        logger.HubLost(why);
        _stop.Cancel();
        lifetime.StopApplication();
    }

    public void BeginStop() => _stop.Cancel();

    public void Dispose()
    {
        foreach (var instance in _live.Values)
            instance.Dispose();
        _room.Dispose();
        _stop.Dispose();
    }

    // Whatever happened in the orchestrator comes out of its task, as from any async method.
    private async Task<object?> CallAsync(Function function, TaskOrchestrationContext context)
    {
        var method = function.Method;
        object? instance = null;
        if (!method.Method.IsStatic)
        {
            // An orchestrator must not depend on anything that could change between replays; its class is made without a scope.
            instance = ActivatorUtilities.CreateInstance(services, method.Class);
        }

        var returned = method.Method.Invoke(instance, System.Reflection.BindingFlags.DoNotWrapExceptions, null, [context], null);
        return await ReturnShape.UnwrapAsync(returned, method.Result);
    }

    private async Task<HistoryEvent> ActivityAsync(HistoryEvent scheduled)
    {
        var id = scheduled.Id;
        if (!_activities.TryGetValue(scheduled.Name!, out var function))
        {
            var missing = new InvalidOperationException($"there is no activity '{scheduled.Name}'; this app has: {string.Join(", ", _activities.Keys.Order(StringComparer.Ordinal))}");
            return new HistoryEvent(HistoryKind.TaskFailed, time.GetUtcNow()) { Id = id, Failure = TaskFailureDetails.FromException(missing) };
        }

        string? result = null;
        Outcome outcome;
        try
        {
            var input = DurableJson.Read(scheduled.Data, function.Method.Trigger.ParameterType);
            outcome = await invoker.InvokeAsync(function, new TriggerEvent(input)
            {
                Complete = returned =>
                {
                    result = DurableJson.Write(returned);
                    return Task.CompletedTask;
                },
            }, CancellationToken.None);
        }
        catch (System.Text.Json.JsonException e)
        {
            outcome = new Outcome("", e);
        }

        return outcome.Error is { } error
            ? new HistoryEvent(HistoryKind.TaskFailed, time.GetUtcNow()) { Id = id, Failure = TaskFailureDetails.FromException(error) }
            : new HistoryEvent(HistoryKind.TaskCompleted, time.GetUtcNow()) { Id = id, Data = result };
    }
}
