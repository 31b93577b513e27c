using Compliance.Changes.Guards;
using Compliance.Changes.Plans;
using Compliance.Offboarding.Guards;
using Compliance.Offboarding.Planning;
using Compliance.Offboarding.Policy;
using Compliance.Storage;

namespace Compliance.Offboarding.Desk;

/// <summary>A dry run: what would be done, and what holds it. Nothing was changed, nothing was reserved.</summary>
/// <param name="UserId">The person; null when none or several fit.</param>
/// <param name="Problem">Why there is no plan; null when there is one.</param>
/// <param name="Holds">What would wait for approvals, in words.</param>
/// <param name="Block">The plan to block; null when there is none.</param>
/// <param name="Remove">The plan to remove; null when there is none.</param>
/// <param name="Unread">Sources that could not be read, with the reason.</param>
/// <param name="Group">The plan to put the person into the block group; null when there is none, or the person is in it.</param>
public sealed record DryRun(
    string? UserId,
    string? Problem,
    IReadOnlyList<string> Holds,
    ActionPlan? Block,
    ActionPlan? Remove,
    IReadOnlyList<string> Unread,
    ActionPlan? Group = null
);

/// <summary>Plans what would be done to a person, and changes nothing.</summary>
public sealed class DryRuns
{
    private readonly TenantId _tenant;
    private readonly IOffboardingPolicySource _policies;
    private readonly OwnIdentity _self;
    private readonly ILeaverDirectory _directory;
    private readonly TablePolicyActs _acts;

    internal DryRuns(
        TenantId tenant,
        IOffboardingPolicySource policies,
        OwnIdentity self,
        ILeaverDirectory directory,
        TablePolicyActs acts
    ) =>
        (_tenant, _policies, _self, _directory, _acts) = (tenant, policies, self, directory, acts);

    /// <summary>What would be done to a person now.</summary>
    /// <param name="user">Entra object id or user principal name.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<DryRun> PlanAsync(string user, CancellationToken cancellationToken)
    {
        var policy = _policies.Load();
        var lookup = await _directory.LookUpAsync(user, policy, cancellationToken);
        if (lookup.Facts is not { } facts)
            return new(null, lookup.Problem ?? "the person could not be read", [], null, null, []);
        var holds = LeaverGuards.BeforeBlocking(facts, policy, _self).ToList();
        var snapshot = BlockGroup.Without(
            await _directory.ReadAccessAsync(facts.UserId, facts.PrincipalName, policy, cancellationToken),
            policy.BlockGroup
        );
        var newOwner = await _directory.NewOwnerAsync(facts.UserId, new HashSet<string>(), cancellationToken);
        var block = BlockPlanner.Plan(_tenant.Value, "dry-run", facts, policy);
        var group = policy.BlockGroup is { } id ? await _directory.BlockGroupAsync(id, facts.UserId, cancellationToken) : null;
        var inGroup = group is null or { IsMember: true } ? null : BlockPlanner.Group(_tenant.Value, "dry-run", facts, group, policy);
        var remove = RemovalPlanner.Plan("dry-run", facts, snapshot, newOwner, policy);
        holds.AddRange(
            PlanGuards.Before(
                remove,
                snapshot,
                facts,
                newOwner,
                policy,
                await _acts.IsFirstAsync(_tenant.Value, policy.Sha256, cancellationToken)
            )
        );
        return new(
            facts.UserId,
            null,
            [.. holds.Select(h => $"{h.Guard}: {h.Reason}")],
            block,
            remove,
            [
                .. snapshot.Sources.Where(s => !s.Complete).Select(s => $"{s.Source}: {s.Reason}"),
                .. newOwner?.Unread is { } why ? [$"manager: {why}"] : (string[])[],
                .. group?.Unread is { } unread ? [$"block group: {unread}"] : (string[])[],
            ],
            inGroup
        );
    }
}
