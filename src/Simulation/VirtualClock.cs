namespace Simulation;

/// <summary>
/// A clock that passes only when a simulation moves it; timestamps run on it too. It keeps waits apart from time-outs: a wait (such as
/// <c>Task.Delay</c>) is something the simulation moves on to, a time-out (a <see cref="CancellationTokenSource"/> or <c>WaitAsync</c>
/// with a limit) is not, but takes effect when the clock passes it for another reason.
/// </summary>
/// <param name="start">The first time it shows.</param>
public sealed class VirtualClock(DateTimeOffset start) : TimeProvider
{
    private readonly Lock _lock = new();
    private readonly SortedSet<VirtualTimer> _waits = new(VirtualTimer.ByDue);
    private readonly SortedSet<VirtualTimer> _timeouts = new(VirtualTimer.ByDue);
    private DateTimeOffset _now = start.ToUniversalTime();
    private long _created;

    /// <inheritdoc/>
    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Gives the work item on whose behalf a timer is created; null when there is none.</summary>
    internal Func<WorkInHand?>? CurrentWork { get; set; }

    /// <summary>Gives the run of a host that a timer belongs to; null when it is none's.</summary>
    internal Func<SimulatedProcess?>? CurrentProcess { get; set; }

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
            return _now;
    }

    /// <inheritdoc/>
    public override long GetTimestamp() => GetUtcNow().UtcTicks;

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        ArgumentNullException.ThrowIfNull(callback);
        var timer = new VirtualTimer(
            this,
            callback,
            state,
            IsTimeout(state),
            CurrentWork?.Invoke(),
            CurrentProcess?.Invoke(),
            Interlocked.Increment(ref _created)
        );
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Moves on, and runs every wait and time-out on the way at its own time. For use without a simulation.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The time lies in the past.</exception>
    public void MoveTo(DateTimeOffset time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, GetUtcNow());
        while (Earlier(Next(_waits), Next(_timeouts)) is { } timer && timer.Due <= time)
        {
            Set(timer.Due);
            timer.Fire();
        }
        Set(time);
    }

    /// <summary>The first wait; null when nothing waits.</summary>
    internal VirtualTimer? NextWait() => Next(_waits);

    /// <summary>The first time-out; null when there is none.</summary>
    internal VirtualTimer? NextTimeout() => Next(_timeouts);

    /// <summary>Adds the waits and time-outs that are due now, the first due first.</summary>
    internal void AddDue(List<VirtualTimer> due)
    {
        lock (_lock)
        {
            due.AddRange(_waits.TakeWhile(t => t.Due <= _now));
            due.AddRange(_timeouts.TakeWhile(t => t.Due <= _now));
        }
    }

    /// <summary>Shows another time, and runs nothing.</summary>
    internal void Set(DateTimeOffset time)
    {
        lock (_lock)
            if (time > _now)
                _now = time;
    }

    /// <summary>Removes what waits in a host that has ended.</summary>
    internal void RemoveAbandoned()
    {
        lock (_lock)
        {
            _waits.RemoveWhere(t => t.IsAbandoned);
            _timeouts.RemoveWhere(t => t.IsAbandoned);
        }
    }

    internal bool Add(VirtualTimer timer, TimeSpan dueTime)
    {
        lock (_lock)
        {
            timer.Due = dueTime > DateTimeOffset.MaxValue - _now ? DateTimeOffset.MaxValue : _now + dueTime;
            return (timer.IsTimeout ? _timeouts : _waits).Add(timer);
        }
    }

    internal bool Remove(VirtualTimer timer)
    {
        lock (_lock)
            return (timer.IsTimeout ? _timeouts : _waits).Remove(timer);
    }

    private VirtualTimer? Next(SortedSet<VirtualTimer> timers)
    {
        lock (_lock)
            return timers.Min;
    }

    private static VirtualTimer? Earlier(VirtualTimer? wait, VirtualTimer? timeout) =>
        wait is null || (timeout is not null && timeout.Due < wait.Due) ? timeout : wait;

    // The runtime's own types are the only sign. Task.WaitAsync with a limit makes a CancellationPromise, Task.Delay a DelayPromise.
    private static bool IsTimeout(object? state) =>
        state is CancellationTokenSource
        || (state is Task && state.GetType().Name.StartsWith("CancellationPromise", StringComparison.Ordinal));
}
