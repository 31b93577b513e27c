namespace EmbeddedHost.Durable;

/// <summary>
/// Keeps all that an orchestrator does on the thread that runs the step. What arrives from another thread, or after the step, comes from an
/// await of something that is not the context's: it is not run, and told instead.
/// </summary>
internal sealed class OrchestratorThread(Action strayed) : SynchronizationContext
{
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private readonly Queue<(SendOrPostCallback Run, object? State)> _ready = [];
    private readonly Lock _lock = new();
    private bool _strayed;
    private volatile bool _closed;

    public bool Strayed
    {
        get
        {
            lock (_lock)
                return _strayed;
        }
    }

    public bool IsHere => !_closed && Environment.CurrentManagedThreadId == _thread && Current == this;

    public override void Post(SendOrPostCallback d, object? state)
    {
        if (IsHere)
            _ready.Enqueue((d, state));
        else
            Stray();
    }

    public override void Send(SendOrPostCallback d, object? state) =>
        throw new NotSupportedException("an orchestrator must not wait for its own thread");

    public override SynchronizationContext CreateCopy() => this;

    public void RunReady()
    {
        while (_ready.TryDequeue(out var next))
            next.Run(next.State);
    }

    /// <summary>The step is over; whether anything strayed during it.</summary>
    public bool Close()
    {
        lock (_lock)
        {
            _closed = true;
            return _strayed;
        }
    }

    public void Stray()
    {
        bool tell;
        lock (_lock)
        {
            tell = _closed && !_strayed;
            _strayed = true;
        }

        if (tell)
            strayed();
    }
}
