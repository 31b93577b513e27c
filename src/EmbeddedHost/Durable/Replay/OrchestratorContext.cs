using System.Globalization;
using Microsoft.Extensions.Logging;

namespace EmbeddedHost.Durable;

/// <summary>What one replay's orchestrator calls. It numbers what is asked for and keeps what is waited for.</summary>
internal sealed class OrchestratorContext(string instanceId, OrchestratorThread thread, ILoggerFactory loggers, ILogger log) : TaskOrchestrationContext
{
    private readonly Dictionary<int, (HistoryEvent Action, Action<HistoryEvent> End)> _open = [];
    private readonly Dictionary<string, Stack<Waiter>> _waiters = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<HistoryEvent> _early = [];
    private HistoryEvent _start = new(EventKind.ExecutionStarted);
    private DateTime _now;
    private bool _replaying = true;
    private int _next;
    private int _guids;
    private (string? Input, bool KeepEvents)? _anew;

    /// <summary>Asked for and not (yet) found in the history, by number.</summary>
    public SortedDictionary<int, HistoryEvent> Asked { get; } = [];

    /// <summary>JSON.</summary>
    public string? CustomStatus { get; private set; }

    public override TaskName Name => _start.Name!;

    public override string InstanceId => instanceId;

    public override ParentOrchestrationInstance? Parent => _start.Parent is { } p ? new(p.Name, p.Instance) : null;

    public override DateTime CurrentUtcDateTime => _now;

    public override bool IsReplaying => _replaying;

    protected override ILoggerFactory LoggerFactory => loggers;

    /// <summary>Whether anything is waited for through this context.</summary>
    public bool Waits => _open.Count > 0 || _waiters.Values.Any(w => w.Any(x => !x.Over));

    public IEnumerable<(int Id, DateTime FireAt)> OpenTimers =>
        _open.Values.Where(o => o.Action.Kind == EventKind.TimerCreated).Select(o => (o.Action.Id, o.Action.FireAt!.Value));

    public Renewal? Anew => _anew is { } anew ? new Renewal(anew.Input, anew.KeepEvents ? [.. _early] : []) : null;

    public void BeginAt(DateTime now) => _now = now;

    public void BeginWith(HistoryEvent start) => _start = start;

    public void EndReplay() => _replaying = false;

    public override T? GetInput<T>()
        where T : default
    {
        EnsureHere();
        return DurableJson.Read<T>(_start.Data);
    }

    public object? GetInput(Type type) => DurableJson.Read(_start.Data, type);

    public override Task<TResult> CallActivityAsync<TResult>(TaskName name, object? input = null, TaskOptions? options = null)
    {
        EnsureHere();
        // The official check: the second argument is the input, so options there are a slip.
        if (input is TaskOptions && options is null)
            throw new ArgumentException($"{nameof(TaskOptions)} were given as the activity's input: name the argument options", nameof(input));
        return Retries.RunAsync(this, options?.Retry?.Policy, () => Ask<TResult>(new HistoryEvent(EventKind.TaskScheduled)
        {
            Name = name.Name,
            Data = DurableJson.Write(input),
        }));
    }

    public override Task<TResult> CallSubOrchestratorAsync<TResult>(TaskName orchestratorName, object? input = null, TaskOptions? options = null)
    {
        EnsureHere();
        var id = (options as SubOrchestrationOptions)?.InstanceId ?? NewGuid().ToString("N");
        return Retries.RunAsync(this, options?.Retry?.Policy, () => Ask<TResult>(new HistoryEvent(EventKind.SubOrchestrationCreated)
        {
            Name = orchestratorName.Name,
            Data = DurableJson.Write(input),
            Instance = id,
        }));
    }

    public override Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken)
    {
        EnsureHere();
        var done = new TaskCompletionSource();
        var timer = Number(new HistoryEvent(EventKind.TimerCreated) { FireAt = fireAt.ToUniversalTime() });
        _open[timer.Id] = (timer, _ => done.TrySetResult());
        cancellationToken.Register(() =>
        {
            EnsureHere();
            if (done.TrySetCanceled(cancellationToken))
                _open.Remove(timer.Id);
        });
        return done.Task;
    }

    public override Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellationToken = default)
    {
        EnsureHere();
        var done = new TaskCompletionSource<T>();
        var waiter = new Waiter(typeof(T), () => done.Task.IsCompleted, data => Read(done, data));
        if (!_waiters.TryGetValue(eventName, out var waiters))
            _waiters[eventName] = waiters = [];
        if (waiters.TryPeek(out var other) && other.Type != typeof(T))
            throw new ArgumentException($"the event '{eventName}' is waited for as {other.Type.FullName} already, so not as {typeof(T).FullName}", nameof(eventName));
        waiters.Push(waiter);
        if (_early.FindIndex(e => e.Name!.Equals(eventName, StringComparison.OrdinalIgnoreCase)) is var at and >= 0)
        {
            var early = _early[at];
            _early.RemoveAt(at);
            Raise(early);
        }

        cancellationToken.Register(() =>
        {
            EnsureHere();
            done.TrySetCanceled(cancellationToken);
        });
        return done.Task;
    }

    public override void SendEvent(string instanceId, string eventName, object payload)
    {
        EnsureHere();
        ArgumentException.ThrowIfNullOrEmpty(instanceId);
        ArgumentException.ThrowIfNullOrEmpty(eventName);
        Number(new HistoryEvent(EventKind.EventSent) { Instance = instanceId, Name = eventName, Data = DurableJson.Write(payload) });
    }

    public override void SetCustomStatus(object? customStatus)
    {
        EnsureHere();
        CustomStatus = DurableJson.Write(customStatus);
    }

    public override void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true)
    {
        EnsureHere();
        _anew = (DurableJson.Write(newInput), preserveUnprocessedEvents);
    }

    // The official recipe, so that ids come out alike.
    public override Guid NewGuid()
    {
        EnsureHere();
        return NameBasedGuid.Of(string.Create(CultureInfo.InvariantCulture, $"{instanceId}_{_now:o}_{_guids++}"));
    }

    /// <summary>What was asked for under this number has come to something; false when nobody waits for it.</summary>
    public bool End(HistoryEvent result)
    {
        if (!_open.Remove(result.Id, out var open))
            return false;
        open.End(result);
        return true;
    }

    // Waiters are a stack, the latest first, and a wait that was given up stays on it: both as in the official context.
    public void Raise(HistoryEvent raised)
    {
        if (!_waiters.TryGetValue(raised.Name!, out var waiters))
        {
            _early.Add(raised);
            return;
        }

        var waiter = waiters.Pop();
        if (waiters.Count == 0)
            _waiters.Remove(raised.Name!);
        if (waiter.Over && !_replaying)
            log.EventLost(raised.Name!, instanceId);
        waiter.Take(raised.Data);
    }

    public void EnsureHere()
    {
        if (thread.IsHere)
            return;
        thread.Stray();
        throw new InvalidOperationException(OrchestratorReplay.IllegalAwait);
    }

    private Task<T> Ask<T>(HistoryEvent action)
    {
        var done = new TaskCompletionSource<T>();
        action = Number(action);
        void End(HistoryEvent result)
        {
            if (result.Failure is { } failure)
                done.TrySetException(new TaskFailedException(action.Name!, action.Id, failure));
            else
                Read(done, result.Data);
        }

        _open[action.Id] = (action, End);
        return done.Task;
    }

    private HistoryEvent Number(HistoryEvent action)
    {
        action = action with { Id = _next++ };
        Asked.Add(action.Id, action);
        return action;
    }

    private static void Read<T>(TaskCompletionSource<T> done, string? data)
    {
        try
        {
            done.TrySetResult(DurableJson.Read<T>(data)!);
        }
        catch (Exception e)
        {
            done.TrySetException(e);
        }
    }

    private sealed class Waiter(Type type, Func<bool> over, Action<string?> take)
    {
        public Type Type => type;

        public bool Over => over();

        public void Take(string? data) => take(data);
    }
}
