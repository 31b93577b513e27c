using System.Globalization;
using EmbeddedHost.Hosting;

namespace EmbeddedHost.Durable;

/// <summary>
/// One unfinished orchestration. Messages wait in its inbox while a step is being committed, and all that came meanwhile go into the next one.
/// </summary>
internal sealed class Instance(DurableEngine engine, InstanceRecord record, Workload workload, Workload own)
{
    private readonly Lock _lock = new();
    private readonly Queue<Message> _inbox = new();
    private readonly List<string> _delivered = [];
    private readonly InstanceState _state = new();
    private readonly TaskCompletionSource<StoredInstance?> _created = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _retired = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private InstanceRecord _record = record;
    private OrchestrationMetadata? _metadata;
    private Exception? _broken;
    private bool _running;

    public string Id { get; } = record.Id;

    public string Name { get; } = record.Name;

    /// <summary>Null once it is on record; else what is stored under its id already.</summary>
    public Task<StoredInstance?> Created => _created.Task;

    /// <summary>Ended when its code has begun to run.</summary>
    public Task Started => _started.Task;

    /// <summary>Ended when how it ended is on record.</summary>
    public Task Ended => _ended.Task;

    /// <summary>Ended when it owes nobody anything and its id is free.</summary>
    public Task Retired => _retired.Task;

    public ParentLink? Parent { get; private set; }

    /// <summary>Where it stands, as on record; null before it is.</summary>
    public OrchestrationMetadata? Metadata => Volatile.Read(ref _metadata);

    /// <summary>How it ended; null: it has not.</summary>
    public HistoryEvent? Completed { get; private set; }

    public void Post(Message message)
    {
        lock (_lock)
        {
            if (_broken is { } broken)
            {
                message.Recorded?.TrySetException(broken);
                return;
            }

            _inbox.Enqueue(message);
        }

        Go();
    }

    /// <summary>Puts an event on record; ends when it is.</summary>
    public async Task RecordAsync(HistoryEvent e, CancellationToken stop)
    {
        var recorded = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Post(new Message(e) { Recorded = recorded });
        await recorded.Task.WaitAsync(stop);
    }

    /// <summary>Makes it: puts its start on record and, unless it starts later, runs the first step.</summary>
    public void Create(HistoryEvent start)
    {
        Parent = start.Parent;
        // One batch, so that the start and the first step are one commit.
        lock (_lock)
        {
            if (_record.StartAt is null)
                _inbox.Enqueue(new Message(new HistoryEvent(EventKind.OrchestratorStarted)));
        }

        Post(new Message(start));
    }

    /// <summary>Takes it up as stored: what it waited for is set going again by <see cref="Go"/>, or by the first message.</summary>
    public void Load(StoredInstance stored)
    {
        _record = stored.Record;
        _state.Apply(stored.History);
        Parent = _state.Start.Parent;
        _created.TrySetResult(null);
        Publish();
        lock (_lock)
            _inbox.Enqueue(new Message(new HistoryEvent(EventKind.OrchestratorStarted)) { Resumes = true, Execution = "" });
    }

    /// <summary>Begins with what waits in the inbox.</summary>
    public void Go()
    {
        lock (_lock)
        {
            if (_running || _inbox.Count == 0)
                return;
            _running = true;
            workload.Enter();
            own.Enter();
        }

        _ = Task.Run(LoopAsync);
    }

    private void Resume()
    {
        foreach (var task in _state.Tasks.Values)
            engine.Run(this, _record.Execution, task);
        foreach (var timer in _state.Timers.Values)
            engine.SetTimer(this, _record.Execution, timer.Id, timer.FireAt!.Value);
        foreach (var child in _state.SubOrchestrations.Values)
            engine.StartChild(this, _record.Execution, child);
        foreach (var message in _state.Outgoing.Values)
            engine.Deliver(this, message);
        if (!_state.Started && _state.Completed is null)
            SetStart();
    }

    private void SetStart()
    {
        var start = Message.For(_record.Execution, new HistoryEvent(EventKind.OrchestratorStarted));
        if (_record.StartAt is { } at)
            engine.SetAlarm(at, () => Post(start));
        else
            Post(start);
    }

    private async Task LoopAsync()
    {
        var batch = new List<Message>();
        try
        {
            while (true)
            {
                lock (_lock)
                {
                    batch.Clear();
                    while (_inbox.TryDequeue(out var message))
                        batch.Add(message);
                    if (batch.Count == 0)
                    {
                        _running = false;
                        break;
                    }
                }

                await engine.InTurnAsync(() => TurnAsync(batch));
            }
        }
        catch (Exception e)
        {
            Break(e, batch);
            engine.Broken(this, e);
        }
        finally
        {
            own.Exit();
            workload.Exit();
        }
    }

    private void Break(Exception e, List<Message> batch)
    {
        lock (_lock)
        {
            _broken = e;
            batch.AddRange(_inbox);
            _inbox.Clear();
        }

        foreach (var message in batch)
            message.Recorded?.TrySetException(e);
        foreach (var waited in new[] { _started, _ended, _retired })
        {
            waited.TrySetException(e);
            _ = waited.Task.Exception;
        }

        _created.TrySetException(e);
        _ = _created.Task.Exception;
    }

    private async Task TurnAsync(List<Message> batch)
    {
        if (batch[0].Resumes)
            Resume();
        var (accepted, end, wake) = Sort(batch);
        if (_state.Completed is null && (accepted.Count > 0 || wake || end is not null))
        {
            if (!await AdvanceAsync(accepted, end, _state.Started || wake))
            {
                Break(new InvalidOperationException($"orchestration '{Id}' was there already"), batch);
                return;
            }
        }

        foreach (var message in batch)
            message.Recorded?.TrySetResult();
        if (_state.Completed is not null && _state.Outgoing.Count == 0 && !_retired.Task.IsCompleted)
        {
            await engine.RetireAsync(this, _record);
            _retired.TrySetResult();
        }
    }

    /// <summary>What of the messages counts: for this execution, still waited for, not had already.</summary>
    private (List<HistoryEvent> Accepted, HistoryEvent? End, bool Wake) Sort(List<Message> batch)
    {
        var accepted = new List<HistoryEvent>();
        var had = new HashSet<(EventKind, int)>();
        var keys = new HashSet<string>();
        HistoryEvent? end = null;
        var wake = false;
        foreach (var message in batch)
        {
            var e = message.Event;
            if (e.Kind == EventKind.Delivered)
            {
                _state.Outgoing.Remove(e.Key!);
                _delivered.Add(e.Key!);
                continue;
            }

            if (_state.Completed is not null)
            {
                message.Recorded?.TrySetException(new InvalidOperationException($"orchestration '{Id}' is {_record.Status}"));
                continue;
            }

            if (message.Execution is { } execution && execution != _record.Execution)
                continue;
            if (e.Kind == EventKind.OrchestratorStarted)
            {
                wake |= !_state.Started;
                continue;
            }

            if (e.Kind is EventKind.ExecutionTerminated or EventKind.ExecutionCompleted)
            {
                end ??= e;
                continue;
            }

            var counts = e.Kind switch
            {
                EventKind.TaskCompleted or EventKind.TaskFailed => _state.Tasks.ContainsKey(e.Id) && had.Add((EventKind.TaskScheduled, e.Id)),
                EventKind.TimerFired => _state.Timers.ContainsKey(e.Id) && had.Add((EventKind.TimerCreated, e.Id)),
                EventKind.SubOrchestrationCompleted or EventKind.SubOrchestrationFailed =>
                    _state.SubOrchestrations.ContainsKey(e.Id) && had.Add((EventKind.SubOrchestrationCreated, e.Id)),
                EventKind.EventRaised => e.Key is null || (!_state.HasReceived(e.Key) && keys.Add(e.Key)),
                _ => true,
            };
            if (counts)
                accepted.Add(e);
        }

        return (accepted, end, wake);
    }

    /// <summary>One step: what is new, what the code makes of it, and both on record. False when the id is taken.</summary>
    private async Task<bool> AdvanceAsync(List<HistoryEvent> accepted, HistoryEvent? end, bool started)
    {
        // Clocks may be set back; an orchestrator's time may not.
        var now = engine.Now > _state.LastStep ? engine.Now : _state.LastStep;
        var events = new List<HistoryEvent>();
        var step = new Step();
        if (started || end is not null)
        {
            var begin = new HistoryEvent(EventKind.OrchestratorStarted) { Time = now };
            events.Add(begin);
            step = end is not null ? EndBy(end, now)
                : _state.Started ? await engine.RunAsync(this, _record.Execution, _state.History, [begin, .. accepted])
                : await engine.RunAsync(this, _record.Execution, [], [begin, .. _state.History, .. accepted]);
        }

        events.AddRange(accepted);
        step = step with { Actions = [.. step.Actions.Select(Keyed)] };
        events.AddRange(step.Actions);
        if (step.CustomStatus != _state.CustomStatus && started)
            events.Add(new HistoryEvent(EventKind.CustomStatusSet) { Data = step.CustomStatus });
        if (step.Completed is not null)
            events.Add(step.Completed);
        events.AddRange(_delivered.Select(k => new HistoryEvent(EventKind.Delivered) { Key = k }));
        var after = _record with
        {
            Updated = now,
            Status = step.Completed?.Status ?? (started ? OrchestrationRuntimeStatus.Running : OrchestrationRuntimeStatus.Pending),
        };
        var execution = _record.Execution;
        if (step.Anew is { } anew)
        {
            _state.Apply(events);
            after = after with { Generation = _record.Generation + 1, Execution = engine.NewExecution() };
            events = Renewed(anew, after.Execution, now);
        }

        try
        {
            _record = await engine.CommitAsync(_record, after, events);
        }
        catch (InstanceConflictException e)
        {
            if (!e.Existing.IsFinished || Parent is not null && await engine.IsChildAsync(e.Existing, Parent))
            {
                await engine.TakenAsync(this, e.Existing, _created);
                return false;
            }

            // A finished instance is replaced; what the step came to holds as it is.
            _record = await engine.CommitAsync(e.Existing, after with { Generation = e.Existing.Generation + 1 }, events);
        }

        if (step.Anew is not null)
            _state.Clear();
        _delivered.Clear();
        _state.Apply(events);
        Publish();
        Dispatch(step, execution, started);
        return true;
    }

    private Step EndBy(HistoryEvent end, DateTime now)
    {
        if (end.Kind == EventKind.ExecutionCompleted)
            return new Step { Completed = end with { Time = now }, CustomStatus = _state.CustomStatus };
        var children = end.Recursive
            ? _state.SubOrchestrations.Values.Select(s => new HistoryEvent(EventKind.Outgoing)
            {
                Instance = s.Instance,
                Recursive = true,
                Data = end.Data,
                Key = string.Create(CultureInfo.InvariantCulture, $"{_record.Execution}:end:{s.Id}"),
            })
            : [];
        return new Step
        {
            Actions = [end, .. children],
            CustomStatus = _state.CustomStatus,
            Completed = new HistoryEvent(EventKind.ExecutionCompleted) { Status = OrchestrationRuntimeStatus.Terminated, Data = end.Data, Time = now },
        };
    }

    private HistoryEvent Keyed(HistoryEvent action) =>
        action.Kind == EventKind.EventSent ? action with { Key = string.Create(CultureInfo.InvariantCulture, $"{_record.Execution}:{action.Id}") } : action;

    private List<HistoryEvent> Renewed(Renewal anew, string execution, DateTime now)
    {
        var events = new List<HistoryEvent>(_state.Carried());
        if (_state.CustomStatus is { } status)
            events.Add(new HistoryEvent(EventKind.CustomStatusSet) { Data = status });
        events.Add(_state.Start with { Data = anew.Input, Execution = execution, Time = now });
        events.AddRange(anew.Events);
        return events;
    }

    private void Dispatch(Step step, string execution, bool started)
    {
        _created.TrySetResult(null);
        if (started)
            _started.TrySetResult();
        var timers = step.Timers.Select(t => t.Id).ToHashSet();
        foreach (var action in step.Actions)
        {
            switch (action.Kind)
            {
                case EventKind.TaskScheduled:
                    engine.Run(this, execution, action);
                    break;
                case EventKind.TimerCreated when timers.Contains(action.Id):
                    engine.SetTimer(this, execution, action.Id, action.FireAt!.Value);
                    break;
                case EventKind.SubOrchestrationCreated:
                    engine.StartChild(this, execution, action);
                    break;
                case EventKind.EventSent or EventKind.Outgoing:
                    engine.Deliver(this, action);
                    break;
                default:
                    break;
            }
        }

        if (!_state.Started && _state.Completed is null)
            SetStart();
        if (_state.Completed is null)
            return;
        _started.TrySetResult();
        _ended.TrySetResult();
        engine.TellParent(this);
    }

    private void Publish()
    {
        Completed = _state.Completed;
        Volatile.Write(ref _metadata, Describe(_record, _state));
        if (_state.Started)
            _started.TrySetResult();
        if (Completed is not null)
            _ended.TrySetResult();
    }

    /// <summary>Where an instance stands, for those outside.</summary>
    public static OrchestrationMetadata Describe(InstanceRecord record, InstanceState state) => new(record.Name, record.Id)
    {
        Whole = true,
        RuntimeStatus = record.Status,
        CreatedAt = record.Created,
        LastUpdatedAt = record.Updated,
        SerializedInput = state.Start.Data,
        SerializedOutput = state.Completed?.Data,
        SerializedCustomStatus = state.CustomStatus,
        FailureDetails = state.Completed?.Failure,
    };
}
