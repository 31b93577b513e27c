using System.Security.Cryptography;
using System.Text;
using Compliance.Changes.Plans;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Directory;
using Compliance.Tenants;
using Compliance.Text;

namespace Compliance.Offboarding.Planning;

/// <summary>
/// What is taken away from a leaver, and what a person has to do instead. Each access of the snapshot is in exactly one of the two; nothing
/// that was owned is left without an owner. Pure.
/// </summary>
internal static class RemovalPlanner
{
    private const string Left = "a leaver keeps no access";
    private const string OptIn =
        "needs permissions whose holder could make itself Global Administrator, which policy does not allow (privilegedRemovals)";

    /// <summary>The plan to take everything away.</summary>
    /// <param name="caseId">The case.</param>
    /// <param name="facts">The person.</param>
    /// <param name="snapshot">All access.</param>
    /// <param name="heir">
    /// Who gets what is owned; null when there is nobody: the policy's <c>owners.fallback</c> does, if there is one. While it is not known
    /// who that is (<see cref="Heir.Unread"/>), nothing is handed over, to nobody.
    /// </param>
    /// <param name="policy">In force.</param>
    public static ActionPlan Plan(string caseId, LeaverFacts facts, AccessSnapshot snapshot, Heir? heir, OffboardingPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(facts);
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentNullException.ThrowIfNull(policy);
        var steps = new List<(PlanStep, AssetClass)>();
        var manual = new List<ManualStep>();
        var planning = new Planning(caseId, facts, heir, policy);
        // A snapshot names each access once; if two reads of one differ, which is taken must not depend on their order.
        foreach (
            var access in snapshot
                .Accesses.GroupBy(a => a.Key, StringComparer.Ordinal)
                .Select(g => g.Skip(1).Any() ? g.MinBy(CanonicalJson.Sha256Of, StringComparer.Ordinal)! : g.First())
        )
        {
            var (does, byHand) = planning.Of(access);
            steps.AddRange(does.Select(s => (s, access.Asset)));
            manual.AddRange(byHand);
        }
        manual.AddRange(MailAndFiles(facts, planning, policy));
        return Steps.Plan(Steps.Remove, snapshot.TenantId, caseId, facts.UserId, policy, steps, manual);
    }

    private static IEnumerable<ManualStep> MailAndFiles(LeaverFacts facts, Planning planning, OffboardingPolicy policy)
    {
        if (facts.Mail is null)
            return [];
        const string Why = "this program has no permission to read mail or files";
        var to = planning.HeirName ?? "whoever takes the work over";
        return policy.HandOverMailAndFiles
            ?
            [
                new(
                    new("mailbox", facts.UserId, facts.Mail),
                    Why,
                    $"hand the mailbox over to {to}: convert it to a shared one in Exchange Online (Set-Mailbox -Type Shared, then "
                        + "Add-MailboxPermission)"
                ),
                new(
                    new("files", facts.UserId, facts.PrincipalName),
                    Why,
                    $"hand the files over to {to}: OneDrive in the SharePoint admin center, before its retention ends (30 days after the "
                        + "user is deleted, unless set otherwise)"
                ),
            ]
            :
            [
                new(
                    new("mailbox", facts.UserId, facts.Mail),
                    Why,
                    "policy does not hand mail over (mailAndFiles): decide whether it is kept, and for how long, before the licence "
                        + "or the user is removed"
                ),
                new(
                    new("files", facts.UserId, facts.PrincipalName),
                    Why,
                    "policy does not hand files over (mailAndFiles): decide whether they are kept before the user is deleted"
                ),
            ];
    }

    private sealed class Planning(string caseId, LeaverFacts facts, Heir? heir, OffboardingPolicy policy)
    {
        private static readonly char[] BetweenOwners = [';', ',', ' ', '|'];

        // A manager who could not be read is no reason to give things to somebody else.
        private readonly string? _fallback = heir?.Unread is null ? Other(policy.FallbackOwner, facts.UserId) : null;
        private readonly string? _privilegedOwner = Other(policy.PrivilegedOwner, facts.UserId);
        private readonly Heir? _heir = heir is null or { Unread: not null } || Same(heir.Id, facts.UserId) ? null : heir;
        private readonly string _nobody = heir?.Unread is { } unread
            ? $"it would be left ownerless, and to whom it goes is not known: {unread}"
            : "it would be left ownerless: there is no manager to hand it over to, and policy names no owner (owners.fallback)";

        /// <summary>Who takes over what is not privileged, as people know them; null when there is nobody.</summary>
        public string? HeirName => _heir?.PrincipalName ?? _fallback;

        private (string Name, string? Value) User => (StepArguments.UserId, facts.UserId);

        public (IEnumerable<PlanStep> Steps, IEnumerable<ManualStep> Manual) Of(Access access)
        {
            if (access.NotRemovable is { } why)
                return Manual(access, why, access.WhatToDo ?? "remove it by hand");
            switch (access.Kind)
            {
                case AccessKind.Account:
                    return (BlockPlanner.From(new("user", facts.UserId, facts.PrincipalName), access), []);
                case AccessKind.Device:
                    return OnlyIf(policy.RetireDevices, "devices", Step(LeaverActions.DisableDevice, access, "devices"));
                case AccessKind.ManagedDevice:
                    return OnlyIf(policy.RetireDevices, "devices", Step(LeaverActions.RetireManagedDevice, access, "devices"));
                case AccessKind.Licence:
                    return OnlyIf(
                        policy.RemoveLicences,
                        "licences",
                        Step(
                            LeaverActions.RemoveLicence,
                            access,
                            "licences",
                            User,
                            ("skuId", access.Details.GetValueOrDefault("skuId") ?? access.Id)
                        )
                    );
                case AccessKind.SignInMethod when !DeclaredCall.RemoveSignInMethod.ContainsKey(access.Id.Split('/')[0]):
                    return Manual(
                        access,
                        "this program does not know this kind of method",
                        "delete it in the Entra admin center: Users, the person, Authentication methods"
                    );
                case AccessKind.SignInMethod:
                    return OnlyIf(
                        policy.RemoveSignInMethods,
                        "signInMethods",
                        Step(LeaverActions.RemoveSignInMethod, access, "signInMethods", User)
                    );
                case AccessKind.DirectoryRole:
                    return Privileged(
                        Step(
                            LeaverActions.RemoveDirectoryRole,
                            access,
                            "privilegedRemovals",
                            access.Details.TryGetValue(GraphAccess.Schedule, out var schedule)
                                ? [.. DirectoryRole(access), (StepArguments.Schedule, schedule)]
                                : [User]
                        )
                    );
                case AccessKind.EligibleDirectoryRole:
                    return Privileged(Step(LeaverActions.RemoveEligibleDirectoryRole, access, "privilegedRemovals", DirectoryRole(access)));
                case AccessKind.AppRole:
                    return Privileged(Step(LeaverActions.RemoveAppRole, access, "privilegedRemovals", User));
                case AccessKind.GroupMember when IsRoleAssignable(access):
                    return Privileged(
                        Step(LeaverActions.RemoveGroupMember, access, "privilegedRemovals", User, (StepArguments.RoleAssignable, "true"))
                    );
                case AccessKind.GroupMember:
                    return Does(Step(LeaverActions.RemoveGroupMember, access, "", User));
                case AccessKind.DelegatedGrant:
                    return Does(Step(LeaverActions.RemoveDelegatedGrant, access, "", User));
                case AccessKind.AzureRole or AccessKind.EligibleAzureRole when access.Scope is "/" or "":
                    return Manual(access, "assigned at the root of the tenant, where nobody has rights by default", RootCommand(access));
                case AccessKind.AzureRole:
                    return Does(Step(LeaverActions.RemoveAzureRole, access, "", User, ("scope", access.Scope)));
                case AccessKind.EligibleAzureRole:
                    return Does(
                        Step(
                            LeaverActions.RemoveEligibleAzureRole,
                            access,
                            "",
                            User,
                            ("scope", access.Scope),
                            ("roleDefinitionId", access.Details.GetValueOrDefault("roleDefinitionId") ?? access.Id),
                            (StepArguments.RequestId, RequestId(access))
                        )
                    );
                case AccessKind.VaultAccessPolicy:
                    return Does(
                        Step(
                            LeaverActions.RemoveVaultAccessPolicy,
                            access,
                            "",
                            [
                                User,
                                (StepArguments.VaultId, access.Details.GetValueOrDefault("vaultId") ?? access.Scope),
                                ("tenantId", access.Details.GetValueOrDefault("tenantId") ?? "00000000-0000-0000-0000-000000000000"),
                                ("applicationId", access.Details.GetValueOrDefault("applicationId")),
                                ("permissions", access.Details.GetValueOrDefault("permissions")),
                            ]
                        )
                    );
                case AccessKind.OwnedApplication or AccessKind.OwnedServicePrincipal or AccessKind.OwnedGroup:
                    return Owned(access);
                case AccessKind.OwnedResource:
                    return OwnedResource(access);
                default:
                    return Manual(access, "it names no person, so there is nothing to take away from one", access.WhatToDo ?? "rotate it");
            }
        }

        // What a request to PIM names a role by.
        private (string Name, string? Value)[] DirectoryRole(Access access) =>
            [
                User,
                ("principalId", access.Details.GetValueOrDefault("principalId") ?? facts.UserId),
                ("roleDefinitionId", access.Details.GetValueOrDefault("roleDefinitionId") ?? access.Id),
                (
                    "directoryScopeId",
                    access.Details.GetValueOrDefault("directoryScopeId") ?? (access.Details.ContainsKey("appScopeId") ? null : access.Scope)
                ),
                ("appScopeId", access.Details.GetValueOrDefault("appScopeId")),
            ];

        private static (IEnumerable<PlanStep>, IEnumerable<ManualStep>) Does(params IEnumerable<PlanStep> steps) => (steps, []);

        private static (IEnumerable<PlanStep>, IEnumerable<ManualStep>) Manual(Access access, string why, string what) =>
            ([], [new(Steps.TargetOf(access), why, what)]);

        private static PlanStep Step(
            string action,
            Access access,
            string rule,
            params IEnumerable<(string Name, string? Value)> arguments
        ) =>
            Steps.Create(
                action,
                Steps.TargetOf(access),
                0,
                access.Asset == AssetClass.Other
                    ? Left
                    : $"{Left}, of {(access.Asset == AssetClass.ProductionModel ? "production models" : "training data")} first",
                rule,
                arguments.Append((StepArguments.Access, access.Key))
            );

        private static (IEnumerable<PlanStep>, IEnumerable<ManualStep>) OnlyIf(bool allowed, string rule, PlanStep step) =>
            allowed ? Does(step) : ([], [Steps.ByHand(step, $"policy leaves it to a person ({rule})")]);

        private (IEnumerable<PlanStep>, IEnumerable<ManualStep>) Privileged(PlanStep step) =>
            policy.PrivilegedRemovals ? Does(step) : ([], [Steps.ByHand(step, OptIn)]);

        private (IEnumerable<PlanStep>, IEnumerable<ManualStep>) Owned(Access access)
        {
            var collection = access.Kind switch
            {
                AccessKind.OwnedApplication => "applications",
                AccessKind.OwnedServicePrincipal => "servicePrincipals",
                _ => "groups",
            };
            var target = Steps.TargetOf(access);
            var roleAssignable = access.Kind == AccessKind.OwnedGroup && IsRoleAssignable(access) ? "true" : null;
            PlanStep Remove(string? needs) =>
                Steps.Create(
                    LeaverActions.RemoveOwner,
                    target,
                    1,
                    "a leaver owns nothing",
                    "",
                    User,
                    (StepArguments.OwnerId, facts.UserId),
                    (StepArguments.Collection, collection),
                    (StepArguments.RoleAssignable, roleAssignable),
                    (StepArguments.Needs, needs),
                    (StepArguments.Access, access.Key)
                );
            var optIn = roleAssignable is null || policy.PrivilegedRemovals;
            // Who owns an application can add credentials to it, and who owns a group its members: nobody gets that who need not.
            if (access.OtherOwners >= 1)
                return optIn ? Does(Remove(null)) : ([], [Steps.ByHand(Remove(null), OptIn)]);
            var (to, rule) =
                access.Privileged ? (_privilegedOwner, "owners/privileged")
                : _heir is not null ? (_heir.Id, "")
                : (_fallback, "owners/fallback");
            if (to is null)
                return Manual(
                    access,
                    access.Privileged
                        ? "it is privileged and would be left ownerless: policy names nobody who may have it (owners.privileged)"
                        : _nobody,
                    $"add an owner first, then: {StepRequests.Create(Remove(null)).Command()}"
                );
            var add = Steps.Create(
                LeaverActions.AddOwner,
                target,
                0,
                access.OtherOwners is null
                    ? $"who else owns it is not known, so it is handed over to {(access.Privileged ? to : HeirName)}"
                    : $"handed over to {(access.Privileged ? to : HeirName)}",
                rule,
                User,
                (StepArguments.OwnerId, to),
                (StepArguments.Collection, collection),
                (StepArguments.RoleAssignable, roleAssignable)
            );
            return optIn
                ? Does(add, Remove(add.Id))
                : ([], [new(target, OptIn, $"{StepRequests.Create(add).Command()} && {StepRequests.Create(Remove(null)).Command()}")]);
        }

        private (IEnumerable<PlanStep>, IEnumerable<ManualStep>) OwnedResource(Access access)
        {
            var tag = access.Details.GetValueOrDefault("tag") ?? policy.OwnerTag;
            var value = access.Details.GetValueOrDefault("value") ?? facts.PrincipalName;
            var others = value
                .Split(BetweenOwners, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
                .Where(o => !Same(o, facts.PrincipalName) && !Same(o, facts.UserId))
                .Distinct(StringComparer.OrdinalIgnoreCase)
                .ToList();
            if (others.Count == 0 && HeirName is null)
                return Manual(access, _nobody, $"set the tag {tag} of {access.Id} to who answers for it from now on");
            var between =
                value.Contains(';', StringComparison.Ordinal) ? "; "
                : value.Contains(',', StringComparison.Ordinal) ? ", "
                : value.Contains('|', StringComparison.Ordinal) ? "|"
                : " ";
            var now = others.Count == 0 ? HeirName! : string.Join(between, others);
            return Does(
                Steps.Create(
                    LeaverActions.HandOverResource,
                    Steps.TargetOf(access),
                    0,
                    others.Count == 0 ? $"handed over to {now}" : "its other owners keep it",
                    others.Count == 0 && _heir is null ? "owners/fallback" : "ownerTag",
                    User,
                    (StepArguments.Tag, tag),
                    (StepArguments.Value, now),
                    (StepArguments.OwnerId, others.Count == 0 ? _heir?.Id ?? _fallback : null),
                    (StepArguments.Access, access.Key)
                )
            );
        }

        // Only such a group needs the permission that policy has to allow: the power of another group does not protect its members from
        // being removed.
        private static bool IsRoleAssignable(Access access) => access.Details.GetValueOrDefault("isAssignableToRole") == "true";

        private static string RootCommand(Access access) =>
            access.Kind == AccessKind.AzureRole
                ? $"with elevated access of a Global Administrator: az role assignment delete --ids {Text.Shell.Word(access.Id)}"
                : "with elevated access of a Global Administrator: Entra admin center, Privileged Identity Management, Azure resources";

        private string RequestId(Access access) =>
            new Guid(
                SHA256
                    .HashData(
                        Encoding.UTF8.GetBytes($"{caseId}|{access.Key}|{access.Details.GetValueOrDefault("roleEligibilityScheduleId")}")
                    )
                    .AsSpan(0, 16)
            ).ToString("D");

        private static string? Other(string? id, string userId) => Same(id, userId) ? null : id;

        private static bool Same(string? a, string? b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);
    }
}
