namespace EmbeddedHost.Invocation;

/// <summary>The runs under way, so that a stop can wait for them and then cancel them.</summary>
internal sealed class RunningInvocations : IDisposable
{
    private readonly Hosting.Workload _count = new();
    private readonly CancellationTokenSource _abort = new();

    /// <summary>Cancelled when the drain time is over.</summary>
    public CancellationToken Aborted => _abort.Token;

    public void Begin() => _count.Enter();

    public void End() => _count.Exit();

    public Task WhenNoneAsync(CancellationToken stop) => _count.WhenQuietAsync(stop);

    public Task AbortAsync() => _abort.CancelAsync();

    public void Dispose() => _abort.Dispose();
}
