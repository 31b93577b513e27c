using Compliance.Changes.Execution;
using Compliance.Changes.Plans;

namespace Compliance.Tests.Changes.Execution;

public sealed class StepOutcomesTests
{
    private static readonly DateTimeOffset At = new(2027, 3, 1, 8, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(StepResult.Done, StepResult.AlreadySo, StepResult.Done)]
    [InlineData(StepResult.Done, StepResult.NotPermitted, StepResult.NotPermitted)]
    [InlineData(StepResult.AlreadySo, StepResult.Refused, StepResult.Refused)]
    [InlineData(StepResult.NotPermitted, StepResult.AlreadySo, StepResult.AlreadySo)]
    [InlineData(StepResult.Refused, StepResult.Done, StepResult.Done)]
    public void The_last_outcome_of_a_step_counts_unless_it_found_done_what_was_done_before(
        StepResult before,
        StepResult newer,
        StepResult kept
    ) => Assert.Equal([Outcome("a", kept)], StepOutcomes.Merge([Outcome("a", before)], [Outcome("a", newer)]));

    [Fact]
    public void Each_step_of_either_list_is_in_the_result_once() =>
        Assert.Equal(
            [Outcome("a", StepResult.Done), Outcome("b", StepResult.Refused), Outcome("c", StepResult.Done)],
            StepOutcomes.Merge(
                [Outcome("a", StepResult.Done), Outcome("b", StepResult.Done)],
                [Outcome("b", StepResult.Refused), Outcome("c", StepResult.Done)]
            )
        );

    // What has the same signature is not recorded again.
    [Theory]
    [InlineData(StepResult.Done, StepResult.AlreadySo, true)]
    [InlineData(StepResult.Done, StepResult.Refused, false)]
    [InlineData(StepResult.Refused, StepResult.NotPermitted, false)]
    public void Outcomes_are_the_same_when_the_same_is_in_effect_or_failed_alike(StepResult one, StepResult other, bool isSame) =>
        Assert.Equal(isSame, StepOutcomes.SignatureOf([Outcome("a", one)]) == StepOutcomes.SignatureOf([Outcome("a", other)]));

    [Theory]
    [InlineData("a", StepResult.Done, true)]
    [InlineData("a", StepResult.AlreadySo, false)]
    [InlineData("a", StepResult.NotPermitted, false)]
    [InlineData("b", StepResult.Done, false)]
    public void A_plan_acted_once_a_step_of_it_was_done(string step, StepResult result, bool isActed)
    {
        var plan = new ActionPlan
        {
            Kind = "test.remove",
            TenantId = "tenant",
            CaseId = "case",
            SubjectId = "subject",
            PolicySha256 = "",
            Steps = [new("a", "remove", new("box", "b", "b"), 0, "it is old", "", new Dictionary<string, string>())],
        };

        Assert.Equal(isActed, StepOutcomes.IsActed(plan, [Outcome(step, result)]));
        Assert.False(StepOutcomes.IsActed(plan with { Steps = [] }, [Outcome(step, result)]));
    }

    private static StepOutcome Outcome(string step, StepResult result) => new(step, result, At);
}
