using Compliance.Changes.Execution;
using Compliance.Changes.Plans;
using Compliance.LedgerCheck;
using Compliance.Offboarding.Cases;

namespace Compliance.Offboarding.Rounds;

/// <summary>Records what a pass over a removal plan came to.</summary>
internal sealed class RemovalRecords(RoundOutcomes outcomes, RemovalGuards guards, LedgerKeeper checkpoints)
{
    /// <summary>Records the pass, and remembers that the policy was acted under if it was; a checkpoint follows a whole plan.</summary>
    public async Task RecordAsync(
        CaseRun run,
        CaseState state,
        ActionPlan plan,
        DonePass pass,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var isNew = await outcomes.RecordRemovedAsync(run, state, plan, pass, policy, cancellationToken);
        if (StepOutcomes.IsActed(plan, state.Outcomes))
            await guards.ActedAsync(run, policy, cancellationToken);
        if (pass.Whole && isNew)
            await checkpoints.AfterPlanAsync(plan.Id(), cancellationToken);
    }
}
