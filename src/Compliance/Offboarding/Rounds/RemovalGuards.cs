using Compliance.Changes.Guards;
using Compliance.Changes.Plans;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Guards;

namespace Compliance.Offboarding.Rounds;

/// <summary>What may hold a removal plan now, and what is remembered once it was carried out.</summary>
internal sealed class RemovalGuards(LeaverRounds rounds, TablePolicyActs acts)
{
    /// <inheritdoc cref="PlanGuards.Before"/>
    public async Task<IReadOnlyList<Hold>> BeforeAsync(
        ActionPlan plan,
        AccessSnapshot snapshot,
        LeaverFacts facts,
        NewOwner? manager,
        OffboardingPolicy owners,
        CancellationToken cancellationToken
    )
    {
        var isFirstAct = await acts.IsFirstAsync(rounds.Tenant, owners.Sha256, cancellationToken);
        return PlanGuards.Before(plan, snapshot, facts, manager, owners, isFirstAct);
    }

    /// <summary>The policy was acted under: its next plan is not the first.</summary>
    public Task ActedAsync(CaseRun run, OffboardingPolicy policy, CancellationToken cancellationToken) =>
        acts.ActedAsync(rounds.Tenant, policy.Sha256, run.CaseId, rounds.Now, cancellationToken);
}
