using Compliance.Minimization.Deletion;
using CsCheck;

namespace Compliance.Tests.Minimization.Deletion;

public sealed class AdaptiveLimitTests
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    [Fact]
    public void A_quota_is_used_to_90_percent_and_more() =>
        Gen.Select(Gen.Int[6, 48], Gen.Int[20, 200], Gen.Double[0.25, 2])
            .Sample(
                (window, milliseconds, burstSeconds) =>
                {
                    var latency = TimeSpan.FromMilliseconds(milliseconds);
                    var rate = window / latency.TotalSeconds;
                    var bucket = new TokenBucket(rate, rate * burstSeconds);
                    var service = new ThrottlingService(new(4, 128), latency, bucket.Take, Second);
                    var time = service.Run(int.MaxValue, TimeSpan.FromSeconds(60));
                    // What the bucket held at the beginning is no use of the quota.
                    Assert.InRange((service.Served - (rate * burstSeconds)) / (rate * time.TotalSeconds), 0.9, 1);
                    Assert.InRange((double)service.Throttled / (service.Served + service.Throttled), 0, 0.45);
                    Assert.InRange(service.MaxInFlight, 1, 128);
                },
                iter: 40
            );

    [Theory]
    [InlineData(16)]
    [InlineData(32)]
    [InlineData(64)]
    [InlineData(128)]
    public void A_storm_of_20_percent_takes_at_most_half_as_long_again_as_it_has_to(int max)
    {
        for (var seed = 0; seed < 20; seed++)
        {
            var random = new Random(seed);
            var latency = TimeSpan.FromMilliseconds(160);
            var service = new ThrottlingService(new(8, max), latency, _ => random.NextDouble() >= 0.2, Second);
            var items = max * 300;

            var time = service.Run(items, TimeSpan.FromHours(1));

            // All places are in use all the time, each item is sent as often as it has to be, and one waits at the end.
            var ideal = (items / 0.8 / max * latency) + Second;
            Assert.InRange(time / ideal, 0.9, 1.5);
        }
    }

    [Fact]
    public void It_doubles_until_a_cut_and_then_adds_one_a_round_trip()
    {
        var limit = new AdaptiveLimit(4, 100);
        var allowed = new List<int> { limit.Allowed };
        var now = Second;
        for (var round = 0; round < 8; round++)
        {
            var throttled = round == 4 ? 64 : 0;
            var calls = limit.Allowed;
            for (var i = 0; i < calls; i++)
                limit = limit.After(new(256 - throttled, throttled, Second), now, now + Second, calls);
            allowed.Add(limit.Allowed);
            now += 3 * Second;
        }

        // A quarter was sent back: three quarters stay, and a little less. The maximum holds.
        Assert.Equal([4, 8, 16, 32, 64, 46, 47, 48, 49], allowed);
    }

    [Fact]
    public void What_began_before_a_cut_causes_no_other()
    {
        var limit = Rounds(new(32, 32), 1, 0, 256);
        Assert.Equal(16, limit.Allowed);

        for (var i = 0; i < 32; i++)
            limit = limit.After(new(0, 256, null), Second, 3 * Second, 32);

        Assert.Equal(16, limit.Allowed);
    }

    [Fact]
    public void It_is_never_below_one_or_above_the_maximum_whatever_comes() =>
        Gen.Select(Gen.Int[1, 20], Gen.Int[0, 300], Gen.Select(Gen.Int[0, 256], Gen.Int[0, 256], Gen.Int[-5, 100_000]).Array[1, 300])
            .Sample(
                (initial, more, results) =>
                {
                    var limit = new AdaptiveLimit(initial, initial + more);
                    var now = TimeSpan.Zero;
                    foreach (var (served, throttled, seconds) in results)
                    {
                        var result = new CallResult(served, throttled, TimeSpan.FromSeconds(seconds));
                        limit = limit.After(result, now, now + Second, limit.Allowed);
                        now += 2 * Second;
                        Assert.InRange(limit.Allowed, 1, initial + more);
                        Assert.True(limit.PausedUntil <= now + (30 * Second));
                    }
                }
            );

    [Fact]
    public void When_nothing_comes_through_all_wait_as_long_as_asked_and_no_longer_than_half_a_minute()
    {
        var one = new AdaptiveLimit(1, 8);
        var two = new AdaptiveLimit(2, 8);

        Assert.Equal(8 * Second, one.After(new(0, 1, 7 * Second), default, Second, 1).PausedUntil);
        Assert.Equal(31 * Second, one.After(new(0, 1, 700 * Second), default, Second, 1).PausedUntil);
        Assert.Equal(2 * Second, one.After(new(0, 1, null), default, Second, 1).PausedUntil);
        // Of two one may still come through.
        Assert.Equal(TimeSpan.MinValue, two.After(new(0, 1, 7 * Second), default, Second, 2).PausedUntil);
        Assert.Equal(TimeSpan.MinValue, one.After(new(1, 1, 7 * Second), default, Second, 1).PausedUntil);
    }

    [Fact]
    public void Where_fewer_calls_are_wanted_than_allowed_it_does_not_grow()
    {
        var limit = new AdaptiveLimit(4, 100);
        for (var i = 0; i < 50; i++)
            limit = limit.After(new(256, 0, null), Second * i, Second * (i + 1), 1);

        Assert.Equal(4, limit.Allowed);
    }

    private static AdaptiveLimit Rounds(AdaptiveLimit limit, int count, int served, int throttled)
    {
        for (var round = 0; round < count; round++)
        {
            var calls = limit.Allowed;
            for (var i = 0; i < calls; i++)
                limit = limit.After(new(served, throttled, null), Second * round * 2, Second * ((round * 2) + 1), calls);
        }
        return limit;
    }

    private sealed class TokenBucket(double rate, double burst)
    {
        private double _used;
        private TimeSpan _at;

        public bool Take(TimeSpan now)
        {
            _used = Math.Max(0, _used - (rate * (now - _at).TotalSeconds));
            _at = now;
            if (_used + 1 > burst)
                return false;
            _used++;
            return true;
        }
    }
}
