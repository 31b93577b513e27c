using Compliance.Changes.Plans;
using Compliance.Offboarding.Planning;

namespace Compliance.Tests.Offboarding.Planning;

/// <summary>What whoever approves a plan reads in it, of access of every kind under every policy.</summary>
public sealed class PlanTextTests
{
    private static readonly IReadOnlyList<ActionPlan> Plans =
    [
        .. from policy in RichLeaver.Policies()
        from newOwner in RichLeaver.NewOwners
        let removal = RemovalPlanner.Plan(Some.CaseId, RichLeaver.Facts, RichLeaver.Snapshot, newOwner, policy)
        from plan in new[]
        {
            BlockPlanner.Plan(Some.TenantId, Some.CaseId, RichLeaver.Facts, policy),
            BlockPlanner.Group(Some.TenantId, Some.CaseId, RichLeaver.Facts, RichLeaver.Group, policy),
            removal,
            RichLeaver.Undo(RichLeaver.Facts, removal, policy),
        }
        select plan,
    ];

    [Fact]
    public void Every_step_states_its_reason_and_its_rule() =>
        Texts.Offboarding.Expect(
            "each step and why it is in a plan",
            Lines(Plans.SelectMany(p => p.Steps).Select(s => $"{s.Action}: {s.Reason} ({s.Rule})"))
        );

    [Fact]
    public void Every_task_of_a_person_states_why_it_is_one() =>
        Texts.Offboarding.Expect(
            "each reason why a task is left to a person",
            Lines(Plans.SelectMany(p => p.Manual).Select(m => $"{m.Target.Type}: {m.Why}"))
        );

    private static IEnumerable<string> Lines(IEnumerable<string> texts) => texts.Distinct().Order(StringComparer.Ordinal);
}
