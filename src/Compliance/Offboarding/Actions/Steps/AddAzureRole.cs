using System.Text.Json.Nodes;
using Compliance.Changes.Plans;
using Compliance.Tenants;

namespace Compliance.Offboarding.Actions;

/// <summary>Gives an Azure role back under its old id, with its condition.</summary>
internal sealed class AddAzureRole : IGiveBackStep
{
    /// <summary>The action.</summary>
    public const string Id = "azureRole.add";

    /// <summary>Giving an Azure role.</summary>
    private static readonly DeclaredCall Call = DeclaredCall.Arm(
        "PUT",
        "/{*id}/providers/Microsoft.Authorization/roleAssignments/{id}",
        "User Access Administrator",
        "gives Azure roles back when a leaving is undone; never privileged ones"
    );

    public string Action => Id;
    public string Title => "Give an Azure role back";
    public IReadOnlyList<DeclaredCall> Calls => [Call];
    public StepEffect Effect => StepEffect.Gives;
    public bool GetsNewId => true;

    /// <summary>The step.</summary>
    public static PlanStep Create(Access access, UndoContext context) =>
        UndoContext.GiveBack(
            Id,
            access,
            [
                context.User,
                ("scope", access.Scope),
                .. UndoContext.Details(access, "roleDefinitionId", "condition", "conditionVersion", "description"),
            ]
        );

    public StepRequest Request(PlanStep step, string graph) =>
        new(
            Call,
            $"{StepValues.AzurePath(step.Target.Id)}?{AzureRoles.Version}",
            new JsonObject
            {
                ["properties"] = StepValues.Given(
                    ("roleDefinitionId", step.Needed("roleDefinitionId")),
                    ("principalId", step.UserId()),
                    ("principalType", "User"),
                    ("condition", step.Optional("condition")),
                    ("conditionVersion", step.Optional("conditionVersion")),
                    ("description", step.Optional("description"))
                ),
            },
            step.Needed("scope")
        );
}
