using Compliance.Changes.Plans;
using Compliance.Offboarding;
using Compliance.Offboarding.Directory;
using Compliance.Offboarding.Planning;
using Compliance.Tests.Offboarding.Execution;

namespace Compliance.Tests.Offboarding.Planning;

/// <summary>A leaver with access of every kind, in every state that a plan treats in a way of its own.</summary>
internal static class RichLeaver
{
    public static readonly LeaverFacts Facts = Some.Facts with { Mail = "dana@northwynd.example", OnPremisesSynced = true };

    public static readonly BlockGroup Group = new("block-group", "Leavers", IsMember: false, Problem: null, Unread: null);

    /// <summary>To whom things may go: no one, the manager, the leaver, or whoever it is could not be read.</summary>
    public static readonly IReadOnlyList<NewOwner?> NewOwners =
    [
        null,
        Some.NewOwner,
        new(Some.UserId.ToUpperInvariant(), "dana@northwynd.example", "Dana"),
        NewOwner.NotRead("the manager could not be read: 429"),
    ];

    public static readonly AccessSnapshot Snapshot = Some.Snapshot([
        .. PlanExecutorTests.OfEveryKind(),
        .. OfGroupsAndRoles(),
        .. OfAzure(),
        .. OfOwners(),
        .. OfDevicesAndMethods(),
    ]);

    /// <summary>Every switch of policy that a plan depends on, in every combination.</summary>
    public static IEnumerable<OffboardingPolicy> Policies() =>
        from bits in Enumerable.Range(0, 32)
        from privileged in new[] { null, "priv-owner", Some.UserId }
        from fallback in new[] { null, "fallback", Some.UserId }
        select Some.Policy with
        {
            PrivilegedRemovals = (bits & 1) != 0,
            RetireDevices = (bits & 2) != 0,
            RemoveLicences = (bits & 4) != 0,
            RemoveSignInMethods = (bits & 8) != 0,
            HandOverMailAndFiles = (bits & 16) != 0,
            PrivilegedOwner = privileged,
            FallbackOwner = fallback,
        };

    /// <summary>The undo of a block, of the block group and of a removal of which every fifth step did not succeed.</summary>
    /// <param name="facts">As looked up before blocking.</param>
    /// <param name="removal">What was removed.</param>
    /// <param name="policy">In force.</param>
    /// <param name="atFirst">As looked up before the blocking that an earlier undo was about; null for the same.</param>
    public static ActionPlan Undo(LeaverFacts facts, ActionPlan removal, OffboardingPolicy policy, LeaverFacts? atFirst = null)
    {
        var block = BlockPlanner.Plan(Some.TenantId, Some.CaseId, facts, policy);
        var group = BlockPlanner.Group(Some.TenantId, Some.CaseId, facts, Group, policy);
        var outcomes = removal
            .Steps.Select(s => s.Id)
            .Order(StringComparer.Ordinal)
            .Select(
                (id, i) =>
                    new StepOutcome(
                        id,
                        (i % 5) switch
                        {
                            0 => StepResult.Failed,
                            1 => StepResult.AlreadySo,
                            _ => StepResult.Done,
                        },
                        Some.Time
                    )
            )
            .Concat(block.Steps.Concat(group.Steps).Select(s => new StepOutcome(s.Id, StepResult.Done, Some.Time)));
        var carriedOut = new CarriedOut([block, group, removal], [.. outcomes], Earlier(atFirst ?? facts, policy));
        return UndoPlanner.Plan(Some.CaseId, facts, Snapshot, carriedOut, policy);
    }

    // What an undo before this one had planned and could not carry out.
    private static IReadOnlyList<PlanStep> Earlier(LeaverFacts facts, OffboardingPolicy policy)
    {
        var before = Some.Snapshot(Some.Group("earlier"), Some.AzureRole("s9", "earlier"), Some.Access(AccessKind.Licence, "earlier"));
        var removal = RemovalPlanner.Plan(Some.CaseId, facts, before, Some.NewOwner, policy);
        var block = BlockPlanner.Plan(Some.TenantId, Some.CaseId, facts, policy);
        var group = BlockPlanner.Group(Some.TenantId, Some.CaseId, facts, Group with { Id = "earlier-block-group" }, policy);
        ActionPlan[] plans = [block, group, removal];
        var outcomes = plans.SelectMany(p => p.Steps).Select(s => new StepOutcome(s.Id, StepResult.Done, Some.Time)).ToList();
        return UndoPlanner.Plan(Some.CaseId, facts, before, new CarriedOut(plans, outcomes, []), policy).Steps;
    }

    private static IEnumerable<Access> OfGroupsAndRoles() =>
        [
            Some.Group("block-group"),
            Some.Group("dynamic") with
            {
                NotRemovable = "the group is dynamic",
                WhatToDo = "change its rule",
            },
            Some.Group("synchronised") with
            {
                NotRemovable = "the group is synchronised",
            },
            Power.Judged(Some.Group("powerful"), ["Owner"], read: true),
            Power.Judged(Some.Group("not-judged"), [], read: false),
            Some.Access(AccessKind.AppRole, "app-role-of-few-details"),
            Some.Access(AccessKind.DelegatedGrant, "grant-of-few-details"),
            Some.Access(AccessKind.DirectoryRole, "unit-role", "/administrativeUnits/1", ("roleDefinitionId", "rd")),
            Some.Access(AccessKind.DirectoryRole, "app-scoped", "/", ("appScopeId", "/x"), ("roleAssignmentScheduleId", "s2")),
            Some.Access(AccessKind.EligibleDirectoryRole, "eligible-of-few-details", "/administrativeUnits/1"),
        ];

    private static IEnumerable<Access> OfAzure() =>
        [
            Some.AzureRole("s1", "model", AssetClass.ProductionModel),
            Some.AzureRole("s1", "data", AssetClass.TrainingData),
            Some.AzureRole("s1", "owner") with
            {
                Privileged = true,
            },
            Some.Access(AccessKind.AzureRole, "/providers/Microsoft.Authorization/roleAssignments/root", "/"),
            Some.Access(AccessKind.EligibleAzureRole, "/providers/Microsoft.Authorization/roleEligibilityScheduleInstances/root"),
            Some.Access(
                AccessKind.EligibleAzureRole,
                "/subscriptions/s2/providers/Microsoft.Authorization/roleEligibilityScheduleInstances/f",
                "/subscriptions/s2",
                ("roleEligibilityScheduleId", "schedule")
            ),
            Some.Access(
                AccessKind.AzureRole,
                "/subscriptions/s3/providers/Microsoft.Authorization/roleAssignments/conditional",
                "/subscriptions/s3",
                ("roleDefinitionId", "rd"),
                ("condition", "@Resource[x] StringEquals 'y'"),
                ("conditionVersion", "2.0"),
                ("description", "why")
            ),
            Some.Access(
                AccessKind.VaultAccessPolicy,
                "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/bare",
                "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/bare"
            ),
            Some.Access(AccessKind.SharedSecret, "/subscriptions/s1/storageAccounts/one/localUsers/sftp") with
            {
                WhatToDo = "rotate the password",
            },
            Some.Access(AccessKind.SharedSecret, "/subscriptions/s1/storageAccounts/two"),
        ];

    private static IEnumerable<Access> OfOwners() =>
        [
            .. from kind in new[] { AccessKind.OwnedApplication, AccessKind.OwnedServicePrincipal, AccessKind.OwnedGroup }
            from others in new int?[] { null, 0, 1 }
            from privileged in new[] { false, true }
            from assignable in new[] { false, true }
            select Some.Access(
                kind,
                $"{kind}-{others}-{privileged}-{assignable}",
                "",
                ("isAssignableToRole", assignable ? "true" : "false")
            ) with
            {
                OtherOwners = others,
                Privileged = privileged,
            },
            Some.Resource("semicolons", "dana@northwynd.example; ops@northwynd.example;ml@northwynd.example"),
            Some.Resource("commas", "ops@northwynd.example,DANA@northwynd.example,ml@northwynd.example"),
            Some.Resource("bars", $"{Some.UserId}|ops@northwynd.example|ml@northwynd.example"),
            Some.Resource("spaces", "dana@northwynd.example ops@northwynd.example ml@northwynd.example"),
            Some.Access(AccessKind.OwnedResource, "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.Web/sites/no-details"),
        ];

    private static IEnumerable<Access> OfDevicesAndMethods() =>
        [
            Some.Access(AccessKind.SignInMethod, "newMethods/1"),
            Some.Access(AccessKind.SignInMethod, "passwordMethods/1") with
            {
                NotRemovable = "a password cannot be removed",
                WhatToDo = "it is void while the account is disabled",
            },
            Some.Access(AccessKind.Licence, "bare-sku"),
            Some.Access(AccessKind.Licence, "licence", "", ("skuId", "sku-2"), ("disabledPlans", "p1,p2")),
            Some.Access(AccessKind.Device, "enabled-device", "", ("accountEnabled", "true")),
        ];
}
