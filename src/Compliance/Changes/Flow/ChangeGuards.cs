using Compliance.Changes.Caps;
using Compliance.Changes.Guards;
using Compliance.Changes.Plans;

namespace Compliance.Changes.Flow;

/// <summary>
/// What may hold a plan: the capability's guards, the first act under a policy, the caps.
/// </summary>
/// <param name="change">The capability.</param>
/// <param name="store">Its documents and the clock.</param>
/// <param name="caps">Counts plans under the capability's caps.</param>
/// <param name="policyActs">Remembers under which policies something was done.</param>
internal sealed class ChangeGuards<TObservation>(
    IChange<TObservation> change,
    ChangeStore<TObservation> store,
    TableCapLedger caps,
    TablePolicyActs policyActs
)
    where TObservation : class
{
    /// <summary>What the capability's guards hold, and the first act under a policy.</summary>
    public async Task<IReadOnlyList<Hold>> HoldsAsync(
        ChangeRun run,
        ActionPlan plan,
        TObservation observed,
        ChangePolicy policy,
        CancellationToken cancellationToken
    )
    {
        // A plan that does nothing is no act.
        if (plan.Steps.Count == 0)
            return [];
        var holds = change.Guard(plan, observed, policy).ToList();
        if (policy.ApproveFirstAct && await policyActs.IsFirstAsync(run.TenantId, policy.Sha256, cancellationToken))
            holds.Add(new(Hold.FirstActOfPolicy, $"the first plan under policy {policy.Sha256[..Math.Min(12, policy.Sha256.Length)]}"));
        return holds;
    }

    /// <summary>Takes a place under the caps for a plan that needs no approval.</summary>
    /// <returns>Null when it has one, or needs none; else what holds.</returns>
    public async Task<Hold?> ReserveAsync(
        ChangeRun run,
        ActionPlan plan,
        TObservation observed,
        ChangePolicy policy,
        CancellationToken cancellationToken
    ) =>
        plan.Steps.Count > 0 && change.Limits(observed, policy) is { } limits
            ? await caps.ReserveAsync(run.TenantId, run.InstanceId, store.Now, limits, cancellationToken)
            : null;

    /// <summary>Whoever was let past a cap takes room from those who come after.</summary>
    public Task CountApprovedAsync(ChangeRun run, TObservation observed, ChangePolicy policy, CancellationToken cancellationToken) =>
        change.Limits(observed, policy) is null
            ? Task.CompletedTask
            : caps.CountApprovedAsync(run.TenantId, run.InstanceId, store.Now, cancellationToken);

    /// <summary>The place of a round that did nothing is free again.</summary>
    public Task ReleaseAsync(ChangeRun run, CancellationToken cancellationToken) =>
        caps.ReleaseAsync(run.TenantId, run.InstanceId, cancellationToken);

    /// <summary>The policy of a plan was acted under: its next plan is not the first.</summary>
    public Task ActedAsync(ChangeRun run, ActionPlan plan, CancellationToken cancellationToken) =>
        policyActs.ActedAsync(run.TenantId, plan.PolicySha256, run.CaseId, store.Now, cancellationToken);
}
