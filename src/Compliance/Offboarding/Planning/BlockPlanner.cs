using Compliance.Changes.Plans;
using Compliance.Offboarding.Actions;

namespace Compliance.Offboarding.Planning;

/// <summary>
/// What is done at once, on the lookup alone: the account is disabled, then its sessions are revoked. In this order, since a session begun
/// between a revoking and a disabling would live on. Pure.
/// </summary>
internal static class BlockPlanner
{
    /// <summary>Why a cloud flag alone does not last.</summary>
    internal const string OnPremises = "the account comes from the on-premises directory: the next synchronisation would enable it again";

    /// <summary>The plan to block a leaver.</summary>
    /// <param name="tenantId">Entra tenant id.</param>
    /// <param name="caseId">The case.</param>
    /// <param name="facts">The person.</param>
    /// <param name="policy">In force.</param>
    public static ActionPlan Plan(string tenantId, string caseId, LeaverFacts facts, OffboardingPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(facts);
        ArgumentNullException.ThrowIfNull(policy);
        var account = new PlanTarget("user", facts.UserId, facts.PrincipalName);
        return new()
        {
            Kind = Steps.Block,
            TenantId = tenantId,
            CaseId = caseId,
            SubjectId = facts.UserId,
            PolicySha256 = policy.Sha256,
            Steps = [DisableAccount.Create(account), RevokeSessions.Create(account)],
            Manual = facts.OnPremisesSynced ? [InActiveDirectory(account)] : [],
        };
    }

    /// <summary>What to do about a group that this program cannot put anybody into.</summary>
    internal const string OtherGroup =
        "name another group in offboarding.yaml (blockGroup): a security group that is made in Entra, with assigned members and no roles";

    /// <summary>The plan to put a leaver into the block group, once the account is disabled; by hand where this program cannot.</summary>
    public static ActionPlan Group(string tenantId, string caseId, LeaverFacts facts, BlockGroup group, OffboardingPolicy policy) =>
        new()
        {
            Kind = Steps.BlockGroup,
            TenantId = tenantId,
            CaseId = caseId,
            SubjectId = facts.UserId,
            PolicySha256 = policy.Sha256,
            Steps = group.Problem is null ? [AddToBlockGroup.Create(group.Target, facts)] : [],
            Manual = group.Problem is { } why ? [new(group.Target, why, OtherGroup)] : [],
        };

    /// <summary>What a person does about an account that comes from elsewhere.</summary>
    internal static ManualStep InActiveDirectory(PlanTarget account) =>
        new(
            account with
            {
                Type = "onPremisesAccount",
            },
            OnPremises,
            "disable the account in Active Directory (Disable-ADAccount), then run a synchronisation (Start-ADSyncSyncCycle -PolicyType "
                + "Delta)"
        );
}
