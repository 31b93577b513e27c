namespace Simulation;

/// <summary>
/// A work item that a worker has in hand. It rests when it has ended, or when it waits for the clock or for its turn and nothing of it is
/// left to run; a simulation does nothing else meanwhile.
/// </summary>
/// <remarks>
/// It is also the context that its code goes on in: what comes back from something asynchronous is queued here, and run by the simulation.
/// So several things that a work item does at once go on one after the other, in the same order each time.
/// </remarks>
internal sealed class WorkInHand(long number, StepKind kind, string instance, string name, SimulatedProcess process, Wake wake)
    : SynchronizationContext
{
    private readonly Lock _lock = new();
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _posted = new();
    private int _waits;
    private bool _isOnThread = true;

    public long Number => number;

    public StepKind Kind => kind;

    public string Instance => instance;

    public string Name => name;

    /// <summary>The run of the host that has it in hand.</summary>
    public SimulatedProcess Process => process;

    public SimulatedHost Host => process.Host;

    /// <summary>What is to go wrong with it; null when nothing is.</summary>
    public Fault? Fault { get; init; }

    /// <summary>Which work item it is of its instance and name, from 1.</summary>
    public int Occurrence { get; init; }

    /// <summary>The episode, activity or call.</summary>
    public object? Item { get; set; }

    /// <summary>What came of it.</summary>
    public string Outcome { get; set; } = "";

    /// <summary>The message of an error that came of it.</summary>
    public string? Detail { get; set; }

    /// <summary>How many points it has passed at which it might be held up or ended.</summary>
    public int Points { get; set; }

    /// <summary>Whether its host has ended since: nothing that it still does counts.</summary>
    public bool IsDead => process.IsDead;

    public bool HasEnded { get; private set; }

    /// <summary>Whether nothing of it is left to do for now.</summary>
    public bool Rests
    {
        get
        {
            lock (_lock)
                return (HasEnded || _waits > 0) && !_isOnThread && _posted.Count == 0;
        }
    }

    /// <summary>
    /// Whether it seems to wait for another work item of the same host that rests, such as for a lock that the other one holds.
    /// </summary>
    public bool IsBlocked { get; set; }

    /// <summary>Whether it waits for the clock or for its turn.</summary>
    public bool Waits
    {
        get
        {
            lock (_lock)
                return _waits > 0 && !HasEnded;
        }
    }

    /// <summary>Counts a wait for the clock or for its turn.</summary>
    public void BeginWait()
    {
        lock (_lock)
            _waits++;
        wake.Set();
    }

    /// <summary>Ends a wait.</summary>
    public void EndWait()
    {
        lock (_lock)
            _waits--;
    }

    /// <summary>It goes on, on this thread.</summary>
    public void Resume()
    {
        lock (_lock)
            (_isOnThread, IsBlocked) = (true, false);
    }

    /// <summary>What went on on this thread has come back: what is left is asynchronous.</summary>
    public void Returned()
    {
        lock (_lock)
            _isOnThread = false;
        wake.Set();
    }

    /// <summary>It has ended.</summary>
    public void End()
    {
        lock (_lock)
            (HasEnded, _isOnThread) = (true, false);
        wake.Set();
    }

    /// <summary>Its host has ended: what is queued never runs.</summary>
    public void Kill(string reason)
    {
        lock (_lock)
        {
            Outcome = HasEnded || Outcome.Length > 0 ? Outcome : reason;
            HasEnded = true;
            _posted.Clear();
        }
        wake.Set();
    }

    /// <summary>Runs on its behalf, in its context, until it comes back or waits for something.</summary>
    public Task RunAsync(Func<Task> code)
    {
        var former = Current;
        SetSynchronizationContext(this);
        try
        {
            return code();
        }
        finally
        {
            SetSynchronizationContext(former);
            Returned();
        }
    }

    /// <summary>Runs what is queued.</summary>
    /// <returns>Whether there was anything.</returns>
    public bool RunPosted()
    {
        var any = false;
        while (TakePosted() is { } posted)
        {
            any = true;
            IsBlocked = false;
            var former = Current;
            SetSynchronizationContext(this);
            try
            {
                posted.Callback(posted.State);
            }
            finally
            {
                SetSynchronizationContext(former);
                Returned();
            }
        }
        return any;
    }

    /// <inheritdoc/>
    public override void Post(SendOrPostCallback d, object? state)
    {
        lock (_lock)
        {
            if (IsDead)
                return;
            if (!HasEnded)
            {
                _posted.Enqueue((d, state));
                wake.Set();
                return;
            }
        }
        // What a work item leaves behind goes on by itself.
        ThreadPool.UnsafeQueueUserWorkItem(p => p.d(p.state), (d, state), preferLocal: false);
    }

    /// <inheritdoc/>
    public override void Send(SendOrPostCallback d, object? state) => d(state);

    /// <inheritdoc/>
    public override SynchronizationContext CreateCopy() => this;

    private (SendOrPostCallback Callback, object? State)? TakePosted()
    {
        lock (_lock)
        {
            if (!_posted.TryDequeue(out var posted))
                return null;
            _isOnThread = true;
            return posted;
        }
    }
}

/// <summary>Wakes a simulation that waits for what it has in hand.</summary>
internal sealed class Wake
{
    private TaskCompletionSource _next = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Ends at the next <see cref="Set"/>.</summary>
    public Task Next => Volatile.Read(ref _next).Task;

    public void Set() => Interlocked.Exchange(ref _next, new(TaskCreationOptions.RunContinuationsAsynchronously)).TrySetResult();
}
