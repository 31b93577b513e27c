using System.IO.Enumeration;
using Compliance.Plans;

namespace Compliance.Offboarding.Guards;

/// <summary>This program's own identities, which it never acts on.</summary>
/// <param name="Ids">Client ids, app ids and object ids.</param>
internal sealed record OwnIdentity(IReadOnlySet<string> Ids);

/// <summary>What is checked before a leaver is blocked. Pure. Anything that is not known holds.</summary>
internal static class LeaverGuards
{
    /// <summary>The holds; empty when nothing stands against blocking.</summary>
    public static IReadOnlyList<Hold> BeforeBlocking(LeaverFacts facts, OffboardingPolicy policy, OwnIdentity self)
    {
        var holds = new List<Hold>();
        foreach (var unread in facts.Unread)
            holds.Add(new(GuardNames.Unreadable, $"The guards could not read all they need: {unread}"));
        if (facts.AccountEnabled is null)
            holds.Add(new(GuardNames.Unreadable, "The directory does not say whether the account is enabled."));
        if (policy.ProtectedAccounts.Contains(facts.UserId) || policy.ProtectedAccounts.Contains(facts.PrincipalName))
            holds.Add(new(GuardNames.Protected, "Policy protects this account."));
        foreach (var group in facts.ProtectedBy)
            holds.Add(new(GuardNames.Protected, $"The account is in the protected group {group}."));
        if (self.Ids.Contains(facts.UserId) || self.Ids.Contains(facts.PrincipalName))
            holds.Add(new(GuardNames.OwnIdentity, "The account is the identity this program runs as."));
        if (facts.GlobalAdministrator && facts.OtherGlobalAdministrators is not > 0)
            holds.Add(new(GuardNames.LastGlobalAdministrator, facts.OtherGlobalAdministrators is null
                ? "The account is a Global Administrator, and it could not be told whether another one can sign in."
                : "The account is the last Global Administrator that can sign in."));
        var pattern = policy.ServiceAccounts.FirstOrDefault(p => Matches(p, facts.PrincipalName));
        if (pattern is not null)
            holds.Add(new(GuardNames.ServiceAccount, $"The account looks like one that a service uses ({pattern})."));
        else if (facts.EmployeeType is { } type && policy.ServiceEmployeeTypes.Contains(type))
            holds.Add(new(GuardNames.ServiceAccount, $"The account's employee type is {type}: a service may use it."));
        return holds;
    }

    // Only * is special: a pattern is a name, not a program. A pattern without @ is about the part before it.
    private static bool Matches(string pattern, string principalName)
    {
        var plain = pattern.Replace("?", "\\?", StringComparison.Ordinal);
        var name = pattern.Contains('@', StringComparison.Ordinal) ? principalName : principalName.Split('@')[0];
        return FileSystemName.MatchesSimpleExpression(plain, name, ignoreCase: true);
    }
}

/// <summary>What is checked before a removal plan is carried out. Pure.</summary>
internal static class PlanGuards
{
    /// <summary>The holds; empty when the plan may be carried out at once.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="snapshot">The access it was made from.</param>
    /// <param name="firstActOfPolicy">True when nothing was done under this policy yet.</param>
    public static IReadOnlyList<Hold> Before(ActionPlan plan, AccessSnapshot snapshot, bool firstActOfPolicy)
    {
        var holds = new List<Hold>();
        if (firstActOfPolicy)
            holds.Add(new(GuardNames.FirstActOfPolicy, "This is the first removal under a new or changed policy."));
        var privileged = snapshot.Accesses.Where(a => a.Privileged && a.Kind is AccessKind.OwnedApplication or AccessKind.OwnedServicePrincipal)
            .Select(a => a.Id).ToHashSet(StringComparer.OrdinalIgnoreCase);
        foreach (var step in plan.Steps.Where(s => s.Action == LeaverActions.AddOwner && privileged.Contains(s.Target.Id)))
            holds.Add(new(GuardNames.PrivilegedHandover, $"{step.Target.Name} is privileged, and its new owner could add credentials to it."));
        // The planner leaves no owned thing without an owner; a plan that would, whoever made it, is held.
        foreach (var owned in snapshot.Accesses.Where(a => a.Kind is AccessKind.OwnedApplication or AccessKind.OwnedServicePrincipal or AccessKind.OwnedGroup))
        {
            var removes = plan.Steps.Any(s => s.Action == LeaverActions.RemoveOwner && s.Target.Id == owned.Id);
            var adds = plan.Steps.Any(s => s.Action == LeaverActions.AddOwner && s.Target.Id == owned.Id);
            if (removes && !adds && owned.OtherOwners is not > 0)
                holds.Add(new(GuardNames.LastOwner, $"{owned.Name} would be left without a living owner."));
        }
        return holds;
    }
}
