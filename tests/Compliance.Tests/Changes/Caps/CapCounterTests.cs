using Compliance.Changes.Caps;
using Compliance.Offboarding;
using Compliance.Offboarding.Guards;

namespace Compliance.Tests.Changes.Caps;

/// <summary>What the caps count, at their limits.</summary>
public sealed class CapCounterTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 23, 12, 0, 0, TimeSpan.Zero);

    private static readonly OffboardingPolicy Policy = new()
    {
        Sha256 = new string('a', 64),
        MaxPerHour = 2,
        MaxOfStaffPerDay = 0.03,
    };

    [Fact]
    public void A_place_of_yesterday_that_is_given_back_frees_none_of_today()
    {
        var yesterday = Noon.AddDays(-1).AddHours(2);
        var counter = CapCounter.None.Taken(yesterday).Taken(Noon.AddHours(-2)).Taken(Noon);

        var released = counter.Released(yesterday);

        Assert.Equal((2, 2), (released.OfDay, released.Recent.Count));
        Assert.Null(released.Check(Noon.AddHours(2), LeaverCaps.From(Policy, 100)));
        Assert.Equal(GuardNames.DayCap, released.Taken(Noon.AddHours(2)).Check(Noon.AddHours(4), LeaverCaps.From(Policy, 100))?.Guard);
    }

    [Fact]
    public void A_place_of_today_that_is_given_back_is_one_place_of_the_day_and_of_the_hour()
    {
        var counter = CapCounter.None.Taken(Noon.AddMinutes(-3)).Taken(Noon.AddMinutes(-2)).Taken(Noon.AddMinutes(-1));

        var released = counter.Released(Noon.AddMinutes(-2));

        Assert.Equal(2, released.OfDay);
        Assert.Equal([Noon.AddMinutes(-3).UtcTicks, Noon.AddMinutes(-1).UtcTicks], released.Recent);
        Assert.Equal(0, (CapCounter.None with { Day = DateOnly.FromDateTime(Noon.Date) }).Released(Noon).OfDay);
    }

    [Fact]
    public void A_place_that_is_given_back_on_the_next_day_frees_none_of_that_day()
    {
        var counter = CapCounter.None.Taken(Noon).Taken(Noon.AddDays(1));

        Assert.Equal(1, counter.Released(Noon).OfDay);
    }

    [Fact]
    public void An_hour_is_sixty_minutes_and_a_place_counts_to_its_end()
    {
        var counter = CapCounter.None.Taken(Noon).Taken(Noon.AddMinutes(1));

        Assert.Equal(GuardNames.HourCap, counter.Check(Noon.AddHours(1).AddTicks(-1), LeaverCaps.From(Policy, 1000))?.Guard);
        Assert.Null(counter.Check(Noon.AddHours(1), LeaverCaps.From(Policy, 1000)));
        Assert.Null(CapCounter.None.Taken(Noon).Check(Noon, LeaverCaps.From(Policy, 1000)));
    }

    [Fact]
    public void Another_day_begins_at_midnight_UTC_and_an_earlier_time_stays_with_the_newer_day()
    {
        var counter = CapCounter.None.Taken(Noon).Taken(Noon.AddHours(3)).Taken(Noon.AddHours(6));
        var midnight = Noon.AddHours(12);

        Assert.Equal(GuardNames.DayCap, counter.Check(midnight.AddTicks(-1), LeaverCaps.From(Policy, 100))?.Guard);
        Assert.Null(counter.Check(midnight, LeaverCaps.From(Policy, 100)));
        Assert.Equal((DateOnly.FromDateTime(midnight.Date), 1), (counter.Taken(midnight).Day, counter.Taken(midnight).OfDay));
        var late = counter.Taken(midnight).Taken(midnight.AddSeconds(-1));
        Assert.Equal((DateOnly.FromDateTime(midnight.Date), 2), (late.Day, late.OfDay));
    }

    [Theory]
    [InlineData(0.29, 100, 29)]
    [InlineData(0.07, 100, 7)]
    [InlineData(0.05, 59, 2)]
    [InlineData(0.05, 1, 1)]
    [InlineData(1.0, 3, 3)]
    public void The_share_of_a_day_is_rounded_down_and_is_one_at_least(double share, long staff, int allowed)
    {
        var policy = Policy with { MaxOfStaffPerDay = share };
        var last = new CapCounter(DateOnly.FromDateTime(Noon.Date), allowed - 1, []);

        Assert.Null(last.Check(Noon, LeaverCaps.From(policy, staff)));
        Assert.Equal(GuardNames.DayCap, (last with { OfDay = allowed }).Check(Noon, LeaverCaps.From(policy, staff))?.Guard);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0L)]
    [InlineData(-1L)]
    public void Staff_that_could_not_be_counted_leaves_no_place(long? staff) =>
        Assert.Equal(GuardNames.Unreadable, CapCounter.None.Check(Noon, LeaverCaps.From(Policy, staff))?.Guard);

    [Fact]
    public void A_place_that_was_taken_a_day_ago_to_the_tick_is_kept_no_longer()
    {
        var counter = CapCounter.None.Taken(Noon.AddDays(-1)).Taken(Noon.AddDays(-1).AddTicks(1));

        Assert.Equal([Noon.AddDays(-1).AddTicks(1).UtcTicks, Noon.UtcTicks], counter.Taken(Noon).Recent);
    }

    [Fact]
    public void The_times_of_a_day_are_kept_in_order_and_as_many_as_fit_into_a_row()
    {
        var counter = CapCounter.None.Taken(Noon.AddHours(-24)).Taken(Noon.AddHours(-23)).Taken(Noon.AddMinutes(1)).Taken(Noon);

        Assert.Equal([Noon.AddHours(-23).UtcTicks, Noon.UtcTicks, Noon.AddMinutes(1).UtcTicks], counter.Recent);
        Assert.Equal(counter.Recent, CapCounter.Unpacked(counter.Packed()));
        var times = Enumerable.Range(0, CapCounter.MaxKept).Select(i => Noon.UtcTicks - CapCounter.MaxKept + i);
        var full = CapCounter.None with { Recent = [.. times] };
        Assert.Equal([.. full.Recent.Skip(1), Noon.UtcTicks], full.Taken(Noon).Recent);
    }
}
