using System.Text.Json;
using System.Text.Json.Nodes;
using SandboxTenant.Data;
using SandboxTenant.Http;

namespace SandboxTenant.ResourceManager;

/// <summary>The changes Resource Manager takes: role assignments, a vault's access policies, tags. A lock or a missing permission refuses them as the service does.</summary>
internal sealed class ResourceManagerWrites(TenantData tenant, Journal journal)
{
    private const string Assignments = "/providers/Microsoft.Authorization/roleAssignments/";
    private const string Tags = "/providers/Microsoft.Resources/tags/default";

    /// <summary>Answers one request; null when it is not one of these.</summary>
    public Answer? Handle(Call call)
    {
        var at = call.Path.LastIndexOf(Assignments, StringComparison.OrdinalIgnoreCase);
        if (at >= 0 && call.Method == "DELETE")
            return Refused(call.Path[..at], "Microsoft.Authorization/roleAssignments/delete", delete: true) ?? RemoveRole(call.Path);
        if (at >= 0 && call.Method == "PUT")
            return Refused(call.Path[..at], "Microsoft.Authorization/roleAssignments/write", delete: false) ?? AddRole(call, call.Path[..at]);
        if (call.Method == "PUT" && call.Path.Split("/accessPolicies/") is [var vault, var operation])
            return Refused(vault, "Microsoft.KeyVault/vaults/accessPolicies/write", delete: false) ?? ChangePolicies(call, vault, operation);
        if (call.Method == "PATCH" && call.Path.EndsWith(Tags, StringComparison.OrdinalIgnoreCase))
            return Refused(call.Path[..^Tags.Length], "Microsoft.Resources/tags/write", delete: false) ?? ChangeTags(call, call.Path[..^Tags.Length]);
        return null;
    }

    private Answer? Refused(string scope, string action, bool delete)
    {
        if (tenant.Denied.ContainsKey(action))
            return ResourceManagerService.Error(403, "AuthorizationFailed", $"The client does not have authorization to perform action '{action}' over scope '{scope}' or the scope is invalid.");
        var locked = tenant.Locks.Keys.FirstOrDefault(l => scope.StartsWith(l, StringComparison.OrdinalIgnoreCase));
        return delete && locked is not null
            ? ResourceManagerService.Error(409, "ScopeLocked", $"The scope '{scope}' cannot perform delete operation because following scope(s) are locked: '{locked}'. Please remove the lock and try again.")
            : null;
    }

    private Answer RemoveRole(string id)
    {
        if (tenant.RoleAssignments.Find(id) is not { } found)
            return Answer.Empty(204);
        journal.Delete(tenant.RoleAssignments.Name, found.Id);
        return new Answer(200, found.Json);
    }

    private Answer AddRole(Call call, string scope)
    {
        var properties = JsonObject.Create(call.Body)?["properties"]?.DeepClone().AsObject() ?? [];
        bool Same(Entity e, string name) => string.Equals(Property(e, name), properties[name]?.GetValue<string>(), StringComparison.OrdinalIgnoreCase);
        if (tenant.RoleAssignments.All().Any(e => Same(e, "principalId") && Same(e, "roleDefinitionId") && string.Equals(Property(e, "scope"), scope, StringComparison.OrdinalIgnoreCase)))
            return ResourceManagerService.Error(409, "RoleAssignmentExists", "The role assignment already exists.");
        properties["scope"] = scope;
        var value = new JsonObject { ["id"] = call.Path, ["name"] = call.Segments[^1], ["type"] = "Microsoft.Authorization/roleAssignments", ["properties"] = properties };
        journal.Put(tenant.RoleAssignments.Name, call.Path, value);
        return Answer.Of(201, writer => value.WriteTo(writer));
    }

    // {"properties":{"accessPolicies":[{"tenantId":"…","objectId":"…","permissions":{…}}]}}
    private Answer ChangePolicies(Call call, string vault, string operation)
    {
        if (tenant.Resources.Find(vault) is not { } resource)
            return ResourceManagerService.Error(404, "ResourceNotFound", $"The Resource '{vault}' was not found.");
        var properties = Json.Object(resource.Json)["properties"]?.DeepClone().AsObject() ?? [];
        var policies = (properties["accessPolicies"] as JsonArray ?? []).Select(p => p!.DeepClone().AsObject()).ToList();
        static string? Who(JsonObject policy) => policy["objectId"]?.GetValue<string>();
        foreach (var given in JsonObject.Create(call.Body)?["properties"]?["accessPolicies"]?.AsArray().Select(p => p!.DeepClone().AsObject()) ?? [])
        {
            policies.RemoveAll(p => string.Equals(Who(p), Who(given), StringComparison.OrdinalIgnoreCase));
            if (operation.Equals("add", StringComparison.OrdinalIgnoreCase))
                policies.Add(given);
        }
        properties["accessPolicies"] = new JsonArray([.. policies]);
        journal.Merge(tenant.Resources.Name, resource.Id, new JsonObject { ["properties"] = properties.DeepClone() });
        return Answer.Of(200, writer => new JsonObject { ["id"] = $"{vault}/accessPolicies/", ["properties"] = new JsonObject { ["accessPolicies"] = properties["accessPolicies"]!.DeepClone() } }.WriteTo(writer));
    }

    // {"operation":"Merge","properties":{"tags":{"owner":"…"}}}
    private Answer ChangeTags(Call call, string id)
    {
        if (tenant.Resources.Find(id) is not { } resource)
            return ResourceManagerService.Error(404, "ResourceNotFound", $"The Resource '{id}' was not found.");
        if (Json.Text(call.Body, "operation") != "Merge")
            return ResourceManagerService.Error(400, "InvalidTagsOperation", "The sandbox merges tags only.");
        var tags = Json.Object(resource.Json)["tags"]?.DeepClone().AsObject() ?? [];
        foreach (var (name, value) in JsonObject.Create(call.Body)?["properties"]?["tags"]?.AsObject() ?? [])
            tags[name] = value?.DeepClone();
        journal.Merge(tenant.Resources.Name, resource.Id, new JsonObject { ["tags"] = tags.DeepClone() });
        return Answer.Of(200, writer => new JsonObject { ["properties"] = new JsonObject { ["tags"] = tags.DeepClone() } }.WriteTo(writer));
    }

    private static string? Property(Entity entity, string name)
    {
        using var document = JsonDocument.Parse(entity.Json);
        return ResourceQuery.Text(ResourceQuery.Value(document.RootElement, "properties." + name));
    }
}
