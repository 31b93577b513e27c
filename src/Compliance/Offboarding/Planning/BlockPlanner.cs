using Compliance.Plans;

namespace Compliance.Offboarding.Planning;

/// <summary>Makes the plan that blocks a leaver. Pure.</summary>
internal static class BlockPlanner
{
    /// <summary>The kind of plan.</summary>
    public const string Kind = "offboarding.block";

    /// <summary>Type of the target that is a user account.</summary>
    public const string User = "user";

    /// <summary>Disable, then revoke: a session begun between the two would otherwise live on.</summary>
    public static ActionPlan Plan(string tenantId, string caseId, LeaverFacts facts, OffboardingPolicy policy)
    {
        var target = new PlanTarget(User, facts.UserId, facts.PrincipalName);
        return new ActionPlan
        {
            Kind = Kind,
            TenantId = tenantId,
            CaseId = caseId,
            SubjectId = facts.UserId,
            PolicySha256 = policy.Sha256,
            Steps =
            [
                Step(LeaverActions.DisableAccount, target, 0, "the person has left: the account must not sign in"),
                Step(LeaverActions.RevokeSessions, target, 1, "sessions begun before must end"),
            ],
            Manual = facts.OnPremisesSynced
                ? [new(target, "the account comes from an on-premises directory, which would enable it again", $"disable {facts.PrincipalName} in Active Directory (Disable-ADAccount)")]
                : [],
        };
    }

    private static PlanStep Step(string action, PlanTarget target, int wave, string reason) =>
        new(PlanStep.IdOf(action, target), action, target, wave, reason, "offboarding.yaml#/", new Dictionary<string, string>(StringComparer.Ordinal));
}
