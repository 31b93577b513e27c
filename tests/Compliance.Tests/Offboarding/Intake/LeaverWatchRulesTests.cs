using Compliance.Findings;
using Compliance.Offboarding;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Intake;
using static Compliance.Tests.Offboarding.Intake.Hr;

namespace Compliance.Tests.Offboarding.Intake;

/// <summary>What the daily watch makes of what it has seen, at the limits.</summary>
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

    [Theory]
    [InlineData(-1, false)]
    [InlineData(-23, false)]
    [InlineData(-25, true)]
    public void HR_that_sent_an_event_since_its_last_roster_is_silent_from_that_event_on(int hours, bool isSilent)
    {
        var roster = new HrRoster(Now.AddHours(-30), new HashSet<string> { "NW-1" });
        var seen = new WatchSeen(NoUsers, roster, null, [], Now.AddHours(hours));

        var found = LeaverWatchRules.Evaluate(seen, Policy, Now);

        Assert.Equal(isSilent ? [OffboardingControls.HrSilent] : [], found.Select(d => d.ControlId));
    }

    [Theory]
    [InlineData(-1, true)]
    [InlineData(0, false)]
    public void That_many_events_were_refused_is_a_finding_for_a_day(int ticks, bool holds)
    {
        var finding = Finding(new(SubjectTypes.Source, IntakeSources.WebhookSource, "the webhook"), "");

        Assert.Equal(holds, LeaverWatchRules.HoldsStill(finding, null, [], Now.AddDays(1).AddTicks(ticks)));
    }

    [Theory]
    [InlineData("case-1", false)]
    [InlineData("case-2", true)]
    public void That_a_sequence_was_used_twice_is_a_finding_until_a_higher_one_of_its_own_case(string higherIn, bool holds)
    {
        var finding = Finding(new(CaseFindings.SubjectType, "case-1", "a case"), "sequence-3");
        var known = CaseRules.Take("tenant", null, Terminated(9), Now, higherIn).Case;

        Assert.Equal(holds, LeaverWatchRules.HoldsStill(finding, null, [known], Now));
    }

    private static LeavingUsers NoUsers { get; } = new([], new SourceOutcome("graph/users", Complete: true, 0));

    private static Finding Finding(Subject subject, string part) =>
        new()
        {
            Id = "f",
            TenantId = "tenant",
            Status = FindingStatus.Open,
            OpenedAt = Now,
            ChangedAt = Now,
            RunId = "r",
            Detection = new()
            {
                ControlId = OffboardingControls.EventRefused,
                Severity = Compliance.Controls.Severity.High,
                Subject = subject,
                Part = part,
                Source = IntakeSources.EventsSource,
                Reason = "refused",
                NextStep = "send it again",
            },
        };

    private static bool IsBelieved(DateTimeOffset asOf, int people, long? last = null, OffboardingPolicy? policy = null) =>
        LeaverWatchRules.Disbelieve(
            new HrRoster(asOf, Enumerable.Range(0, people).Select(i => $"NW-{i}").ToHashSet()),
            last,
            policy ?? Policy,
            Now
        )
            is null;
}
