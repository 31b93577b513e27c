using Compliance.Changes.Plans;
using Compliance.Offboarding.Directory;
using Compliance.Tenants;

namespace Compliance.Offboarding.Actions;

/// <summary>Takes an active directory role away; one that PIM manages is ended by a request to PIM.</summary>
internal sealed class RemoveDirectoryRole : IRemovalStep
{
    /// <summary>The action.</summary>
    public const string Id = "directoryRole.remove";

    /// <summary>Taking an Entra directory role away (inside a batch).</summary>
    private static readonly DeclaredCall Call = DeclaredCall.Change(
        "DELETE",
        "/roleManagement/directory/roleAssignments/{id}",
        "RoleManagement.ReadWrite.Directory",
        "takes a leaver's directory roles away (policy: privilegedRemovals)"
    );

    /// <summary>Ending a directory role that was activated or has an end (PIM; inside a batch).</summary>
    private static readonly DeclaredCall ScheduledCall = DeclaredCall.Change(
        "POST",
        "/roleManagement/directory/roleAssignmentScheduleRequests",
        "RoleAssignmentSchedule.ReadWrite.Directory",
        "ends a leaver's directory roles that PIM manages (policy: privilegedRemovals)"
    );

    public string Action => Id;
    public string Title => "Take a directory role away";
    public IReadOnlyList<DeclaredCall> Calls => [Call, ScheduledCall];
    public IReadOnlyList<AccessKind> Kinds => [AccessKind.DirectoryRole];
    public StepEffect Effect => StepEffect.TakesAway;
    public bool EndsWithTheUser => true;
    public PowerJudgement Power => PowerJudgement.Always;
    public IReadOnlyList<string> RefusedForNow => PimRoles.RefusedForNow;

    public PlannedAccess Plan(Access access, RemovalContext context) =>
        context.Privileged(
            this,
            RemovalContext.Take(
                Id,
                access,
                "privilegedRemovals",
                access.Details.TryGetValue(GraphAccess.Schedule, out var schedule)
                    ? [.. PimRoles.Arguments(access, context), (StepArguments.Schedule, schedule)]
                    : [context.User]
            )
        );

    public StepRequest Request(PlanStep step, string graph) =>
        step.Optional(StepArguments.Schedule) is null
            ? new(Call, $"/roleManagement/directory/roleAssignments/{StepValues.Escaped(step.Target.Id)}")
            : new(ScheduledCall, "/roleManagement/directory/roleAssignmentScheduleRequests", PimRoles.Removal(step));

    public IEnumerable<string> Sources(Access access, AccessSnapshot after) => AccessSources.Graph(after, "roleAssignments");
}
