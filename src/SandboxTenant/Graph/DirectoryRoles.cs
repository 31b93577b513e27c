using System.Text.Json;
using System.Text.Json.Nodes;
using SandboxTenant.Data;
using SandboxTenant.Http;
using static SandboxTenant.Graph.GraphAnswer;

namespace SandboxTenant.Graph;

/// <summary>Directory roles, active and eligible, below <c>/roleManagement/directory</c>.</summary>
internal sealed class DirectoryRoles(TenantData tenant, Journal journal) : IGraphArea
{
    /// <inheritdoc/>
    public Answer? Handle(Call call, string[] segments)
    {
        if (segments is not ["roleManagement", "directory", var kind, .. var rest])
            return null;
        var set = kind switch
        {
            "roleDefinitions" => tenant.DirectoryRoleDefinitions,
            "roleAssignments" => tenant.DirectoryRoleAssignments,
            // An instance is what is in force of a schedule now; the sandbox has no schedules in the future.
            "roleEligibilitySchedules" or "roleEligibilityScheduleInstances" => tenant.DirectoryRoleEligibilities,
            "roleAssignmentSchedules" or "roleAssignmentScheduleInstances" => tenant.DirectoryRoleSchedules,
            _ => null,
        };
        return (call.Method, kind, rest) switch
        {
            ("GET", _, []) when set is not null => List(call, set, kind),
            ("GET", _, [var id]) when set is not null => set.Find(id) is { } entity
                ? One(call, 200, "roleManagement/directory/" + kind, entity.Json)
                : Missing(call, id),
            ("POST", "roleAssignments", []) => Assign(call),
            ("DELETE", "roleAssignments", [var id]) => Delete(call, id),
            ("POST", "roleEligibilityScheduleRequests", []) => Request(call, kind, tenant.DirectoryRoleEligibilities),
            ("POST", "roleAssignmentScheduleRequests", []) => Request(call, kind, tenant.DirectoryRoleSchedules),
            _ => Error(call, 400, "BadRequest", $"Resource not found for the segment '{kind}', or {call.Method} is not allowed on it."),
        };
    }

    private static Answer Missing(Call call, string id) =>
        Error(
            call,
            404,
            "Request_ResourceNotFound",
            $"Resource '{id}' does not exist or one of its queried reference-property objects are not present."
        );

    private Answer List(Call call, EntitySet set, string kind)
    {
        var filter = call.Query.TryGetValue("$filter", out var text) ? GraphFilter.Parse(text) : null;
        List<string> expand =
        [
            .. call
                .Query.GetValueOrDefault("$expand", "")
                .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
                .Select(e => e.Split('(')[0]),
        ];
        if (expand.Find(e => e is not ("roleDefinition" or "principal" or "directoryScope")) is { } other)
            throw new FormatException($"The sandbox does not support $expand={other} on {kind}.");
        var select = Selected(call.Query.GetValueOrDefault("$select")) ?? Keep.All;
        var found = filter?.Exact is { Property: "principalId", Values: [var principal] } ? set.By("principalId", principal) : set.All();
        return Page(
            call,
            found.Where(e => !Gone(e) && (filter is null || GraphService.Passes(filter, e.Json))),
            $"$metadata#roleManagement/directory/{kind}",
            (writer, entity) =>
            {
                writer.WriteStartObject();
                Json.CopyProperties(writer, entity.Json, select);
                foreach (var property in expand)
                    Expand(writer, entity, property);
                writer.WriteEndObject();
            }
        );
    }

    private bool Gone(Entity entity) =>
        Json.Text(entity.Json, "principalId") is { } principal && tenant.DeletedUsers.ContainsKey(principal);

    private void Expand(Utf8JsonWriter writer, Entity entity, string property)
    {
        writer.WritePropertyName(property);
        var scope = Json.Text(entity.Json, "directoryScopeId")?.Split('/')[^1] ?? "";
        var id = Json.Text(entity.Json, property == "roleDefinition" ? "roleDefinitionId" : "principalId") ?? "";
        (string Type, Entity? Found)[] choices = property switch
        {
            "roleDefinition" => [("", tenant.DirectoryRoleDefinitions.Find(id))],
            "directoryScope" => [("administrativeUnit", tenant.AdministrativeUnits.Find(scope))],
            _ =>
            [
                ("user", tenant.Users.Find(id)),
                ("group", tenant.Groups.Find(id)),
                ("servicePrincipal", tenant.ServicePrincipals.Find(id)),
            ],
        };
        switch (choices.FirstOrDefault(c => c.Found is not null))
        {
            case (_, null):
                writer.WriteNullValue();
                break;
            case ("", { } definition):
                Whole(writer, definition);
                break;
            case (var type, { } found):
                WriteTyped(writer, "#microsoft.graph." + type, found.Json, Default("#microsoft.graph." + type));
                break;
        }
    }

    private static (string Principal, string Role, string Scope)? Asked(JsonElement body) =>
        (Json.Text(body, "principalId"), Json.Text(body, "roleDefinitionId"), Json.Text(body, "directoryScopeId"))
            is ({ } principal, { } role, { } scope)
            ? (principal, role, scope)
            : null;

    private static Entity? Same(EntitySet set, (string Principal, string Role, string Scope) asked) =>
        set.By("principalId", asked.Principal)
            .FirstOrDefault(e =>
                asked.Role.Equals(Json.Text(e.Json, "roleDefinitionId"), StringComparison.OrdinalIgnoreCase)
                && asked.Scope.Equals(Json.Text(e.Json, "directoryScopeId"), StringComparison.OrdinalIgnoreCase)
            );

    private Answer Assign(Call call)
    {
        if (Asked(call.Body) is not { } asked)
            return Error(call, 400, "Request_BadRequest", "principalId, roleDefinitionId and directoryScopeId are required.");
        if (Same(tenant.DirectoryRoleAssignments, asked) is not null)
            return Error(
                call,
                400,
                "Request_BadRequest",
                "A conflicting object with one or more of the specified property values is present in the directory."
            );
        var made = new JsonObject
        {
            ["id"] = Ids.Hex($"{call.RequestId}/role", 43),
            ["principalId"] = asked.Principal,
            ["roleDefinitionId"] = asked.Role,
            ["directoryScopeId"] = asked.Scope,
        };
        journal.Put("directoryRoleAssignments", made["id"]!.GetValue<string>(), made);
        return One(call, 201, "roleManagement/directory/roleAssignments", Json.Bytes(made));
    }

    private Answer Delete(Call call, string id)
    {
        if (tenant.DirectoryRoleAssignments.Find(id) is not { } assignment)
            return Missing(call, id);
        journal.Delete("directoryRoleAssignments", assignment.Id);
        return Answer.Empty(204);
    }

    // A request is carried out as it is made: the sandbox asks no approver.
    private Answer Request(Call call, string kind, EntitySet schedules)
    {
        if (Asked(call.Body) is not { } asked || Json.Text(call.Body, "action") is not { } action)
            return Error(call, 400, "BadRequest", "action, principalId, roleDefinitionId and directoryScopeId are required.");
        var there = Same(schedules, asked);
        var active = kind == "roleAssignmentScheduleRequests" ? Same(tenant.DirectoryRoleAssignments, asked) : null;
        var made = JsonObject.Create(call.Body)!;
        made["id"] = Ids.Guid($"{call.RequestId}/request");
        made["createdDateTime"] = Time(call.Now);
        switch (action)
        {
            case "adminRemove":
                if (there is null && active is null)
                    return Error(call, 400, "RoleAssignmentDoesNotExist", "The Role assignment does not exist.");
                if (there is not null)
                    journal.Delete(schedules.Name, there.Id);
                if (active is not null)
                    journal.Delete("directoryRoleAssignments", active.Id);
                made["status"] = "Revoked";
                break;
            case "adminAssign":
                if (there is not null || active is not null)
                    return Error(call, 400, "RoleAssignmentExists", "The Role assignment already exists.");
                var schedule = new JsonObject
                {
                    ["id"] = Ids.Guid($"{call.RequestId}/schedule"),
                    ["principalId"] = asked.Principal,
                    ["roleDefinitionId"] = asked.Role,
                    ["directoryScopeId"] = asked.Scope,
                    ["memberType"] = "Direct",
                    ["status"] = "Provisioned",
                };
                journal.Put(schedules.Name, schedule["id"]!.GetValue<string>(), schedule);
                if (kind == "roleAssignmentScheduleRequests")
                    journal.Put(
                        "directoryRoleAssignments",
                        Ids.Hex($"{call.RequestId}/role", 43),
                        new JsonObject
                        {
                            ["id"] = Ids.Hex($"{call.RequestId}/role", 43),
                            ["principalId"] = asked.Principal,
                            ["roleDefinitionId"] = asked.Role,
                            ["directoryScopeId"] = asked.Scope,
                        }
                    );
                made["status"] = "Provisioned";
                made["targetScheduleId"] = schedule["id"]!.GetValue<string>();
                break;
            default:
                return Error(
                    call,
                    400,
                    "BadRequest",
                    $"The sandbox does not support the action {action}; it does adminAssign and adminRemove."
                );
        }
        return One(call, 201, "roleManagement/directory/" + kind, Json.Bytes(made));
    }
}
