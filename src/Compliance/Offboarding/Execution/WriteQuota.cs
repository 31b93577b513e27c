namespace Compliance.Offboarding.Execution;

/// <summary>
/// Keeps writes to one subscription within what Resource Manager allows: a bucket of 200 that fills by 10 a second, for each subscription
/// and principal. A burst of leavers then waits here, instead of being throttled there; a little is left for what is sent again. Also at
/// most ten writes at once, and none while the service asks to wait.
/// </summary>
/// <remarks>
/// The bucket counts this process alone; what others of the same identity use shows as 429, whose Retry-After is honoured.
/// </remarks>
internal sealed class WriteQuota(TimeProvider time) : IDisposable
{
    /// <summary>Writes at once: the service's bucket (Resource Manager's throttling limits) holds 200.</summary>
    public const int Burst = 190;

    /// <summary>Writes a second after that.</summary>
    public const int PerSecond = 10;

    /// <summary>Writes side by side in one subscription.</summary>
    public const int SideBySide = 10;

    private readonly SemaphoreSlim _places = new(SideBySide);
    private readonly Lock _lock = new();
    private double _tokens = Burst;
    private DateTimeOffset _filledAt = time.GetUtcNow();
    private DateTimeOffset _notBefore = DateTimeOffset.MinValue;

    /// <summary>Waits for a place and for the bucket. Dispose what it gives when the answer is there.</summary>
    public async Task<IDisposable> EnterAsync(CancellationToken cancellationToken)
    {
        await _places.WaitAsync(cancellationToken);
        try
        {
            if (Take() is var wait && wait > TimeSpan.Zero)
                await Task.Delay(wait, time, cancellationToken);
            return new Place(_places);
        }
        catch
        {
            _places.Release();
            throw;
        }
    }

    /// <summary>Nothing is sent for so long: the service asked for it.</summary>
    public void Pause(TimeSpan wait)
    {
        lock (_lock)
            if (time.GetUtcNow() + wait is var until && until > _notBefore)
                _notBefore = until;
    }

    /// <inheritdoc/>
    public void Dispose() => _places.Dispose();

    // The token is taken at once, even one that is not there yet: so many waiting at once each get a turn of their own.
    private TimeSpan Take()
    {
        lock (_lock)
        {
            var now = time.GetUtcNow();
            _tokens = Math.Min(Burst, _tokens + Math.Max(0, (now - _filledAt).TotalSeconds) * PerSecond) - 1;
            _filledAt = now;
            var bucket = _tokens >= 0 ? TimeSpan.Zero : TimeSpan.FromSeconds(-_tokens / PerSecond);
            return _notBefore - now is var paused && paused > bucket ? paused : bucket;
        }
    }

    private sealed class Place(SemaphoreSlim places) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0)
                places.Release();
        }
    }
}
