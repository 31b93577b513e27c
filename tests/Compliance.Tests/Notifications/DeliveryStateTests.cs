using Compliance.Notifications;
using static Compliance.Tests.Notifications.Some;

namespace Compliance.Tests.Notifications;

public sealed class DeliveryStateTests
{
    [Fact]
    public void A_claim_holds_for_five_minutes_or_until_the_message_arrived()
    {
        var claimed = new DeliveryState().Claim("run-1", Monday);

        Assert.Equal("run-1", claimed.Claim("run-2", Monday.Add(DeliveryState.ClaimFor) - TimeSpan.FromTicks(1)).ClaimedBy);
        Assert.Equal("run-2", claimed.Claim("run-2", Monday.Add(DeliveryState.ClaimFor)).ClaimedBy);
        Assert.False(claimed.Delivered([], null, Monday).Release("run-2").IsFree(Monday));
        Assert.True(claimed.Delivered([], null, Monday).Release("run-1").IsFree(Monday));
    }

    [Fact]
    public void Attempts_are_5_10_20_40_and_then_60_minutes_apart()
    {
        var state = new DeliveryState();
        var waits = new List<double>();
        var now = Monday;
        for (var attempt = 1; attempt <= 30; attempt++)
        {
            state = state.Failed("no answer", isPermanent: false, now);
            waits.Add((state.RetryAt!.Value - now).TotalMinutes);
            Assert.False(state.IsFree(state.RetryAt.Value - TimeSpan.FromTicks(1)));
            Assert.True(state.IsFree(state.RetryAt.Value));
            now = state.RetryAt.Value;
        }

        Assert.Equal([5, 10, 20, 40, .. Enumerable.Repeat(60.0, 26)], waits);
        Assert.Equal(30, state.Attempts);
    }

    [Theory]
    [InlineData(1, false, false)]
    [InlineData(2, false, true)]
    [InlineData(1, true, true)]
    public void A_failure_is_a_finding_with_the_second_attempt_or_where_it_will_not_end_by_itself(
        int attempts,
        bool permanent,
        bool finding
    )
    {
        var state = new DeliveryState();
        for (var i = 0; i < attempts; i++)
            state = state.Failed("no answer", permanent, Monday);

        Assert.Equal(finding, state.IsFinding);
        Assert.False(state.Delivered([], null, Monday).IsFinding);
    }

    [Fact]
    public void Times_that_a_clock_of_the_future_left_hold_nothing_back()
    {
        var nextYear = Monday.AddYears(1);

        Assert.True(new DeliveryState().Claim("run", nextYear).IsFree(Monday));
        Assert.True(new DeliveryState().Failed("no answer", false, nextYear).IsFree(Monday));
    }
}
