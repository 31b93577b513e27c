using Compliance.Offboarding.Cases;
using Microsoft.Extensions.Time.Testing;

namespace Compliance.Tests.Offboarding;

/// <summary>Who gives way to whom.</summary>
public sealed class BlockingFirstTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Others_give_way_until_the_last_case_is_blocked()
    {
        var urgent = new BlockingFirst(_time);
        Assert.False(urgent.Any);
        urgent.Begin("a");
        urgent.Begin("b");
        urgent.End("a");
        Assert.True(urgent.Any);
        urgent.End("b");
        Assert.False(urgent.Any);
    }

    [Fact]
    public void A_case_that_never_ends_is_given_way_to_no_longer_than_said()
    {
        var urgent = new BlockingFirst(_time);
        urgent.Begin("a");
        _time.Advance(BlockingFirst.Longest - TimeSpan.FromTicks(1));
        Assert.True(urgent.Any);
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.False(urgent.Any);
    }
}
