namespace BlobStandIn.Faults;

/// <summary>A quota: so many items a second, and so many at once.</summary>
/// <param name="perSecond">Items a second.</param>
/// <param name="burst">Most that can gather while no request comes.</param>
/// <param name="time">What it refills by.</param>
internal sealed class TokenBucket(double perSecond, double burst, TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly double _burst = burst;
    private double _tokens = burst;
    private long _filledAt = time.GetTimestamp();

    /// <summary>Items that were let through.</summary>
    public long Granted { get; private set; }

    /// <summary>Items that were sent back.</summary>
    public long Refused { get; private set; }

    /// <summary>Takes one; whether there was one.</summary>
    public bool TryTake()
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            _tokens = Math.Min(_burst, _tokens + time.GetElapsedTime(_filledAt, now).TotalSeconds * perSecond);
            _filledAt = now;
            if (_tokens < 1)
            {
                Refused++;
                return false;
            }
            _tokens--;
            Granted++;
            return true;
        }
    }
}
