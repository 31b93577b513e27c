namespace Simulation;

/// <summary>A timer of a <see cref="VirtualClock"/>: a wait or a time-out, of a work item or of none.</summary>
internal sealed class VirtualTimer(
    VirtualClock clock,
    TimerCallback callback,
    object? state,
    bool isTimeout,
    WorkInHand? owner,
    SimulatedProcess? process,
    long number
) : ITimer
{
    /// <summary>The first due first, and of those due at once the first created.</summary>
    public static readonly IComparer<VirtualTimer> ByDue = Comparer<VirtualTimer>.Create(
        (a, b) => (a.Due, a.Number).CompareTo((b.Due, b.Number))
    );

    private readonly ExecutionContext? _context = ExecutionContext.Capture();
    private TimeSpan _period = Timeout.InfiniteTimeSpan;
    private bool _disposed;

    public bool IsTimeout => isTimeout;

    /// <summary>The work item that waits, or whose time is limited; null when it is none that is still in hand.</summary>
    public WorkInHand? Owner => owner is { HasEnded: false } ? owner : null;

    /// <summary>Whether the host that it was for has ended: it never fires.</summary>
    public bool IsAbandoned => process is { IsDead: true };

    public long Number => number;

    public DateTimeOffset Due { get; set; }

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        if (_disposed)
            return false;
        Cancel();
        _period = period == TimeSpan.Zero ? Timeout.InfiniteTimeSpan : period;
        if (dueTime != Timeout.InfiniteTimeSpan)
            Schedule(dueTime);
        return true;
    }

    /// <summary>Runs what waits for it, in the context it was created in, on this thread.</summary>
    public void Fire()
    {
        if (!Cancel())
            return;
        if (_period != Timeout.InfiniteTimeSpan)
            Schedule(_period);
        if (_context is null)
            callback(state);
        else
            ExecutionContext.Run(_context, s => callback(s), state);
    }

    public void Dispose()
    {
        _disposed = true;
        Cancel();
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    private void Schedule(TimeSpan dueTime)
    {
        if (IsAbandoned)
            return;
        clock.Add(this, dueTime);
        if (!isTimeout)
            owner?.BeginWait();
    }

    private bool Cancel()
    {
        if (!clock.Remove(this))
            return false;
        if (!isTimeout)
            owner?.EndWait();
        return true;
    }
}
