using System.Collections.Concurrent;

namespace SandboxTenant.Data;

/// <summary>What the calling application may not do; without any of it, it may do everything. It may be changed while the sandbox runs.</summary>
internal sealed class TenantRules
{
    private readonly ConcurrentDictionary<string, bool> _withheld = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Whether the application holds a directory role itself, without which it cannot disable people who hold a privileged one.</summary>
    public bool AppHoldsDirectoryRole { get; set; } = true;

    /// <summary>The permissions it was not granted: Graph's application permissions by name, Resource Manager's actions (<c>Microsoft.Authorization/roleAssignments/delete</c>).</summary>
    public IEnumerable<string> Withheld => _withheld.Keys.Order(StringComparer.Ordinal);

    /// <summary>Whether it was granted this permission or action.</summary>
    public bool Grants(string permission) => !_withheld.ContainsKey(permission);

    /// <summary>Takes a permission or action away.</summary>
    public void Withhold(string permission) => _withheld[permission] = true;

    /// <summary>Gives it back, as an administrator's consent does.</summary>
    public void Grant(string permission) => _withheld.TryRemove(permission, out _);
}
