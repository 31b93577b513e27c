namespace Compliance.Offboarding.Actions;

/// <summary>What steps on Azure roles share.</summary>
internal static class AzureRoles
{
    /// <summary>Of role assignments.</summary>
    public const string Version = "api-version=2022-04-01";

    /// <summary>True at the root of the tenant.</summary>
    public static bool IsAtRoot(Access access) => access.Scope is "/" or "";

    /// <summary>A person does it, with elevated access.</summary>
    public static PlannedAccess AtRoot(Access access, string how) =>
        PlannedAccess.LeaveToPerson(
            access,
            "assigned at the root of the tenant, where nobody has rights by default",
            $"with elevated access of a Global Administrator: {how}"
        );
}
