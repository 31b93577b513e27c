using System.Text.Json;
using System.Text.Json.Nodes;
using SandboxTenant.Data;
using SandboxTenant.Http;
using static SandboxTenant.ResourceManager.ResourceManagerService;

namespace SandboxTenant.ResourceManager;

/// <summary>The changes of resources that the sandbox knows: a vault's access policies and anybody's tags.</summary>
internal sealed class ResourceChanges(TenantData tenant, Journal journal, AzureRoles roles)
{
    private const string Tags = "/providers/Microsoft.Resources/tags/default";
    private static readonly string[] Kinds = ["keys", "secrets", "certificates", "storage"];

    /// <summary>Answers a call that changes a resource; null for another.</summary>
    public Answer? Handle(Call call)
    {
        if (call.Path.EndsWith(Tags, StringComparison.OrdinalIgnoreCase))
            return OfTags(call, call.Path[..^Tags.Length]);
        var parts = call.Path.Split('/');
        return
            call.Method == "PUT"
            && parts is [.., var policies, var operation]
            && policies.Equals("accessPolicies", StringComparison.OrdinalIgnoreCase)
            ? AccessPolicies(call, string.Join('/', parts[..^2]), operation.ToLowerInvariant())
            : null;
    }

    private Answer? OfTags(Call call, string scope)
    {
        var set = scope.Split('/') is ["", "subscriptions", _] ? "subscriptions" : "resources";
        if (tenant.Set(set).Find(set == "subscriptions" ? scope.Split('/')[2] : scope) is not { } entity)
            return NotFound(scope);
        var tags = Json.Object(entity.Json)["tags"] as JsonObject ?? [];
        if (call.Method == "GET")
            return Answered(tags);
        if (call.Method != "PATCH")
            return null;
        if (roles.Lock(scope, writes: true) is { } locked)
            return AzureRoles.ScopeLocked(scope, "write", locked);
        var operation = Json.Text(call.Body, "operation");
        if (
            operation is not ("Merge" or "Replace" or "Delete")
            || !call.Body.TryGetProperty("properties", out var properties)
            || !properties.TryGetProperty("tags", out var given)
            || given.ValueKind != JsonValueKind.Object
        )
            return Error(
                400,
                "InvalidRequestContent",
                "The request content was invalid: operation (Merge, Replace or Delete) and properties.tags are required."
            );
        var changed = operation == "Replace" ? [] : tags.DeepClone().AsObject();
        foreach (var tag in given.EnumerateObject())
        {
            // Names of tags are the same whatever their case.
            if (changed.Select(t => t.Key).FirstOrDefault(k => k.Equals(tag.Name, StringComparison.OrdinalIgnoreCase)) is { } old)
                changed.Remove(old);
            if (operation != "Delete")
                changed[tag.Name] = tag.Value.ToString();
        }
        journal.Merge(set, entity.Id, new JsonObject { ["tags"] = changed });
        return Answered(changed);

        Answer Answered(JsonObject now) =>
            new(
                200,
                Json.Bytes(
                    new JsonObject
                    {
                        ["id"] = scope + Tags,
                        ["name"] = "default",
                        ["type"] = "Microsoft.Resources/tags",
                        ["properties"] = new JsonObject { ["tags"] = now.DeepClone() },
                    }
                )
            );
    }

    private Answer AccessPolicies(Call call, string id, string operation)
    {
        if (tenant.Resources.Find(id) is not { } vault || !id.Contains("/Microsoft.KeyVault/vaults/", StringComparison.OrdinalIgnoreCase))
            return NotFound(id);
        if (
            operation is not ("add" or "remove" or "replace")
            || call.Body.ValueKind != JsonValueKind.Object
            || JsonObject.Create(call.Body)!["properties"]?["accessPolicies"] is not JsonArray given
        )
            return Error(400, "BadRequest", "The operation must be add, remove or replace, and properties.accessPolicies an array.");
        if (roles.Lock(id, writes: true) is { } locked)
            return AzureRoles.ScopeLocked(id, "write", locked);
        var resource = Json.Object(vault.Json);
        var properties = resource["properties"] as JsonObject ?? [];
        List<JsonObject> policies =
        [
            .. (properties["accessPolicies"] as JsonArray ?? []).OfType<JsonObject>().Select(p => p.DeepClone().AsObject()),
        ];
        if (operation == "replace")
            policies.Clear();
        foreach (var policy in given.OfType<JsonObject>())
        {
            var there = policies.Find(p => Same(p, policy, "objectId") && Same(p, policy, "applicationId"));
            if (operation != "remove" && there is null)
                policies.Add(policy.DeepClone().AsObject());
            else if (there is not null && !Change(there, policy, operation == "remove"))
                policies.Remove(there);
        }
        var changed = properties.DeepClone().AsObject();
        changed["accessPolicies"] = new JsonArray([.. policies]);
        journal.Merge("resources", vault.Id, new JsonObject { ["properties"] = changed });
        return new Answer(
            200,
            Json.Bytes(
                new JsonObject
                {
                    ["id"] = $"{id}/accessPolicies/",
                    ["type"] = "Microsoft.KeyVault/vaults/accessPolicies",
                    ["properties"] = new JsonObject { ["accessPolicies"] = changed["accessPolicies"]!.DeepClone() },
                }
            )
        );
    }

    private static bool Same(JsonObject a, JsonObject b, string property) =>
        string.Equals(a[property]?.GetValue<string>(), b[property]?.GetValue<string>(), StringComparison.OrdinalIgnoreCase);

    // Adds or takes away single permissions; false when none is left, which ends the policy.
    private static bool Change(JsonObject policy, JsonObject by, bool remove)
    {
        if (policy["permissions"] is not JsonObject permissions)
            policy["permissions"] = permissions = [];
        foreach (var kind in Kinds)
        {
            var now = Names(permissions[kind]);
            var named = Names(by["permissions"]?[kind]);
            permissions[kind] = new JsonArray([
                .. (
                    remove
                        ? named.Contains("all")
                            ? []
                            : now.Except(named)
                        : now.Union(named)
                ).Select(n => (JsonNode)n),
            ]);
        }
        return Kinds.Any(k => permissions[k] is JsonArray { Count: > 0 });
    }

    private static List<string> Names(JsonNode? array) =>
        [.. (array as JsonArray ?? []).Select(n => n!.GetValue<string>().ToLowerInvariant())];
}
