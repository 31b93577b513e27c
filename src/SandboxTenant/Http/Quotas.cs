namespace SandboxTenant.Http;

/// <summary>How close a run came to one of the services' write or read quotas.</summary>
/// <param name="Name"><c>graph writes</c>, or <c>arm deletes</c>, <c>arm writes</c> and <c>arm reads</c> with the subscription.</param>
/// <param name="Requests">How many requests counted.</param>
/// <param name="Peak">The largest share of the quota that was used at once; above 1 the real service would have refused some.</param>
internal sealed record QuotaUse(string Name, long Requests, double Peak);

/// <summary>
/// The services' quotas, counted always and enforced on request. Graph: 3,000 writes in 2.5 minutes per app and tenant
/// (https://learn.microsoft.com/graph/throttling-limits). Resource Manager: token buckets per subscription and principal, deletes and
/// writes 200 with 10 more a second each, reads 250 with 25 more a second
/// (https://learn.microsoft.com/azure/azure-resource-manager/management/request-limits-and-throttling).
/// </summary>
/// <param name="enforced">Whether a request over a quota is refused with 429.</param>
internal sealed class Quotas(bool enforced)
{
    private const int GraphWrites = 3000;
    private static readonly TimeSpan GraphWindow = TimeSpan.FromSeconds(150);
    private readonly Lock _gate = new();
    private readonly Queue<DateTimeOffset> _writes = [];
    private readonly SortedDictionary<string, Bucket> _buckets = new(StringComparer.OrdinalIgnoreCase);
    private long _graphRequests;
    private double _graphPeak;

    /// <summary>How close each came, by name.</summary>
    public IReadOnlyList<QuotaUse> Uses
    {
        get
        {
            lock (_gate)
                return
                [
                    .. _buckets.Select(b => new QuotaUse(b.Key, b.Value.Requests, b.Value.Peak)),
                    .. _graphRequests > 0 ? [new QuotaUse("graph writes", _graphRequests, _graphPeak)] : Array.Empty<QuotaUse>(),
                ];
        }
    }

    /// <summary>Counts a request.</summary>
    /// <returns>How long to wait where it is over a quota and quotas are enforced; null where it may go on.</returns>
    public TimeSpan? Take(Call call)
    {
        lock (_gate)
            return call.Service switch
            {
                Service.Graph when call.Method != "GET" && call.Path != "/$batch" => TakeGraph(call.Now),
                Service.Arm when call.Segments is ["subscriptions", var id, ..] => TakeArm(call, id),
                _ => null,
            };
    }

    private TimeSpan? TakeGraph(DateTimeOffset now)
    {
        while (_writes.TryPeek(out var first) && first + GraphWindow <= now)
            _writes.Dequeue();
        if (enforced && _writes.Count >= GraphWrites)
            return _writes.Peek() + GraphWindow - now;
        _writes.Enqueue(now);
        _graphRequests++;
        _graphPeak = Math.Max(_graphPeak, (double)_writes.Count / GraphWrites);
        return null;
    }

    private TimeSpan? TakeArm(Call call, string subscription)
    {
        var (kind, size, refill) = call.Method switch
        {
            "GET" => ("reads", 250, 25),
            "DELETE" => ("deletes", 200, 10),
            _ => ("writes", 200, 10),
        };
        var name = $"arm {kind} of {subscription.ToLowerInvariant()}";
        if (!_buckets.TryGetValue(name, out var bucket))
            _buckets[name] = bucket = new Bucket { Tokens = size, At = call.Now };
        bucket.Tokens = Math.Min(size, bucket.Tokens + Math.Max(0, (call.Now - bucket.At).TotalSeconds) * refill);
        bucket.At = call.Now;
        if (enforced && bucket.Tokens < 1)
            return TimeSpan.FromSeconds((1 - bucket.Tokens) / refill);
        bucket.Tokens--;
        bucket.Requests++;
        bucket.Peak = Math.Max(bucket.Peak, (size - bucket.Tokens) / size);
        return null;
    }

    private sealed class Bucket
    {
        public double Tokens { get; set; }

        public DateTimeOffset At { get; set; }

        public long Requests { get; set; }

        public double Peak { get; set; }
    }
}
