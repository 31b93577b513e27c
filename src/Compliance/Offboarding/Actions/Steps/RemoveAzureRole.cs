using Compliance.Changes.Plans;
using Compliance.Tenants;
using Compliance.Text;

namespace Compliance.Offboarding.Actions;

/// <summary>Takes an Azure role away, at the scope where it was assigned.</summary>
internal sealed class RemoveAzureRole : IRemovalStep
{
    /// <summary>The action.</summary>
    public const string Id = "azureRole.remove";

    /// <summary>Taking an Azure role away.</summary>
    private static readonly DeclaredCall Call = DeclaredCall.Arm(
        "DELETE",
        "/{*id}/providers/Microsoft.Authorization/roleAssignments/{id}",
        "User Access Administrator",
        "takes a leaver's Azure roles away, at every scope"
    );

    public string Action => Id;
    public string Title => "Take an Azure role away";
    public IReadOnlyList<DeclaredCall> Calls => [Call];
    public IReadOnlyList<AccessKind> Kinds => [AccessKind.AzureRole];
    public StepEffect Effect => StepEffect.TakesAway;

    // A role may let its holder assign roles.
    public PowerJudgement Power => PowerJudgement.Read;

    public PlannedAccess Plan(Access access, RemovalContext context) =>
        AzureRoles.IsAtRoot(access)
            ? AzureRoles.AtRoot(access, $"az role assignment delete --ids {Shell.Word(access.Id)}")
            : PlannedAccess.Do(RemovalContext.Take(Id, access, "", context.User, ("scope", access.Scope)));

    public StepRequest Request(PlanStep step, string graph) =>
        new(Call, $"{StepValues.AzurePath(step.Target.Id)}?{AzureRoles.Version}", Scope: step.Needed("scope"));

    // Resource Manager deletes what is not there without a complaint, but with another status.
    public StepAnswer? Read(StepReply reply) => reply.Status == 204 ? StepAnswer.Gone : null;

    public PlannedAccess Undo(Access access, UndoContext context) =>
        UndoContext.Has(access, "roleDefinitionId")
            ? PlannedAccess.Do(AddAzureRole.Create(access, context))
            : UndoContext.NotEnough(access);

    public IEnumerable<string> Sources(Access access, AccessSnapshot after) => AccessSources.Azure(access, after, "roleAssignments");
}
