namespace Compliance.LedgerCheck;

/// <summary>
/// Runs a job once at a time. Whoever asks while it runs shares one further run that begins after it, and so sees all that was there before
/// he asked. A caller who gives up does not stop the others' run.
/// </summary>
/// <typeparam name="T">What the job gives.</typeparam>
/// <param name="job">The job.</param>
internal sealed class SingleFlight<T>(Func<CancellationToken, Task<T>> job)
{
    private readonly Lock _lock = new();
    private Task<T>? _running;
    private Task<T>? _next;

    /// <summary>Waits for a run that begins after this call.</summary>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public Task<T> RunAsync(CancellationToken cancellationToken)
    {
        lock (_lock)
            return (_next ??= AfterAsync(_running)).WaitAsync(cancellationToken);
    }

    private async Task<T> AfterAsync(Task<T>? before)
    {
        // Leaves the lock, so that this run is the next one before it is the running one.
        await Task.Yield();
        if (before is not null)
            await ((Task)before).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        lock (_lock)
            (_running, _next) = (_next, null);
        return await job(CancellationToken.None);
    }
}
