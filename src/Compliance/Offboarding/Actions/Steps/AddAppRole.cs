using Compliance.Changes.Plans;
using Compliance.Tenants;

namespace Compliance.Offboarding.Actions;

/// <summary>Gives a role in an application back.</summary>
internal sealed class AddAppRole : IGiveBackStep
{
    /// <summary>The action.</summary>
    public const string Id = "appRole.add";

    /// <summary>Giving an app role (inside a batch).</summary>
    private static readonly DeclaredCall Call = DeclaredCall.Change(
        "POST",
        "/users/{id}/appRoleAssignments",
        "AppRoleAssignment.ReadWrite.All",
        "gives app roles back when a leaving is undone (policy: privilegedRemovals)"
    );

    public string Action => Id;
    public string Title => "Give an app role back";
    public IReadOnlyList<DeclaredCall> Calls => [Call];
    public StepEffect Effect => StepEffect.Gives;
    public bool GetsNewId => true;

    /// <summary>The step.</summary>
    public static PlanStep Create(Access access, UndoContext context) =>
        UndoContext.GiveBack(Id, access, [context.User, .. UndoContext.Details(access, "resourceId", "appRoleId")]);

    public StepRequest Request(PlanStep step, string graph) =>
        new(
            Call,
            $"/users/{StepValues.Escaped(step.UserId())}/appRoleAssignments",
            StepValues.Given(
                ("principalId", step.UserId()),
                ("resourceId", step.Needed("resourceId")),
                ("appRoleId", step.Needed("appRoleId"))
            )
        );
}
