using SandboxTenant.Data;

namespace SandboxTenant.ResourceManager;

/// <summary>The action of a call, by which Azure's roles permit or refuse it.</summary>
internal static class ResourceManagerActions
{
    /// <summary>The action and the scope it is looked for at.</summary>
    public static (string Action, string Scope) Of(string method, string path)
    {
        var at = path.LastIndexOf("/providers/", StringComparison.OrdinalIgnoreCase);
        if (at < 0)
            return ("Microsoft.Resources/subscriptions/read", path);
        var parts = path[(at + "/providers/".Length)..].Split('/');
        // {type}/{name}/{type}/{name}: what is left when every other part goes is the type.
        var type = parts[0] + string.Concat(parts.Skip(1).Where((_, i) => i % 2 == 0).Select(p => "/" + p));
        var verb = method switch
        {
            "GET" => "read",
            "DELETE" => "delete",
            "POST" => "action",
            _ => "write",
        };
        var scope =
            type.StartsWith("Microsoft.Authorization/", StringComparison.OrdinalIgnoreCase)
            || type.Equals("Microsoft.Resources/tags", StringComparison.OrdinalIgnoreCase)
                ? path[..at]
                : path;
        return type.Equals("Microsoft.ResourceGraph/resources", StringComparison.OrdinalIgnoreCase)
            ? (type + "/read", "/")
            : ($"{type}/{verb}", scope.Length == 0 ? "/" : scope);
    }

    /// <summary>The first action that the app lacks of those a call needs; null where it lacks none.</summary>
    public static (string Action, string Scope)? Lacking(TenantData tenant, string method, string path)
    {
        var needed = Of(method, path);
        return tenant.Denied.Keys.FirstOrDefault(d => d.Equals(needed.Action, StringComparison.OrdinalIgnoreCase)) is { } named
            ? (named, needed.Scope)
            : null;
    }
}
