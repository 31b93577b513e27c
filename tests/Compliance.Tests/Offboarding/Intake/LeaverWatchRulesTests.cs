using Compliance.Offboarding;
using Compliance.Offboarding.Intake;
using static Compliance.Tests.Offboarding.Intake.Hr;

namespace Compliance.Tests.Offboarding.Intake;

/// <summary>When HR's roster is believed, at the limits.</summary>
public sealed class LeaverWatchRulesTests
{
    private static readonly OffboardingPolicy Policy = new() { Sha256 = "ab", Heartbeat = TimeSpan.FromHours(24) };

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public void A_roster_may_be_an_hour_ahead_of_our_clock_and_no_more(int ticks, bool isBelieved) =>
        Assert.Equal(isBelieved, IsBelieved(Now.AddHours(1).AddTicks(ticks), people: 1));

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public void A_roster_may_be_as_old_as_the_heartbeat_and_no_older(int ticks, bool isBelieved) =>
        Assert.Equal(isBelieved, IsBelieved(Now.AddHours(-24).AddTicks(-ticks), people: 1));

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public void Without_a_heartbeat_a_roster_may_be_seven_days_old_and_no_older(int ticks, bool isBelieved) =>
        Assert.Equal(isBelieved, IsBelieved(Now.AddDays(-7).AddTicks(-ticks), people: 1, policy: Policy with { Heartbeat = null }));

    [Theory]
    [InlineData(4, false)]
    [InlineData(5, true)]
    public void A_roster_may_list_half_as_many_people_as_the_last_accepted_one_and_no_fewer(int people, bool isBelieved) =>
        Assert.Equal(isBelieved, IsBelieved(Now, people, last: 10));

    private static bool IsBelieved(DateTimeOffset asOf, int people, long? last = null, OffboardingPolicy? policy = null) =>
        LeaverWatchRules.Disbelieve(
            new HrRoster(asOf, Enumerable.Range(0, people).Select(i => $"NW-{i}").ToHashSet()),
            last,
            policy ?? Policy,
            Now
        )
            is null;
}
