using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using SandboxTenant.Data;
using SandboxTenant.Http;
using SandboxTenant.SignIn;

namespace SandboxTenant.ResourceManager;

/// <summary>The part of Azure Resource Manager that the product reads: subscriptions, resources, storage keys' metadata, role assignments and Resource Graph.</summary>
internal sealed partial class ResourceManagerService(TenantData tenant, Journal journal, SignInService signIn)
{
    private readonly ResourceManagerWrites _writes = new(tenant, journal);

    private const int PageSize = 1000;

    /// <summary>Answers one request.</summary>
    public Answer Handle(Call call)
    {
        if (!signIn.Accepts(call.Header("Authorization"), "https://management.azure.com", "https://management.core.windows.net"))
            return Error(401, call.Header("Authorization") is null ? "AuthenticationFailed" : "InvalidAuthenticationTokenAudience",
                call.Header("Authorization") is null ? "Authentication failed. The 'Authorization' header is missing." : "The access token is invalid, expired or for another audience.")
                .With("WWW-Authenticate", $"Bearer authorization_uri=\"{call.Root}/{tenant.TenantId}\", error=\"invalid_token\", error_description=\"The access token is missing or invalid.\"");
        if (!call.Query.ContainsKey("api-version"))
            return Error(400, "MissingApiVersionParameter", "The api-version query parameter (?api-version=) is required for all requests.");
        var segments = call.Segments;
        switch (call.Method, segments)
        {
            case ("GET", ["subscriptions"]):
                return Page(call, tenant.Subscriptions, null, Subscription);
            case ("POST", ["providers", var provider, "resources"]) when provider.Equals("Microsoft.ResourceGraph", StringComparison.OrdinalIgnoreCase):
                return new ResourceGraph(tenant).Answer(call);
        }
        if (_writes.Handle(call) is { } written)
            return written;
        if (call.Path.EndsWith("/providers/Microsoft.Authorization/roleEligibilityScheduleInstances", StringComparison.OrdinalIgnoreCase) && call.Method == "GET")
            return Assigned(call, tenant.RoleEligibilities, call.Path[..^"/providers/Microsoft.Authorization/roleEligibilityScheduleInstances".Length]);
        if (call.Path.EndsWith("/providers/Microsoft.Authorization/roleAssignments", StringComparison.OrdinalIgnoreCase) && call.Method == "GET")
            return Assigned(call, tenant.RoleAssignments, call.Path[..^"/providers/Microsoft.Authorization/roleAssignments".Length]);
        if (call.Path.EndsWith("/providers/Microsoft.Authorization/roleDefinitions", StringComparison.OrdinalIgnoreCase) && call.Method == "GET")
            return Page(call, tenant.RoleDefinitions, null, Whole);
        if (call.Path.Contains("/providers/Microsoft.Authorization/role", StringComparison.OrdinalIgnoreCase) && call.Method == "GET")
            return (tenant.RoleAssignments.Find(call.Path) ?? tenant.RoleDefinitions.Find(call.Path)) is { } role ? One(role) : NotFound(call.Path);
        if (segments is not ["subscriptions", var id, .. var rest])
            return Error(404, "InvalidResourceType", $"The resource type could not be found at {call.Path}.");
        if (tenant.Subscriptions.Find(id) is not { } subscription)
            return Error(404, "SubscriptionNotFound", $"The subscription '{id}' could not be found.");
        return (call.Method, rest) switch
        {
            ("GET", []) => Answer.Of(200, writer => Subscription(writer, subscription)),
            ("GET", ["resources"]) => Page(call, tenant.Resources, e => In(e, $"/subscriptions/{id}/"), Generic),
            ("GET", ["providers", var ns, var type]) => Page(call, tenant.Resources, e => In(e, $"/subscriptions/{id}/") && OfType(e, $"{ns}/{type}"), Whole),
            ("GET", ["resourceGroups", var group, "providers", var ns, var type]) =>
                Page(call, tenant.Resources, e => In(e, $"/subscriptions/{id}/resourceGroups/{group}/") && OfType(e, $"{ns}/{type}"), Whole),
            ("GET", ["resourceGroups", var group, "resources"]) => Page(call, tenant.Resources, e => In(e, $"/subscriptions/{id}/resourceGroups/{group}/"), Generic),
            ("POST", [.., "listKeys"]) => ListKeys(call.Path[..^"/listKeys".Length]),
            ("GET", _) => tenant.Resources.Find(call.Path) is { } resource ? One(resource) : NotFound(call.Path),
            _ => Error(405, "MethodNotAllowed", $"The sandbox does not answer {call.Method} {call.Path}."),
        };
    }

    /// <summary>An error as Resource Manager shapes it.</summary>
    public static Answer Error(int status, string code, string message) => Answer.Of(status, writer =>
    {
        writer.WriteStartObject();
        writer.WriteStartObject("error");
        writer.WriteString("code", code);
        writer.WriteString("message", message);
        writer.WriteEndObject();
        writer.WriteEndObject();
    });

    private static Answer NotFound(string id) => Error(404, "ResourceNotFound", $"The Resource '{ShortName(id)}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix");

    private static string ShortName(string id)
    {
        var at = id.IndexOf("/providers/", StringComparison.OrdinalIgnoreCase);
        return at < 0 ? id : id[(at + "/providers/".Length)..];
    }

    private static bool In(Entity entity, string prefix) => entity.Id.StartsWith(prefix, StringComparison.OrdinalIgnoreCase);

    private static bool OfType(Entity entity, string type) => (Json.Text(entity.Json, "type") ?? ResourceGraph.TypeOf(entity.Id)).Equals(type, StringComparison.OrdinalIgnoreCase);

    private static Answer One(Entity entity) => new(200, entity.Json);

    private static void Whole(Utf8JsonWriter writer, Entity entity) => writer.WriteRawValue(entity.Json, skipInputValidation: true);

    // The generic list leaves the properties out.
    private static void Generic(Utf8JsonWriter writer, Entity entity)
    {
        writer.WriteStartObject();
        Json.CopyProperties(writer, entity.Json, GenericKeep);
        writer.WriteEndObject();
    }

    private static readonly Keep GenericKeep = Keep.AllBut("properties");

    private void Subscription(Utf8JsonWriter writer, Entity entity)
    {
        writer.WriteStartObject();
        Json.CopyProperties(writer, entity.Json, Keep.All);
        foreach (var (name, value) in ((string, string)[])[("subscriptionId", entity.Id), ("tenantId", tenant.TenantId), ("state", "Enabled")])
            if (Json.Text(entity.Json, name) is null)
                writer.WriteString(name, value);
        writer.WriteEndObject();
    }

    private static Answer Page(Call call, EntitySet set, Func<Entity, bool>? where, Action<Utf8JsonWriter, Entity> write)
    {
        var size = PageSize;
        if (call.Query.TryGetValue("$top", out var top) && (!int.TryParse(top, NumberStyles.None, CultureInfo.InvariantCulture, out size) || size is < 1 or > PageSize))
            return Error(400, "InvalidTopQueryOption", $"$top must be from 1 to {PageSize}.");
        if (Paging.Read(call.Query.GetValueOrDefault("$skiptoken")) is not { } at)
            return Error(400, "InvalidSkipToken", "The skip token is not valid.");
        var (items, more) = set.Page(at.After, size, where);
        return Answer.Of(200, writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("value");
            foreach (var item in items)
                write(writer, item);
            writer.WriteEndArray();
            if (Paging.Next(call, "$skiptoken", at, more ? items[^1].Seq : null) is { } next)
                writer.WriteString("nextLink", next);
            writer.WriteEndObject();
        });
    }

    // The keys' values are made up: what is read is their names and times.
    private Answer ListKeys(string id)
    {
        if (tenant.Resources.Find(id) is not { } account)
            return NotFound(id);
        if (!OfType(account, "Microsoft.Storage/storageAccounts"))
            return Error(400, "NoRegisteredProviderFound", "The sandbox lists the keys of storage accounts only.");
        using var document = JsonDocument.Parse(account.Json);
        var times = ResourceQuery.Value(document.RootElement, "properties.keyCreationTime");
        return Answer.Of(200, writer =>
        {
            writer.WriteStartObject();
            writer.WriteStartArray("keys");
            foreach (var name in (string[])["key1", "key2"])
            {
                writer.WriteStartObject();
                if (times is { } t && Json.Text(t, name) is { } created)
                    writer.WriteString("creationTime", created);
                writer.WriteString("keyName", name);
                writer.WriteString("value", "sandbox-planted-storage-key-" + Ids.Hex(account.Id + name, 32));
                writer.WriteString("permissions", "FULL");
                writer.WriteEndObject();
            }
            writer.WriteEndArray();
            writer.WriteEndObject();
        });
    }

    private Answer Assigned(Call call, EntitySet set, string scope)
    {
        var filter = call.Query.GetValueOrDefault("$filter", "");
        var match = PrincipalFilter().Match(filter);
        if (filter.Length > 0 && !match.Success)
            return Error(400, "UnsupportedQuery", $"The filter '{filter}' is not supported. Supported filters are atScope(), principalId eq '{{value}}', assignedTo('{{value}}').");
        var (atScope, direct, assignedTo) = (match.Groups["scope"].Success, match.Groups["direct"].Value, match.Groups["to"].Value);
        var principals = direct.Length > 0 ? [direct] : assignedTo.Length > 0
            ? new HashSet<string>(tenant.GroupMembers.All().Where(g => g.Set.Find(assignedTo) is not null).Select(g => g.Parent).Append(assignedTo), StringComparer.OrdinalIgnoreCase) : null;
        return Page(call, set, entity =>
        {
            using var document = JsonDocument.Parse(entity.Json);
            var at = ResourceQuery.Text(ResourceQuery.Value(document.RootElement, "properties.scope")).TrimEnd('/');
            var above = scope.Equals(at, StringComparison.OrdinalIgnoreCase) || scope.StartsWith(at + "/", StringComparison.OrdinalIgnoreCase)
                // Every subscription of the sandbox is below its management groups.
                || at.StartsWith("/providers/Microsoft.Management/managementGroups/", StringComparison.OrdinalIgnoreCase);
            var below = at.StartsWith(scope + "/", StringComparison.OrdinalIgnoreCase);
            return (above || !atScope && below)
                && (principals is null || principals.Contains(ResourceQuery.Text(ResourceQuery.Value(document.RootElement, "properties.principalId"))));
        }, Whole);
    }

    [GeneratedRegex(@"^(?:(?<scope>atScope\(\))(?: and (?=\S)|$))?(?:principalId eq '(?<direct>[^']+)'|assignedTo\('(?<to>[^']+)'\))?$")]
    private static partial Regex PrincipalFilter();
}
