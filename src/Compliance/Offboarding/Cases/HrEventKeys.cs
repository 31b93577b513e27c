using System.Security.Cryptography;
using System.Text;
using Compliance.Text;

namespace Compliance.Offboarding.Cases;

/// <summary>Ids derived from an event. They are hashes, since HR's own ids may hold the employee's.</summary>
public static class HrEventKeys
{
    /// <summary>Of an event, by CloudEvents source and id: <c>hr-</c> and 32 hex digits. The same event redelivered has the same.</summary>
    public static string Create(string source, string id) => $"hr-{Hash(Encoding.UTF8.GetBytes($"{source}\n{id}"))}";

    /// <summary>Of something whose source and id cannot be read: <c>hr-unread-</c> and 32 hex digits of its bytes' SHA-256.</summary>
    internal static string OfUnread(ReadOnlySpan<byte> bytes) => $"hr-unread-{Hash(bytes)}";

    /// <summary>
    /// Of a case: <c>leaver-</c> and 32 hex digits over tenant, employee id and employment. Neither the tenant's nor the employee's id
    /// depends on letter case.
    /// </summary>
    public static string CaseOf(string tenantId, string employeeId, string employment) =>
        CaseOfSpelling(tenantId, Folded(employeeId), employment);

    /// <summary>True when both are the same person's id: Entra compares employee ids without regard to letter case.</summary>
    internal static bool SameEmployee(string? a, string? b) => string.Equals(a?.Trim(), b?.Trim(), StringComparison.OrdinalIgnoreCase);

    /// <summary>Of a case that was started for cause while HR had reported on no employment that goes on.</summary>
    internal static string CaseOfStart(string tenantId, string employeeId) => CaseOf(tenantId, employeeId, "");

    /// <summary>Of a person: 32 hex digits over tenant and employee id, whose letter case does not matter.</summary>
    internal static string PersonOf(string tenantId, string employeeId) => PersonOfSpelling(tenantId, Folded(employeeId));

    /// <summary>
    /// What an earlier version, for which each spelling was another person, may have noted a person under. Whoever was noted in mixed case
    /// is found by that spelling.
    /// </summary>
    internal static IReadOnlyList<string> EarlierPersonsOf(string tenantId, string employeeId) =>
        [
            .. new[] { employeeId, employeeId.ToUpperInvariant() }
                .Select(spelling => PersonOfSpelling(tenantId, spelling))
                .Distinct(StringComparer.Ordinal)
                .Where(person => person != PersonOf(tenantId, employeeId)),
        ];

    private static string Folded(string employeeId) => employeeId.ToLowerInvariant();

    private static string CaseOfSpelling(string tenantId, string employeeId, string employment) =>
        $"leaver-{CanonicalJson.Sha256Of(new { tenant = tenantId?.ToLowerInvariant(), employeeId, employment })[..32]}";

    private static string PersonOfSpelling(string tenantId, string employeeId) =>
        CanonicalJson.Sha256Of(new { tenant = tenantId.ToLowerInvariant(), employeeId })[..32];

    private static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 16));
}
