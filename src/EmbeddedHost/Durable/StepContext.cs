namespace EmbeddedHost.Durable;

/// <summary>
/// Runs an orchestrator's continuations one after the other on the thread that replays it, in the order of its history. A continuation from another thread
/// means that the orchestrator awaited something that is not its context's.
/// </summary>
internal sealed class StepContext : SynchronizationContext
{
    private readonly Queue<(SendOrPostCallback Callback, object? State)> _queue = new();
    private readonly int _thread = Environment.CurrentManagedThreadId;
    private volatile bool _closed;

    /// <summary>True once something came from another thread.</summary>
    public bool Strayed { get; private set; }

    public override void Post(SendOrPostCallback d, object? state)
    {
        if (Environment.CurrentManagedThreadId != _thread || _closed)
        {
            Strayed = true;
            return;
        }

        _queue.Enqueue((d, state));
    }

    public override void Send(SendOrPostCallback d, object? state) => d(state);

    public override SynchronizationContext CreateCopy() => this;

    /// <summary>Runs what is due.</summary>
    public void Pump()
    {
        while (_queue.TryDequeue(out var next))
            next.Callback(next.State);
    }

    /// <summary>Nothing is run any more.</summary>
    public void Close() => _closed = true;
}
