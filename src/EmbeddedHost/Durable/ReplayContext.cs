using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;

namespace EmbeddedHost.Durable;

/// <summary>The context of one replay.</summary>
internal sealed class ReplayContext(string instanceId, string name, string? input, ParentOrchestrationInstance? parent, ILoggerFactory loggers) : TaskOrchestrationContext
{
    private static readonly Guid NameSpace = new("9e952958-5e33-4daf-827f-2fa12937b875");

    private readonly SortedDictionary<int, HistoryEvent> _undecided = [];
    private readonly Dictionary<int, Waiting> _waiting = [];
    private readonly Dictionary<string, Stack<EventWaiting>> _listeners = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, Queue<string?>> _early = new(StringComparer.OrdinalIgnoreCase);
    private readonly HashSet<int> _cancelledTimers = [];
    private DateTimeOffset _now;
    private int _nextId;
    private int _nextGuid;

    public override TaskName Name => name;

    public override string InstanceId => instanceId;

    public override ParentOrchestrationInstance? Parent => parent;

    public override DateTime CurrentUtcDateTime => _now.UtcDateTime;

    public override bool IsReplaying => Replaying;

    public bool Replaying { get; set; } = true;

    /// <summary>What the orchestrator decided and the history does not have, by number.</summary>
    public IReadOnlyCollection<HistoryEvent> NewActions => _undecided.Values;

    /// <summary>Set when the orchestrator asked to begin anew.</summary>
    public (string? Input, bool KeepEvents)? Anew { get; private set; }

    /// <summary>Events that nobody took.</summary>
    public IEnumerable<(string Name, string? Data)> Untaken => _early.SelectMany(e => e.Value.Select(data => (e.Key, data)));

    /// <summary>The last custom status.</summary>
    public string? CustomStatus { get; private set; }

    /// <summary>Timers the orchestrator gave up.</summary>
    public IReadOnlySet<int> CancelledTimers => _cancelledTimers;

    /// <summary>True when there is something an orchestrator could be waiting for.</summary>
    public bool Awaits => _waiting.Count > 0 || _listeners.Values.Any(l => l.Any(w => !w.Done));

    protected override ILoggerFactory LoggerFactory => loggers;

    public override T? GetInput<T>()
        where T : default => DurableJson.Read<T>(input);

    public override async Task<TResult> CallActivityAsync<TResult>(TaskName name, object? input = null, TaskOptions? options = null)
    {
        if (input is TaskOptions && options is null)
            throw new ArgumentException($"{nameof(TaskOptions)} were given as the input of '{name}': name the parameter, options: ...", nameof(input));
        var data = DurableJson.Write(input);
        return DurableJson.Read<TResult>(await TryAgainAsync(name, options, () => Decide(HistoryKind.TaskScheduled, name, data)))!;
    }

    public override async Task<TResult> CallSubOrchestratorAsync<TResult>(TaskName orchestratorName, object? input = null, TaskOptions? options = null)
    {
        var target = (options as SubOrchestrationOptions)?.InstanceId ?? NewGuid().ToString("N");
        var data = DurableJson.Write(input);
        return DurableJson.Read<TResult>(await TryAgainAsync(orchestratorName, options, () => Decide(HistoryKind.SubOrchestrationStarted, orchestratorName, data, target)))!;
    }

    public override async Task CreateTimer(DateTime fireAt, CancellationToken cancellationToken)
    {
        var at = new DateTimeOffset(fireAt.Kind == DateTimeKind.Unspecified ? DateTime.SpecifyKind(fireAt, DateTimeKind.Utc) : fireAt.ToUniversalTime());
        await Decide(HistoryKind.TimerCreated, null, null, fireAt: at, stop: cancellationToken);
    }

    public override Task<T> WaitForExternalEvent<T>(string eventName, CancellationToken cancellationToken = default)
    {
        var waiter = new EventWaiting<T>();
        if (_early.TryGetValue(eventName, out var early) && early.TryDequeue(out var data))
        {
            waiter.Set(data);
            return waiter.Task;
        }

        if (!_listeners.TryGetValue(eventName, out var listeners))
            _listeners[eventName] = listeners = new();
        // As the official worker: of several who wait the latest is served first, even where it has given up meanwhile.
        listeners.Push(waiter);
        cancellationToken.Register(() => waiter.Cancel(cancellationToken));
        return waiter.Task;
    }

    public override void SetCustomStatus(object? customStatus) => CustomStatus = DurableJson.Write(customStatus);

    public override void ContinueAsNew(object? newInput = null, bool preserveUnprocessedEvents = true) => Anew = (DurableJson.Write(newInput), preserveUnprocessedEvents);

    public override Guid NewGuid()
    {
        var text = string.Create(CultureInfo.InvariantCulture, $"{instanceId}_{CurrentUtcDateTime:o}_{_nextGuid++}");
        Span<byte> hash = stackalloc byte[SHA1.HashSizeInBytes];
#pragma warning disable CA5350 // A name-based id (RFC 9562 version 5) is SHA-1 by definition; nothing is protected by it.
        SHA1.HashData([.. NameSpace.ToByteArray(bigEndian: true), .. Encoding.UTF8.GetBytes(text)], hash);
#pragma warning restore CA5350
        hash[6] = (byte)((hash[6] & 0x0F) | 0x50);
        hash[8] = (byte)((hash[8] & 0x3F) | 0x80);
        return new Guid(hash[..16], bigEndian: true);
    }

    /// <summary>Takes in one event of the history, or a new one.</summary>
    /// <exception cref="NonDeterministicException">The history says something else than the code did.</exception>
    public void Take(HistoryEvent e, int number)
    {
        switch (e.Kind)
        {
            case HistoryKind.StepStarted:
                _now = e.At;
                break;
            case HistoryKind.TaskScheduled or HistoryKind.TimerCreated or HistoryKind.SubOrchestrationStarted:
                Confirm(e, number);
                break;
            case HistoryKind.TaskCompleted or HistoryKind.SubOrchestrationCompleted or HistoryKind.TimerFired:
                if (_waiting.Remove(e.Id, out var done))
                    done.Source.TrySetResult(e.Data);
                break;
            case HistoryKind.TaskFailed or HistoryKind.SubOrchestrationFailed:
                if (_waiting.Remove(e.Id, out var failed))
                    failed.Source.TrySetException(new TaskFailedException(failed.Name ?? "", e.Id, e.Failure!));
                break;
            case HistoryKind.EventRaised:
                if (_listeners.TryGetValue(e.Name!, out var listeners) && listeners.TryPop(out var listener))
                {
                    listener.Set(e.Data);
                }
                else
                {
                    if (!_early.TryGetValue(e.Name!, out var early))
                        _early[e.Name!] = early = new();
                    early.Enqueue(e.Data);
                }

                break;
        }
    }

    private void Confirm(HistoryEvent e, int number)
    {
        if (!_undecided.Remove(e.Id, out var decided))
        {
            throw new NonDeterministicException(
                $"orchestration '{name}' instance '{instanceId}' is not deterministic: event {number} of its history {e.Describe()} as task {e.Id}, but its code now does not");
        }

        if (decided.Kind != e.Kind || !string.Equals(decided.Name, e.Name, StringComparison.OrdinalIgnoreCase))
        {
            throw new NonDeterministicException(
                $"orchestration '{name}' instance '{instanceId}' is not deterministic: event {number} of its history {e.Describe()} as task {e.Id}, but its code now {decided.Describe()}");
        }
    }

    private async Task<string?> Decide(
        HistoryKind kind, string? what, string? data, string? target = null, DateTimeOffset? fireAt = null, CancellationToken stop = default)
    {
        stop.ThrowIfCancellationRequested();
        var id = _nextId++;
        _undecided[id] = new HistoryEvent(kind, _now) { Id = id, Name = what, Data = data, Target = target, FireAt = fireAt };
        var waiting = new Waiting(what);
        _waiting[id] = waiting;
        using var registration = stop.Register(() =>
        {
            if (!_waiting.Remove(id))
                return;
            _cancelledTimers.Add(id);
            waiting.Source.TrySetCanceled(stop);
        });
        return await waiting.Source.Task;
    }

    private async Task<string?> TryAgainAsync(TaskName what, TaskOptions? options, Func<Task<string?>> call)
    {
        if (options?.Retry?.Policy is not { } policy)
            return await call();
        var first = _now;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await call();
            }
            catch (TaskFailedException e) when (attempt < policy.MaxNumberOfAttempts && policy.Handles(e.FailureDetails))
            {
                if (policy.RetryTimeout != Timeout.InfiniteTimeSpan && _now - first >= policy.RetryTimeout)
                    throw;
            }

            var wait = policy.FirstRetryInterval.TotalMilliseconds * Math.Pow(policy.BackoffCoefficient, attempt - 1);
            if (policy.MaxRetryInterval != Timeout.InfiniteTimeSpan)
                wait = Math.Min(wait, policy.MaxRetryInterval.TotalMilliseconds);
            await CreateTimer(_now.AddMilliseconds(wait).UtcDateTime, CancellationToken.None);
        }
    }

    private sealed record Waiting(string? Name)
    {
        public TaskCompletionSource<string?> Source { get; } = new();
    }

    private abstract class EventWaiting
    {
        public abstract bool Done { get; }

        public abstract void Set(string? data);

        public abstract void Cancel(CancellationToken token);
    }

    private sealed class EventWaiting<T> : EventWaiting
    {
        private readonly TaskCompletionSource<T> _source = new();

        public Task<T> Task => _source.Task;

        public override bool Done => _source.Task.IsCompleted;

        public override void Set(string? data)
        {
            try
            {
                _source.TrySetResult(DurableJson.Read<T>(data)!);
            }
            catch (System.Text.Json.JsonException e)
            {
                _source.TrySetException(e);
            }
        }

        public override void Cancel(CancellationToken token) => _source.TrySetCanceled(token);
    }
}
