using Compliance.Plans;

namespace Compliance.Offboarding.Planning;

/// <summary>Makes the plan that takes a leaver's access away. Pure: the same access under the same policy gives the same plan, in whatever order it was read.</summary>
internal static class RemovalPlanner
{
    /// <summary>The kind of plan.</summary>
    public const string Kind = "offboarding.remove";

    /// <summary>Argument with the leaver's object id.</summary>
    public const string UserId = "userId";

    /// <summary>Argument with the new owner's object id.</summary>
    public const string HeirId = "heirId";

    // The order of a plan: the order of the documented steps, with what the access is worth first inside Azure roles.
    private static readonly string[] Order =
    [
        LeaverActions.DisableDevice, LeaverActions.RemoveDirectoryRole, LeaverActions.RemoveEligibleDirectoryRole, LeaverActions.RemoveGroupMember, LeaverActions.RemoveAppRole,
        LeaverActions.RemoveDelegatedGrant, LeaverActions.RemoveAzureRole, LeaverActions.RemoveEligibleAzureRole, LeaverActions.RemoveVaultAccessPolicy, LeaverActions.RemoveSignInMethod,
        LeaverActions.AddOwner, LeaverActions.RemoveOwner, LeaverActions.HandOverResource, LeaverActions.RemoveLicence, LeaverActions.RetireManagedDevice,
    ];

    /// <summary>The plan. Every access but the account's own is in exactly one of its steps (an owned object in two: hand over, then remove) and its manual steps.</summary>
    public static ActionPlan Plan(string tenantId, string caseId, LeaverFacts facts, AccessSnapshot snapshot, Heir? heir, OffboardingPolicy policy)
    {
        var steps = new List<(PlanStep Step, AssetClass Asset)>();
        var manual = new List<ManualStep>();
        foreach (var access in snapshot.Accesses.Where(a => a.Kind != AccessKind.Account))
            Decide(access, facts, heir, policy, steps, manual);
        manual.Add(new(
            new PlanTarget("mailbox", facts.UserId, facts.PrincipalName), "this program has no permission to read mail or files",
            policy.HandOverMailAndFiles
                ? $"give {heir?.PrincipalName ?? "the heir"} access: Add-MailboxPermission -Identity {facts.PrincipalName} -User {heir?.PrincipalName ?? "<heir>"} -AccessRights FullAccess, and share the OneDrive from the Microsoft 365 admin center"
                : "decide whether mailbox and files are handed over, kept or deleted"));
        return new ActionPlan
        {
            Kind = Kind,
            TenantId = tenantId,
            CaseId = caseId,
            SubjectId = facts.UserId,
            PolicySha256 = policy.Sha256,
            Steps = [.. steps
                .OrderBy(s => s.Step.Wave).ThenBy(s => Array.IndexOf(Order, s.Step.Action)).ThenByDescending(s => s.Asset)
                .ThenBy(s => s.Step.Target.Id, StringComparer.Ordinal).Select(s => s.Step)],
            Manual = [.. manual.OrderBy(m => m.Target.Type, StringComparer.Ordinal).ThenBy(m => m.Target.Id, StringComparer.Ordinal)],
        };
    }

    /// <summary>How a target of a plan names an access.</summary>
    public static PlanTarget TargetOf(Access access) =>
        new(char.ToLowerInvariant(access.Kind.ToString()[0]) + access.Kind.ToString()[1..], access.Id, access.Name);

    private static void Decide(Access access, LeaverFacts facts, Heir? heir, OffboardingPolicy policy, List<(PlanStep, AssetClass)> steps, List<ManualStep> manual)
    {
        var target = TargetOf(access);
        void Add(string action, string reason, string rule, int wave = 0, params (string Name, string Value)[] more)
        {
            var arguments = new SortedDictionary<string, string>(access.Details.ToDictionary(), StringComparer.Ordinal) { [UserId] = facts.UserId };
            foreach (var (name, value) in more)
                arguments[name] = value;
            steps.Add((new PlanStep(PlanStep.IdOf(action, target), action, target, wave, reason, $"offboarding.yaml#/{rule}", arguments), access.Asset));
        }
        void Manually(string why, string what) => manual.Add(new(target, why, what));

        if (access.NotRemovable is { } why)
        {
            Manually(why, access.WhatToDo ?? "remove it by hand");
            return;
        }
        switch (access.Kind)
        {
            case AccessKind.GroupMember when access.Privileged && !policy.PrivilegedRemovals:
                Manually("a role-assignable group needs a permission (RoleManagement.ReadWrite.Directory) that policy does not allow this program", $"az rest --method DELETE --url https://graph.microsoft.com/v1.0/groups/{access.Id}/members/{facts.UserId}/$ref");
                break;
            case AccessKind.GroupMember:
                Add(LeaverActions.RemoveGroupMember, "member of the group", "");
                break;
            case AccessKind.SignInMethod when policy.RemoveSignInMethods:
                Add(LeaverActions.RemoveSignInMethod, "can be used to sign in or to reset the password", "signInMethods");
                break;
            case AccessKind.SignInMethod:
                Manually("policy keeps sign-in methods", "delete it in the Entra admin center when it is no longer needed");
                break;
            case AccessKind.AppRole when policy.PrivilegedRemovals:
                Add(LeaverActions.RemoveAppRole, "assigned to the application", "privilegedRemovals");
                break;
            case AccessKind.AppRole:
                Manually("app roles need a permission (AppRoleAssignment.ReadWrite.All) that policy does not allow this program", $"az rest --method DELETE --url https://graph.microsoft.com/v1.0/users/{facts.UserId}/appRoleAssignments/{access.Id}");
                break;
            case AccessKind.DelegatedGrant:
                Add(LeaverActions.RemoveDelegatedGrant, "lets an application act as the person", "");
                break;
            case AccessKind.DirectoryRole when policy.PrivilegedRemovals:
                Add(LeaverActions.RemoveDirectoryRole, "an administrator's role", "privilegedRemovals");
                break;
            case AccessKind.DirectoryRole:
                Manually("directory roles need a permission (RoleManagement.ReadWrite.Directory) that policy does not allow this program", $"az rest --method DELETE --url https://graph.microsoft.com/v1.0/roleManagement/directory/roleAssignments/{access.Id}");
                break;
            case AccessKind.EligibleDirectoryRole when policy.PrivilegedRemovals:
                Add(LeaverActions.RemoveEligibleDirectoryRole, "an administrator's role the person may activate", "privilegedRemovals");
                break;
            case AccessKind.EligibleDirectoryRole:
                Manually("directory roles need a permission (RoleEligibilitySchedule.ReadWrite.Directory) that policy does not allow this program", $"remove the eligible assignment of {access.Name} in Privileged Identity Management");
                break;
            case AccessKind.AzureRole:
                Add(LeaverActions.RemoveAzureRole, access.Asset switch
                {
                    AssetClass.ProductionModel => $"reaches a production model at {access.Scope}",
                    AssetClass.TrainingData => $"reaches training data at {access.Scope}",
                    _ => $"role at {access.Scope}",
                }, "assets");
                break;
            case AccessKind.EligibleAzureRole:
                Manually("an eligible Azure role is removed by a request of its own kind", $"remove the eligible assignment of {access.Name} at {access.Scope} in Privileged Identity Management (Azure resources)");
                break;
            case AccessKind.VaultAccessPolicy:
                Add(LeaverActions.RemoveVaultAccessPolicy, "named by the vault's access policies", "");
                break;
            case AccessKind.OwnedApplication or AccessKind.OwnedServicePrincipal or AccessKind.OwnedGroup:
                HandOver(access, heir, policy, Add, Manually);
                break;
            case AccessKind.OwnedResource when heir is not null:
                Add(LeaverActions.HandOverResource, "its owner tag names the person", "ownerTag", 0, (HeirId, heir.Id), ("heirName", heir.PrincipalName));
                break;
            case AccessKind.OwnedResource:
                Manually("there is nobody to hand it to", $"name another owner in the tag '{policy.OwnerTag}' of {access.Id}");
                break;
            case AccessKind.Device when policy.RetireDevices:
                Add(LeaverActions.DisableDevice, "registered to the person", "devices");
                break;
            case AccessKind.ManagedDevice when policy.RetireDevices:
                Add(LeaverActions.RetireManagedDevice, "managed, and used by the person", "devices");
                break;
            case AccessKind.Device or AccessKind.ManagedDevice:
                Manually("policy does not retire devices", "collect the device; disable or wipe it in Entra or Intune");
                break;
            case AccessKind.Licence when policy.RemoveLicences:
                Add(LeaverActions.RemoveLicence, "licence of somebody who left", "licences");
                break;
            case AccessKind.Licence:
                Manually("policy keeps licences", "take it away when mailbox and files are settled");
                break;
            default:
                Manually("it names no person", "rotate what the person could read");
                break;
        }
    }

    // Never ownerless: the leaver goes only where another living owner stays or has been put before.
    private static void HandOver(Access access, Heir? heir, OffboardingPolicy policy, AddStep add, Action<string, string> manually)
    {
        // Privileged applications go to the owner policy names, not to the manager: an owner can add credentials.
        var to = access.Privileged && access.Kind != AccessKind.OwnedGroup ? policy.PrivilegedOwner : heir?.Id ?? policy.FallbackOwner;
        var kind = access.Kind switch { AccessKind.OwnedApplication => "applications", AccessKind.OwnedServicePrincipal => "servicePrincipals", _ => "groups" };
        if (access.OtherOwners is > 0)
        {
            add(LeaverActions.RemoveOwner, "owner; others stay", "owners", 1, ("collection", kind));
            return;
        }
        if (to is null)
        {
            manually(
                access.Privileged ? "it is privileged and policy names no owner for such (privilegedOwner): removing the person would leave it ownerless" : "there is nobody to hand it to: removing the person would leave it ownerless",
                $"name another owner, then: az rest --method DELETE --url 'https://graph.microsoft.com/v1.0/{kind}/{access.Id}/owners/<leaver>/$ref'");
            return;
        }
        add(LeaverActions.AddOwner, access.Privileged ? "the only owner of a privileged application leaves" : "the only owner leaves", "owners", 0, ("collection", kind), (HeirId, to));
        add(LeaverActions.RemoveOwner, "handed over", "owners", 1, ("collection", kind), (HeirId, to));
    }

    private delegate void AddStep(string action, string reason, string rule, int wave = 0, params (string Name, string Value)[] more);
}
