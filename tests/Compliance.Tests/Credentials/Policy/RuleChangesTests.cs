using Compliance.Credentials;

namespace Compliance.Tests.Credentials.Policy;

/// <summary>What holds where two changes of the rules meet on one credential.</summary>
public sealed class RuleChangesTests
{
    [Fact]
    public void Of_two_changes_the_shorter_time_every_warning_and_an_end_hold()
    {
        var one = new RuleChanges(30, 200, [30, 7], RequireExpiry: false);
        var other = new RuleChanges(60, 90, [14, 7], RequireExpiry: true);

        foreach (var stricter in (RuleChanges[])[one.Stricter(other), other.Stricter(one)])
        {
            Assert.Equal((30, 90, true), (stricter.MaxAgeDays, stricter.MaxLifetimeDays, stricter.RequireExpiry));
            Assert.Equal([30, 14, 7], stricter.WarnBeforeDays);
        }
    }

    [Fact]
    public void What_one_of_two_changes_leaves_as_it_is_is_as_the_other_has_it()
    {
        var change = new RuleChanges(30, 200, [30, 7], RequireExpiry: false);

        foreach (var stricter in (RuleChanges[])[change.Stricter(RuleChanges.None), RuleChanges.None.Stricter(change)])
        {
            Assert.Equal((30, 200, false), (stricter.MaxAgeDays, stricter.MaxLifetimeDays, stricter.RequireExpiry));
            Assert.Equal([30, 7], stricter.WarnBeforeDays);
        }
    }

    [Fact]
    public void Two_that_change_nothing_change_nothing() => Assert.Equal(RuleChanges.None, RuleChanges.None.Stricter(RuleChanges.None));
}
