using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using SandboxTenant.Data;
using SandboxTenant.Http;
using static SandboxTenant.ResourceManager.ResourceManagerService;

namespace SandboxTenant.ResourceManager;

/// <summary>Azure roles at every scope: assigned ones, and those that may be activated (PIM).</summary>
internal sealed partial class AzureRoles(TenantData tenant, Journal journal)
{
    private const string Provider = "/providers/Microsoft.Authorization/";
    private const string ManagementGroup = "/providers/Microsoft.Management/managementGroups/";

    /// <summary>Answers a call on roles; null for one on something else.</summary>
    public Answer? Handle(Call call)
    {
        var at = call.Path.LastIndexOf(Provider, StringComparison.OrdinalIgnoreCase);
        if (at < 0)
            return null;
        var scope = call.Path[..at];
        if (scope.Split('/') is ["", var root, var id, ..] && Is(root, "subscriptions") && tenant.Subscriptions.Find(id) is null)
            return Error(404, "SubscriptionNotFound", $"The subscription '{id}' could not be found.");
        return (call.Method, call.Path[(at + Provider.Length)..].Split('/')) switch
        {
            ("GET", [var kind]) when Is(kind, "roleAssignments") => List(call, scope, tenant.RoleAssignments),
            ("GET", [var kind]) when Is(kind, "roleEligibilityScheduleInstances") || Is(kind, "roleEligibilitySchedules") => List(
                call,
                scope,
                tenant.RoleEligibilities
            ),
            ("GET", [var kind]) when Is(kind, "permissions") => Permissions(scope),
            ("GET", [var kind]) when Is(kind, "roleDefinitions") => Page(call, tenant.RoleDefinitions, null, Whole),
            ("GET", [var kind]) when Is(kind, "locks") => Page(
                call,
                tenant.Locks,
                l => Locked(l).StartsWith(scope, StringComparison.OrdinalIgnoreCase),
                Whole
            ),
            ("GET", [var kind, var name])
                when Is(kind, "roleAssignments") || Is(kind, "roleDefinitions") || Is(kind, "roleEligibilityScheduleInstances") => Get(
                call,
                kind,
                name
            ),
            ("PUT", [var kind, var name]) when Is(kind, "roleAssignments") => Put(call, scope, name),
            ("DELETE", [var kind, _]) when Is(kind, "roleAssignments") => Delete(call, scope),
            ("PUT", [var kind, var name]) when Is(kind, "roleEligibilityScheduleRequests") => Request(call, scope, name),
            _ => null,
        };
    }

    private static bool Is(string a, string b) => a.Equals(b, StringComparison.OrdinalIgnoreCase);

    private static JsonElement? Property(JsonElement element, string name) => ResourceQuery.Value(element, "properties." + name);

    private static string Text(Entity entity, string property)
    {
        using var document = JsonDocument.Parse(entity.Json);
        return ResourceQuery.Text(Property(document.RootElement, property));
    }

    // What the app may do: everything but the actions it was denied. Denied to read at all, it has a role on resource groups alone.
    private Answer Permissions(string scope)
    {
        var partly = tenant.Denied.ContainsKey("*/read");
        return Answer.Create(
            200,
            writer =>
            {
                writer.WriteStartObject();
                writer.WriteStartArray("value");
                if (!partly || scope.Split('/').Length > 3)
                {
                    writer.WriteStartObject();
                    Actions(writer, "actions", [partly ? "*/read" : "*"]);
                    Actions(writer, "notActions", tenant.Denied.Keys.Where(d => d.Contains('/') && d != "*/read"));
                    Actions(writer, "dataActions", []);
                    Actions(writer, "notDataActions", []);
                    writer.WriteEndObject();
                }
                writer.WriteEndArray();
                writer.WriteEndObject();
            }
        );

        static void Actions(Utf8JsonWriter writer, string name, IEnumerable<string> actions)
        {
            writer.WriteStartArray(name);
            foreach (var action in actions.Order(StringComparer.Ordinal))
                writer.WriteStringValue(action);
            writer.WriteEndArray();
        }
    }

    // A definition is answered at any scope it may be assigned at.
    private Answer Get(Call call, string kind, string name) =>
        (
            tenant.RoleAssignments.Find(call.Path)
            ?? tenant.RoleEligibilities.Find(call.Path)
            ?? tenant.RoleDefinitions.Find(call.Path)
            ?? (Is(kind, "roleDefinitions") ? tenant.RoleDefinitions.Find($"{Provider}roleDefinitions/{name}") : null)
        )
            is { } role
            ? new Answer(200, role.Json)
        : Is(kind, "roleAssignments") ? Error(404, "RoleAssignmentNotFound", $"The role assignment '{name}' is not found.")
        : NotFound(call.Path);

    private Answer List(Call call, string scope, EntitySet set)
    {
        var filter = call.Query.GetValueOrDefault("$filter", "");
        var match = PrincipalFilter().Match(filter);
        if (filter.Length > 0 && !match.Success)
            return Error(
                400,
                "UnsupportedQuery",
                $"The filter '{filter}' is not supported. Supported filters are atScope(), asTarget(), principalId eq '{{value}}', "
                    + $"assignedTo('{{value}}')."
            );
        var (atScope, direct, assignedTo) = (match.Groups["scope"].Success, match.Groups["direct"].Value, match.Groups["to"].Value);
        bool Fits(Entity role)
        {
            var at = Text(role, "scope").TrimEnd('/');
            return IsAtOrAbove(at, scope) || !atScope && IsAtOrAbove(scope, at);
        }

        IEnumerable<string>? principals =
            direct.Length > 0 ? [direct]
            : assignedTo.Length > 0 ? Holders(assignedTo)
            : null;
        return principals is null
            ? Page(call, set, Fits, Whole)
            : Page(call, principals.SelectMany(p => set.By("principalId", p)).Where(Fits), Whole);
    }

    private List<string> Holders(string principal)
    {
        List<string> holders = [principal];
        for (var i = 0; i < holders.Count; i++)
            holders.AddRange(tenant.GroupsOf(holders[i]).Where(g => !holders.Contains(g, StringComparer.OrdinalIgnoreCase)));
        return holders;
    }

    private bool IsAtOrAbove(string above, string scope)
    {
        if (scope.Equals(above, StringComparison.OrdinalIgnoreCase) || scope.StartsWith(above + "/", StringComparison.OrdinalIgnoreCase))
            return true;
        // Every subscription is below the management groups its own chain names; below all where the copy has no chain.
        if (
            !above.StartsWith(ManagementGroup, StringComparison.OrdinalIgnoreCase)
            || scope.Split('/') is not ["", var kind, var id, ..]
            || !Is(kind, "subscriptions")
            || tenant.Subscriptions.Find(id) is not { } subscription
        )
            return false;
        using var document = JsonDocument.Parse(subscription.Json);
        return Property(document.RootElement, "managementGroupAncestorsChain") is not { ValueKind: JsonValueKind.Array } chain
            || chain.EnumerateArray().Any(g => above.Equals(ManagementGroup + Json.Text(g, "name"), StringComparison.OrdinalIgnoreCase));
    }

    private Answer Put(Call call, string scope, string name)
    {
        if (
            call.Body.ValueKind != JsonValueKind.Object
            || !call.Body.TryGetProperty("properties", out var properties)
            || properties.ValueKind != JsonValueKind.Object
            || Json.Text(properties, "roleDefinitionId") is not { } definition
            || Json.Text(properties, "principalId") is not { } principal
        )
            return Error(400, "InvalidRequestContent", "The request content was invalid: roleDefinitionId and principalId are required.");
        if (!Guid.TryParse(name, out _))
            return Error(
                400,
                "InvalidRoleAssignmentId",
                $"The role assignment ID '{name}' is not valid. The role assignment ID must be a GUID."
            );
        if (
            tenant.Users.Find(principal) is null
            && tenant.Groups.Find(principal) is null
            && tenant.ServicePrincipals.Find(principal) is null
        )
            return Error(400, "PrincipalNotFound", $"Principal {principal} does not exist in the directory {tenant.TenantId}.");
        if (Lock(scope, writes: true) is { } locked)
            return ScopeLocked(call.Path, "write", locked);
        if (
            tenant
                .RoleAssignments.By("principalId", principal)
                .Any(a =>
                    Is(Text(a, "scope").TrimEnd('/'), scope) && Is(Text(a, "roleDefinitionId").Split('/')[^1], definition.Split('/')[^1])
                )
        )
            return Error(409, "RoleAssignmentExists", "The role assignment already exists.");
        if (tenant.RoleAssignments.Find(call.Path) is not null)
            return Error(
                400,
                "RoleAssignmentUpdateNotPermitted",
                "Tenant ID, application ID, principal ID, and scope are not allowed to be updated."
            );
        var made = JsonObject.Create(properties)!;
        made["scope"] = scope.Length == 0 ? "/" : scope;
        made["principalType"] ??=
            tenant.Users.Find(principal) is not null ? "User"
            : tenant.Groups.Find(principal) is not null ? "Group"
            : "ServicePrincipal";
        made["createdOn"] = Graph.GraphAnswer.Time(call.Now);
        made["updatedOn"] = Graph.GraphAnswer.Time(call.Now);
        var assignment = new JsonObject
        {
            ["id"] = call.Path,
            ["name"] = name,
            ["type"] = "Microsoft.Authorization/roleAssignments",
            ["properties"] = made,
        };
        journal.Put("roleAssignments", call.Path, assignment);
        return new Answer(201, Json.Bytes(assignment));
    }

    private Answer Delete(Call call, string scope)
    {
        if (tenant.RoleAssignments.Find(call.Path) is not { } assignment)
            return Answer.Empty(204);
        if (Lock(scope, writes: false) is { } locked)
            return ScopeLocked(call.Path, "delete", locked);
        journal.Delete("roleAssignments", assignment.Id);
        return new Answer(200, assignment.Json);
    }

    // PIM for Azure: {"properties":{"principalId":"…","roleDefinitionId":"…","requestType":"AdminRemove"}}
    private Answer Request(Call call, string scope, string name)
    {
        if (
            call.Body.ValueKind != JsonValueKind.Object
            || !call.Body.TryGetProperty("properties", out var properties)
            || Json.Text(properties, "principalId") is not { } principal
            || Json.Text(properties, "roleDefinitionId") is not { } definition
        )
            return Error(400, "InvalidRequestContent", "The request content was invalid: principalId and roleDefinitionId are required.");
        if (Json.Text(properties, "requestType") != "AdminRemove")
            return Error(400, "InvalidRequestContent", "The sandbox carries out requests of the type AdminRemove only.");
        if (
            tenant
                .RoleEligibilities.By("principalId", principal)
                .FirstOrDefault(e =>
                    Is(Text(e, "scope").TrimEnd('/'), scope) && Is(Text(e, "roleDefinitionId").Split('/')[^1], definition.Split('/')[^1])
                )
            is not { } found
        )
            return Error(400, "RoleAssignmentDoesNotExist", "The Role assignment does not exist.");
        journal.Delete("roleEligibilityScheduleInstances", found.Id);
        var made = JsonObject.Create(properties)!;
        made["status"] = "Revoked";
        made["scope"] = scope;
        return new Answer(
            201,
            Json.Bytes(
                new JsonObject
                {
                    ["id"] = call.Path,
                    ["name"] = name,
                    ["type"] = "Microsoft.Authorization/roleEligibilityScheduleRequests",
                    ["properties"] = made,
                }
            )
        );
    }

    /// <summary>The scope of a lock that forbids a deletion (or, for a read-only one, any write) here; null where nothing does.</summary>
    public string? Lock(string scope, bool writes)
    {
        foreach (var found in tenant.Locks.All())
            if (
                IsAtOrAbove(Locked(found), scope)
                && (Is(Text(found, "level"), "ReadOnly") || !writes && Is(Text(found, "level"), "CanNotDelete"))
            )
                return Locked(found);
        return null;
    }

    /// <summary>The answer where a lock stands in the way.</summary>
    public static Answer ScopeLocked(string id, string operation, string scope) =>
        Error(
            409,
            "ScopeLocked",
            $"The scope '{id}' cannot perform {operation} operation because following scope(s) are locked: '{scope}'. Please remove the "
                + "lock and try again."
        );

    private static string Locked(Entity found)
    {
        var at = found.Id.LastIndexOf(Provider, StringComparison.OrdinalIgnoreCase);
        return at < 0 ? found.Id : found.Id[..at];
    }

    [GeneratedRegex(
        @"^(?:(?:(?<scope>atScope\(\))|asTarget\(\))(?: and (?=\S)|$))?(?:principalId eq '(?<direct>[^']+)'|assignedTo\('(?<to>[^']+)'\))?$"
    )]
    private static partial Regex PrincipalFilter();
}
