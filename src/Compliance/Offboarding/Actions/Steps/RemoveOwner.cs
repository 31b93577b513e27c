using Compliance.Changes.Plans;
using Compliance.Tenants;

namespace Compliance.Offboarding.Actions;

/// <summary>
/// Removes the person as an owner; a sole owner only after a new one was added. While others own it none is added: who owns an application
/// can add credentials to it, and who owns a group its members.
/// </summary>
internal sealed class RemoveOwner : IRemovalStep
{
    /// <summary>The action.</summary>
    public const string Id = "owner.remove";

    private static readonly Dictionary<string, DeclaredCall> ByCollection = OwnerCalls.Create(
        "DELETE",
        "/owners/{id}/$ref",
        "ends a leaver's ownership of {0}"
    );

    /// <summary>Removing an owner of a group that can hold directory roles (inside a batch).</summary>
    private static readonly DeclaredCall RoleAssignableCall = DeclaredCall.Change(
        "DELETE",
        "/groups/{id}/owners/{id}/$ref",
        "RoleManagement.ReadWrite.Directory and Group.ReadWrite.All",
        "ends a leaver's ownership of role-assignable groups (policy: privilegedRemovals)"
    );

    private static readonly AddOwner Adding = new();

    public string Action => Id;
    public string Title => "Remove the person as an owner";
    public IReadOnlyList<DeclaredCall> Calls => [.. ByCollection.Values, RoleAssignableCall];
    public IReadOnlyList<AccessKind> Kinds => [AccessKind.OwnedApplication, AccessKind.OwnedServicePrincipal, AccessKind.OwnedGroup];
    public StepEffect Effect => StepEffect.TakesAway;
    public bool EndsWithTheUser => true;

    // An owner has the power of what is owned.
    public PowerJudgement Power => PowerJudgement.Read;

    public PlannedAccess Plan(Access access, RemovalContext context)
    {
        var remove = Create(access, context, needs: null);
        var isAllowed = context.Policy.PrivilegedRemovals || !access.OwnsRoleAssignable();
        if (access.OtherOwners >= 1)
            return isAllowed
                ? PlannedAccess.Do(remove)
                : PlannedAccess.LeaveToPerson(Steps.ByHand(this, remove, RemovalContext.OptIn));
        if ((access.Privileged ? context.Handover.PrivilegedOwner : context.Handover.Id) is not { } to)
            return PlannedAccess.LeaveToPerson(
                access,
                access.Privileged
                    ? "it is privileged and would be left ownerless: policy names nobody who may have it (owners.privileged)"
                    : context.Handover.WhyNone,
                $"add an owner first, then: {this.Command(remove)}"
            );
        var add = AddOwner.HandOver(access, context, to);
        return isAllowed
            ? PlannedAccess.Do(add, Create(access, context, add.Id))
            : PlannedAccess.LeaveToPerson(access, RemovalContext.OptIn, $"{Adding.Command(add)} && {this.Command(remove)}");
    }

    public StepRequest Request(PlanStep step, string graph) =>
        new(
            step.IsRoleAssignable() ? RoleAssignableCall : ByCollection[step.Needed(StepArguments.Collection)],
            $"/{step.Needed(StepArguments.Collection)}/{StepValues.Escaped(step.Target.Id)}/owners/"
                + $"{StepValues.Escaped(step.Needed(StepArguments.OwnerId))}/$ref"
        );

    public PlannedAccess Undo(Access access, UndoContext context) => PlannedAccess.Do(AddOwner.GiveBack(access, context));

    public IEnumerable<string> Sources(Access access, AccessSnapshot after) => AccessSources.Graph(after, "ownedObjects");

    private static PlanStep Create(Access access, RemovalContext context, string? needs) =>
        Steps.Create(
            Id,
            Steps.TargetOf(access),
            1,
            "a leaver owns nothing",
            "",
            context.User,
            (StepArguments.OwnerId, context.Facts.UserId),
            (StepArguments.Collection, OwnerCalls.CollectionOf(access)),
            (StepArguments.RoleAssignable, access.OwnsRoleAssignable() ? "true" : null),
            (StepArguments.Needs, needs),
            (StepArguments.Access, access.Key)
        );
}
