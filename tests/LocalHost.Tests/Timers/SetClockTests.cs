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

    [Theory]
    [InlineData("tomorrow")]
    [InlineData("0001-01-01")]
    [InlineData("1999-12-31T23:59:59Z")]
    [InlineData("2100-01-01T00:00:00Z")]
    [InlineData("9999-12-31T23:59:59Z")]
    public void Something_else_than_a_time_of_this_century_is_refused(string text)
    {
        var error = Assert.Throws<StartupException>(() => From(text));
        Assert.Equal($"setting LocalHost__Now: '{text}' must be a time from 2000 to 2099, such as 2026-11-23T06:00:00Z", error.Message);
    }

    private static TimeProvider From(string text) =>
        SetClock.From(
            new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?> { ["LocalHost:Now"] = text }).Build()
        );
}
