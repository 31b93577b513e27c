using Compliance.Changes.Execution;
using Compliance.Changes.Plans;
using Compliance.Offboarding.Actions;

namespace Compliance.Offboarding.Cases;

public sealed partial class LeaverSteps
{
    // What the documents of passes begin with.
    private const string Removed = "outcomes";
    private const string GivenBack = "restored";

    private static string PassName(CaseRun run, string kind, string planId) => Name(run, $"{kind}-{planId[..12]}-last.json");

    // What the latest pass of a round came to, and a crash cut off from the case's state or from its record, is on record before anything
    // else goes on, whatever has forbidden the rest meanwhile.
    private async Task RecordCutOffAsync(CaseRun run, LeaverCase known, OffboardingPolicy policy, CancellationToken cancellationToken)
    {
        for (var round = 1; round <= known.Round; round++)
        {
            var acted = run with { Round = round };
            var state = await StateAsync(acted, cancellationToken);
            if (await LastPassAsync(acted, Removed, Steps.Remove, state.Begun, cancellationToken) is var (plan, outcomes))
                await RecordRemovedAsync(acted, plan, outcomes, policy, cancellationToken);
            var asked = state.Approvals.Any(id => id.Contains("-undo-", StringComparison.Ordinal)) ? state.Plans : [];
            if (await LastPassAsync(acted, GivenBack, Steps.Undo, asked, cancellationToken) is var (undo, restored))
                await RecordRestoredAsync(acted, undo, restored, policy, cancellationToken);
        }
    }

    private async Task RecordRemovedAsync(
        CaseRun run,
        ActionPlan plan,
        IReadOnlyList<StepOutcome> outcomes,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var state = await ChangeStateAsync(
            run,
            s => s with { Outcomes = StepOutcomes.Merge(s.Outcomes, Newer(outcomes, s.Outcomes)) },
            cancellationToken
        );
        var ofPlan = OfPlan(plan, state.Outcomes);
        await RecordRemovedAsync(run, plan, state, ofPlan, isWhole: true, policy, cancellationToken);
    }

    private async Task RecordRestoredAsync(
        CaseRun acted,
        ActionPlan plan,
        IReadOnlyList<StepOutcome> outcomes,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var state = await ChangeStateAsync(
            acted,
            s => s with { Restored = StepOutcomes.Merge(s.Restored, Newer(outcomes, s.Restored)) },
            cancellationToken
        );
        var ofPlan = OfPlan(plan, state.Restored);
        var isComplete = plan.Steps.All(s => ofPlan.Exists(o => o.StepId == s.Id && o.InEffect));
        await RecordRestoredAsync(acted, plan, state, ofPlan, isComplete, policy, cancellationToken);
    }

    // The latest plan of a kind that a pass was made over, and what the last pass came to; null when there is none.
    private async Task<(ActionPlan Plan, IReadOnlyList<StepOutcome> Outcomes)?> LastPassAsync(
        CaseRun run,
        string kind,
        string planKind,
        IReadOnlyList<string> planIds,
        CancellationToken cancellationToken
    )
    {
        foreach (var id in planIds.Reverse())
            if (
                await PlanPasses.LoadLastAsync(_parts.Documents, PassName(run, kind, id), cancellationToken) is { } last
                && await PlanAsync(run, id, cancellationToken) is var plan
                && plan.Kind == planKind
            )
                return (plan, last);
        return null;
    }

    private static List<StepOutcome> OfPlan(ActionPlan plan, IReadOnlyList<StepOutcome> outcomes) =>
        [.. outcomes.Where(o => plan.Steps.Any(s => s.Id == o.StepId))];

    private static List<StepOutcome> Newer(IReadOnlyList<StepOutcome> pass, IReadOnlyList<StepOutcome> kept) =>
        [.. pass.Where(o => !kept.Any(k => k.StepId == o.StepId && k.At >= o.At))];
}
