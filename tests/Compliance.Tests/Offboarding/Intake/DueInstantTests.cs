using System.Globalization;
using Compliance.Offboarding.Intake;
using CsCheck;

namespace Compliance.Tests.Offboarding.Intake;

public sealed class DueInstantTests
{
    private static readonly string[] Zones =
        ["Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Apia", "America/St_Johns", "Africa/Casablanca", "Pacific/Kiritimati", "UTC"];

    [Theory]
    [InlineData("Europe/Berlin", "2026-11-30T17:00:00", "2026-11-30T16:00:00Z")]
    [InlineData("Europe/Berlin", "2026-07-31T17:00:00", "2026-07-31T15:00:00Z")]
    // The clock goes from 02:00 to 03:00.
    [InlineData("Europe/Berlin", "2026-03-29T01:59:59", "2026-03-29T00:59:59Z")]
    [InlineData("Europe/Berlin", "2026-03-29T02:00:00", "2026-03-29T01:00:00Z")]
    [InlineData("Europe/Berlin", "2026-03-29T02:59:59", "2026-03-29T01:00:00Z")]
    [InlineData("Europe/Berlin", "2026-03-29T03:00:00", "2026-03-29T01:00:00Z")]
    // 02:00 to 03:00 comes twice: the first time counts.
    [InlineData("Europe/Berlin", "2026-10-25T01:59:59", "2026-10-24T23:59:59Z")]
    [InlineData("Europe/Berlin", "2026-10-25T02:00:00", "2026-10-25T00:00:00Z")]
    [InlineData("Europe/Berlin", "2026-10-25T02:59:59", "2026-10-25T00:59:59Z")]
    [InlineData("Europe/Berlin", "2026-10-25T03:00:00", "2026-10-25T02:00:00Z")]
    [InlineData("America/New_York", "2026-03-08T02:30:00", "2026-03-08T07:00:00Z")]
    [InlineData("America/New_York", "2026-11-01T01:30:00", "2026-11-01T05:30:00Z")]
    // Half an hour of daylight saving.
    [InlineData("Australia/Lord_Howe", "2026-10-04T02:15:00", "2026-10-03T15:30:00Z")]
    [InlineData("Australia/Lord_Howe", "2026-04-05T01:45:00", "2026-04-04T14:45:00Z")]
    [InlineData("Australia/Lord_Howe", "2026-07-01T12:00:00", "2026-07-01T01:30:00Z")]
    [InlineData("Asia/Kathmandu", "2026-11-30T17:00:00", "2026-11-30T11:15:00Z")]
    public void The_wall_clock_becomes_an_instant(string zone, string local, string expected) => Assert.Equal(
        DateTimeOffset.Parse(expected, CultureInfo.InvariantCulture), DueInstant.Of(new(DateTime.Parse(local, CultureInfo.InvariantCulture), zone)));

    [Fact]
    public void Access_ends_at_the_first_instant_at_which_the_clock_shows_that_time_or_a_later_one() =>
        Gen.Select(Gen.Int[0, Zones.Length - 1], Gen.Int[0, 4 * 366 * 96]).Sample((z, quarter) =>
        {
            var zone = TimeZoneInfo.FindSystemTimeZoneById(Zones[z]);
            var local = new DateTime(2024, 1, 1).AddMinutes(15 * quarter);

            var due = DueInstant.Of(new(local, Zones[z]));

            // Counted in minutes from before any offset could make it so; the clock has gone back at most once in that time.
            var first = Enumerable.Range(0, 31 * 4).Select(q => new DateTimeOffset(local, TimeSpan.Zero).AddHours(-15).AddMinutes(15 * q))
                .First(i => TimeZoneInfo.ConvertTime(i, zone).DateTime >= local);
            Assert.Equal((first, TimeSpan.Zero), (due, due.Offset));
        });

    [Theory]
    [InlineData("Europe/Atlantis")]
    [InlineData("Central European Standard Time")]
    public void An_unknown_zone_is_an_error(string zone) => Assert.Throws<TimeZoneNotFoundException>(() => DueInstant.Of(new(new DateTime(2026, 1, 1), zone)));
}
