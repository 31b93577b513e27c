namespace Compliance.Minimization.Deletion;

/// <summary>Lets as many calls begin as an <see cref="AdaptiveLimit"/> allows, in the order in which they asked.</summary>
internal sealed class ConcurrencyGate : IDisposable
{
    private readonly Lock _lock = new();
    private readonly LinkedList<Waiter> _waiting = new();
    private readonly TimeProvider _time;
    private readonly long _begin;
    private readonly ITimer _timer;
    private AdaptiveLimit _limit;
    private int _inFlight;

    /// <summary>Opens.</summary>
    public ConcurrencyGate(AdaptiveLimit limit, TimeProvider time)
    {
        (_limit, _time, _begin) = (limit, time, time.GetTimestamp());
        _timer = time.CreateTimer(_ => Locked(Admit), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The limit now.</summary>
    public AdaptiveLimit Limit
    {
        get
        {
            lock (_lock)
                return _limit;
        }
    }

    private TimeSpan Now => _time.GetElapsedTime(_begin);

    /// <summary>Waits until a call may begin. A task that is complete when it is returned had not to wait.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled first: no call may begin.</exception>
    public Task<Pass> EnterAsync(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return Task.FromCanceled<Pass>(cancellationToken);
        var waiter = new Waiter();
        Locked(() =>
        {
            _waiting.AddLast(waiter.Node);
            Admit();
        });
        if (waiter.Task.IsCompleted || !cancellationToken.CanBeCanceled)
            return waiter.Task;
        var registration = cancellationToken.Register(() => Leave(waiter, cancellationToken));
        Locked(() =>
        {
            waiter.Registration = registration;
            // It may have been let in meanwhile.
            if (waiter.Node.List is null)
                registration.Unregister();
        });
        return waiter.Task;
    }

    /// <summary>Waits until an item that was sent back may be sent again; it holds no place meanwhile.</summary>
    public Task WaitAsync(CallResult result, CancellationToken cancellationToken) =>
        Task.Delay(AdaptiveLimit.WaitFor(result.RetryAfter), _time, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _timer.Dispose();

    // Whoever was let in before the token was cancelled keeps the pass, and gives it back by disposing of it.
    private void Leave(Waiter waiter, CancellationToken cancellationToken) =>
        Locked(() =>
        {
            if (waiter.Node.List is null)
                return;
            _waiting.Remove(waiter.Node);
            waiter.SetCanceled(cancellationToken);
        });

    private void Complete(TimeSpan started, CallResult result) =>
        Locked(() =>
        {
            _limit = _limit.After(result, started, Now, _inFlight);
            _inFlight--;
            Admit();
        });

    private void Locked(Action act)
    {
        lock (_lock)
            act();
    }

    private void Admit()
    {
        while (_waiting.First is { } first && _inFlight < _limit.Allowed)
        {
            var now = Now;
            if (_limit.PausedUntil > now)
            {
                // A timer may be a moment early; then it is set once more.
                var left = _limit.PausedUntil - now;
                _timer.Change(left < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : left, Timeout.InfiniteTimeSpan);
                return;
            }
            _waiting.RemoveFirst();
            _inFlight++;
            first.Value.Registration.Unregister();
            first.Value.SetResult(new(this, now));
        }
    }

    // Its continuation never runs under the lock.
    private sealed class Waiter() : TaskCompletionSource<Pass>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public LinkedListNode<Waiter> Node => field ??= new(this);

        public CancellationTokenRegistration Registration { get; set; }
    }

    /// <summary>A call in flight. It ends once: with its result, or without one when it is disposed of.</summary>
    internal sealed class Pass(ConcurrencyGate gate, TimeSpan started) : IDisposable
    {
        private int _isOver;

        /// <summary>The call ended.</summary>
        public void Complete(CallResult result)
        {
            if (Interlocked.Exchange(ref _isOver, 1) == 0)
                gate.Complete(started, result);
        }

        /// <summary>The call failed, or was never made.</summary>
        public void Dispose() => Complete(new(0, 0, null));
    }
}
