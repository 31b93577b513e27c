namespace Compliance.Offboarding.Intake;

/// <summary>Turns HR's wall-clock time into the instant at which access ends.</summary>
internal static class DueInstant
{
    /// <summary>
    /// The instant (UTC). A time that the clock skips in spring means the first instant after the gap; one that it shows twice in autumn means the earlier of the
    /// two, so that access ends sooner rather than later.
    /// </summary>
    /// <exception cref="TimeZoneNotFoundException">The zone is not known here.</exception>
    public static DateTimeOffset Of(Leaving leaving) => Of(leaving.Local, Zone(leaving.TimeZone));

    /// <summary>The zone of an IANA id.</summary>
    /// <exception cref="TimeZoneNotFoundException">There is none, or it is not an IANA id.</exception>
    public static TimeZoneInfo Zone(string id)
    {
        // Windows names such as "Pacific Standard Time" are found as well, and mean other rules on other machines.
        var zone = TimeZoneInfo.FindSystemTimeZoneById(id);
        return zone.HasIanaId ? zone : throw new TimeZoneNotFoundException($"'{id}' is not an IANA time zone");
    }

    private static DateTimeOffset Of(DateTime local, TimeZoneInfo zone)
    {
        var wall = DateTime.SpecifyKind(local, DateTimeKind.Unspecified);
        if (zone.IsInvalidTime(wall))
            return FirstAfterGap(wall, zone);
        // The greater offset is the earlier instant.
        var offset = zone.IsAmbiguousTime(wall) ? zone.GetAmbiguousTimeOffsets(wall).Max() : zone.GetUtcOffset(wall);
        return new DateTimeOffset(wall, offset).ToUniversalTime();
    }

    // Found by halving, so that the length of the gap (30 minutes on Lord Howe) need not be known.
    private static DateTimeOffset FirstAfterGap(DateTime inside, TimeZoneInfo zone)
    {
        var (invalid, valid) = (inside.Ticks, inside.AddHours(25).Ticks);
        while (valid - invalid > 1)
        {
            var middle = invalid + (valid - invalid) / 2;
            if (zone.IsInvalidTime(new DateTime(middle)))
                invalid = middle;
            else
                valid = middle;
        }
        var first = new DateTime(valid);
        return new DateTimeOffset(first, zone.GetUtcOffset(first)).ToUniversalTime();
    }
}
