namespace Compliance.Offboarding.Cases;

/// <summary>
/// When access ends (UTC), from a time on the wall. Access ends sooner rather than later: of a time that the wall shows twice the first
/// counts, and one that the wall skips is the instant of the skip, the first after the gap.
/// </summary>
internal static class LeavingTime
{
    // Offsets lie between -12 and +14 hours, so that the rules in force around the wall's time are seen from this far on both sides.
    private static readonly TimeSpan Around = TimeSpan.FromHours(15);

    /// <summary>The zone with an IANA name; null when this machine's time zone database has none.</summary>
    public static TimeZoneInfo? Zone(string name) => TimeZoneInfo.TryFindSystemTimeZoneById(name, out var zone) ? zone : null;

    /// <summary>The instant.</summary>
    /// <exception cref="TimeZoneNotFoundException">The zone is not in this machine's time zone database.</exception>
    public static DateTimeOffset ToUtc(Leaving leaves)
    {
        var zone =
            Zone(leaves.TimeZone)
            ?? throw new TimeZoneNotFoundException($"the time zone {leaves.TimeZone} is not in this machine's time zone database");
        return ToUtc(leaves.Local, zone);
    }

    /// <summary>The instant.</summary>
    public static DateTimeOffset ToUtc(DateTime local, TimeZoneInfo zone)
    {
        var wall = new DateTimeOffset(DateTime.SpecifyKind(local, DateTimeKind.Unspecified), TimeSpan.Zero);
        var before = zone.GetUtcOffset(wall - Around);
        var after = zone.GetUtcOffset(wall + Around);
        // The greater offset gives the earlier instant.
        var (early, late) = before >= after ? (wall - before, wall - after) : (wall - after, wall - before);
        if (zone.GetUtcOffset(early) == wall - early)
            return early;
        if (zone.GetUtcOffset(late) == wall - late)
            return late;
        // Skipped: the change lies after the instant that the later rule gives and not after the one that the earlier rule gives.
        while (late - early > TimeSpan.FromTicks(1))
        {
            var middle = early + ((late - early) / 2);
            if (zone.GetUtcOffset(middle) == before)
                early = middle;
            else
                late = middle;
        }
        return late;
    }
}
