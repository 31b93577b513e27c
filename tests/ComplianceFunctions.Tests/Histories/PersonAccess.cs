using SandboxTenant.Data;

namespace ComplianceFunctions.Tests.Histories;

/// <summary>What a person can do in the tenant.</summary>
/// <param name="Exists">Whether there is such a user.</param>
/// <param name="Enabled">Whether the account can sign in.</param>
/// <param name="EmployeeId">HR's id on the account; null for none.</param>
/// <param name="Holds">Ids of groups and of Azure role assignments.</param>
internal sealed record PersonAccess(bool Exists, bool Enabled, string? EmployeeId, IReadOnlyList<string> Holds)
{
    /// <summary>As it is now.</summary>
    public static PersonAccess Read(TenantData tenant, Person who)
    {
        var id = SmallTenant.IdOf(who);
        if (tenant.Users.Find(id) is not { } user)
            return new(false, false, null, []);
        var json = Json.Object(user.Json);
        return new(
            true,
            json["accountEnabled"]!.GetValue<bool>(),
            json["employeeId"]?.GetValue<string>(),
            [
                .. tenant.GroupsOf(id).Order(StringComparer.Ordinal),
                .. tenant.RoleAssignments.All().Where(r => PrincipalOf(r) == id).Select(r => r.Id),
            ]
        );
    }

    /// <inheritdoc/>
    public bool Equals(PersonAccess? other) =>
        other is not null
        && (Exists, Enabled, EmployeeId) == (other.Exists, other.Enabled, other.EmployeeId)
        && Holds.SequenceEqual(other.Holds);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Exists, Enabled, EmployeeId, Holds.Count);

    /// <inheritdoc/>
    public override string ToString() => !Exists ? "is gone" : $"{(Enabled ? "enabled" : "disabled")} with {Holds.Count}";

    private static string PrincipalOf(Entity assignment) => Json.Object(assignment.Json)["properties"]!["principalId"]!.GetValue<string>();
}
