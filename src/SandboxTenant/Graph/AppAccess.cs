using System.Text.Json;
using System.Text.Json.Nodes;
using SandboxTenant.Data;
using SandboxTenant.Http;
using static SandboxTenant.Graph.GraphAnswer;

namespace SandboxTenant.Graph;

/// <summary>Who may use which application: app-role assignments and delegated permission grants.</summary>
internal sealed class AppAccess(TenantData tenant, Journal journal) : IGraphArea
{
    /// <inheritdoc/>
    public Answer? Handle(Call call, string[] segments) =>
        (call.Method, segments) switch
        {
            ("GET", ["users" or "groups" or "servicePrincipals", var id, "appRoleAssignments"]) => Of(
                call,
                segments[0],
                id,
                principal =>
                    // Those of the groups that a user is directly in show too.
                    Page(
                        call,
                        tenant.GroupsOf(principal.Id).Append(principal.Id).SelectMany(p => tenant.AppRoleAssignments.By("principalId", p)),
                        "$metadata#appRoleAssignments",
                        Chosen(call)
                    )
            ),
            ("GET", ["servicePrincipals", var id, "appRoleAssignedTo"]) => Of(
                call,
                segments[0],
                id,
                resource =>
                    Page(
                        call,
                        tenant.AppRoleAssignments.By("resourceId", resource.Id).Where(a => !Gone(a)),
                        "$metadata#appRoleAssignments",
                        Chosen(call)
                    )
            ),
            ("POST", ["users" or "groups" or "servicePrincipals", var id, "appRoleAssignments" or "appRoleAssignedTo"]) => Of(
                call,
                segments[0],
                id,
                _ => Assign(call)
            ),
            ("DELETE", ["users" or "groups" or "servicePrincipals", var id, "appRoleAssignments" or "appRoleAssignedTo", var assignment]) =>
                Of(
                    call,
                    segments[0],
                    id,
                    owner =>
                        tenant.AppRoleAssignments.Find(assignment) is { } found
                        && owner.Id.Equals(
                            Json.Text(found.Json, segments[2] == "appRoleAssignedTo" ? "resourceId" : "principalId"),
                            StringComparison.OrdinalIgnoreCase
                        )
                            ? Delete("appRoleAssignments", found)
                            : NotFound(call, assignment)
                ),
            ("GET", ["users", var id, "oauth2PermissionGrants"]) => Of(
                call,
                segments[0],
                id,
                principal =>
                    Page(call, tenant.PermissionGrants.By("principalId", principal.Id), "$metadata#oauth2PermissionGrants", Chosen(call))
            ),
            ("GET", ["oauth2PermissionGrants"]) => Grants(call),
            ("GET", ["oauth2PermissionGrants", var id]) => tenant.PermissionGrants.Find(id) is { } grant
                ? One(call, 200, "oauth2PermissionGrants", grant.Json)
                : NotFound(call, id),
            ("POST", ["oauth2PermissionGrants"]) => Grant(call),
            ("DELETE", ["oauth2PermissionGrants", var id]) => tenant.PermissionGrants.Find(id) is { } found
                ? Delete("oauth2PermissionGrants", found)
                : NotFound(call, id),
            _ => null,
        };

    private bool Gone(Entity assignment) => tenant.DeletedUsers.ContainsKey(Json.Text(assignment.Json, "principalId")!);

    private Answer Of(Call call, string set, string id, Func<Entity, Answer> answer) =>
        tenant.Set(set).Find(id) is { } entity ? answer(entity) : NotFound(call, id);

    private Answer Delete(string set, Entity entity)
    {
        journal.Delete(set, entity.Id);
        return Answer.Empty(204);
    }

    private Answer Grants(Call call)
    {
        if (!call.Query.TryGetValue("$filter", out var text))
            return Page(call, tenant.PermissionGrants, null, "$metadata#oauth2PermissionGrants", Chosen(call));
        var filter = GraphFilter.Parse(text);
        return Page(
            call,
            tenant.PermissionGrants,
            e => GraphService.Passes(filter, e.Json),
            "$metadata#oauth2PermissionGrants",
            Chosen(call)
        );
    }

    private Answer Assign(Call call)
    {
        var (principalId, resourceId, appRoleId) = (
            Json.Text(call.Body, "principalId"),
            Json.Text(call.Body, "resourceId"),
            Json.Text(call.Body, "appRoleId")
        );
        if (principalId is null || resourceId is null || appRoleId is null)
            return Error(call, 400, "Request_BadRequest", "principalId, resourceId and appRoleId are required.");
        var principal = tenant.Users.Find(principalId) ?? tenant.Groups.Find(principalId) ?? tenant.ServicePrincipals.Find(principalId);
        if (principal is null || tenant.ServicePrincipals.Find(resourceId) is not { } resource)
            return NotFound(call, principal is null ? principalId : resourceId);
        if (
            tenant
                .AppRoleAssignments.By("principalId", principal.Id)
                .Any(a =>
                    resource.Id.Equals(Json.Text(a.Json, "resourceId"), StringComparison.OrdinalIgnoreCase)
                    && appRoleId.Equals(Json.Text(a.Json, "appRoleId"), StringComparison.OrdinalIgnoreCase)
                )
        )
            return Error(call, 400, "Request_BadRequest", "Permission being assigned already exists on the object");
        var made = new JsonObject
        {
            ["id"] = Ids.Hex($"{call.RequestId}/appRoleAssignment", 43),
            ["deletedDateTime"] = null,
            ["appRoleId"] = appRoleId,
            ["createdDateTime"] = Time(call.Now),
            ["principalDisplayName"] = Json.Text(principal.Json, "displayName"),
            ["principalId"] = principal.Id,
            ["principalType"] =
                tenant.Users.Find(principal.Id) is not null ? "User"
                : tenant.Groups.Find(principal.Id) is not null ? "Group"
                : "ServicePrincipal",
            ["resourceDisplayName"] = Json.Text(resource.Json, "displayName"),
            ["resourceId"] = resource.Id,
        };
        return Put(call, "appRoleAssignments", made);
    }

    private Answer Grant(Call call)
    {
        if (
            call.Body.ValueKind != JsonValueKind.Object
            || Json.Text(call.Body, "clientId") is not { } client
            || Json.Text(call.Body, "resourceId") is not { } resource
            || Json.Text(call.Body, "consentType") is not ("AllPrincipals" or "Principal")
        )
            return Error(
                call,
                400,
                "Request_BadRequest",
                "clientId, consentType (AllPrincipals or Principal) and resourceId are required."
            );
        var principal = Json.Text(call.Body, "principalId");
        if (
            tenant
                .PermissionGrants.By("clientId", client)
                .Any(g => Json.Text(g.Json, "resourceId") == resource && Json.Text(g.Json, "principalId") == principal)
        )
            return Error(call, 409, "Request_MultipleObjectsWithSameKeyValue", "Permission entry already exists.");
        var made = JsonObject.Create(call.Body)!;
        made["id"] = Ids.Hex($"{call.RequestId}/grant", 43);
        return Put(call, "oauth2PermissionGrants", made);
    }

    private Answer Put(Call call, string set, JsonObject made)
    {
        journal.Put(set, made["id"]!.GetValue<string>(), made);
        return One(call, 201, set, Json.Bytes(made));
    }
}
