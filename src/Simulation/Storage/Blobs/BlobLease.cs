namespace Simulation.Storage.Blobs;

/// <summary>States of a lease.</summary>
internal enum LeaseState
{
    Available,
    Leased,
    Expired,
    Breaking,
    Broken,
}

/// <summary>A lease on a blob. Its state follows the clock.</summary>
/// <param name="Id">Who holds it, or held it last; null when it was released or never taken.</param>
/// <param name="Seconds">How long it lasts; -1 for ever.</param>
/// <param name="Ends">When it ends, or breaks; null for never.</param>
/// <param name="Breaks">Whether it was broken.</param>
internal sealed record BlobLease(string? Id, int Seconds, DateTimeOffset? Ends, bool Breaks)
{
    /// <summary>No lease.</summary>
    public static readonly BlobLease None = new(null, 0, null, false);

    /// <summary>Its state at a time.</summary>
    public LeaseState StateAt(DateTimeOffset now) =>
        (Id, Ended: Ends <= now, Breaks) switch
        {
            (null, _, _) => LeaseState.Available,
            (_, true, true) => LeaseState.Broken,
            (_, false, true) => LeaseState.Breaking,
            (_, true, false) => LeaseState.Expired,
            _ => LeaseState.Leased,
        };

    /// <summary>Whether it keeps others from writing.</summary>
    public bool HoldsAt(DateTimeOffset now) => StateAt(now) is LeaseState.Leased or LeaseState.Breaking;
}
