using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Compliance.Changes.Plans;
using Compliance.Tenants;

namespace Compliance.Offboarding.Actions;

/// <summary>Ends an Azure role that could be activated through PIM.</summary>
internal sealed class RemoveEligibleAzureRole : IRemovalStep
{
    /// <summary>The action.</summary>
    public const string Id = "eligibleAzureRole.remove";

    private const string Version = "api-version=2020-10-01";

    /// <summary>Taking an eligibility for an Azure role away.</summary>
    private static readonly DeclaredCall Call = DeclaredCall.Arm(
        "PUT",
        "/{*id}/providers/Microsoft.Authorization/roleEligibilityScheduleRequests/{id}",
        "User Access Administrator",
        "ends a leaver's eligibility for Azure roles"
    );

    public string Action => Id;
    public string Title => "End an eligibility for an Azure role";
    public IReadOnlyList<DeclaredCall> Calls => [Call];
    public IReadOnlyList<AccessKind> Kinds => [AccessKind.EligibleAzureRole];
    public StepEffect Effect => StepEffect.TakesAway;
    public PowerJudgement Power => PowerJudgement.Always;
    public IReadOnlyList<string> RefusedForNow => PimRoles.RefusedForNow;

    public PlannedAccess Plan(Access access, RemovalContext context) =>
        AzureRoles.IsAtRoot(access)
            ? AzureRoles.AtRoot(access, "Entra admin center, Privileged Identity Management, Azure resources")
            : PlannedAccess.Do(
                RemovalContext.Take(
                    Id,
                    access,
                    "",
                    context.User,
                    ("scope", access.Scope),
                    ("roleDefinitionId", access.Details.GetValueOrDefault("roleDefinitionId") ?? access.Id),
                    (StepArguments.RequestId, RequestId(access, context.CaseId))
                )
            );

    public StepRequest Request(PlanStep step, string graph)
    {
        var scope = step.Needed("scope");
        return new(
            Call,
            $"{StepValues.AzurePath(scope)}/providers/Microsoft.Authorization/roleEligibilityScheduleRequests/"
                + $"{StepValues.Escaped(step.Needed(StepArguments.RequestId))}?{Version}",
            new JsonObject
            {
                ["properties"] = StepValues.Given(
                    ("principalId", step.UserId()),
                    ("roleDefinitionId", step.Needed("roleDefinitionId")),
                    ("requestType", "AdminRemove"),
                    ("justification", "The person has left.")
                ),
            },
            scope
        );
    }

    public IEnumerable<string> Sources(Access access, AccessSnapshot after) =>
        AccessSources.Azure(access, after, "roleEligibilityScheduleInstances");

    private static string RequestId(Access access, string caseId) =>
        new Guid(
            SHA256
                .HashData(Encoding.UTF8.GetBytes($"{caseId}|{access.Key}|{access.Details.GetValueOrDefault("roleEligibilityScheduleId")}"))
                .AsSpan(0, 16)
        ).ToString("D");
}
