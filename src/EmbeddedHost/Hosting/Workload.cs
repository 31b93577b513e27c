namespace EmbeddedHost.Hosting;

/// <summary>
/// Counts what is going on in the host, so that whoever moves a virtual clock knows when everything the last move set off has come to rest.
/// A loop that waits for the clock is at rest; it is counted as busy again within the very call that moves the clock.
/// </summary>
internal sealed class Workload
{
    private readonly Lock _lock = new();
    private int _busy;
    private TaskCompletionSource? _quiet;

    /// <summary>Ends when nothing runs any more.</summary>
    public Task WhenQuietAsync(CancellationToken stop)
    {
        lock (_lock)
        {
            if (_busy == 0)
                return Task.CompletedTask;
            _quiet ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _quiet.Task.WaitAsync(stop);
        }
    }

    public void Enter()
    {
        lock (_lock)
            _busy++;
    }

    public void Exit()
    {
        lock (_lock)
        {
            if (--_busy > 0)
                return;
            _quiet?.TrySetResult();
            _quiet = null;
        }
    }

    /// <summary>
    /// For a loop that is counted as busy: at rest until the time has passed or <paramref name="wake"/> ends, then busy again.
    /// </summary>
    /// <exception cref="OperationCanceledException"><paramref name="stop"/> was cancelled; the loop is busy again then too.</exception>
    public async Task ParkAsync(TimeProvider time, TimeSpan delay, WakeUp? wake, CancellationToken stop)
    {
        stop.ThrowIfCancellationRequested();
        if (delay <= TimeSpan.Zero)
            return;
        var woken = new Waiter(this);
        using var timer = time.CreateTimer(static w => ((Waiter)w!).End(), woken, delay, Timeout.InfiniteTimeSpan);
        using var cancelled = stop.Register(static w => ((Waiter)w!).End(), woken);
        wake?.Attach(woken.End);
        Exit();
        await woken.Ended;
        wake?.Detach();
        stop.ThrowIfCancellationRequested();
    }

    private sealed class Waiter(Workload workload)
    {
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private int _once;

        public Task Ended => _ended.Task;

        public void End()
        {
            if (Interlocked.Exchange(ref _once, 1) == 1)
                return;
            workload.Enter();
            _ended.SetResult();
        }
    }
}
