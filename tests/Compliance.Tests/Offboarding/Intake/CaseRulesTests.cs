using Compliance.Offboarding;
using Compliance.Offboarding.Intake;
using CsCheck;
using static Compliance.Tests.Offboarding.Intake.Hr;

namespace Compliance.Tests.Offboarding.Intake;

public sealed class CaseRulesTests
{
    private const string Tenant = "rules";

    private static readonly Gen<HrEvent[]> Histories = Gen.Select(Gen.Int[0, 3], Gen.Bool, Gen.Int[1, 60]).Array[1, 6].Select(items =>
        items.Select((e, i) => Event((HrEventKind)e.Item1, i + 1, leaves: new DateTime(2026, 11, 1, 17, 0, 0).AddDays(e.Item3), forCause: e.Item2)).ToArray());

    [Fact]
    public void Any_order_and_any_repeats_of_the_same_events_end_in_the_same_case() => Histories.Select(Gen.Int).Sample((history, seed) =>
    {
        var random = new Random(seed);
        var disorder = history.Concat(history.Where(_ => random.Next(2) == 0)).ToArray();
        random.Shuffle(disorder);

        Assert.Equal(Fold(history), Fold(disorder));
    });

    [Fact]
    public void The_highest_sequence_holds_and_access_ends_only_when_it_says_so() => Histories.Sample(history =>
    {
        var (last, @case) = (history[^1], Fold(history));

        Assert.Equal((last, last.Sequence, last.Leaves is null, last.Leaves is null ? LeaverStage.Cancelled : LeaverStage.Scheduled), (@case.Latest, @case.Sequence, @case.DueAt is null, @case.Stage));
    });

    [Theory]
    [InlineData(LeaverStage.Scheduled, false, LeaverStage.Cancelled)]
    [InlineData(LeaverStage.Unmatched, false, LeaverStage.Cancelled)]
    [InlineData(LeaverStage.Held, false, LeaverStage.Cancelled)]
    [InlineData(LeaverStage.Held, true, LeaverStage.Held)]
    [InlineData(LeaverStage.Blocked, true, LeaverStage.Blocked)]
    [InlineData(LeaverStage.Clear, true, LeaverStage.Clear)]
    public void Taking_back_ends_a_case_only_before_anything_was_done(LeaverStage stage, bool blocked, LeaverStage after)
    {
        var known = Fold(Event(HrEventKind.Terminated, 1)) with { Stage = stage, Dispatched = true, BlockedAt = blocked ? Noon : null };

        var taken = CaseRules.Take(known, Event(HrEventKind.Cancelled, 2), Tenant, Noon);

        Assert.Equal((after, IntakeOutcome.Updated, null, true), (taken.Case.Stage, taken.Outcome, taken.Case.DueAt, taken.Case.TakenBack));
    }

    [Theory]
    [InlineData(LeaverStage.Cancelled, true, 2)]
    [InlineData(LeaverStage.Cancelled, false, 1)]
    [InlineData(LeaverStage.Restoring, true, 2)]
    [InlineData(LeaverStage.Restored, true, 2)]
    public void A_leaving_after_it_was_taken_back_runs_another_round_when_one_ran_before(LeaverStage stage, bool dispatched, int round)
    {
        var known = Fold(Event(HrEventKind.Terminated, 1), Event(HrEventKind.Cancelled, 2)) with { Stage = stage, Dispatched = dispatched };

        var taken = CaseRules.Take(known, Event(HrEventKind.Terminated, 3), Tenant, Noon);

        Assert.Equal((round, false, LeaverStage.Scheduled, IntakeOutcome.Started), (taken.Case.Round, taken.Case.Dispatched, taken.Case.Stage, taken.Outcome));
        Assert.Null(taken.Case.BlockedAt);
    }

    [Fact]
    public void One_sequence_that_says_two_things_keeps_the_first_and_is_told()
    {
        var first = Fold(Event(HrEventKind.Terminated, 1)) with { Dispatched = true };

        var other = CaseRules.Take(first, Event(HrEventKind.Cancelled, 1, id: "other"), Tenant, Noon);
        var same = CaseRules.Take(first, Event(HrEventKind.Terminated, 1, id: "sent-twice"), Tenant, Noon);

        Assert.Equal(new Taken(first, IntakeOutcome.Repeat, Contradicts: true), other);
        Assert.Equal(new Taken(first, IntakeOutcome.Repeat), same);
    }

    [Fact]
    public void For_cause_is_due_when_HR_decided_it_and_never_in_the_future()
    {
        var decided = Fold(Event(HrEventKind.Terminated, 1, forCause: true));
        var ahead = Fold(Event(HrEventKind.Terminated, 1, forCause: true) with { Time = Noon.AddMinutes(5) });

        Assert.Equal((Noon.AddHours(-1), Noon), (decided.DueAt, ahead.DueAt));
    }

    [Fact]
    public void Employments_people_and_tenants_have_cases_of_their_own() => Assert.Equal(
        5, new[]
        {
            CaseRules.IdOf("t", "1", "2"), CaseRules.IdOf("t", "12", ""), CaseRules.IdOf("t", "", "12"), CaseRules.IdOf("t1", "", "2"), CaseRules.IdOf("T", "1", "2"), CaseRules.IdOf("t", "1", "1"),
        }.Distinct().Count());

    private static LeaverCase Fold(params HrEvent[] events) =>
        events.Aggregate((LeaverCase?)null, (known, e) => CaseRules.Take(known, e, Tenant, Noon).Case) ?? throw new ArgumentException("no events", nameof(events));
}
