using Compliance.Storage;

namespace Compliance.Tests.Storage;

public sealed class ShiftedClockTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 12, 0, 0, TimeSpan.FromHours(1));

    [Fact]
    public void A_clock_that_is_frozen_shows_its_time_in_UTC_for_ever()
    {
        var clock = new ShiftedClock(Start, frozen: true);
        var made = TimeProvider.System.GetTimestamp();
        SpinWait.SpinUntil(() => TimeProvider.System.GetElapsedTime(made) > TimeSpan.FromTicks(10));

        Assert.Equal(new DateTime(2026, 11, 23, 11, 0, 0, DateTimeKind.Unspecified), clock.GetUtcNow().DateTime);
    }

    [Fact]
    public void A_clock_that_is_not_frozen_goes_forward_from_its_time()
    {
        var clock = new ShiftedClock(Start);

        // Bounded, so that a clock that does not move fails instead of hanging.
        SpinWait.SpinUntil(() => clock.GetUtcNow() != Start, TimeSpan.FromSeconds(1));

        Assert.InRange(clock.GetUtcNow(), Start.AddTicks(1), Start.AddMinutes(10));
    }
}
