using Compliance.Changes.Plans;
using Compliance.Tenants;

namespace Compliance.Offboarding.Actions;

/// <summary>Adds an owner: before a sole owner is removed, and to give an ownership back.</summary>
internal sealed class AddOwner : IGiveBackStep
{
    /// <summary>The action.</summary>
    public const string Id = "owner.add";

    private static readonly Dictionary<string, DeclaredCall> ByCollection = OwnerCalls.Create("POST", "/owners/$ref", "hands {0} over");

    /// <summary>Adding an owner to a group that can hold directory roles (inside a batch).</summary>
    private static readonly DeclaredCall RoleAssignableCall = DeclaredCall.Change(
        "POST",
        "/groups/{id}/owners/$ref",
        "RoleManagement.ReadWrite.Directory and Group.ReadWrite.All",
        "hands role-assignable groups over (policy: privilegedRemovals)"
    );

    public string Action => Id;
    public string Title => "Add an owner";
    public IReadOnlyList<DeclaredCall> Calls => [.. ByCollection.Values, RoleAssignableCall];
    public StepEffect Effect => StepEffect.Gives;

    /// <summary>The step that hands something over, before the leaver is removed as its owner.</summary>
    /// <param name="access">What is owned.</param>
    /// <param name="context">Who takes it over.</param>
    /// <param name="to">Object id of the new owner.</param>
    public static PlanStep HandOver(Access access, RemovalContext context, string to)
    {
        var handover = context.Handover;
        var name = access.Privileged ? to : handover.Name;
        var fallback = handover.IsFallback ? "owners/fallback" : "";
        return Steps
            .Create(
                Id,
                Steps.TargetOf(access),
                0,
                access.OtherOwners is null
                    ? $"who else owns it is not known, so it is handed over to {name}"
                    : $"handed over to {name}",
                access.Privileged ? "owners/privileged" : fallback,
                context.User,
                (StepArguments.OwnerId, to),
                (StepArguments.Collection, OwnerCalls.CollectionOf(access)),
                (StepArguments.RoleAssignable, access.OwnsRoleAssignable() ? "true" : null)
            )
            .To(to);
    }

    /// <summary>The step that gives an ownership back.</summary>
    public static PlanStep GiveBack(Access access, UndoContext context) =>
        UndoContext
            .GiveBack(
                Id,
                access,
                context.User,
                (StepArguments.OwnerId, context.Facts.UserId),
                (StepArguments.Collection, OwnerCalls.CollectionOf(access))
            )
            .To(context.Facts.UserId);

    public StepRequest Request(PlanStep step, string graph) =>
        new(
            step.IsRoleAssignable() ? RoleAssignableCall : ByCollection[step.Needed(StepArguments.Collection)],
            $"/{step.Needed(StepArguments.Collection)}/{StepValues.Escaped(step.Target.Id)}/owners/$ref",
            StepValues.Reference(graph, step.Needed(StepArguments.OwnerId))
        );
}
