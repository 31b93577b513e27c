using System.Collections.Concurrent;
using System.Globalization;
using Azure;
using EmbeddedHost.Configuration;
using EmbeddedHost.Hosting;
using EmbeddedHost.Invocation;
using EmbeddedHost.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace EmbeddedHost.Durable;

/// <summary>
/// Runs the hub's orchestrations. This process alone has the hub (see <see cref="HubLease"/>), so all that is unfinished is held in memory;
/// tables are read at the start and for what is finished, and written once a step.
/// </summary>
internal sealed class DurableEngine(
    DurableFunctions functions,
    StorageAccounts accounts,
    HostJson rules,
    HostSetup setup,
    FunctionInvoker invoker,
    RunningInvocations running,
    Workload workload,
    TimeProvider time,
    IServiceScopeFactory scopes,
    IHostApplicationLifetime lifetime,
    ILoggerFactory loggers,
    ILogger<DurableEngine> logger) : IAsyncDisposable
{
    private const int LoadsAtOnce = 16;
    private const string Closed = "the task hub is not open: the host has not started, or it has stopped";

    private readonly ConcurrentDictionary<string, Instance> _instances = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _turns = new(rules.Durable.MaxConcurrentOrchestrators);
    // What is going on in here, other runs of the host aside: a stop waits for it.
    private readonly Workload _work = new();
    private readonly string _session = Guid.CreateVersion7(time.GetUtcNow()).ToString("N");
    private readonly Alarms _alarms = new(time);
    private HubStore? _store;
    private HubLease? _lease;
    private ActivityPool? _activities;
    private long _commits;
    private int _lost;

    public string Hub => rules.Durable.HubName;

    public DateTime Now => time.GetUtcNow().UtcDateTime;

    public HubStore Store => _store ?? throw new InvalidOperationException(Closed);

    private HubLease Lease => _lease ?? throw new InvalidOperationException(Closed);

    /// <summary>Takes the hub and sets going what is unfinished, when the app has orchestrations.</summary>
    /// <exception cref="StartupException">The hub cannot be had; says why.</exception>
    public async Task StartAsync(CancellationToken stop)
    {
        if (!functions.Any)
            return;
        var problems = new Problems();
        var tables = accounts.Tables("orchestrations", problems);
        var blobs = accounts.Blobs("orchestrations", problems);
        problems.ThrowIfAny();
        _activities = new ActivityPool(functions, invoker, running, workload, rules.Durable.MaxConcurrentActivities);
        _lease = new HubLease(blobs!, Hub, TimeProvider.System, logger);
        var store = new HubStore(tables!, Hub);
        try
        {
            await _lease.TakeAsync(() => Lose("its lease was taken"), stop);
            await store.PrepareAsync(stop);
            _store = store;
            await LoadAsync(store, stop);
        }
        catch (Exception e) when (e is RequestFailedException or AggregateException)
        {
            throw new StartupException($"The functions host cannot start: the storage account of task hub {Hub} (setting {StorageAccounts.DefaultConnection}) does not answer: {e.Message.Split('\n')[0].Trim()}", e);
        }

        var unfinished = _instances.Values.ToList();
        logger.Resumed(Hub, unfinished.Count);
        unfinished.ForEach(i => i.Go());
    }

    /// <summary>Begins no activities and rings no timers from now on; steps under way go on.</summary>
    public void BeginStop()
    {
        _activities?.Stop();
        _alarms.Stop();
    }

    /// <summary>Ends when no step is under way.</summary>
    public Task WhenQuietAsync() => _work.WhenQuietAsync(CancellationToken.None);

    /// <summary>Gives the hub back; what is unfinished goes on at the next start.</summary>
    public async ValueTask DisposeAsync()
    {
        BeginStop();
        _alarms.Dispose();
        _store = null;
        if (Interlocked.Exchange(ref _lease, null) is { } lease)
            await lease.DisposeAsync();
    }

    public string NewExecution() => Guid.CreateVersion7(time.GetUtcNow()).ToString("N");

    public Instance? Find(string id) => _instances.GetValueOrDefault(id);

    /// <summary>Makes an instance; ends when its start, and its first step unless that is later, are on record.</summary>
    /// <returns>The instance, or what of this id is there and unfinished, or is the same call's.</returns>
    public async Task<(Instance? Made, Instance? Live, StoredInstance? Stored)> CreateAsync(
        string id, string name, string? input, ParentLink? parent, DateTimeOffset? startAt, CancellationToken stop)
    {
        while (true)
        {
            if (_instances.TryGetValue(id, out var there))
            {
                if (parent is not null && there.Parent == parent)
                    return (null, there, null);
                if (there.Completed is null)
                {
                    // It counts once it is on record.
                    if (await there.Created.WaitAsync(stop) is null && there.Completed is null)
                        return (null, there, null);
                    continue;
                }

                await there.Retired.WaitAsync(stop);
                continue;
            }

            var now = time.GetUtcNow();
            var record = new InstanceRecord
            {
                Id = id,
                Name = name,
                Execution = NewExecution(),
                Status = OrchestrationRuntimeStatus.Pending,
                Created = now,
                Updated = now,
                StartAt = startAt > now ? startAt : null,
            };
            var made = new Instance(this, record, workload, _work);
            if (!_instances.TryAdd(id, made))
                continue;
            made.Create(new HistoryEvent(EventKind.ExecutionStarted) { Name = name, Data = input, Parent = parent, Execution = record.Execution, Time = now.UtcDateTime });
            var stored = await made.Created.WaitAsync(stop);
            if (stored is null)
            {
                logger.Begun(id, name);
                return (made, null, null);
            }

            if (stored.Record.IsFinished)
                return (null, null, stored);
        }
    }

    /// <summary>As on record, wherever it is; null when there is none.</summary>
    public async Task<OrchestrationMetadata?> DescribeAsync(string id, CancellationToken stop)
    {
        if (Find(id)?.Metadata is { } live)
            return live;
        return await Store.LoadAsync(id, stop) is { } stored ? Describe(stored) : null;
    }

    public static OrchestrationMetadata Describe(StoredInstance stored)
    {
        var state = new InstanceState();
        state.Apply(stored.History);
        return Instance.Describe(stored.Record, state);
    }

    public async Task InTurnAsync(Func<Task> turn)
    {
        await _turns.WaitAsync();
        try
        {
            await turn();
        }
        finally
        {
            _turns.Release();
        }
    }

    /// <summary>Runs the orchestrator over its history in memory.</summary>
    public async Task<Step> RunAsync(Instance instance, string execution, IReadOnlyList<HistoryEvent> past, IReadOnlyList<HistoryEvent> fresh)
    {
        if (functions.Orchestrator(instance.Name) is not { } function)
        {
            return new Step
            {
                Completed = new HistoryEvent(EventKind.ExecutionCompleted)
                {
                    Status = OrchestrationRuntimeStatus.Failed,
                    Time = Now,
                    Failure = new TaskFailureDetails(Retries.NotFound, functions.NoOrchestrator(instance.Name), null, null, null),
                },
            };
        }

        await using var services = scopes.CreateAsyncScope();
        void Strayed() => instance.Post(Message.For(execution, new HistoryEvent(EventKind.ExecutionCompleted)
        {
            Status = OrchestrationRuntimeStatus.Failed,
            Failure = TaskFailureDetails.FromException(new InvalidOperationException($"instance '{instance.Id}': {OrchestratorReplay.IllegalAwait}")),
        }));
        return OrchestratorReplay.Run(
            instance.Id, context => invoker.ReplayAsync(function, new TriggerEvent(context), services.ServiceProvider), past, fresh, loggers, logger, Strayed);
    }

    /// <summary>Puts a step on record, however long storage is down.</summary>
    /// <exception cref="InstanceConflictException">It was to be new and is stored already.</exception>
    public async Task<InstanceRecord> CommitAsync(InstanceRecord before, InstanceRecord after, IReadOnlyList<HistoryEvent> events)
    {
        after = after with { Commit = string.Create(CultureInfo.InvariantCulture, $"{_session}:{Interlocked.Increment(ref _commits)}") };
        if (before.ETag is null || before.IsFinished)
            await PersistAsync(after.Id, async stop => { await Store.OpenAsync(after, stop); return true; });
        await TellAsync(CommitPoint.Before);
        var stored = await PersistAsync(after.Id, async stop =>
        {
            await Lease.EnsureAsync(stop);
            return await Store.CommitAsync(before, after, events, stop);
        });
        await TellAsync(CommitPoint.After);
        return stored;
    }

    /// <summary>Says that an instance has ended and owes nobody anything; its id is free then.</summary>
    public async Task RetireAsync(Instance instance, InstanceRecord record)
    {
        await PersistAsync(record.Id, async stop => { await Store.CloseAsync(record, stop); return true; });
        if (instance.Completed!.Failure is { } failure)
            logger.Failed(instance.Id, instance.Name, failure.ToString());
        else
            logger.Ended(instance.Id, instance.Name, record.Status);
        Remove(instance);
    }

    /// <summary>An instance that was to be new is stored already: puts that one in its place.</summary>
    public async Task TakenAsync(Instance instance, InstanceRecord existing, TaskCompletionSource<StoredInstance?> created)
    {
        var stored = await PersistAsync(existing.Id, stop => Store.LoadAsync(existing.Id, stop)) ?? throw new InvalidDataException($"instance '{existing.Id}' is gone");
        if (stored.Record.IsFinished)
            await PersistAsync(existing.Id, async stop => { await Store.CloseAsync(stored.Record, stop); return true; });
        Remove(instance);
        if (!stored.Record.IsFinished)
        {
            var loaded = new Instance(this, stored.Record, workload, _work);
            loaded.Load(stored);
            if (_instances.TryAdd(existing.Id, loaded))
                loaded.Go();
        }

        created.TrySetResult(stored);
    }

    /// <summary>Whether what is stored is what this very call made, before a crash.</summary>
    public async Task<bool> IsChildAsync(InstanceRecord existing, ParentLink parent)
    {
        var stored = await PersistAsync(existing.Id, stop => Store.LoadAsync(existing.Id, stop));
        var state = new InstanceState();
        state.Apply(stored?.History ?? []);
        return state.Start.Parent == parent;
    }

    public void Run(Instance instance, string execution, HistoryEvent task) => _activities!.Add(instance, execution, task);

    public void SetTimer(Instance instance, string execution, int id, DateTime fireAt) =>
        SetAlarm(new DateTimeOffset(fireAt, TimeSpan.Zero), () => instance.Post(Message.For(execution, new HistoryEvent(EventKind.TimerFired) { Id = id })));

    public void SetAlarm(DateTimeOffset at, Action ring) => _alarms.Set(at, ring);

    /// <summary>Sees to it that a sub-orchestration runs and its result comes back, also when it was made before a crash.</summary>
    public void StartChild(Instance parent, string execution, HistoryEvent call) => InBackground(parent.Id, async () =>
    {
        void Fail(string type, string reason) => parent.Post(Message.For(execution, new HistoryEvent(EventKind.SubOrchestrationFailed)
        {
            Id = call.Id,
            Failure = new TaskFailureDetails(type, reason, null, null, null),
        }));
        if (functions.Orchestrator(call.Name) is null)
        {
            Fail(Retries.NotFound, functions.NoOrchestrator(call.Name));
            return;
        }

        try
        {
            Keys.EnsureId(call.Instance!);
        }
        catch (ArgumentException e)
        {
            Fail(typeof(ArgumentException).FullName!, e.Message);
            return;
        }

        var link = new ParentLink(parent.Name, parent.Id, execution, call.Id);
        var (_, live, stored) = await CreateAsync(call.Instance!, call.Name!, call.Data, link, null, CancellationToken.None);
        if (stored is not null)
            TellParent(link, Ended(stored));
        else if (live is not null && live.Parent != link)
            Fail(typeof(OrchestrationAlreadyExistsException).FullName!, $"an orchestration '{call.Instance}' is not finished");
        else if (live?.Completed is { } ended)
            TellParent(link, ended);
    });

    /// <summary>Brings the result of a sub-orchestration to who called it.</summary>
    public void TellParent(Instance child)
    {
        if (child.Parent is { } parent)
            TellParent(parent, child.Completed!);
    }

    /// <summary>Sends a message to another instance; once that has it on record, the sender need not keep it.</summary>
    public void Deliver(Instance sender, HistoryEvent message) => InBackground(sender.Id, async () =>
    {
        var e = message.Name is null
            ? new HistoryEvent(EventKind.ExecutionTerminated) { Data = message.Data, Recursive = message.Recursive }
            : new HistoryEvent(EventKind.EventRaised) { Name = message.Name, Data = message.Data, Key = message.Key };
        try
        {
            if (Find(message.Instance!) is { } receiver)
                await receiver.RecordAsync(e, running.Aborted);
            else
                logger.Dropped(message.Name ?? "terminate", message.Instance!, "there is no unfinished orchestration of that id");
        }
        catch (InvalidOperationException refused)
        {
            logger.Dropped(message.Name ?? "terminate", message.Instance!, refused.Message);
        }

        sender.Post(new Message(new HistoryEvent(EventKind.Delivered) { Key = message.Key }));
    });

    /// <summary>An instance cannot go on in this process.</summary>
    public void Broken(Instance instance, Exception e)
    {
        if (e is HubLostException)
            Lose(e.Message);
        else if (!running.Aborted.IsCancellationRequested)
            logger.Broken(e, instance.Id);
    }

    private static HistoryEvent Ended(StoredInstance stored)
    {
        var state = new InstanceState();
        state.Apply(stored.History);
        return state.Completed!;
    }

    private void TellParent(ParentLink link, HistoryEvent ended) => Find(link.Instance)?.Post(Message.For(link.Execution, ended.Status switch
    {
        OrchestrationRuntimeStatus.Completed => new HistoryEvent(EventKind.SubOrchestrationCompleted) { Id = link.Id, Data = ended.Data },
        _ => new HistoryEvent(EventKind.SubOrchestrationFailed) { Id = link.Id, Failure = ended.Failure ?? Terminated(ended) },
    }));

    private static TaskFailureDetails Terminated(HistoryEvent ended) =>
        new("DurableTask.Core.Exceptions.SubOrchestrationFailedException", $"the sub-orchestration was terminated: {ended.Data}", null, null, null);

    private void Remove(Instance instance) => _instances.TryRemove(KeyValuePair.Create(instance.Id, instance));

    private async Task LoadAsync(HubStore store, CancellationToken stop) => await Parallel.ForEachAsync(
        await store.UnfinishedAsync(stop), new ParallelOptions { MaxDegreeOfParallelism = LoadsAtOnce, CancellationToken = stop }, async (id, token) =>
        {
            if (await store.LoadAsync(id, token) is not { } stored)
            {
                // Announced and never made.
                await store.ForgetAsync(id, token);
                return;
            }

            var instance = new Instance(this, stored.Record, workload, _work);
            instance.Load(stored);
            _instances[id] = instance;
        });

    private async Task<T> PersistAsync<T>(string instance, Func<CancellationToken, Task<T>> write)
    {
        for (var delay = Periods.FirstRetry; ; delay = Periods.Twice(delay, Periods.LongestRetry))
        {
            running.Aborted.ThrowIfCancellationRequested();
            try
            {
                return await write(running.Aborted);
            }
            catch (Exception e) when (e is RequestFailedException or IOException or AggregateException && !running.Aborted.IsCancellationRequested)
            {
                logger.StorageDown(e, instance, delay.TotalSeconds);
            }

            await workload.ParkAsync(time, delay, null, running.Aborted);
        }
    }

    private void InBackground(string instance, Func<Task> work)
    {
        workload.Enter();
        _work.Enter();
        _ = Task.Run(async () =>
        {
            try
            {
                await work();
            }
            catch (Exception e)
            {
                if (!running.Aborted.IsCancellationRequested)
                    logger.Broken(e, instance);
            }
            finally
            {
                _work.Exit();
                workload.Exit();
            }
        });
    }

    private Task TellAsync(CommitPoint point) => setup.OnCommit?.Invoke(point) ?? Task.CompletedTask;

    private void Lose(string reason)
    {
        if (Interlocked.Exchange(ref _lost, 1) == 1)
            return;
        logger.HubLost(Hub, reason);
        _store = null;
        BeginStop();
        lifetime.StopApplication();
    }
}
