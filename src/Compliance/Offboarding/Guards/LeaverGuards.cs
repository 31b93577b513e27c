using Compliance.Changes.Caps;
using Compliance.Changes.Guards;
using Compliance.Text;

namespace Compliance.Offboarding.Guards;

/// <summary>The guards that a block must pass. Pure; the caps, which count, are in <see cref="TableCapLedger"/>.</summary>
internal static class LeaverGuards
{
    /// <summary>
    /// Why this person is not blocked without two approvals; empty when nothing holds. Every reason is reported, not the first alone.
    /// </summary>
    public static IReadOnlyList<Hold> BeforeBlocking(LeaverFacts facts, OffboardingPolicy policy, OwnIdentity own)
    {
        var holds = new List<Hold>();
        if (facts.ProtectedBy is [_, ..] groups)
            holds.Add(new(GuardNames.Protected, $"the account is in a protected group: {string.Join(", ", groups)}"));
        if (policy.ProtectedAccounts.Contains(facts.UserId) || policy.ProtectedAccounts.Contains(facts.PrincipalName))
            holds.Add(new(GuardNames.Protected, "policy names the account as protected"));
        if (own.Ids.Contains(facts.UserId))
            holds.Add(new(GuardNames.OwnIdentity, "the account is one that this program signs in with"));
        // A role that could not be read is reported by Unread below; it is not guessed here.
        if (facts is { GlobalAdministrator: true, OtherGlobalAdministrators: not > 0 })
            holds.Add(
                new(
                    GuardNames.LastGlobalAdministrator,
                    facts.OtherGlobalAdministrators is null
                        ? "the account is a Global Administrator, and whether another one can sign in is not known"
                        : "no other Global Administrator can sign in"
                )
            );
        if (
            policy.ServiceAccounts.FirstOrDefault(p =>
                Glob.Matches(p, facts.PrincipalName) || Glob.Matches(p, LocalPart(facts.PrincipalName))
            ) is
            { } pattern
        )
            holds.Add(new(GuardNames.ServiceAccount, $"the principal name fits the pattern '{pattern}' of service accounts"));
        if (facts.EmployeeType is { } type && policy.ServiceEmployeeTypes.Contains(type))
            holds.Add(new(GuardNames.ServiceAccount, $"employeeType is '{type}', which services use"));
        holds.AddRange(facts.Unread.Select(u => new Hold(GuardNames.Unreadable, $"could not be read: {u}")));
        if (facts.AccountEnabled is null)
            holds.Add(new(GuardNames.Unreadable, "whether the account can sign in was not given"));
        return holds;
    }

    private static string LocalPart(string principalName) => principalName.Split('@')[0];
}
