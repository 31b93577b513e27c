using Compliance.Changes.Plans;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Cases;

namespace Compliance.Offboarding.Rounds;

/// <summary>Who may take over what a leaver owns: only who stays and can sign in.</summary>
internal sealed class NewOwners(LeaverRounds rounds, ILeaverDirectory directory)
{
    /// <summary>The leaver's manager, or the manager's; null when there is none.</summary>
    public async Task<NewOwner?> ManagerAsync(string userId, CancellationToken cancellationToken) =>
        await directory.NewOwnerAsync(userId, await rounds.LeavingAsync(cancellationToken), cancellationToken);

    /// <summary>The leaver's manager, and the policy without those of its owners who cannot take anything over.</summary>
    public async Task<(NewOwner? Manager, OffboardingPolicy Owners)> ReadAsync(
        string userId,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var leaving = await rounds.LeavingAsync(cancellationToken);
        var manager = await directory.NewOwnerAsync(userId, leaving, cancellationToken);
        var unfit = await WithDisabledOwnersAsync(leaving, policy, cancellationToken);
        var owners = policy with { PrivilegedOwner = Fit(policy.PrivilegedOwner), FallbackOwner = Fit(policy.FallbackOwner) };
        return (manager, owners);

        string? Fit(string? owner) => owner is not null && unfit.Contains(owner) ? null : owner;
    }

    /// <summary>
    /// Whether everybody who is to get something by a plan can take it over: they may have left since it was made. Who cannot be read gets
    /// nothing.
    /// </summary>
    public async Task<bool> CanTakeOverAsync(ActionPlan plan, CaseState state, CancellationToken cancellationToken)
    {
        var done = state.Outcomes.Where(o => o.InEffect).Select(o => o.StepId).ToHashSet(StringComparer.Ordinal);
        var owners = plan
            .Steps.Where(s => s.Action is AddOwner.Id or HandOverResource.Id && !done.Contains(s.Id))
            .Select(s => s.Arguments.GetValueOrDefault(StepArguments.OwnerId))
            .OfType<string>()
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .ToList();
        if (owners.Count == 0)
            return true;
        var leaving = await rounds.LeavingAsync(cancellationToken);
        if (owners.Exists(leaving.Contains))
            return false;
        var seen = await directory.RecheckAsync(owners, cancellationToken);
        return owners.TrueForAll(o => seen.GetValueOrDefault(o) is { Exists: true, Enabled: true });
    }

    private async Task<IReadOnlySet<string>> WithDisabledOwnersAsync(
        IReadOnlySet<string> leaving,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var named = new[] { policy.FallbackOwner, policy.PrivilegedOwner }.OfType<string>().Where(o => !leaving.Contains(o)).ToList();
        if (named.Count == 0)
            return leaving;
        var seen = await directory.RecheckAsync(named, cancellationToken);
        return leaving
            .Concat(named.Where(o => seen.GetValueOrDefault(o) is { Exists: false } or { Enabled: false }))
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
    }
}
