using System.Text.Json.Nodes;
using Compliance.Changes.Plans;

namespace Compliance.Offboarding.Actions;

/// <summary>What requests about directory roles to Privileged Identity Management share.</summary>
internal static class PimRoles
{
    /// <summary>Another request about the same role is still open.</summary>
    public static readonly IReadOnlyList<string> RefusedForNow = ["RequestExists"];

    /// <summary>What a request names a role by.</summary>
    public static (string Name, string? Value)[] Arguments(Access access, RemovalContext context) =>
        [
            context.User,
            ("principalId", access.Details.GetValueOrDefault("principalId") ?? context.Facts.UserId),
            ("roleDefinitionId", access.Details.GetValueOrDefault("roleDefinitionId") ?? access.Id),
            (
                "directoryScopeId",
                access.Details.GetValueOrDefault("directoryScopeId") ?? (access.Details.ContainsKey("appScopeId") ? null : access.Scope)
            ),
            ("appScopeId", access.Details.GetValueOrDefault("appScopeId")),
        ];

    /// <summary>The body that ends it.</summary>
    public static JsonObject Removal(PlanStep step) =>
        StepValues.Given(
            ("action", "adminRemove"),
            ("justification", "The person has left."),
            ("principalId", step.Needed("principalId")),
            ("roleDefinitionId", step.Needed("roleDefinitionId")),
            ("directoryScopeId", step.Optional("directoryScopeId")),
            ("appScopeId", step.Optional("appScopeId"))
        );
}
