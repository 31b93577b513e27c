using System.Globalization;
using Compliance.Offboarding;
using Compliance.Offboarding.Cases;
using CsCheck;
using Testing;

namespace Compliance.Tests.Offboarding.Cases;

public sealed class LeavingTimeTests
{
    private static readonly string[] Zones =
    [
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "America/St_Johns",
        "Africa/Casablanca",
        "Pacific/Chatham",
        "UTC",
        "Asia/Tehran",
    ];

    [Theory]
    [InlineData("2026-11-30T17:00:00", "Europe/Berlin", "2026-11-30T16:00:00Z")]
    // Put forward at 02:00 on 28 March 2027: 02:00 to 03:00 does not exist.
    [InlineData("2027-03-28T01:59:59", "Europe/Berlin", "2027-03-28T00:59:59Z")]
    [InlineData("2027-03-28T02:00:00", "Europe/Berlin", "2027-03-28T01:00:00Z")]
    [InlineData("2027-03-28T02:30:00", "Europe/Berlin", "2027-03-28T01:00:00Z")]
    [InlineData("2027-03-28T02:59:59", "Europe/Berlin", "2027-03-28T01:00:00Z")]
    [InlineData("2027-03-28T03:00:00", "Europe/Berlin", "2027-03-28T01:00:00Z")]
    // Put back at 03:00 on 31 October 2027: 02:00 to 03:00 is there twice.
    [InlineData("2027-10-31T02:00:00", "Europe/Berlin", "2027-10-31T00:00:00Z")]
    [InlineData("2027-10-31T02:59:59", "Europe/Berlin", "2027-10-31T00:59:59Z")]
    [InlineData("2027-10-31T03:00:00", "Europe/Berlin", "2027-10-31T02:00:00Z")]
    [InlineData("2027-03-14T02:30:00", "America/New_York", "2027-03-14T07:00:00Z")]
    [InlineData("2027-11-07T01:30:00", "America/New_York", "2027-11-07T05:30:00Z")]
    [InlineData("2027-11-07T02:00:00", "America/New_York", "2027-11-07T07:00:00Z")]
    // Half an hour: 02:00 to 02:30 is skipped on 3 October 2027, 01:30 to 02:00 is there twice on 4 April 2027.
    [InlineData("2027-10-03T02:15:00", "Australia/Lord_Howe", "2027-10-02T15:30:00Z")]
    [InlineData("2027-10-03T02:30:00", "Australia/Lord_Howe", "2027-10-02T15:30:00Z")]
    [InlineData("2027-04-04T01:45:00", "Australia/Lord_Howe", "2027-04-03T14:45:00Z")]
    [InlineData("2027-04-04T02:00:00", "Australia/Lord_Howe", "2027-04-03T15:30:00Z")]
    [InlineData("2026-11-30T17:00:00", "Asia/Kathmandu", "2026-11-30T11:15:00Z")]
    // Put forward at the end of Ramadan, which TimeZoneInfo.IsInvalidTime does not know.
    [InlineData("2026-03-22T02:30:00", "Africa/Casablanca", "2026-03-22T02:00:00Z")]
    // A whole day skipped: Samoa had no 30 December 2011.
    [InlineData("2011-12-30T12:00:00", "Pacific/Apia", "2011-12-30T10:00:00Z")]
    public void Access_ends_when_the_wall_shows_the_time_for_the_first_time_or_skips_it(string local, string zone, string utc) =>
        Assert.Equal(
            DateTimeOffset.Parse(utc, CultureInfo.InvariantCulture),
            LeavingTime.ToUtc(new Leaving(DateTime.Parse(local, CultureInfo.InvariantCulture), zone))
        );

    [Fact]
    public void Never_does_the_wall_show_the_time_before_access_ends_nor_is_access_held_longer_than_needed() =>
        Gen.Select(Gen.Int[0, Zones.Length - 1].Select(i => Zones[i]), Gen.Int[0, 3 * 366 * 24 * 12])
            .Sample(
                (name, fiveMinutes) =>
                {
                    var zone = LeavingTime.Zone(name)!;
                    var local = new DateTime(2025, 1, 1).AddMinutes(5 * fiveMinutes);

                    var end = LeavingTime.ToUtc(local, zone);

                    // What the wall shows at the end is the time or, when that is skipped, later (a tick before, below, it was earlier:
                    // only a skip jumps over it); and every five minutes of the day before it showed an earlier one. IsInvalidTime is not
                    // asked: it knows nothing of Casablanca's skips, where summer time is the standard.
                    var shown = Wall(end, zone);
                    Assert.True(shown >= local, $"{local:s} {name}: the wall shows {shown:s}");
                    for (var t = end.AddHours(-24); t < end; t = t.AddMinutes(5))
                        Assert.True(Wall(t, zone) < local, $"{local:s} {name}: the wall shows it at {t:u} already");
                    // And not a tick later than needed.
                    Assert.True(Wall(end.AddTicks(-1), zone) < local);
                },
                iter: TestSize.Times(3_000),
                threads: 1
            );

    [Theory]
    [InlineData("Europe/Nowhere")]
    [InlineData("Europe")]
    [InlineData("../zoneinfo/UTC")]
    [InlineData("")]
    public void A_zone_that_there_is_not_is_none(string name) => Assert.Null(LeavingTime.Zone(name));

    private static DateTime Wall(DateTimeOffset instant, TimeZoneInfo zone) => TimeZoneInfo.ConvertTime(instant, zone).DateTime;
}
