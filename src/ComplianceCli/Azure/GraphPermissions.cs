using Compliance.Offboarding.Actions;
using Compliance.Tenants;

namespace ComplianceCli.Azure;

/// <summary>The Graph permissions of the app's identity: the union of what its calls declare, and nothing beside them.</summary>
internal static class GraphPermissions
{
    /// <summary>All powerful ones, in place of names.</summary>
    public const string AllPowerful = "all";

    private const string FromItsReads = "(";

    private static readonly Dictionary<string, string> Why = new(StringComparer.Ordinal)
    {
        ["Application.ReadWrite.All"] = "adds a secret to any application and acts as it",
        ["AppRoleAssignment.ReadWrite.All"] = "gives itself any permission",
        ["DelegatedPermissionGrant.ReadWrite.All"] = "lets any application act for anybody",
        ["RoleAssignmentSchedule.ReadWrite.Directory"] = "makes anybody Global Administrator",
        ["RoleEligibilitySchedule.ReadWrite.Directory"] = "makes anybody Global Administrator",
        ["RoleManagement.ReadWrite.Directory"] = "makes anybody Global Administrator",
    };

    /// <summary>What mode <c>report</c> needs: reads.</summary>
    public static IReadOnlyList<string> Reads { get; } = Of(DeclaredCall.All);

    /// <summary>What the acts of mode <c>enforce</c> need beside that.</summary>
    public static IReadOnlyList<string> Writes { get; } = [.. Of(StepRegistry.Default.Calls).Except(Reads)];

    /// <summary>Those among the writes whose holder can make itself Global Administrator: each is a choice of its own.</summary>
    public static IReadOnlyList<string> Powerful { get; } = [.. Writes.Where(IsPowerful)];

    /// <summary>All that any mode needs.</summary>
    public static IReadOnlyList<string> All { get; } = [.. Reads.Concat(Writes).Order(StringComparer.Ordinal)];

    /// <summary>What a deployment needs.</summary>
    /// <param name="isEnforcing">Whether it acts.</param>
    /// <param name="powerful">The powerful ones that were chosen.</param>
    public static IReadOnlyList<string> For(bool isEnforcing, IReadOnlyCollection<string> powerful) =>
        isEnforcing ? [.. All.Where(p => !Powerful.Contains(p) || powerful.Contains(p))] : Reads;

    /// <summary>The powerful ones that a text names.</summary>
    /// <param name="text">Names with commas between, or <c>all</c>; null or empty for none.</param>
    /// <exception cref="CliException">One is none of them.</exception>
    public static IReadOnlyList<string> Choose(string? text)
    {
        var names = (text ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (names is [AllPowerful])
            return Powerful;
        return Array.Find(names, n => !Powerful.Contains(n)) is { } other
            ? throw new CliException($"{other} is none of the powerful permissions: {string.Join(", ", Powerful)}, or {AllPowerful}")
            {
                IsUsage = true,
            }
            : names;
    }

    /// <summary>What the holder of a powerful permission can do; null for any other.</summary>
    public static string? PowerOf(string permission) =>
        Why.GetValueOrDefault(permission)
        ?? (IsPowerful(permission) ? "puts a sign-in method of its own on anybody's account" : null);

    private static bool IsPowerful(string permission) =>
        Why.ContainsKey(permission) || permission.StartsWith("UserAuthMethod-", StringComparison.Ordinal);

    // "User.EnableDisableAccount.All and User.Read.All"; "(those of the reads inside)" is none.
    private static IReadOnlyList<string> Of(IEnumerable<DeclaredCall> calls) =>
        [
            .. calls
                .Where(c => c.Service == AzureRequest.Graph && !c.Permission.StartsWith(FromItsReads, StringComparison.Ordinal))
                .SelectMany(c => c.Permission.Split(" and "))
                .Distinct()
                .Order(StringComparer.Ordinal),
        ];
}
