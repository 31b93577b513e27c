namespace BlobStandIn.Faults;

/// <summary>A share of events, chosen by a seed: the same events, in the order they come, for the same seed.</summary>
/// <param name="seed">The seed.</param>
internal sealed class Chance(int seed)
{
    private readonly Lock _gate = new();
    private readonly Random _random = new(seed);

    /// <summary>From 0, for none, to 1, for all.</summary>
    public double Share { get; set; }

    /// <summary>Whether the next event is one of the share.</summary>
    public bool Strikes()
    {
        if (Share == 0)
            return false;
        lock (_gate)
            return _random.NextDouble() < Share;
    }

    /// <summary>Puts items into another order.</summary>
    public void Shuffle<T>(Span<T> items)
    {
        lock (_gate)
            _random.Shuffle(items);
    }
}
