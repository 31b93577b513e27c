using System.Text.Json.Nodes;
using Compliance.Changes.Plans;
using Compliance.Tenants;

namespace Compliance.Offboarding.Actions;

/// <summary>Which request carries which step out. Pure.</summary>
internal static class StepRequests
{
    private const string Roles = "api-version=2022-04-01";
    private const string RoleSchedules = "api-version=2020-10-01";
    private const string Vaults = "api-version=2026-02-01";
    private const string Tags = "api-version=2021-04-01";

    // "all" is what an access policy calls every permission of a kind; a policy whose permissions were not given is taken out whole.
    private const string EveryPermission = """{"keys":["all"],"secrets":["all"],"certificates":["all"],"storage":["all"]}""";

    /// <summary>The request for a step.</summary>
    /// <param name="step">The step.</param>
    /// <param name="graph">Address of Graph with its version, which references in bodies name.</param>
    /// <exception cref="ArgumentException">The step's action is not one of <see cref="LeaverActions"/>, or an argument it needs is
    /// missing.</exception>
    public static StepRequest Create(PlanStep step, string graph = StepRequest.PublicGraph)
    {
        var id = Escaped(step.Target.Id);
        switch (step.Action)
        {
            case LeaverActions.DisableAccount or LeaverActions.EnableAccount:
                return Graph(
                    DeclaredCall.EnableAccount,
                    $"/users/{id}",
                    new JsonObject { ["accountEnabled"] = step.Action == LeaverActions.EnableAccount }
                );
            case LeaverActions.RevokeSessions:
                return Graph(DeclaredCall.RevokeSessions, $"/users/{id}/revokeSignInSessions");
            case LeaverActions.DisableDevice or LeaverActions.EnableDevice:
                return Graph(
                    DeclaredCall.EnableDevice,
                    $"/devices/{id}",
                    new JsonObject { ["accountEnabled"] = step.Action == LeaverActions.EnableDevice }
                );
            case LeaverActions.RemoveDirectoryRole when Optional(step, StepArguments.Schedule) is not null:
                return Graph(
                    DeclaredCall.RemoveScheduledDirectoryRole,
                    "/roleManagement/directory/roleAssignmentScheduleRequests",
                    AdminRemove(step)
                );
            case LeaverActions.RemoveDirectoryRole:
                return Graph(DeclaredCall.RemoveDirectoryRole, $"/roleManagement/directory/roleAssignments/{id}");
            case LeaverActions.RemoveEligibleDirectoryRole:
                return Graph(
                    DeclaredCall.RemoveEligibleDirectoryRole,
                    "/roleManagement/directory/roleEligibilityScheduleRequests",
                    AdminRemove(step)
                );
            case LeaverActions.RemoveGroupMember or LeaverActions.RemoveFromBlockGroup:
                return Graph(
                    RoleAssignable(step) ? DeclaredCall.RemoveRoleGroupMember : DeclaredCall.RemoveGroupMember,
                    $"/groups/{id}/members/{Escaped(User(step))}/$ref"
                );
            case LeaverActions.AddGroupMember or LeaverActions.AddToBlockGroup:
                return Graph(DeclaredCall.AddGroupMember, $"/groups/{id}/members/$ref", Reference(graph, User(step)));
            case LeaverActions.RemoveAppRole:
                return Graph(DeclaredCall.RemoveAppRole, $"/users/{Escaped(User(step))}/appRoleAssignments/{id}");
            case LeaverActions.AddAppRole:
                return Graph(
                    DeclaredCall.AddAppRole,
                    $"/users/{Escaped(User(step))}/appRoleAssignments",
                    Given(("principalId", User(step)), ("resourceId", Needed(step, "resourceId")), ("appRoleId", Needed(step, "appRoleId")))
                );
            case LeaverActions.RemoveDelegatedGrant:
                return Graph(DeclaredCall.RemoveDelegatedGrant, $"/oauth2PermissionGrants/{id}");
            case LeaverActions.AddDelegatedGrant:
                return Graph(
                    DeclaredCall.AddDelegatedGrant,
                    "/oauth2PermissionGrants",
                    Given(
                        ("clientId", Needed(step, "clientId")),
                        ("consentType", "Principal"),
                        ("principalId", User(step)),
                        ("resourceId", Needed(step, "resourceId")),
                        ("scope", Needed(step, "scope"))
                    )
                );
            case LeaverActions.RemoveSignInMethod:
                var collection = step.Target.Id.Split('/')[0];
                return DeclaredCall.RemoveSignInMethod.TryGetValue(collection, out var method)
                    ? Graph(
                        method,
                        $"/users/{Escaped(User(step))}/authentication/{collection}/{Escaped(step.Target.Id[(collection.Length + 1)..])}"
                    )
                    : throw new ArgumentException($"sign-in methods of {collection} cannot be removed", nameof(step));
            case LeaverActions.AddOwner:
                return Graph(
                    RoleAssignable(step) ? DeclaredCall.AddRoleGroupOwner : DeclaredCall.AddOwner[Needed(step, StepArguments.Collection)],
                    $"/{Needed(step, StepArguments.Collection)}/{id}/owners/$ref",
                    Reference(graph, Needed(step, StepArguments.OwnerId))
                );
            case LeaverActions.RemoveOwner:
                return Graph(
                    RoleAssignable(step)
                        ? DeclaredCall.RemoveRoleGroupOwner
                        : DeclaredCall.RemoveOwner[Needed(step, StepArguments.Collection)],
                    $"/{Needed(step, StepArguments.Collection)}/{id}/owners/{Escaped(Needed(step, StepArguments.OwnerId))}/$ref"
                );
            case LeaverActions.RemoveLicence:
                return Graph(
                    DeclaredCall.AssignLicence,
                    $"/users/{Escaped(User(step))}/assignLicense",
                    new JsonObject { ["addLicenses"] = new JsonArray(), ["removeLicenses"] = new JsonArray(Needed(step, "skuId")) }
                );
            case LeaverActions.AddLicence:
                return Graph(
                    DeclaredCall.AssignLicence,
                    $"/users/{Escaped(User(step))}/assignLicense",
                    new JsonObject
                    {
                        ["addLicenses"] = new JsonArray(
                            new JsonObject
                            {
                                ["skuId"] = Needed(step, "skuId"),
                                ["disabledPlans"] = new JsonArray([
                                    .. (Optional(step, "disabledPlans") ?? "")
                                        .Split(',', StringSplitOptions.RemoveEmptyEntries)
                                        .Select(p => (JsonNode)p),
                                ]),
                            }
                        ),
                        ["removeLicenses"] = new JsonArray(),
                    }
                );
            case LeaverActions.RetireManagedDevice:
                return Graph(DeclaredCall.RetireDevice, $"/deviceManagement/managedDevices/{id}/retire");
            case LeaverActions.RemoveAzureRole:
                return Azure(DeclaredCall.RemoveAzureRole, $"{AzurePath(step.Target.Id)}?{Roles}", null, Needed(step, "scope"));
            case LeaverActions.AddAzureRole:
                return Azure(
                    DeclaredCall.AddAzureRole,
                    $"{AzurePath(step.Target.Id)}?{Roles}",
                    new JsonObject
                    {
                        ["properties"] = Given(
                            ("roleDefinitionId", Needed(step, "roleDefinitionId")),
                            ("principalId", User(step)),
                            ("principalType", "User"),
                            ("condition", Optional(step, "condition")),
                            ("conditionVersion", Optional(step, "conditionVersion")),
                            ("description", Optional(step, "description"))
                        ),
                    },
                    Needed(step, "scope")
                );
            case LeaverActions.RemoveEligibleAzureRole:
                var scope = Needed(step, "scope");
                return Azure(
                    DeclaredCall.RemoveEligibleAzureRole,
                    $"{AzurePath(scope)}/providers/Microsoft.Authorization/roleEligibilityScheduleRequests/"
                        + $"{Escaped(Needed(step, StepArguments.RequestId))}?{RoleSchedules}",
                    new JsonObject
                    {
                        ["properties"] = Given(
                            ("principalId", User(step)),
                            ("roleDefinitionId", Needed(step, "roleDefinitionId")),
                            ("requestType", "AdminRemove"),
                            ("justification", "The person has left.")
                        ),
                    },
                    scope
                );
            case LeaverActions.RemoveVaultAccessPolicy or LeaverActions.AddVaultAccessPolicy:
                var vault = Needed(step, StepArguments.VaultId);
                var entry = Given(
                    ("tenantId", Needed(step, "tenantId")),
                    ("objectId", User(step)),
                    ("applicationId", Optional(step, "applicationId"))
                );
                entry["permissions"] = JsonNode.Parse(Optional(step, "permissions") ?? EveryPermission);
                return Azure(
                    DeclaredCall.ChangeAccessPolicies,
                    $"{AzurePath(vault)}/accessPolicies/"
                        + $"{(step.Action == LeaverActions.RemoveVaultAccessPolicy ? "remove" : "add")}?{Vaults}",
                    new JsonObject { ["properties"] = new JsonObject { ["accessPolicies"] = new JsonArray(entry) } },
                    vault
                );
            case LeaverActions.HandOverResource or LeaverActions.TakeBackResource:
                return Azure(
                    DeclaredCall.ChangeTags,
                    $"{AzurePath(step.Target.Id)}/providers/Microsoft.Resources/tags/default?{Tags}",
                    new JsonObject
                    {
                        ["operation"] = "Merge",
                        ["properties"] = new JsonObject
                        {
                            ["tags"] = new JsonObject { [Needed(step, StepArguments.Tag)] = Needed(step, StepArguments.Value) },
                        },
                    },
                    step.Target.Id
                );
            default:
                throw new ArgumentException($"no request carries out {step.Action}", nameof(step));
        }
    }

    private static JsonObject AdminRemove(PlanStep step) =>
        Given(
            ("action", "adminRemove"),
            ("justification", "The person has left."),
            ("principalId", Needed(step, "principalId")),
            ("roleDefinitionId", Needed(step, "roleDefinitionId")),
            ("directoryScopeId", Optional(step, "directoryScopeId")),
            ("appScopeId", Optional(step, "appScopeId"))
        );

    private static StepRequest Graph(DeclaredCall call, string path, JsonNode? body = null) => new(call, path, body, null);

    private static StepRequest Azure(DeclaredCall call, string path, JsonNode? body, string scope) => new(call, path, body, scope);

    private static string User(PlanStep step) => Needed(step, StepArguments.UserId);

    private static bool RoleAssignable(PlanStep step) => Optional(step, StepArguments.RoleAssignable) == "true";

    private static string Needed(PlanStep step, string name) =>
        Optional(step, name) ?? throw new ArgumentException($"step {step.Id} ({step.Action}) has no argument '{name}'", nameof(step));

    private static string? Optional(PlanStep step, string name) => step.Arguments.GetValueOrDefault(name);

    private static JsonObject Reference(string graph, string id) => new() { ["@odata.id"] = $"{graph}/directoryObjects/{Escaped(id)}" };

    private static JsonObject Given(params (string Name, string? Value)[] members)
    {
        var given = new JsonObject();
        foreach (var (name, value) in members)
            if (value is not null)
                given[name] = value;
        return given;
    }

    private static string Escaped(string segment) => Uri.EscapeDataString(segment);

    // Ids of Resource Manager are paths; their segments are escaped one by one, so that none can add a query or another path.
    private static string AzurePath(string id) =>
        string.Join(
            '/',
            id.TrimEnd('/')
                .Split('/')
                .Select(s =>
                    s is "." or ".."
                        ? throw new ArgumentException($"'{id}' is no Resource Manager id", nameof(id))
                        : Uri.EscapeDataString(s)
                )
        );
}
