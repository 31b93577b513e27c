using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using SandboxTenant.Data;
using SandboxTenant.Http;

namespace SandboxTenant.Graph;

/// <summary>
/// The part of Graph that is about what people may do: memberships, ownerships, app roles, grants, directory roles, sign-in methods, devices, licences. It answers as Graph
/// does when something is done twice (404, 400 "already exist"), cannot be done (dynamic, synchronised and mail-enabled groups) or is not permitted.
/// </summary>
internal sealed class AccessService(TenantData tenant, Journal journal)
{
    private static readonly string[] MethodCollections =
    [
        "phoneMethods", "microsoftAuthenticatorMethods", "fido2Methods", "softwareOathMethods", "emailMethods", "windowsHelloForBusinessMethods", "temporaryAccessPassMethods",
        "platformCredentialMethods", "passwordMethods",
    ];

    /// <summary>Answers one request; null when it is about something else.</summary>
    public Answer? Handle(Call call, string[] segments)
    {
        if (Required(call.Method, segments).FirstOrDefault(tenant.Denied.ContainsKey) is not null)
            return GraphService.Error(call, 403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.");
        switch (call.Method, segments)
        {
            case (_, ["users", var user, .. var rest]) when rest.Length > 0 && rest[0] is "authentication" or "revokeSignInSessions" or "appRoleAssignments" or "oauth2PermissionGrants"
                or "transitiveMemberOf" or "registeredDevices" or "ownedDevices" or "managedDevices" or "assignLicense":
                return tenant.Users.Find(user) is { } entity ? OfUser(call, entity, rest) : GraphService.NotFound(call, user);
            case ("GET", ["groups", var group, "transitiveMembers", ..]):
                return tenant.Groups.Find(group) is { } of ? Objects(call, MembersBelow(of.Id)) : GraphService.NotFound(call, group);
            case ("DELETE", ["groups", var group, "members", var member, "$ref"]):
                return RemoveMember(call, group, member);
            case ("POST", ["groups", var group, "members", "$ref"]):
                return AddMember(call, group);
            case ("POST", ["groups" or "applications" or "servicePrincipals", var owned, "owners", "$ref"]):
                return AddOwner(call, segments[0], owned);
            case ("DELETE", ["groups" or "applications" or "servicePrincipals", var owned, "owners", var owner, "$ref"]):
                return RemoveOwner(call, segments[0], owned, owner);
            case ("GET", ["servicePrincipals", var app, "appRoleAssignments"]):
                return tenant.ServicePrincipals.Find(app) is { } principal ? Where(call, tenant.AppRoleAssignments, "principalId", principal.Id) : GraphService.NotFound(call, app);
            case ("GET", ["servicePrincipals", var app, "appRoleAssignedTo"]):
                return tenant.ServicePrincipals.Find(app) is { } resource ? Where(call, tenant.AppRoleAssignments, "resourceId", resource.Id) : GraphService.NotFound(call, app);
            case ("DELETE", ["oauth2PermissionGrants", var id]):
                return Delete(call, tenant.PermissionGrants, id);
            case ("POST", ["oauth2PermissionGrants"]):
                return Create(call, tenant.PermissionGrants, "grant", "clientId", "principalId", "resourceId");
            case ("GET", ["roleManagement", "directory", "roleAssignments"]):
                return Roles(call, tenant.DirectoryRoleAssignments);
            case ("DELETE", ["roleManagement", "directory", "roleAssignments", var id]):
                return Delete(call, tenant.DirectoryRoleAssignments, id);
            case ("POST", ["roleManagement", "directory", "roleAssignments"]):
                return Create(call, tenant.DirectoryRoleAssignments, "role", "principalId", "roleDefinitionId", "directoryScopeId");
            case ("GET", ["roleManagement", "directory", "roleEligibilityScheduleInstances" or "roleEligibilitySchedules"]):
                return Roles(call, tenant.DirectoryRoleEligibilities);
            case ("GET", ["roleManagement", "directory", "roleDefinitions"]):
                return GraphService.Page(call, tenant.DirectoryRoleDefinitions, null, "$metadata#roleManagement/directory/roleDefinitions", Whole);
            case ("POST", ["roleManagement", "directory", "roleEligibilityScheduleRequests"]):
                return RemoveEligibility(call);
            case ("POST", ["deviceManagement", "managedDevices", var device, "retire"]):
                return Retire(call, device);
            default:
                return null;
        }
    }

    /// <summary>The application permissions a request needs; one that the app lacks refuses it.</summary>
    internal static IReadOnlyList<string> Required(string method, string[] segments) => (method, segments) switch
    {
        ("GET", ["users", _, "authentication", ..]) => ["UserAuthenticationMethod.Read.All"],
        ("DELETE", ["users", _, "authentication", ..]) => ["UserAuthenticationMethod.ReadWrite.All"],
        ("PATCH", ["users", _]) => ["User.EnableDisableAccount.All"],
        ("POST", ["users", _, "revokeSignInSessions"]) => ["User.RevokeSessions.All"],
        ("GET", ["users", _, "memberOf" or "transitiveMemberOf", ..]) => ["GroupMember.Read.All"],
        ("GET", ["users", _, "appRoleAssignments" or "oauth2PermissionGrants"]) => ["Directory.Read.All"],
        ("DELETE" or "POST", ["users", _, "appRoleAssignments", ..]) => ["AppRoleAssignment.ReadWrite.All"],
        ("DELETE" or "POST", ["oauth2PermissionGrants", ..]) => ["DelegatedPermissionGrant.ReadWrite.All"],
        ("DELETE" or "POST", ["groups", _, "members", ..]) => ["GroupMember.ReadWrite.All"],
        ("DELETE" or "POST", ["groups", _, "owners", ..]) => ["Group.ReadWrite.All"],
        ("DELETE" or "POST", ["applications" or "servicePrincipals", _, "owners", ..]) => ["Application.ReadWrite.All"],
        ("GET", ["roleManagement", ..]) => ["RoleManagement.Read.Directory"],
        ("DELETE" or "POST", ["roleManagement", "directory", "roleAssignments", ..]) => ["RoleManagement.ReadWrite.Directory"],
        ("POST", ["roleManagement", "directory", "roleEligibilityScheduleRequests"]) => ["RoleEligibilitySchedule.ReadWrite.Directory"],
        ("PATCH", ["devices", _]) => ["Device.ReadWrite.All"],
        ("POST", ["users", _, "assignLicense"]) => ["LicenseAssignment.ReadWrite.All"],
        ("GET", ["users", _, "managedDevices"]) => ["DeviceManagementManagedDevices.Read.All"],
        ("POST", ["deviceManagement", ..]) => ["DeviceManagementManagedDevices.PrivilegedOperations.All"],
        _ => [],
    };

    private Answer OfUser(Call call, Entity user, string[] rest)
    {
        switch (call.Method, rest)
        {
            case ("GET", ["authentication", "methods"]):
                return Objects(call, tenant.SignInMethods.Of(user.Id));
            case ("DELETE", ["authentication", var collection, var method]) when MethodCollections.Contains(collection):
                if (collection == "passwordMethods")
                    return GraphService.Error(call, 400, "badRequest", "A password method cannot be deleted.");
                if (tenant.SignInMethods.Of(user.Id).Find(method) is null)
                    return GraphService.Error(call, 404, "resourceNotFound", "The requested user authentication method was not found.");
                journal.Delete($"users/{user.Id}/methods", method);
                return Answer.Empty(204);
            case ("POST", ["revokeSignInSessions"]):
                journal.Merge("users", user.Id, new JsonObject { ["signInSessionsValidFromDateTime"] = Time(call.Now) });
                return Answer.Of(200, writer =>
                {
                    writer.WriteStartObject();
                    writer.WriteBoolean("value", true);
                    writer.WriteEndObject();
                });
            case ("GET", ["appRoleAssignments"]):
                // Those of the user's groups show too.
                var groups = GroupsAbove(user.Id).All().Select(g => g.Id).Append(user.Id).ToHashSet(StringComparer.OrdinalIgnoreCase);
                return GraphService.Page(call, tenant.AppRoleAssignments, e => Json.Text(e.Json, "principalId") is { } p && groups.Contains(p), "$metadata#appRoleAssignments", Whole);
            case ("POST", ["appRoleAssignments"]):
                return Create(call, tenant.AppRoleAssignments, "approle", "principalId", "resourceId", "appRoleId");
            case ("DELETE", ["appRoleAssignments", var assignment]):
                return tenant.AppRoleAssignments.Find(assignment) is { } found && string.Equals(Json.Text(found.Json, "principalId"), user.Id, StringComparison.OrdinalIgnoreCase)
                    ? Delete(call, tenant.AppRoleAssignments, assignment) : GraphService.NotFound(call, assignment);
            case ("GET", ["oauth2PermissionGrants"]):
                return Where(call, tenant.PermissionGrants, "principalId", user.Id);
            case ("GET", ["transitiveMemberOf", ..]):
                return Objects(call, GroupsAbove(user.Id));
            case ("GET", ["registeredDevices" or "ownedDevices"]):
                return Objects(call, tenant.RegisteredDevices.Of(user.Id));
            case ("GET", ["managedDevices"]):
                return Objects(call, tenant.ManagedDevices.Of(user.Id));
            case ("POST", ["assignLicense"]):
                return AssignLicence(call, user);
            default:
                return GraphService.Error(call, 400, "BadRequest", $"Resource not found for the segment '{rest[0]}', or {call.Method} is not allowed on it.");
        }
    }

    private Answer RemoveMember(Call call, string group, string member)
    {
        if (tenant.Groups.Find(group) is not { } entity || tenant.GroupMembers.Of(group).Find(member) is null || tenant.DeletedUsers.ContainsKey(member))
            return GraphService.NotFound(call, member);
        if (Unchangeable(call, entity) is { } refused)
            return refused;
        journal.Delete($"groups/{entity.Id}/members", member);
        return Answer.Empty(204);
    }

    private Answer AddMember(Call call, string group)
    {
        if (tenant.Groups.Find(group) is not { } entity)
            return GraphService.NotFound(call, group);
        if (Unchangeable(call, entity) is { } refused)
            return refused;
        if (Referred(call) is not { } id || tenant.Users.Find(id) is not { } user)
            return GraphService.NotFound(call, "directoryObject");
        if (tenant.GroupMembers.Of(entity.Id).Find(user.Id) is not null)
            return Exists(call, "members");
        journal.Put($"groups/{entity.Id}/members", user.Id, Typed("user", user));
        return Answer.Empty(204);
    }

    private Answer? Unchangeable(Call call, Entity group)
    {
        var json = Json.Object(group.Json);
        var types = (json["groupTypes"] as JsonArray ?? []).Select(t => t!.GetValue<string>()).ToList();
        if (types.Contains("DynamicMembership"))
            return GraphService.Error(call, 400, "Request_BadRequest", "Insufficient privileges to complete the operation. Cannot update members of a dynamic membership group.");
        if (json["onPremisesSyncEnabled"]?.GetValue<bool>() == true)
            return GraphService.Error(call, 400, "Request_BadRequest", "Unable to update the specified properties for on-premises mastered Directory Sync objects or objects currently undergoing migration.");
        if (json["mailEnabled"]?.GetValue<bool>() == true && !types.Contains("Unified"))
            return GraphService.Error(call, 400, "Request_BadRequest", "Cannot Update a mail-enabled security groups and or distribution list.");
        return json["isAssignableToRole"]?.GetValue<bool>() == true && tenant.Denied.ContainsKey("RoleManagement.ReadWrite.Directory")
            ? GraphService.Error(call, 403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.") : null;
    }

    private RelationSet Owners(string collection) => collection switch { "applications" => tenant.ApplicationOwners, "groups" => tenant.GroupOwners, _ => tenant.ServicePrincipalOwners };

    private Answer AddOwner(Call call, string collection, string owned)
    {
        if (tenant.Set(collection).Find(owned) is not { } entity)
            return GraphService.NotFound(call, owned);
        if (Referred(call) is not { } id || tenant.Users.Find(id) is not { } user)
            return GraphService.NotFound(call, "directoryObject");
        if (Owners(collection).Of(entity.Id).Find(user.Id) is not null)
            return Exists(call, "owners");
        journal.Put($"{collection}/{entity.Id}/owners", user.Id, Typed("user", user));
        return Answer.Empty(204);
    }

    private Answer RemoveOwner(Call call, string collection, string owned, string owner)
    {
        if (tenant.Set(collection).Find(owned) is not { } entity || Owners(collection).Of(entity.Id) is not { } owners || owners.Find(owner) is null)
            return GraphService.NotFound(call, owner);
        if (collection == "groups" && owners.Count == 1)
            return GraphService.Error(call, 400, "Request_BadRequest", "The group must have at least one owner, hence this owner cannot be removed.");
        journal.Delete($"{collection}/{entity.Id}/owners", owner);
        return Answer.Empty(204);
    }

    private Answer Roles(Call call, EntitySet set)
    {
        var filter = call.Query.TryGetValue("$filter", out var text) ? GraphFilter.Parse(text) : throw new FormatException("A filter on principalId or roleDefinitionId is needed.");
        var expand = call.Query.GetValueOrDefault("$expand");
        if (expand is not (null or "principal" or "roleDefinition"))
            throw new FormatException($"The sandbox does not support $expand={expand} on {set.Name}.");
        return GraphService.Page(call, set, e =>
        {
            using var document = JsonDocument.Parse(e.Json);
            return filter.Passes(document.RootElement) && !(Json.Text(e.Json, "principalId") is { } p && tenant.DeletedUsers.ContainsKey(p));
        }, $"$metadata#roleManagement/directory/{set.Name}", (writer, e) =>
        {
            writer.WriteStartObject();
            Json.CopyProperties(writer, e.Json, Keep.AllBut("principal", "roleDefinition"));
            if (expand == "roleDefinition" && Json.Text(e.Json, "roleDefinitionId") is { } role && tenant.DirectoryRoleDefinitions.Find(role) is { } definition)
            {
                writer.WritePropertyName("roleDefinition");
                writer.WriteRawValue(definition.Json, skipInputValidation: true);
            }
            if (expand == "principal" && Json.Text(e.Json, "principalId") is { } id)
            {
                var (type, principal) = tenant.Users.Find(id) is { } user ? ("user", user) : tenant.Groups.Find(id) is { } group ? ("group", group) : ("servicePrincipal", tenant.ServicePrincipals.Find(id));
                if (principal is not null)
                {
                    writer.WriteStartObject("principal");
                    writer.WriteString("@odata.type", "#microsoft.graph." + type);
                    Json.CopyProperties(writer, principal.Json, Keep.AllBut("@odata.type", "signInActivity"));
                    writer.WriteEndObject();
                }
            }
            writer.WriteEndObject();
        });
    }

    private Answer RemoveEligibility(Call call)
    {
        var (action, principal, role, scope) = (Json.Text(call.Body, "action"), Json.Text(call.Body, "principalId"), Json.Text(call.Body, "roleDefinitionId"), Json.Text(call.Body, "directoryScopeId"));
        if (action != "adminRemove" || principal is null || role is null || scope is null)
            return GraphService.Error(call, 400, "InvalidRequest", "The sandbox takes adminRemove with principalId, roleDefinitionId and directoryScopeId.");
        var found = tenant.DirectoryRoleEligibilities.All().FirstOrDefault(e =>
            Same(Json.Text(e.Json, "principalId"), principal) && Same(Json.Text(e.Json, "roleDefinitionId"), role) && Same(Json.Text(e.Json, "directoryScopeId"), scope));
        if (found is null)
            return GraphService.Error(call, 400, "RoleAssignmentDoesNotExist", "The Role assignment does not exist.");
        journal.Delete(tenant.DirectoryRoleEligibilities.Name, found.Id);
        return Answer.Of(201, writer =>
        {
            writer.WriteStartObject();
            writer.WriteString("id", Ids.Guid($"{found.Id}/removal/{call.RequestId}"));
            writer.WriteString("status", "Revoked");
            writer.WriteString("action", action);
            writer.WriteEndObject();
        });
    }

    private Answer Retire(Call call, string device)
    {
        foreach (var (user, devices) in tenant.ManagedDevices.All())
            if (devices.Find(device) is not null)
            {
                journal.Merge($"users/{user}/managedDevices", device, new JsonObject { ["managementState"] = "retirePending" });
                return Answer.Empty(204);
            }
        return GraphService.NotFound(call, device);
    }

    private Answer AssignLicence(Call call, Entity user)
    {
        var json = Json.Object(user.Json);
        var states = (json["licenseAssignmentStates"] as JsonArray ?? []).Select(s => s!.DeepClone().AsObject()).ToList();
        foreach (var removed in call.Body.TryGetProperty("removeLicenses", out var removals) ? removals.EnumerateArray().Select(r => r.ToString()) : [])
        {
            var own = states.FirstOrDefault(s => Same(s["skuId"]?.GetValue<string>(), removed) && s["assignedByGroup"] is null);
            if (own is null)
                return GraphService.Error(call, 400, "Request_BadRequest", states.Exists(s => Same(s["skuId"]?.GetValue<string>(), removed))
                    ? "User license is inherited from a group membership and it cannot be removed directly from the user." : $"User does not have a corresponding license.");
            states.Remove(own);
        }
        foreach (var added in call.Body.TryGetProperty("addLicenses", out var additions) ? additions.EnumerateArray() : [])
            states.Add(new JsonObject { ["skuId"] = Json.Text(added, "skuId"), ["assignedByGroup"] = null, ["state"] = "Active", ["error"] = "None", ["disabledPlans"] = new JsonArray() });
        journal.Merge("users", user.Id, new JsonObject
        {
            ["licenseAssignmentStates"] = new JsonArray([.. states.Select(s => s.DeepClone())]),
            ["assignedLicenses"] = new JsonArray([.. states.Select(s => s["skuId"]!.GetValue<string>()).Distinct().Select(s => (JsonNode)new JsonObject { ["skuId"] = s, ["disabledPlans"] = new JsonArray() })]),
        });
        return Answer.Of(200, writer => writer.WriteRawValue(tenant.Users.Find(user.Id)!.Json, skipInputValidation: true));
    }

    private Answer Delete(Call call, EntitySet set, string id)
    {
        if (set.Find(id) is null)
            return GraphService.NotFound(call, id);
        journal.Delete(set.Name, id);
        return Answer.Empty(204);
    }

    private Answer Create(Call call, EntitySet set, string kind, params string[] same)
    {
        var value = JsonObject.Create(call.Body) ?? [];
        if (set.All().Any(e => same.All(name => Same(Json.Text(e.Json, name), value[name]?.GetValue<string>()))))
            return GraphService.Error(call, kind == "role" ? 400 : 409, "Request_MultipleObjectsWithSameKeyValue", "Permission entry already exists.");
        var id = Ids.Guid($"{kind}/{string.Join('/', same.Select(n => value[n]?.ToString()))}/{call.RequestId}");
        value["id"] = id;
        journal.Put(set.Name, id, value);
        return Answer.Of(201, writer => value.WriteTo(writer));
    }

    private static Answer Where(Call call, EntitySet set, string property, string value) =>
        GraphService.Page(call, set, e => Same(Json.Text(e.Json, property), value), $"$metadata#{set.Name}", Whole);

    private Answer Objects(Call call, EntitySet set)
    {
        var select = GraphService.Selected(call.Query.GetValueOrDefault("$select")) ?? Keep.All;
        return GraphService.Page(call, set, e => !tenant.DeletedUsers.ContainsKey(e.Id), "$metadata#directoryObjects", (writer, e) =>
        {
            // A device is shown as it is now.
            var json = tenant.Devices.Find(e.Id)?.Json ?? e.Json;
            writer.WriteStartObject();
            if (Json.Text(e.Json, "@odata.type") is { } type)
                writer.WriteString("@odata.type", type);
            Json.CopyProperties(writer, json, select.IsAll ? Keep.AllBut("@odata.type") : select);
            writer.WriteEndObject();
        });
    }

    private EntitySet MembersBelow(string group)
    {
        var found = new EntitySet("directoryObjects");
        var open = new Queue<string>([group]);
        var seen = new HashSet<string>([group], StringComparer.OrdinalIgnoreCase);
        while (open.TryDequeue(out var next))
            foreach (var member in tenant.GroupMembers.Of(next).All())
                if (seen.Add(member.Id))
                {
                    if (tenant.Groups.Find(member.Id) is not null)
                        open.Enqueue(member.Id);
                    found.Add(member.Id, Json.Bytes(Typed(tenant.Groups.Find(member.Id) is null ? "user" : "group", tenant.Users.Find(member.Id) ?? tenant.Groups.Find(member.Id) ?? member)));
                }
        return found;
    }

    private EntitySet GroupsAbove(string member)
    {
        var found = new EntitySet("directoryObjects");
        var open = new Queue<string>([member]);
        while (open.TryDequeue(out var next))
            foreach (var (parent, members) in tenant.GroupMembers.All())
                if (members.Find(next) is not null && found.Find(parent) is null && tenant.Groups.Find(parent) is { } group)
                {
                    found.Add(group.Id, Json.Bytes(Typed("group", group)));
                    open.Enqueue(parent);
                }
        return found;
    }

    // {"@odata.id":"https://graph.microsoft.com/v1.0/directoryObjects/{id}"}
    private static string? Referred(Call call) => Json.Text(call.Body, "@odata.id")?.Split('/')[^1];

    private static JsonObject Typed(string type, Entity entity)
    {
        var json = Json.Object(entity.Json);
        json.Remove("@odata.type");
        return new JsonObject([KeyValuePair.Create<string, JsonNode?>("@odata.type", "#microsoft.graph." + type), .. json.Select(p => KeyValuePair.Create(p.Key, p.Value?.DeepClone()))]);
    }

    private static Answer Exists(Call call, string what) =>
        GraphService.Error(call, 400, "Request_BadRequest", $"One or more added object references already exist for the following modified properties: '{what}'.");

    private static void Whole(Utf8JsonWriter writer, Entity entity) => writer.WriteRawValue(entity.Json, skipInputValidation: true);

    private static bool Same(string? a, string? b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}
