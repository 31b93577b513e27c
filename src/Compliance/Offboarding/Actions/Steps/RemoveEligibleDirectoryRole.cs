using Compliance.Changes.Plans;
using Compliance.Tenants;

namespace Compliance.Offboarding.Actions;

/// <summary>Ends what could be activated through PIM.</summary>
internal sealed class RemoveEligibleDirectoryRole : IRemovalStep
{
    /// <summary>The action.</summary>
    public const string Id = "eligibleDirectoryRole.remove";

    /// <summary>Taking an eligibility for an Entra directory role away (inside a batch).</summary>
    private static readonly DeclaredCall Call = DeclaredCall.Change(
        "POST",
        "/roleManagement/directory/roleEligibilityScheduleRequests",
        "RoleEligibilitySchedule.ReadWrite.Directory",
        "ends a leaver's eligibility for directory roles (policy: privilegedRemovals)"
    );

    public string Action => Id;
    public string Title => "End an eligibility for a directory role";
    public IReadOnlyList<DeclaredCall> Calls => [Call];
    public IReadOnlyList<AccessKind> Kinds => [AccessKind.EligibleDirectoryRole];
    public StepEffect Effect => StepEffect.TakesAway;
    public bool EndsWithTheUser => true;
    public PowerJudgement Power => PowerJudgement.Always;
    public IReadOnlyList<string> RefusedForNow => PimRoles.RefusedForNow;

    public PlannedAccess Plan(Access access, RemovalContext context) =>
        context.Privileged(this, RemovalContext.Take(Id, access, "privilegedRemovals", PimRoles.Arguments(access, context)));

    public StepRequest Request(PlanStep step, string graph) =>
        new(Call, "/roleManagement/directory/roleEligibilityScheduleRequests", PimRoles.Removal(step));

    public IEnumerable<string> Sources(Access access, AccessSnapshot after) =>
        AccessSources.Graph(after, "roleEligibilityScheduleInstances");
}
