using Compliance.Changes.Guards;
using Compliance.Changes.Plans;
using Compliance.Offboarding.Actions;

namespace Compliance.Offboarding.Guards;

/// <summary>The guards that a removal plan must pass before it is carried out. Pure.</summary>
internal static class PlanGuards
{
    /// <summary>Why this plan waits for two approvals; empty when nothing holds.</summary>
    /// <param name="plan">The removal plan.</param>
    /// <param name="snapshot">The access it was made from.</param>
    /// <param name="facts">Whom it is about.</param>
    /// <param name="newOwner">To whom things go; null when there is no one.</param>
    /// <param name="policy">The policy in force.</param>
    /// <param name="firstActOfPolicy">True when nothing was done yet under this very policy file.</param>
    public static IReadOnlyList<Hold> Before(
        ActionPlan plan,
        AccessSnapshot snapshot,
        LeaverFacts facts,
        NewOwner? newOwner,
        OffboardingPolicy policy,
        bool firstActOfPolicy
    )
    {
        var holds = new List<Hold>();
        if (
            !string.Equals(plan.SubjectId, facts.UserId, StringComparison.OrdinalIgnoreCase)
            || !string.Equals(snapshot.UserId, facts.UserId, StringComparison.OrdinalIgnoreCase)
        )
            holds.Add(new(GuardNames.Unreadable, "plan, access and facts are not about the same account"));
        foreach (
            var owned in snapshot.Accesses.Where(IsOwned).Where(a => a.OtherOwners is not > 0).OrderBy(a => a.Key, StringComparer.Ordinal)
        )
        {
            if (!owned.Privileged && newOwner?.Unread is { } unread)
                holds.Add(new(GuardNames.Unreadable, $"who gets it could not be read ({unread}): {Describe(owned)}"));
            else if ((owned.Privileged ? policy.PrivilegedOwner : newOwner?.Id ?? policy.FallbackOwner) is null)
                holds.Add(
                    new(
                        GuardNames.LastOwner,
                        $"{(owned.OtherOwners is null ? "the other owners could not be counted" : "the leaver is the only owner")}, and "
                            + $"there is no one to hand it to: {Describe(owned)}"
                    )
                );
        }
        // Whoever is put in, and whatever the snapshot says of other owners: an owner can add a credential and act as the application.
        var added = plan.Steps.Where(s => s.Action == AddOwner.Id).Select(s => s.Target.Id).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (
            var owned in snapshot
                .Accesses.Where(a => a.Privileged && IsOwned(a) && added.Contains(a.Id))
                .OrderBy(a => a.Key, StringComparer.Ordinal)
        )
            holds.Add(new(GuardNames.PrivilegedHandover, $"it would get a new owner, who could act with its power: {Describe(owned)}"));
        // A plan that does nothing is no act.
        if (firstActOfPolicy && policy.ApproveFirstAct && plan.Steps.Count > 0)
            holds.Add(
                new(GuardNames.FirstActOfPolicy, $"the first plan under policy {policy.Sha256[..Math.Min(12, policy.Sha256.Length)]}")
            );
        return holds;
    }

    private static bool IsOwned(Access access) =>
        access.Kind is AccessKind.OwnedApplication or AccessKind.OwnedServicePrincipal or AccessKind.OwnedGroup;

    private static string Describe(Access access) => $"{access.Kind} {access.Id} ({access.Name})";
}
