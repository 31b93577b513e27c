using Compliance.Changes.Plans;
using Compliance.Tenants;

namespace Compliance.Offboarding.Actions;

/// <summary>Takes a role in an application away.</summary>
internal sealed class RemoveAppRole : IRemovalStep
{
    /// <summary>The action.</summary>
    public const string Id = "appRole.remove";

    /// <summary>Taking an app role away (inside a batch).</summary>
    private static readonly DeclaredCall Call = DeclaredCall.Change(
        "DELETE",
        "/users/{id}/appRoleAssignments/{id}",
        "AppRoleAssignment.ReadWrite.All",
        "takes a leaver's app roles away (policy: privilegedRemovals)"
    );

    private const string Portal = "Entra admin center, Enterprise applications, the app, Users and groups";

    public string Action => Id;
    public string Title => "Take an app role away";
    public IReadOnlyList<DeclaredCall> Calls => [Call];
    public IReadOnlyList<AccessKind> Kinds => [AccessKind.AppRole];
    public StepEffect Effect => StepEffect.TakesAway;
    public bool EndsWithTheUser => true;

    public PlannedAccess Plan(Access access, RemovalContext context) =>
        context.Privileged(this, RemovalContext.Take(Id, access, "privilegedRemovals", context.User));

    public StepRequest Request(PlanStep step, string graph) =>
        new(Call, $"/users/{StepValues.Escaped(step.UserId())}/appRoleAssignments/{StepValues.Escaped(step.Target.Id)}");

    public PlannedAccess Undo(Access access, UndoContext context)
    {
        var add = UndoContext.Has(access, "resourceId", "appRoleId") ? AddAppRole.Create(access, context) : null;
        if (add is not null && context.Policy.PrivilegedRemovals)
            return PlannedAccess.Do(add);
        return PlannedAccess.LeaveToPerson(
            access,
            "not restored: needs a permission whose holder could make itself Global Administrator, which policy does not allow "
                + "(privilegedRemovals)",
            $"assign it again: {(add is null ? Portal : new AddAppRole().Command(add))}"
        );
    }

    public IEnumerable<string> Sources(Access access, AccessSnapshot after) => AccessSources.Graph(after, "appRoleAssignments");
}
