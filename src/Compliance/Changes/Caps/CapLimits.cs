namespace Compliance.Changes.Caps;

/// <summary>How many acts of one kind are done without asking, and how texts name what is counted.</summary>
/// <param name="HourGuard">The guard that holds once the hour is full, as stored.</param>
/// <param name="DayGuard">The guard that holds once the day is full, as stored.</param>
/// <param name="Counted">What takes a place, in the plural: <c>leavers</c>.</param>
/// <param name="Whole">What the share of a day is a share of, in the plural: <c>users</c>.</param>
/// <param name="PerHour">Places in any 60 minutes.</param>
/// <param name="SharePerDay">Places on a UTC day, as a share of <paramref name="Size"/> from 0 to 1, rounded down; one at least.</param>
/// <param name="Size">How many there are of the whole; null when it could not be counted. Unknown or none leaves no place.</param>
internal sealed record CapLimits(
    string HourGuard,
    string DayGuard,
    string Counted,
    string Whole,
    int PerHour,
    double SharePerDay,
    long? Size
)
{
    /// <summary>Places on a day of a whole of this size. In decimals: 29 % of 100 is 29, which it is not in binary fractions.</summary>
    public long PerDay(long size) => Math.Max(1, (long)Math.Floor((decimal)SharePerDay * size));
}
