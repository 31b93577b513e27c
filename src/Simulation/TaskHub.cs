using System.Globalization;
using DurableTask.Core;
using DurableTask.Core.Exceptions;
using DurableTask.Core.History;

namespace Simulation;

/// <summary>
/// A task hub in memory: instances with their histories, messages on their way, activities to run and durable timers. It does nothing by
/// itself: <see cref="DurableEngine"/> lets everything run as it comes, <see cref="DurableSimulation"/> one step at a time.
/// </summary>
/// <param name="time">The clock of timers and of every time that is kept.</param>
internal sealed class TaskHub(TimeProvider time)
{
    private static readonly OrchestrationStatus[] Running =
    [
        OrchestrationStatus.Pending,
        OrchestrationStatus.Running,
        OrchestrationStatus.Suspended,
    ];

    private readonly Lock _lock = new();
    private readonly Dictionary<string, HubInstance> _instances = new(StringComparer.Ordinal);
    private readonly List<TaskMessage> _transit = [];
    private readonly List<HubInstance> _ready = [];
    private readonly List<TaskMessage> _activities = [];
    private readonly Dictionary<string, TaskMessage> _running = new(StringComparer.Ordinal);
    private readonly PriorityQueue<TaskMessage, (DateTime Due, long Order)> _timers = new();
    private long _sequence;
    private int _episodes;

    /// <summary>Called when something was added that could be done.</summary>
    public Action? Changed { get; set; }

    /// <summary>Decides whether a start of an id that runs gets through, as of two clients that start it at the same time.</summary>
    public Func<OrchestrationInstance, bool>? StartsTwice { get; set; }

    /// <summary>How much later, or earlier, than due a timer fires; null is on time.</summary>
    public Func<TaskMessage, DateTime, TimeSpan>? TimerDeviation { get; set; }

    /// <summary>The clock's time.</summary>
    public DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <summary>Whether nothing is in hand or to be done at the clock's present time.</summary>
    public bool IsIdle
    {
        get
        {
            lock (_lock)
                return _ready.Count == 0
                    && _activities.Count == 0
                    && _running.Count == 0
                    && _episodes == 0
                    && !_transit.Exists(CanArrive)
                    && !(_timers.TryPeek(out _, out var next) && next.Due <= Now);
        }
    }

    /// <summary>When the next durable timer is due; null when there is none.</summary>
    public DateTime? NextTimer
    {
        get
        {
            lock (_lock)
                return _timers.TryPeek(out _, out var next) ? next.Due : null;
        }
    }

    /// <summary>Whether an instance has come to its end.</summary>
    public static bool HasEnded(OrchestrationState state) =>
        state.OrchestrationStatus is OrchestrationStatus.Completed or OrchestrationStatus.Failed or OrchestrationStatus.Terminated;

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

    /// <summary>What was committed of the present generation of an instance; empty when there is none or it has ended.</summary>
    public IReadOnlyList<HistoryEvent> HistoryOf(string instanceId)
    {
        lock (_lock)
            return [.. _instances.GetValueOrDefault(instanceId)?.History ?? []];
    }

    /// <summary>The state of an instance, once it is as asked for.</summary>
    /// <exception cref="InvalidOperationException">There is no such instance.</exception>
    public async Task<OrchestrationState> WaitForAsync(
        string instanceId,
        Func<OrchestrationState, bool> condition,
        CancellationToken cancellationToken
    )
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
    /// Starts an instance. It is seen at once, as pending; the message that starts it is on its way. What has ended is replaced.
    /// </summary>
    /// <param name="creation">The message.</param>
    /// <param name="refused">The states in which an instance of the same id refuses the start; null for those that have not ended.</param>
    /// <exception cref="OrchestrationAlreadyExistsException">There is an instance of this id in one of the states.</exception>
    public void Start(TaskMessage creation, OrchestrationStatus[]? refused = null)
    {
        var started = (ExecutionStartedEvent)creation.Event;
        var target = started.OrchestrationInstance;
        lock (_lock)
        {
            var known = _instances.GetValueOrDefault(target.InstanceId);
            if (known is not null && (refused ?? Running).Contains(known.State.OrchestrationStatus) && StartsTwice?.Invoke(target) != true)
                throw new OrchestrationAlreadyExistsException(
                    $"there is an instance {target.InstanceId} already, in state {known.State.OrchestrationStatus}"
                );
            Replace(started);
            if (started.ScheduledStartTime is { } at && at > Now)
                _timers.Enqueue(creation, (at, ++_sequence));
            else
                _transit.Add(creation);
        }
        Changed?.Invoke();
    }

    /// <summary>Puts messages on their way.</summary>
    public void Send(IEnumerable<TaskMessage> messages)
    {
        lock (_lock)
            _transit.AddRange(messages);
        Changed?.Invoke();
    }

    /// <summary>Removes an instance, whatever its state. What a worker has in hand of it is refused later.</summary>
    public bool Purge(string instanceId)
    {
        lock (_lock)
        {
            if (!_instances.Remove(instanceId, out var instance))
                return false;
            Forget(instance);
            return true;
        }
    }

    /// <summary>How many there are of what could be done now.</summary>
    public (int Messages, int Episodes, int Activities) CountReady(List<int> messages)
    {
        lock (_lock)
        {
            messages.Clear();
            for (var i = 0; i < _transit.Count; i++)
                if (CanArrive(_transit[i]))
                    messages.Add(i);
            return (messages.Count, _ready.Count, _activities.Count);
        }
    }

    /// <summary>Whether a start of an instance that lies in the inbox is of a version that a worker takes.</summary>
    public int CountReady(Func<HubInstance, bool> taken, List<int> episodes)
    {
        lock (_lock)
        {
            episodes.Clear();
            for (var i = 0; i < _ready.Count; i++)
                if (taken(_ready[i]))
                    episodes.Add(i);
            return episodes.Count;
        }
    }

    public HubInstance ReadyInstance(int index)
    {
        lock (_lock)
            return _ready[index];
    }

    /// <summary>Lets a message arrive.</summary>
    public TaskMessage Deliver(int index)
    {
        lock (_lock)
        {
            var message = _transit[index];
            _transit.RemoveAt(index);
            Arrive(message);
            return message;
        }
    }

    /// <summary>Lets every message arrive that can.</summary>
    public void DeliverAll()
    {
        lock (_lock)
            for (var i = 0; i < _transit.Count;)
                if (CanArrive(_transit[i]))
                {
                    var message = _transit[i];
                    _transit.RemoveAt(i);
                    Arrive(message);
                    i = 0;
                }
                else
                {
                    i++;
                }
    }

    /// <summary>Takes the next timer that is due; null when none is.</summary>
    public TaskMessage? TakeDueTimer()
    {
        lock (_lock)
            return _timers.TryPeek(out _, out var next) && next.Due <= Now ? _timers.Dequeue() : null;
    }

    /// <summary>Lets a timer's message arrive.</summary>
    public void Fire(TaskMessage timer)
    {
        lock (_lock)
            Arrive(timer);
    }

    /// <summary>Takes an instance's messages in hand; null when none is ready.</summary>
    public Episode? TakeEpisode(int index = 0)
    {
        lock (_lock)
        {
            if (index >= _ready.Count)
                return null;
            var instance = _ready[index];
            _ready.RemoveAt(index);
            var taken = instance.IsTorn ? [.. instance.Inbox.Where(m => IsKnown(m, instance))] : instance.Inbox;
            var episode = new Episode(instance, ++_sequence, instance.Committed)
            {
                InstanceId = instance.Id,
                OrchestrationRuntimeState = new OrchestrationRuntimeState(instance.History),
                NewMessages = taken,
                LockedUntilUtc = DateTime.MaxValue,
            };
            instance.Episode = episode;
            instance.Inbox = instance.IsTorn ? [.. instance.Inbox.Except(taken)] : [];
            _episodes++;
            return episode;
        }
    }

    /// <summary>Takes an activity in hand; null when there is none.</summary>
    public ActivityInHand? TakeActivity(int index = 0)
    {
        lock (_lock)
        {
            if (index >= _activities.Count)
                return null;
            var message = _activities[index];
            _activities.RemoveAt(index);
            var item = new ActivityInHand
            {
                Id = NextId(),
                TaskMessage = Copy(message),
                LockedUntilUtc = DateTime.MaxValue,
            };
            _running.Add(item.Id, message);
            return item;
        }
    }

    /// <summary>Whether an episode is still its worker's, so that it can be committed.</summary>
    public bool IsHeld(TaskOrchestrationWorkItem workItem)
    {
        lock (_lock)
            return Held(workItem) is not null;
    }

    /// <summary>Whether an activity is still its worker's.</summary>
    public bool IsHeld(ActivityInHand item)
    {
        lock (_lock)
            return _running.ContainsKey(item.Id);
    }

    /// <summary>Commits an episode.</summary>
    /// <returns>Whether it was the worker's to commit: it is not after the worker ended or another took the instance over.</returns>
    public bool Commit(Episode episode, EpisodeResult result)
    {
        lock (_lock)
        {
            if (Held(episode) is not { } instance)
                return false;
            episode.NewMessages = [];
            // Without a state, the messages were for nothing that runs.
            if (result.State is { } state)
            {
                instance.History = [.. result.RuntimeState.Events];
                instance.Committed = episode.Number;
                state.LastUpdatedTime = Now;
                state.CompletedTime = HasEnded(state) ? Now : state.CompletedTime;
                // The state comes before the messages, which may be for this very instance.
                instance.Change(state);
                SendOut(result);
            }
        }
        Changed?.Invoke();
        return true;
    }

    /// <summary>
    /// Sends an episode's messages without its history: the official engine on Azure Storage sends first and commits then, so that this is
    /// what remains of a worker that ends in between, or that is not the instance's owner any more.
    /// </summary>
    public void CommitMessagesOnly(Episode episode, EpisodeResult result)
    {
        lock (_lock)
        {
            episode.Instance.IsTorn = true;
            SendOut(result);
        }
        Changed?.Invoke();
    }

    /// <summary>Gives an episode back that was not committed, or ends it after its commit.</summary>
    public void Return(TaskOrchestrationWorkItem workItem)
    {
        lock (_lock)
        {
            if (Held(workItem) is not { } instance)
                return;
            instance.Episode = null;
            _episodes--;
            instance.Inbox.InsertRange(0, workItem.NewMessages);
            Queue(instance);
        }
        Changed?.Invoke();
    }

    /// <summary>Delivers messages once more that an episode has consumed, as after a worker ended before it could delete them.</summary>
    public void Redeliver(HubInstance instance, IEnumerable<TaskMessage> messages)
    {
        lock (_lock)
            foreach (var message in messages.Where(m => m.Event is not ExecutionStartedEvent))
                if (_instances.GetValueOrDefault(instance.Id) == instance)
                    Arrive(message);
        Changed?.Invoke();
    }

    /// <summary>Takes an activity's result, and ends it.</summary>
    /// <returns>Whether it was still in hand.</returns>
    public bool Complete(ActivityInHand item, TaskMessage response)
    {
        lock (_lock)
        {
            if (!_running.Remove(item.Id))
                return false;
            Arrive(response);
        }
        Changed?.Invoke();
        return true;
    }

    /// <summary>Gives an activity back that is to be run again.</summary>
    public void Return(ActivityInHand item)
    {
        lock (_lock)
        {
            if (!_running.Remove(item.Id, out var message))
                return;
            _activities.Add(message);
        }
        Changed?.Invoke();
    }

    /// <summary>Has an activity run once more whose result was taken.</summary>
    public void RunAgain(ActivityInHand item)
    {
        lock (_lock)
            _activities.Add(item.TaskMessage);
        Changed?.Invoke();
    }

    /// <summary>Gives everything back that is in hand.</summary>
    public void ReturnAll()
    {
        lock (_lock)
        {
            foreach (var instance in _instances.Values.Where(i => i.Episode is not null))
            {
                var episode = instance.Episode!;
                instance.Episode = null;
                _episodes--;
                instance.Inbox.InsertRange(0, episode.NewMessages);
                Queue(instance);
            }
            _activities.AddRange(_running.Values);
            _running.Clear();
        }
    }

    private static HubInstance? Held(TaskOrchestrationWorkItem workItem) =>
        workItem is Episode episode && episode.Instance.Episode == episode ? episode.Instance : null;

    // Two workers that have the same activity in hand must not share its event, by which the work in hand is found.
    private static TaskMessage Copy(TaskMessage message)
    {
        var scheduled = (TaskScheduledEvent)message.Event;
        return new TaskMessage
        {
            OrchestrationInstance = message.OrchestrationInstance,
            OrchestrationExecutionContext = message.OrchestrationExecutionContext,
            SequenceNumber = message.SequenceNumber,
            Event = new TaskScheduledEvent(scheduled.EventId, scheduled.Name!, scheduled.Version, scheduled.Input)
            {
                ParentTraceContext = scheduled.ParentTraceContext,
                Tags = scheduled.Tags,
                Timestamp = scheduled.Timestamp,
            },
        };
    }

    // A result of something that the history does not know, since the commit was torn, is kept until it does.
    private static bool IsKnown(TaskMessage message, HubInstance instance)
    {
        var scheduled = message.Event switch
        {
            TaskCompletedEvent done => done.TaskScheduledId,
            TaskFailedEvent failed => failed.TaskScheduledId,
            TimerFiredEvent fired => fired.TimerId,
            SubOrchestrationInstanceCompletedEvent done => done.TaskScheduledId,
            SubOrchestrationInstanceFailedEvent failed => failed.TaskScheduledId,
            _ => -1,
        };
        return scheduled < 0 || instance.History.Exists(e => e.EventId == scheduled);
    }

    private void Forget(HubInstance instance)
    {
        _ready.Remove(instance);
        if (instance.Episode is not null)
        {
            instance.Episode = null;
            _episodes--;
        }
        instance.Change(instance.State);
    }

    private HubInstance Replace(ExecutionStartedEvent started)
    {
        var id = started.OrchestrationInstance.InstanceId;
        if (_instances.TryGetValue(id, out var former))
            Forget(former);
        return _instances[id] = new HubInstance(started, Now);
    }

    private bool CanArrive(TaskMessage message) =>
        message.Event is ExecutionStartedEvent
        || !_instances.TryGetValue(message.OrchestrationInstance.InstanceId, out var instance)
        || instance.IsStarted;

    private void SendOut(EpisodeResult result)
    {
        _activities.AddRange(result.Activities);
        foreach (var message in result.Timers)
        {
            var due = ((TimerFiredEvent)message.Event).FireAt;
            _timers.Enqueue(message, (due + (TimerDeviation?.Invoke(message, due) ?? TimeSpan.Zero), ++_sequence));
        }
        foreach (var message in result.Messages)
            Arrive(message);
    }

    private void Arrive(TaskMessage message)
    {
        var target = message.OrchestrationInstance;
        var instance = _instances.GetValueOrDefault(target.InstanceId);
        if (message.Event is ExecutionStartedEvent started)
        {
            // A sub-orchestration's start makes its instance; a client's did so already.
            if (instance is null || HasEnded(instance.State))
                instance = Replace(started);
            if (instance.State.OrchestrationInstance.ExecutionId != started.OrchestrationInstance.ExecutionId)
                return;
            instance.IsStarted = true;
        }
        if (instance is null || HasEnded(instance.State))
            return;
        // For an earlier history of an instance that was continued as new, or replaced.
        if (target.ExecutionId is { } execution && execution != instance.State.OrchestrationInstance.ExecutionId)
            return;
        message.Event.Timestamp = Now;
        instance.Inbox.Add(message);
        Queue(instance);
    }

    private void Queue(HubInstance instance)
    {
        if (instance.Episode is null && !_ready.Contains(instance) && instance.Inbox.Exists(m => !instance.IsTorn || IsKnown(m, instance)))
            _ready.Add(instance);
    }
}

/// <summary>What an episode came to.</summary>
internal sealed record EpisodeResult(
    OrchestrationRuntimeState RuntimeState,
    IList<TaskMessage> Activities,
    IList<TaskMessage> Messages,
    IList<TaskMessage> Timers,
    OrchestrationState? State
);
