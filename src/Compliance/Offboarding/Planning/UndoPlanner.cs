using Compliance.Changes.Plans;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Directory;

namespace Compliance.Offboarding.Planning;

/// <summary>
/// Gives back what was taken away, from the snapshot, when the leaving is undone. What gives administrative power is never given back here,
/// and what cannot be made again (sign-in methods, tokens) is reported. New owners stay. Pure.
/// </summary>
internal static class UndoPlanner
{
    /// <summary>Why a person gives back what an earlier undo had planned.</summary>
    public const string NotGivenBefore = "an earlier undo could not give it back";

    private const string Why = "the leaving was undone";

    /// <summary>The plan that gives access back.</summary>
    /// <param name="caseId">The case.</param>
    /// <param name="facts">The person, as looked up before blocking: an account that was disabled then stays so.</param>
    /// <param name="snapshot">The access before anything was removed.</param>
    /// <param name="plans">The plans that were carried out.</param>
    /// <param name="outcomes">What came of their steps: only what is in effect is undone.</param>
    /// <param name="earlier">Steps that an earlier undo had and could not carry out.</param>
    /// <param name="policy">In force.</param>
    public static ActionPlan Plan(
        string caseId,
        LeaverFacts facts,
        AccessSnapshot snapshot,
        IReadOnlyList<ActionPlan> plans,
        IReadOnlyList<StepOutcome> outcomes,
        IReadOnlyList<PlanStep> earlier,
        OffboardingPolicy policy
    )
    {
        ArgumentNullException.ThrowIfNull(facts);
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentNullException.ThrowIfNull(policy);
        // What the snapshot saw and a step found gone counts too: the answer to its own first attempt may have been lost.
        var done = outcomes.Where(o => o.InEffect).Select(o => o.StepId).ToHashSet(StringComparer.Ordinal);
        var undone = plans.SelectMany(p => p.Steps).Where(s => done.Contains(s.Id)).ToList();
        var removed = undone
            .Select(s => s.Arguments.GetValueOrDefault(StepArguments.Access))
            .OfType<string>()
            .ToHashSet(StringComparer.Ordinal);
        var steps = new List<(PlanStep, AssetClass)>();
        var manual = new List<ManualStep>();
        var account = new PlanTarget("user", facts.UserId, facts.PrincipalName);
        var disabled = undone.Exists(s => s.Action == LeaverActions.DisableAccount);
        if (disabled && facts.AccountEnabled == true)
            steps.Add(
                (Steps.Create(LeaverActions.EnableAccount, account, 0, Why, "", (StepArguments.UserId, facts.UserId)), AssetClass.Other)
            );
        var groups = undone.Where(s => s.Action == LeaverActions.AddToBlockGroup).DistinctBy(s => s.Id, StringComparer.Ordinal).ToList();
        foreach (var put in groups)
            steps.Add(
                (
                    Steps.Create(
                        LeaverActions.RemoveFromBlockGroup,
                        put.Target,
                        0,
                        Why,
                        "blockGroup",
                        (StepArguments.UserId, facts.UserId)
                    ),
                    AssetClass.Other
                )
            );
        if (disabled && facts.OnPremisesSynced)
            manual.Add(
                new(
                    account with
                    {
                        Type = "onPremisesAccount",
                    },
                    "the account comes from the on-premises directory",
                    "enable it in Active Directory as well (Enable-ADAccount)"
                )
            );
        if (undone.Exists(s => s.Action == LeaverActions.RevokeSessions))
            manual.Add(
                new(account with { Type = "sessions" }, "revoked sessions and tokens cannot be given back", "the person signs in again")
            );
        // A later round, under a policy that names another group or none, took a membership for access that an earlier one had made.
        var accesses = BlockGroup.Without(snapshot, groups.Select(g => g.Target.Id)).Accesses;
        foreach (var access in accesses.Where(a => removed.Contains(a.Key)).DistinctBy(a => a.Key, StringComparer.Ordinal))
            if (Step(access, facts, policy) is { } step)
                steps.Add((step, access.Asset));
            else if (access.Kind != AccessKind.Account)
                manual.Add(ByHand(access, facts));
        var planned = steps.Select(s => s.Item1.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var left in earlier.Where(e => planned.Add(e.Id)))
            // What was judged to give no power then may give it now.
            if (left.Action is LeaverActions.EnableAccount or LeaverActions.RemoveFromBlockGroup)
                steps.Add((left, AssetClass.Other));
            else
                manual.Add(Steps.ByHand(left, NotGivenBefore));
        return Steps.Plan(Steps.Undo, snapshot.TenantId, caseId, facts.UserId, policy, steps, manual);
    }

    /// <summary>True when what a step of giving back gives is seen among a person's access; false also when that was not read.</summary>
    public static bool IsSeen(PlanStep step, AccessSnapshot seen, LeaverFacts facts, OffboardingPolicy policy)
    {
        return seen.Accesses.Where(IsRead).Select(a => Step(a, facts, policy)).OfType<PlanStep>().Any(IsIt);

        // What the directory shows of a device without its details does not say that it is enabled.
        static bool IsRead(Access access) =>
            access.Kind != AccessKind.Device || Same(access.Details.GetValueOrDefault("accountEnabled"), "true");

        bool IsIt(PlanStep given) => given.Action == step.Action && (Same(given.Target.Id, step.Target.Id) || IsSameAssignment(given));

        // An assignment that was made again has another id.
        bool IsSameAssignment(PlanStep given) =>
            step.Action is LeaverActions.AddAzureRole or LeaverActions.AddAppRole or LeaverActions.AddDelegatedGrant
            && given.Arguments.Count == step.Arguments.Count
            && given.Arguments.All(a => Same(a.Value, step.Arguments.GetValueOrDefault(a.Key)));

        static bool Same(string? one, string? other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
    }

    private static PlanStep? Step(Access access, LeaverFacts facts, OffboardingPolicy policy)
    {
        var user = (StepArguments.UserId, (string?)facts.UserId);
        var target = Steps.TargetOf(access);
        return access switch
        {
            _ when IsPrivileged(access) => null,
            { Kind: AccessKind.GroupMember } => Of(LeaverActions.AddGroupMember, user),
            { Kind: AccessKind.AppRole } when policy.PrivilegedRemovals && Has("resourceId", "appRoleId") => Of(
                LeaverActions.AddAppRole,
                [user, .. Shown("resourceId", "appRoleId")]
            ),
            { Kind: AccessKind.DelegatedGrant } when Has("clientId", "resourceId", "scope") => Of(
                LeaverActions.AddDelegatedGrant,
                [user, .. Shown("clientId", "resourceId", "scope")]
            ),
            { Kind: AccessKind.AzureRole } when Has("roleDefinitionId") => Of(
                LeaverActions.AddAzureRole,
                [user, ("scope", access.Scope), .. Shown("roleDefinitionId", "condition", "conditionVersion", "description")]
            ),
            { Kind: AccessKind.VaultAccessPolicy } when Has("permissions") => Of(
                LeaverActions.AddVaultAccessPolicy,
                [
                    user,
                    (StepArguments.VaultId, access.Details.GetValueOrDefault("vaultId") ?? access.Scope),
                    ("tenantId", access.Details.GetValueOrDefault("tenantId") ?? "00000000-0000-0000-0000-000000000000"),
                    .. Shown("applicationId", "permissions"),
                ]
            ),
            { Kind: AccessKind.Licence } => Of(
                LeaverActions.AddLicence,
                [user, ("skuId", access.Details.GetValueOrDefault("skuId") ?? access.Id), .. Shown("disabledPlans")]
            ),
            { Kind: AccessKind.OwnedApplication } => Owner("applications"),
            { Kind: AccessKind.OwnedServicePrincipal } => Owner("servicePrincipals"),
            { Kind: AccessKind.OwnedGroup } => Owner("groups"),
            { Kind: AccessKind.OwnedResource } when Has("tag", "value") => Of(
                LeaverActions.TakeBackResource,
                user,
                (StepArguments.Tag, access.Details["tag"]),
                (StepArguments.Value, access.Details["value"])
            ),
            { Kind: AccessKind.Device } => Of(LeaverActions.EnableDevice, user),
            _ => null,
        };

        bool Has(params ReadOnlySpan<string> names)
        {
            foreach (var name in names)
                if (!access.Details.ContainsKey(name))
                    return false;
            return true;
        }

        IEnumerable<(string, string?)> Shown(params IEnumerable<string> names) =>
            names.Select(n => (n, access.Details.GetValueOrDefault(n)));

        // The account first, so that what is given is given to somebody who can use it; then the licence, on which groups may depend.
        PlanStep Of(string action, params IEnumerable<(string, string?)> arguments) => Steps.Create(action, target, 1, Why, "", arguments);

        PlanStep Owner(string collection) =>
            Of(LeaverActions.AddOwner, user, (StepArguments.OwnerId, facts.UserId), (StepArguments.Collection, collection));
    }

    private static bool IsPrivileged(Access access) =>
        access.Privileged
        || IsUnjudged(access)
        || access.Kind is AccessKind.DirectoryRole or AccessKind.EligibleDirectoryRole or AccessKind.EligibleAzureRole;

    // Who is in a group or owns an application has its power, and a role may let its holder assign roles: none of it comes back unless it
    // was read to give no such power.
    private static bool IsUnjudged(Access access) =>
        access.Kind
            is AccessKind.AzureRole
                or AccessKind.GroupMember
                or AccessKind.OwnedGroup
                or AccessKind.OwnedApplication
                or AccessKind.OwnedServicePrincipal
        && access.Details.GetValueOrDefault(Power.Detail, Power.NotRead) == Power.NotRead;

    private static ManualStep ByHand(Access access, LeaverFacts facts) =>
        new(
            Steps.TargetOf(access),
            access.Kind switch
            {
                _ when IsUnjudged(access) =>
                    "not restored: whether it gives administrative power could not be read, so it counts as privileged",
                _ when IsPrivileged(access) => "not restored: privileged",
                AccessKind.SignInMethod => "not restored: a sign-in method cannot be made for somebody else",
                AccessKind.ManagedDevice => "not restored: a retired device has to be enrolled again",
                AccessKind.AppRole =>
                    "not restored: needs a permission whose holder could make itself Global Administrator, which policy does not allow "
                        + "(privilegedRemovals)",
                _ => "not restored: the snapshot does not hold enough to make it again",
            },
            access.Kind switch
            {
                _ when IsPrivileged(access) => $"have {access.Name} asked for and approved again, if {facts.PrincipalName} still needs it",
                AccessKind.SignInMethod =>
                    "the person registers it again (https://aka.ms/mysecurityinfo), with a temporary access pass for the first sign-in",
                AccessKind.ManagedDevice => "enrol the device again",
                AccessKind.AppRole => $"assign it again: {AppRole(access, facts)}",
                _ => $"give {access.Name} again by hand",
            }
        );

    private static string AppRole(Access access, LeaverFacts facts) =>
        access.Details.ContainsKey("resourceId") && access.Details.ContainsKey("appRoleId")
            ? StepRequests
                .Create(
                    Steps.Create(
                        LeaverActions.AddAppRole,
                        Steps.TargetOf(access),
                        1,
                        Why,
                        "",
                        (StepArguments.UserId, facts.UserId),
                        ("resourceId", access.Details["resourceId"]),
                        ("appRoleId", access.Details["appRoleId"])
                    )
                )
                .Command()
            : "Entra admin center, Enterprise applications, the app, Users and groups";
}
