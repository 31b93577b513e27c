namespace Simulation;

/// <summary>
/// A work item that a worker has in hand. It rests when it has ended, or when it waits for the clock or for its turn; a simulation does
/// nothing else meanwhile.
/// </summary>
internal sealed class WorkInHand(long number, StepKind kind, string instance, string name, SimulatedHost host)
{
    private readonly Lock _lock = new();
    private TaskCompletionSource _rest = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _waits;
    private bool _isOnThread = true;

    public long Number => number;

    public StepKind Kind => kind;

    public string Instance => instance;

    public string Name => name;

    public SimulatedHost Host => host;

    /// <summary>What is to go wrong with it; null when nothing is.</summary>
    public Fault? Fault { get; init; }

    /// <summary>Which work item it is of its instance and name, from 1.</summary>
    public int Occurrence { get; init; }

    /// <summary>The episode or activity.</summary>
    public object? Item { get; set; }

    /// <summary>Whether its host ends now.</summary>
    public bool CrashesHost { get; set; }

    /// <summary>What came of it.</summary>
    public string Outcome { get; set; } = "";

    /// <summary>How many points it has passed at which it might be held up or ended.</summary>
    public int Points { get; set; }

    /// <summary>Whether its worker died with it in hand: nothing that it still does counts.</summary>
    public bool IsDead { get; private set; }

    public bool HasEnded { get; private set; }

    /// <summary>Whether it has begun to rest, and ended when it does.</summary>
    public Task Rest
    {
        get
        {
            lock (_lock)
                return _rest.Task;
        }
    }

    /// <summary>Counts a wait for the clock or for its turn.</summary>
    public void BeginWait() => Change(() => _waits++);

    /// <summary>Ends a wait.</summary>
    public void EndWait() => Change(() => _waits--);

    /// <summary>It goes on, on this thread.</summary>
    public void Resume() => Change(() => _isOnThread = true);

    /// <summary>What goes on on the thread that ran it has come back: what is left is asynchronous.</summary>
    public void Returned() => Change(() => _isOnThread = false);

    /// <summary>It has ended.</summary>
    public void End() => Change(() => (HasEnded, _isOnThread) = (true, false));

    /// <summary>Its worker has died.</summary>
    public void Kill() => Change(() => (IsDead, HasEnded) = (true, true));

    private void Change(Action change)
    {
        lock (_lock)
        {
            change();
            var rests = (HasEnded || _waits > 0) && !_isOnThread;
            if (rests)
                _rest.TrySetResult();
            else if (_rest.Task.IsCompleted)
                _rest = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }
}
