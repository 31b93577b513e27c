using Compliance.Changes.Plans;
using Compliance.Tenants;

namespace Compliance.Offboarding.Actions;

/// <summary>Takes the person out of a group.</summary>
internal sealed class RemoveGroupMember : IRemovalStep
{
    /// <summary>The action.</summary>
    public const string Id = "group.member.remove";

    /// <summary>Taking somebody out of a group (inside a batch).</summary>
    public static readonly DeclaredCall Call = DeclaredCall.Change(
        "DELETE",
        "/groups/{id}/members/{id}/$ref",
        "GroupMember.ReadWrite.All",
        "takes a leaver out of groups, and out of the block group when a leaving is undone"
    );

    /// <summary>The same for a group that can hold directory roles (inside a batch).</summary>
    private static readonly DeclaredCall RoleAssignableCall = DeclaredCall.Change(
        "DELETE",
        "/groups/{id}/members/{id}/$ref",
        "RoleManagement.ReadWrite.Directory and GroupMember.ReadWrite.All",
        "takes a leaver out of role-assignable groups (policy: privilegedRemovals)"
    );

    public string Action => Id;
    public string Title => "Take the person out of a group";
    public IReadOnlyList<DeclaredCall> Calls => [Call, RoleAssignableCall];
    public IReadOnlyList<AccessKind> Kinds => [AccessKind.GroupMember];
    public StepEffect Effect => StepEffect.TakesAway;
    public bool EndsWithTheUser => true;

    // A member has the power of the group.
    public PowerJudgement Power => PowerJudgement.Read;

    // Only a role-assignable group needs the permission that policy has to allow: the power of another group does not protect its members
    // from being removed.
    public PlannedAccess Plan(Access access, RemovalContext context) =>
        access.IsRoleAssignable()
            ? context.Privileged(
                this,
                RemovalContext.Take(Id, access, "privilegedRemovals", context.User, (StepArguments.RoleAssignable, "true"))
            )
            : PlannedAccess.Do(RemovalContext.Take(Id, access, "", context.User));

    public StepRequest Request(PlanStep step, string graph) => RequestOf(step);

    /// <summary>The request that takes a person out of the group that the step is about.</summary>
    public static StepRequest RequestOf(PlanStep step) =>
        new(
            step.IsRoleAssignable() ? RoleAssignableCall : Call,
            $"/groups/{StepValues.Escaped(step.Target.Id)}/members/{StepValues.Escaped(step.UserId())}/$ref"
        );

    public PlannedAccess Undo(Access access, UndoContext context) => PlannedAccess.Do(AddGroupMember.Create(access, context));

    public IEnumerable<string> Sources(Access access, AccessSnapshot after) => AccessSources.Graph(after, "memberOf");
}
