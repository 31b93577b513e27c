using Azure;
using EmbeddedHost.Hosting;

namespace EmbeddedHost.Durable;

/// <summary>
/// One running instance. Its events come in from anywhere and are taken together, one step at a time: replay, commit, and only then what follows from it.
/// </summary>
internal sealed class Instance(DurableHub hub, InstanceState state, List<HistoryEvent> history) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, ITimer> _timers = [];
    private readonly TaskCompletionSource<InstanceState> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private List<(HistoryEvent Event, TaskCompletionSource? Kept)> _inbox = [];
    private bool _stepping;
    private bool _gone;
    private ITimer? _start;
    private HashSet<int> _open = [];

    public InstanceState State { get; private set; } = state;

    /// <summary>Ends with the instance's last state.</summary>
    public Task<InstanceState> Ended => _ended.Task;

    /// <summary>An ended instance of the same id is replaced: its row's version and the next execution.</summary>
    public void Replace(InstanceState before) => State = State with { Version = before.Version, Execution = before.Execution + 1 };

    /// <summary>Writes the instance's beginning; with a start time in the future the orchestrator's code waits for it.</summary>
    public async Task BeginAsync(DateTimeOffset? startAt)
    {
        if (startAt is { } at && at > hub.Time.GetUtcNow())
        {
            State = await hub.Store.CommitAsync(State with { StartAt = at }, 0, [], CancellationToken.None);
            StartAt(at);
            return;
        }

        await PostAsync(Beginning());
    }

    /// <summary>Goes on after the process was started again: repeats what may not have been done.</summary>
    public void Resume()
    {
        if (State is { Status: OrchestrationRuntimeStatus.Pending, StartAt: { } at })
        {
            StartAt(at);
            return;
        }

        var open = new Dictionary<int, HistoryEvent>();
        foreach (var e in history)
        {
            if (e.IsAction)
                open[e.Id] = e;
            else if (e.Kind is HistoryKind.TaskCompleted or HistoryKind.TaskFailed or HistoryKind.TimerFired or HistoryKind.SubOrchestrationCompleted or HistoryKind.SubOrchestrationFailed)
                open.Remove(e.Id);
        }

        _open = [.. open.Keys];
        // A replay without news tells which timers were given up.
        var cancelled = hub.Orchestrator(State.Name) is { } orchestrator
            ? Replay.Run(State.Id, Parent(), history, [], orchestrator, hub.Loggers).CancelledTimers
            : new HashSet<int>();
        Follow([.. open.Values.Where(e => !cancelled.Contains(e.Id))]);
    }

    /// <summary>Takes an event in. Called from anywhere; it is kept with the step it causes.</summary>
    public void Post(int execution, HistoryEvent e)
    {
        lock (_lock)
        {
            // What an execution before this one began no longer matters.
            if (_gone || execution != State.Execution)
                return;
            _inbox.Add((e, null));
            Step();
        }
    }

    /// <summary>Takes an event in and ends when it is kept; false when the instance has ended.</summary>
    public async Task<bool> PostAsync(HistoryEvent e)
    {
        var kept = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            if (_gone)
                return false;
            _inbox.Add((e, kept));
            Step();
        }

        await kept.Task;
        return true;
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _gone = true;
            foreach (var timer in _timers.Values)
                timer.Dispose();
            _timers.Clear();
            _start?.Dispose();
        }
    }

    private ParentOrchestrationInstance? Parent() => State.ParentId is { } id ? new ParentOrchestrationInstance(State.ParentName ?? "", id) : null;

    private HistoryEvent Beginning() => new(HistoryKind.ExecutionStarted, hub.Time.GetUtcNow()) { Name = State.Name, Data = State.Input };

    private void StartAt(DateTimeOffset at)
    {
        if (at <= hub.Time.GetUtcNow())
        {
            Post(State.Execution, Beginning());
            return;
        }

        lock (_lock)
        {
            _start?.Dispose();
            _start = _gone ? null : hub.Time.CreateTimer(_ => StartAt(at), null, Until(at), Timeout.InfiniteTimeSpan);
        }
    }

    // Under the lock.
    private void Step()
    {
        if (_stepping)
            return;
        _stepping = true;
        hub.Workload.Enter();
        hub.Running.Begin();
        _ = Task.Run(async () =>
        {
            try
            {
                await StepsAsync();
            }
            finally
            {
                hub.Running.End();
                hub.Workload.Exit();
            }
        });
    }

    private async Task StepsAsync()
    {
        while (true)
        {
            List<(HistoryEvent Event, TaskCompletionSource? Kept)> taken;
            lock (_lock)
            {
                if (_inbox.Count == 0 || _gone)
                {
                    _stepping = false;
                    return;
                }

                (taken, _inbox) = (_inbox, []);
            }

            try
            {
                await StepAsync([.. taken.Select(t => t.Event)]);
                foreach (var (_, kept) in taken)
                    kept?.TrySetResult();
            }
            catch (Exception e)
            {
                foreach (var (_, kept) in taken)
                    kept?.TrySetException(e);
                if (e is HubLostException)
                    hub.Lost(e.Message);
                else if (!hub.Stopping.IsCancellationRequested)
                    hub.Logger.StepBroken(e, State.Id);
                // Its history is in storage: the next start goes on from there.
                Dispose();
                hub.Forget(this);
                _ended.TrySetException(e);
                return;
            }
        }
    }

    private async Task StepAsync(IReadOnlyList<HistoryEvent> taken)
    {
        var now = hub.Time.GetUtcNow();
        var news = new List<HistoryEvent>(taken.Count + 4) { new(HistoryKind.StepStarted, now) };
        foreach (var e in taken)
        {
            // An answer counts once: the second of an activity that was run again is dropped.
            if (e.Id < 0 || _open.Remove(e.Id))
                news.Add(e);
        }

        if (news.Count == 1)
            return;
        var orchestrator = hub.Orchestrator(State.Name);
        var result = orchestrator is null
            ? new StepResult { Ended = true, Failure = TaskFailureDetails.FromException(new InvalidOperationException($"this app has no orchestrator '{State.Name}' any more")) }
            : Replay.Run(State.Id, Parent(), history, news, orchestrator, hub.Loggers);
        var terminated = news.Any(e => e.Kind == HistoryKind.ExecutionTerminated);
        var next = State with { UpdatedAt = now, CustomStatus = result.CustomStatus, Commit = null, Status = OrchestrationRuntimeStatus.Running };

        if (result.Anew is { } anew)
        {
            await BeginAnewAsync(next, anew.Input, anew.Events, now);
            return;
        }

        if (!result.Ended)
            news.AddRange(result.Actions);
        else
            next = next with
            {
                Status = terminated ? OrchestrationRuntimeStatus.Terminated : result.Failure is null ? OrchestrationRuntimeStatus.Completed : OrchestrationRuntimeStatus.Failed,
                Output = result.Output,
                Failure = result.Failure,
            };
        await CommitAsync(next with { Length = history.Count + news.Count }, news);
        foreach (var action in news.Where(e => e.IsAction))
            _open.Add(action.Id);
        if (result.Ended)
        {
            await EndAsync(result.Failure);
            return;
        }

        foreach (var id in result.CancelledTimers)
            StopTimer(id);
        Follow([.. result.Actions.Where(a => !result.CancelledTimers.Contains(a.Id))]);
    }

    private async Task BeginAnewAsync(InstanceState next, string? input, IReadOnlyList<(string Name, string? Data)> events, DateTimeOffset now)
    {
        var (before, length) = (State.Execution, history.Count);
        lock (_lock)
        {
            foreach (var timer in _timers.Values)
                timer.Dispose();
            _timers.Clear();
        }

        history.Clear();
        _open.Clear();
        lock (_lock)
        {
            // Answers to the old execution that wait here are not for the new one; events from outside are.
            _inbox = [.. _inbox.Where(i => i.Event.Id < 0)];
            State = next with { Execution = before + 1, Length = 0, Input = input };
        }

        await StepAsync(
        [
            new HistoryEvent(HistoryKind.ExecutionStarted, now) { Name = State.Name, Data = input },
            .. events.Select(e => new HistoryEvent(HistoryKind.EventRaised, now) { Name = e.Name, Data = e.Data }),
        ]);
        try
        {
            await hub.Store.ForgetAsync(State.Id, before, length, CancellationToken.None);
        }
        catch (RequestFailedException e)
        {
            hub.Logger.NotForgotten(e, State.Id);
        }
    }

    // Storage that is away is waited for: nothing follows from a step that is not kept.
    private async Task CommitAsync(InstanceState next, List<HistoryEvent> news)
    {
        next = next with { Commit = hub.Store.NextCommit() };
        var wait = Periods.FirstRetry;
        while (true)
        {
            try
            {
                State = await hub.Store.CommitAsync(next, history.Count, news, CancellationToken.None);
                history.AddRange(news);
                return;
            }
            catch (RequestFailedException e) when (!hub.Stopping.IsCancellationRequested)
            {
                hub.Logger.CommitFailed(e, State.Id, wait.TotalSeconds);
                await Task.Delay(wait, hub.Time, hub.Stopping);
                wait = Periods.Twice(wait, Periods.LongestRetry);
            }
        }
    }

    private async Task EndAsync(TaskFailureDetails? failure)
    {
        lock (_lock)
        {
            _gone = true;
            foreach (var (_, kept) in _inbox)
                kept?.TrySetResult();
            foreach (var timer in _timers.Values)
                timer.Dispose();
            _timers.Clear();
        }

        hub.Logger.Ended(State.Id, State.Name, State.Status.ToString(), failure?.ToString() ?? "");
        TellParent(hub, State);
        hub.Forget(this);
        _ended.TrySetResult(State);
        try
        {
            await hub.Store.EndAsync(State.Id);
        }
        catch (RequestFailedException e)
        {
            // The next start sees that it has ended.
            hub.Logger.NotForgotten(e, State.Id);
        }
    }

    private static void TellParent(DurableHub hub, InstanceState child)
    {
        if (child.ParentId is not { } parent)
            return;
        hub.Live(parent)?.Post(child.ParentExecution, child.Status == OrchestrationRuntimeStatus.Completed
            ? new HistoryEvent(HistoryKind.SubOrchestrationCompleted, hub.Time.GetUtcNow()) { Id = child.ParentTask, Data = child.Output }
            : new HistoryEvent(HistoryKind.SubOrchestrationFailed, hub.Time.GetUtcNow())
            {
                Id = child.ParentTask,
                Failure = child.Failure ?? new TaskFailureDetails(typeof(OperationCanceledException).FullName!, $"the orchestration '{child.Id}' was terminated", null, null, null),
            });
    }

    private void Follow(IReadOnlyList<HistoryEvent> actions)
    {
        foreach (var action in actions)
        {
            switch (action.Kind)
            {
                case HistoryKind.TaskScheduled:
                    hub.RunActivity(this, State.Execution, action);
                    break;
                case HistoryKind.TimerCreated:
                    StartTimer(action.Id, action.FireAt!.Value);
                    break;
                case HistoryKind.SubOrchestrationStarted:
                    StartSub(action);
                    break;
            }
        }
    }

    private void StartTimer(int id, DateTimeOffset fireAt)
    {
        var execution = State.Execution;
        if (fireAt <= hub.Time.GetUtcNow())
        {
            Post(execution, new HistoryEvent(HistoryKind.TimerFired, hub.Time.GetUtcNow()) { Id = id, FireAt = fireAt });
            return;
        }

        lock (_lock)
        {
            if (_gone)
                return;
            _timers[id] = hub.Time.CreateTimer(_ => Fire(execution, id, fireAt), null, Until(fireAt), Timeout.InfiniteTimeSpan);
        }
    }

    private void Fire(int execution, int id, DateTimeOffset fireAt)
    {
        lock (_lock)
        {
            if (_gone || hub.Stopping.IsCancellationRequested || !_timers.TryGetValue(id, out var timer))
                return;
            if (hub.Time.GetUtcNow() < fireAt)
            {
                // Longer than a timer can wait at once.
                timer.Change(Until(fireAt), Timeout.InfiniteTimeSpan);
                return;
            }

            StopTimer(id);
            Post(execution, new HistoryEvent(HistoryKind.TimerFired, hub.Time.GetUtcNow()) { Id = id, FireAt = fireAt });
        }
    }

    private void StopTimer(int id)
    {
        lock (_lock)
        {
            if (_timers.Remove(id, out var timer))
                timer.Dispose();
        }
    }

    private TimeSpan Until(DateTimeOffset at)
    {
        var wait = at - hub.Time.GetUtcNow();
        return wait < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : wait > Periods.LongestWait ? Periods.LongestWait : wait;
    }

    // Safe to repeat: an instance that is there already is only asked how it stands.
    private void StartSub(HistoryEvent action)
    {
        var parent = State;
        hub.Workload.Enter();
        hub.Running.Begin();
        _ = Task.Run(async () =>
        {
            try
            {
                var known = hub.Live(action.Target!)?.State ?? await hub.Store.FindAsync(action.Target!, CancellationToken.None);
                var ours = known?.ParentId == parent.Id && known.ParentTask == action.Id && known.ParentExecution == parent.Execution;
                if (ours && known!.Ended)
                    TellParent(hub, known);
                else if (!ours && !await hub.StartAsync(action.Target!, action.Name!, action.Data, null, parent, action.Id, CancellationToken.None))
                    throw new InvalidOperationException($"an orchestration with the id '{action.Target}' is running already");
            }
            catch (Exception e)
            {
                Post(parent.Execution, new HistoryEvent(HistoryKind.SubOrchestrationFailed, hub.Time.GetUtcNow()) { Id = action.Id, Failure = TaskFailureDetails.FromException(e) });
            }
            finally
            {
                hub.Running.End();
                hub.Workload.Exit();
            }
        });
    }
}
