using LocalHost.Hosting;
using LocalHost.Timers;
using Microsoft.Extensions.Configuration;

namespace LocalHost.Tests.Timers;

public sealed class SetClockTests
{
    [Theory]
    [InlineData("2026-11-23T06:00:00Z")]
    [InlineData("2026-11-23T08:00:00+02:00")]
    [InlineData("2026-11-23T06:00:00")]
    public void The_clock_of_the_timers_begins_at_the_time_that_is_set_and_runs_on(string text)
    {
        var begin = new DateTimeOffset(2026, 11, 23, 6, 0, 0, TimeSpan.Zero);

        var clock = From(text);

        var first = clock.GetUtcNow();
        Assert.InRange(first, begin, begin + TimeSpan.FromMinutes(5));
        Assert.True(SpinWait.SpinUntil(() => clock.GetUtcNow() > first, TimeSpan.FromSeconds(30)));
    }

    [Fact]
    public void Where_no_time_is_set_it_is_the_real_one() => Assert.Same(TimeProvider.System, From(""));

    [Fact]
    public void Something_else_than_a_time_is_refused()
    {
        var error = Assert.Throws<StartupException>(() => From("tomorrow"));
        Assert.Equal("setting LocalHost__Now: 'tomorrow' must be a time such as 2026-11-23T06:00:00Z", error.Message);
    }

    private static TimeProvider From(string text) =>
        SetClock.From(new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["LocalHost:Now"] = text }).Build());
}
