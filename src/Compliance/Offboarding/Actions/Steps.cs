using Compliance.Changes.Plans;

namespace Compliance.Offboarding.Actions;

/// <summary>Makes the parts of a plan. Pure.</summary>
internal static class Steps
{
    /// <summary>Kind of the plan that blocks a leaver.</summary>
    public const string Block = "offboarding.block";

    /// <summary>Kind of the plan that puts a leaver who is blocked into the block group.</summary>
    public const string BlockGroup = "offboarding.blockGroup";

    /// <summary>Kind of the plan that takes a leaver's access away.</summary>
    public const string Remove = "offboarding.remove";

    /// <summary>Kind of the plan that gives access back.</summary>
    public const string Undo = "offboarding.undo";

    /// <summary>Whether plans of a kind block the person: a pause holds them only where that was asked for.</summary>
    public static bool Blocks(string kind) => kind is Block or BlockGroup;

    /// <summary>The places of all actions in a plan.</summary>
    private static readonly Dictionary<string, int> Order = new string[]
    {
        LeaverActions.DisableAccount,
        LeaverActions.RevokeSessions,
        LeaverActions.AddToBlockGroup,
        LeaverActions.DisableDevice,
        LeaverActions.RemoveDirectoryRole,
        LeaverActions.RemoveEligibleDirectoryRole,
        LeaverActions.RemoveGroupMember,
        LeaverActions.RemoveAppRole,
        LeaverActions.RemoveDelegatedGrant,
        LeaverActions.RemoveAzureRole,
        LeaverActions.RemoveEligibleAzureRole,
        LeaverActions.RemoveVaultAccessPolicy,
        LeaverActions.RemoveSignInMethod,
        LeaverActions.AddOwner,
        LeaverActions.RemoveOwner,
        LeaverActions.HandOverResource,
        LeaverActions.RemoveLicence,
        LeaverActions.RetireManagedDevice,
        LeaverActions.EnableAccount,
        LeaverActions.RemoveFromBlockGroup,
        LeaverActions.AddLicence,
        LeaverActions.AddGroupMember,
        LeaverActions.AddAppRole,
        LeaverActions.AddDelegatedGrant,
        LeaverActions.AddAzureRole,
        LeaverActions.AddVaultAccessPolicy,
        LeaverActions.TakeBackResource,
        LeaverActions.EnableDevice,
    }
        .Select((action, place) => (action, place))
        .ToDictionary(a => a.action, a => a.place, StringComparer.Ordinal);

    /// <summary>What a kind of access is called as a target.</summary>
    public static string TypeOf(AccessKind kind) =>
        kind switch
        {
            AccessKind.Account => "user",
            AccessKind.GroupMember or AccessKind.OwnedGroup => "group",
            AccessKind.OwnedApplication => "application",
            AccessKind.OwnedServicePrincipal => "servicePrincipal",
            AccessKind.OwnedResource => "resource",
            _ => char.ToLowerInvariant(kind.ToString()[0]) + kind.ToString()[1..],
        };

    /// <summary>The target that an access is.</summary>
    public static PlanTarget TargetOf(Access access) => new(TypeOf(access.Kind), access.Id, access.Name);

    /// <summary>A step.</summary>
    /// <param name="action">One of <see cref="LeaverActions"/>.</param>
    /// <param name="target">On what.</param>
    /// <param name="wave">Its wave.</param>
    /// <param name="reason">Why, in words.</param>
    /// <param name="rule">Key in the policy file that asks for it; empty for the file as a whole.</param>
    /// <param name="arguments">What it needs; those without a value are left out.</param>
    public static PlanStep Create(
        string action,
        PlanTarget target,
        int wave,
        string reason,
        string rule,
        params IEnumerable<(string Name, string? Value)> arguments
    )
    {
        var values = arguments.Where(a => a.Value is not null).ToDictionary(a => a.Name, a => a.Value!, StringComparer.Ordinal);
        // Handing over to somebody else is another act: one that was done says nothing of it.
        var to = action switch
        {
            LeaverActions.AddOwner => values.GetValueOrDefault(StepArguments.OwnerId),
            LeaverActions.HandOverResource or LeaverActions.TakeBackResource => values.GetValueOrDefault(StepArguments.Value),
            _ => null,
        };
        return new(
            PlanStep.IdOf(action, target, to),
            action,
            target,
            wave,
            reason,
            rule.Length == 0 ? "offboarding.yaml#" : $"offboarding.yaml#/{rule}",
            values
        );
    }

    /// <summary>What a person does in place of a step.</summary>
    public static ManualStep ByHand(PlanStep step, string why) => new(step.Target, why, StepRequests.Create(step).Command());

    /// <summary>The plan, in an order that does not depend on the order of what was read.</summary>
    public static ActionPlan Plan(
        string kind,
        string tenantId,
        string caseId,
        string subjectId,
        OffboardingPolicy policy,
        IEnumerable<(PlanStep Step, AssetClass Asset)> steps,
        IEnumerable<ManualStep> manual
    ) =>
        new()
        {
            Kind = kind,
            TenantId = tenantId,
            CaseId = caseId,
            SubjectId = subjectId,
            PolicySha256 = policy.Sha256,
            Steps =
            [
                .. steps
                    .OrderBy(s => s.Step.Wave)
                    .ThenBy(s => Order[s.Step.Action])
                    .ThenByDescending(s => s.Asset)
                    .ThenBy(s => s.Step.Target.Type, StringComparer.Ordinal)
                    .ThenBy(s => s.Step.Target.Id, StringComparer.Ordinal)
                    .Select(s => s.Step),
            ],
            Manual =
            [
                .. manual
                    .OrderBy(m => m.Target.Type, StringComparer.Ordinal)
                    .ThenBy(m => m.Target.Id, StringComparer.Ordinal)
                    .ThenBy(m => m.Why, StringComparer.Ordinal)
                    .ThenBy(m => m.WhatToDo, StringComparer.Ordinal)
                    .ThenBy(m => m.Target.Name, StringComparer.Ordinal),
            ],
        };
}
