using System.Globalization;
using System.Threading.Channels;
using DurableTask.Core;
using DurableTask.Core.Exceptions;
using DurableTask.Core.History;

namespace Simulation;

/// <summary>
/// A task hub in memory for the official dispatcher. Its durable timers run on the given clock: they fire when that clock passes them.
/// What was in hand when a worker ended is given out again to the next one.
/// </summary>
internal sealed class InMemoryTaskHub : IOrchestrationService, IOrchestrationServiceClient, IDisposable
{
    private readonly TimeProvider _time;
    private readonly ITimer _alarm;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Instance> _instances = new(StringComparer.Ordinal);
    private readonly Channel<Instance> _ready = Channel.CreateUnbounded<Instance>();
    private readonly Channel<TaskMessage> _activities = Channel.CreateUnbounded<TaskMessage>();
    private readonly Dictionary<string, TaskMessage> _running = new(StringComparer.Ordinal);
    private readonly PriorityQueue<TaskMessage, (DateTime Due, long Order)> _timers = new();
    private TaskCompletionSource _idle = new();
    private int _busy;
    private long _sequence;

    /// <summary>A hub without instances.</summary>
    /// <param name="time">The clock of timers and of every time that is kept.</param>
    public InMemoryTaskHub(TimeProvider time)
    {
        _time = time;
        _alarm = time.CreateTimer(_ => FireTimers(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _idle.SetResult();
    }

    public int TaskOrchestrationDispatcherCount => 1;

    public int MaxConcurrentTaskOrchestrationWorkItems => 16;

    public int TaskActivityDispatcherCount => 1;

    public int MaxConcurrentTaskActivityWorkItems => 16;

    public BehaviorOnContinueAsNew EventBehaviourForContinueAsNew => BehaviorOnContinueAsNew.Carryover;

    /// <summary>The clock's time.</summary>
    public DateTime Now => _time.GetUtcNow().UtcDateTime;

    /// <summary>An id that this hub has not given before.</summary>
    public string NextId() => Interlocked.Increment(ref _sequence).ToString("x32", CultureInfo.InvariantCulture);

    /// <summary>The states of all instances, by id.</summary>
    public IReadOnlyList<OrchestrationState> List()
    {
        lock (_lock)
            return [.. _instances.OrderBy(i => i.Key, StringComparer.Ordinal).Select(i => i.Value.State)];
    }

    /// <summary>The state of an instance; null when there is none.</summary>
    public OrchestrationState? Find(string instanceId)
    {
        lock (_lock)
            return _instances.GetValueOrDefault(instanceId)?.State;
    }

    /// <summary>The state of an instance, once it is as asked for.</summary>
    /// <exception cref="InvalidOperationException">There is no such instance.</exception>
    public async Task<OrchestrationState> WaitForAsync(
        string instanceId, Func<OrchestrationState, bool> condition, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (!_instances.TryGetValue(instanceId, out var instance))
                    throw new InvalidOperationException($"there is no instance {instanceId}");
                if (condition(instance.State))
                    return instance.State;
                changed = instance.Changed.Task;
            }
            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <summary>
    /// Ends once nothing is left to do at the clock's present time. An activity that itself waits for the clock keeps it from that.
    /// </summary>
    public Task WhenIdleAsync(CancellationToken cancellationToken)
    {
        FireTimers();
        lock (_lock)
            return _idle.Task.WaitAsync(cancellationToken);
    }

    /// <summary>Whether an instance has come to its end.</summary>
    public static bool HasEnded(OrchestrationState state) =>
        state.OrchestrationStatus is OrchestrationStatus.Completed or OrchestrationStatus.Failed or OrchestrationStatus.Terminated;

    public Task StartAsync()
    {
        lock (_lock)
        {
            foreach (var instance in _instances.Values.Where(i => i.Episode is not null))
                PutBack(instance.Episode!);
            foreach (var message in _running.Values)
                _activities.Writer.TryWrite(message);
            _running.Clear();
        }
        return Task.CompletedTask;
    }

    public async Task<TaskOrchestrationWorkItem> LockNextTaskOrchestrationWorkItemAsync(
        TimeSpan receiveTimeout, CancellationToken cancellationToken)
    {
        var instance = await _ready.Reader.ReadAsync(cancellationToken);
        lock (_lock)
        {
            // A worker that ends takes nothing any more: the next one would not get it.
            if (cancellationToken.IsCancellationRequested)
                _ready.Writer.TryWrite(instance);
            cancellationToken.ThrowIfCancellationRequested();
            instance.Queued = false;
            instance.Episode = new Episode(instance)
            {
                InstanceId = instance.State.OrchestrationInstance.InstanceId,
                OrchestrationRuntimeState = new OrchestrationRuntimeState(instance.History),
                NewMessages = instance.Inbox,
                LockedUntilUtc = DateTime.MaxValue,
            };
            instance.Inbox = [];
            return instance.Episode;
        }
    }

    public Task CompleteTaskOrchestrationWorkItemAsync(
        TaskOrchestrationWorkItem workItem,
        OrchestrationRuntimeState newOrchestrationRuntimeState,
        IList<TaskMessage> outboundMessages,
        IList<TaskMessage> orchestratorMessages,
        IList<TaskMessage> timerMessages,
        TaskMessage? continuedAsNewMessage,
        OrchestrationState? orchestrationState)
    {
        lock (_lock)
        {
            // A worker that was ended meanwhile has nothing to hand in. Without a state, the messages were for nothing that runs.
            if (Held(workItem) is not { } instance)
                return Task.CompletedTask;
            workItem.NewMessages = [];
            if (orchestrationState is null)
                return Task.CompletedTask;
            instance.History = [.. newOrchestrationRuntimeState.Events];
            orchestrationState.LastUpdatedTime = Now;
            orchestrationState.CompletedTime = HasEnded(orchestrationState) ? Now : orchestrationState.CompletedTime;
            foreach (var message in outboundMessages)
            {
                Begin();
                _activities.Writer.TryWrite(message);
            }
            foreach (var message in timerMessages)
                _timers.Enqueue(message, (((TimerFiredEvent)message.Event).FireAt, ++_sequence));
            // The state comes before the messages, which may be for this very instance.
            instance.Change(orchestrationState);
            foreach (var message in orchestratorMessages)
                Deliver(message);
            if (continuedAsNewMessage is not null)
                Deliver(continuedAsNewMessage);
        }
        FireTimers();
        return Task.CompletedTask;
    }

    // Comes after each episode, and also for one that was not begun since the worker ends.
    public Task ReleaseTaskOrchestrationWorkItemAsync(TaskOrchestrationWorkItem workItem) =>
        AbandonTaskOrchestrationWorkItemAsync(workItem);

    public Task AbandonTaskOrchestrationWorkItemAsync(TaskOrchestrationWorkItem workItem)
    {
        lock (_lock)
            if (Held(workItem) is not null)
                PutBack((Episode)workItem);
        return Task.CompletedTask;
    }

    public async Task<TaskActivityWorkItem> LockNextTaskActivityWorkItem(TimeSpan receiveTimeout, CancellationToken cancellationToken)
    {
        var message = await _activities.Reader.ReadAsync(cancellationToken);
        var item = new TaskActivityWorkItem { Id = NextId(), TaskMessage = message, LockedUntilUtc = DateTime.MaxValue };
        lock (_lock)
        {
            if (cancellationToken.IsCancellationRequested)
                _activities.Writer.TryWrite(message);
            cancellationToken.ThrowIfCancellationRequested();
            _running.Add(item.Id, message);
        }
        return item;
    }

    public Task CompleteTaskActivityWorkItemAsync(TaskActivityWorkItem workItem, TaskMessage responseMessage)
    {
        lock (_lock)
            if (_running.Remove(workItem.Id))
            {
                Deliver(responseMessage);
                End();
            }
        return Task.CompletedTask;
    }

    public Task AbandonTaskActivityWorkItemAsync(TaskActivityWorkItem workItem)
    {
        lock (_lock)
            if (_running.Remove(workItem.Id))
                _activities.Writer.TryWrite(workItem.TaskMessage);
        return Task.CompletedTask;
    }

    // As the durable extension does by default: what runs is not started again, what has ended is replaced.
    public Task CreateTaskOrchestrationAsync(TaskMessage creationMessage) => CreateTaskOrchestrationAsync(
        creationMessage, [OrchestrationStatus.Pending, OrchestrationStatus.Running, OrchestrationStatus.Suspended]);

    /// <exception cref="OrchestrationAlreadyExistsException">There is an instance of this id in one of the states.</exception>
    public Task CreateTaskOrchestrationAsync(TaskMessage creationMessage, OrchestrationStatus[] dedupeStatuses)
    {
        lock (_lock)
        {
            var id = creationMessage.OrchestrationInstance.InstanceId;
            if (Find(id) is { } known && dedupeStatuses.Contains(known.OrchestrationStatus))
                throw new OrchestrationAlreadyExistsException($"there is an instance {id} already, in state {known.OrchestrationStatus}");
            Deliver(creationMessage);
        }
        return Task.CompletedTask;
    }

    public Task SendTaskOrchestrationMessageAsync(TaskMessage message) => SendTaskOrchestrationMessageBatchAsync(message);

    public Task SendTaskOrchestrationMessageBatchAsync(params TaskMessage[] messages)
    {
        lock (_lock)
            foreach (var message in messages)
                Deliver(message);
        return Task.CompletedTask;
    }

    public Task ForceTerminateTaskOrchestrationAsync(string instanceId, string? reason)
    {
        var ended = new ExecutionTerminatedEvent(-1, reason);
        return SendTaskOrchestrationMessageAsync(new TaskMessage { OrchestrationInstance = new() { InstanceId = instanceId }, Event = ended });
    }

    public Task<OrchestrationState> WaitForOrchestrationAsync(
        string instanceId, string executionId, TimeSpan timeout, CancellationToken cancellationToken) =>
        WaitForAsync(instanceId, HasEnded, cancellationToken);

    public Task<IList<OrchestrationState>> GetOrchestrationStateAsync(string instanceId, bool allExecutions) =>
        Task.FromResult<IList<OrchestrationState>>(Find(instanceId) is { } state ? [state] : []);

    public Task<OrchestrationState> GetOrchestrationStateAsync(string instanceId, string executionId) => Task.FromResult(Find(instanceId)!);

    public void Dispose() => _alarm.Dispose();

    public bool IsMaxMessageCountExceeded(int currentMessageCount, OrchestrationRuntimeState runtimeState) => false;

    public int GetDelayInSecondsAfterOnProcessException(Exception exception) => 0;

    public int GetDelayInSecondsAfterOnFetchException(Exception exception) => 0;

    public Task RenewTaskOrchestrationWorkItemLockAsync(TaskOrchestrationWorkItem workItem) => Task.CompletedTask;

    public Task<TaskActivityWorkItem> RenewTaskActivityWorkItemLockAsync(TaskActivityWorkItem workItem) => Task.FromResult(workItem);

    public Task StopAsync() => Task.CompletedTask;

    public Task StopAsync(bool isForced) => Task.CompletedTask;

    public Task CreateAsync() => Task.CompletedTask;

    public Task CreateAsync(bool recreateInstanceStore) => Task.CompletedTask;

    public Task CreateIfNotExistsAsync() => Task.CompletedTask;

    public Task DeleteAsync() => throw new NotSupportedException();

    public Task DeleteAsync(bool deleteInstanceStore) => throw new NotSupportedException();

    public Task<string> GetOrchestrationHistoryAsync(string instanceId, string executionId) => throw new NotSupportedException();

    public Task PurgeOrchestrationHistoryAsync(DateTime thresholdDateTimeUtc, OrchestrationStateTimeRangeFilterType timeRangeFilterType) =>
        throw new NotSupportedException();

    private static Instance? Held(TaskOrchestrationWorkItem workItem) =>
        workItem is Episode episode && episode.Instance.Episode == episode ? episode.Instance : null;

    private void PutBack(Episode episode)
    {
        episode.Instance.Episode = null;
        episode.Instance.Inbox.InsertRange(0, episode.NewMessages);
        Queue(episode.Instance);
        End();
    }

    private void Begin()
    {
        if (_busy++ == 0)
            _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    private void End()
    {
        if (--_busy == 0)
            _idle.SetResult();
    }

    private void Deliver(TaskMessage message)
    {
        var id = message.OrchestrationInstance.InstanceId;
        var instance = _instances.GetValueOrDefault(id);
        if (message.Event is ExecutionStartedEvent started && (instance is null || HasEnded(instance.State)))
        {
            instance?.Change(instance.State);
            instance = _instances[id] = new Instance(started, Now);
        }
        if (instance is null || HasEnded(instance.State))
            return;
        // For an earlier history of an instance that was continued as new.
        var execution = message.OrchestrationInstance.ExecutionId;
        if (execution is not null && execution != instance.State.OrchestrationInstance.ExecutionId)
            return;
        message.Event.Timestamp = Now;
        instance.Inbox.Add(message);
        Queue(instance);
    }

    private void Queue(Instance instance)
    {
        if (instance.Episode is not null || instance.Queued || instance.Inbox.Count == 0)
            return;
        instance.Queued = true;
        Begin();
        _ready.Writer.TryWrite(instance);
    }

    // Delivers the timers that are due, and sets the alarm for the next one.
    private void FireTimers()
    {
        lock (_lock)
            while (_timers.TryPeek(out var message, out var next))
            {
                var now = Now;
                if (next.Due <= now)
                {
                    _timers.Dequeue();
                    Deliver(message);
                    continue;
                }
                _alarm.Change(next.Due - now, Timeout.InfiniteTimeSpan);
                // A clock that was moved in between would make the alarm late by as much: it is set again.
                if (Now - now < TimeSpan.FromMilliseconds(1))
                    return;
            }
    }

    private sealed class Instance(ExecutionStartedEvent started, DateTime now)
    {
        public OrchestrationState State { get; private set; } = new()
        {
            OrchestrationInstance = started.OrchestrationInstance,
            Name = started.Name,
            Version = started.Version,
            Input = started.Input,
            OrchestrationStatus = OrchestrationStatus.Pending,
            CreatedTime = now,
            LastUpdatedTime = now,
        };

        public List<HistoryEvent> History { get; set; } = [];

        public List<TaskMessage> Inbox { get; set; } = [];

        /// <summary>What a worker has in hand.</summary>
        public Episode? Episode { get; set; }

        /// <summary>Whether it waits for a worker.</summary>
        public bool Queued { get; set; }

        public TaskCompletionSource Changed { get; private set; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void Change(OrchestrationState state)
        {
            State = state;
            if (HasEnded(state))
                (History, Inbox) = ([], []);
            Changed.SetResult();
            Changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private sealed class Episode(Instance instance) : TaskOrchestrationWorkItem
    {
        public Instance Instance => instance;
    }
}
