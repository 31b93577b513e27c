namespace SandboxTenant.Graph;

/// <summary>
/// The least application permission of each call, as its page of the Graph reference names it. The sandbox's app holds them all unless set
/// otherwise; one that it lacks refuses the call, whatever higher permission it may have.
/// </summary>
internal static class GraphPermissions
{
    // What deletes a sign-in method of each collection, as https://learn.microsoft.com/graph/api/fido2authenticationmethod-delete and its
    // siblings say.
    private static readonly Dictionary<string, string> SignInMethods = new(StringComparer.Ordinal)
    {
        ["emailMethods"] = "UserAuthMethod-Email.ReadWrite.All",
        ["fido2Methods"] = "UserAuthMethod-Passkey.ReadWrite.All",
        ["microsoftAuthenticatorMethods"] = "UserAuthMethod-MicrosoftAuthApp.ReadWrite.All",
        ["phoneMethods"] = "UserAuthMethod-Phone.ReadWrite.All",
        ["platformCredentialMethods"] = "UserAuthMethod-PlatformCred.ReadWrite.All",
        ["softwareOathMethods"] = "UserAuthMethod-SoftwareOATH.ReadWrite.All",
        ["temporaryAccessPassMethods"] = "UserAuthMethod-TAP.ReadWrite.All",
        ["windowsHelloForBusinessMethods"] = "UserAuthMethod-WindowsHello.ReadWrite.All",
    };

    /// <summary>What a call needs; nothing for one that the sandbox refuses to nobody.</summary>
    /// <param name="method">The method, upper case.</param>
    /// <param name="segments">The path's parts.</param>
    /// <param name="enables">Whether the body changes <c>accountEnabled</c>.</param>
    /// <param name="leaving">Whether the query asks for <c>employeeLeaveDateTime</c>.</param>
    public static IReadOnlyList<string> From(string method, string[] segments, bool enables, bool leaving) =>
        (method, segments) switch
        {
            ("GET", ["organization", ..]) => ["Organization.Read.All"],
            ("GET", ["applications" or "servicePrincipals", ..]) => ["Application.Read.All"],
            ("GET", ["users", _, "authentication", ..]) => ["UserAuthenticationMethod.Read.All"],
            ("GET", ["users", _, "memberOf" or "transitiveMemberOf", ..]) => ["GroupMember.Read.All"],
            ("GET", ["users", _, "appRoleAssignments" or "oauth2PermissionGrants"]) or ("GET", ["oauth2PermissionGrants", ..]) =>
            [
                "Directory.Read.All",
            ],
            ("GET", ["users", _, "ownedObjects", ..]) => ["User.Read.All", "Application.Read.All"],
            ("GET", ["users", _, "managedDevices"]) or ("GET", ["deviceManagement", ..]) => ["DeviceManagementManagedDevices.Read.All"],
            ("GET", ["users", ..]) => leaving ? ["User.Read.All", "User-LifeCycleInfo.Read.All"] : ["User.Read.All"],
            ("GET", ["groups", _, ..]) => ["GroupMember.Read.All"],
            ("GET", ["groups"]) => ["GroupMember.Read.All"],
            ("GET", ["devices", ..]) => ["Device.Read.All"],
            ("GET", ["reports", "authenticationMethods", ..]) => ["AuditLog.Read.All"],
            ("GET", ["roleManagement", "directory", "roleEligibilitySchedules" or "roleEligibilityScheduleInstances", ..]) =>
            [
                "RoleEligibilitySchedule.Read.Directory",
            ],
            ("GET", ["roleManagement", "directory", "roleAssignmentSchedules" or "roleAssignmentScheduleInstances", ..]) =>
            [
                "RoleAssignmentSchedule.Read.Directory",
            ],
            ("GET", ["roleManagement", ..]) => ["RoleManagement.Read.Directory"],
            ("PATCH", ["users", _]) => enables ? ["User.EnableDisableAccount.All", "User.Read.All"] : ["User.ReadWrite.All"],
            ("DELETE", ["users", _]) => ["User.ReadWrite.All"],
            ("POST", ["users", _, "revokeSignInSessions"]) => ["User.RevokeSessions.All"],
            ("POST", ["users", _, "sendMail"]) => ["Mail.Send"],
            ("POST", ["users", _, "assignLicense"]) => ["LicenseAssignment.ReadWrite.All"],
            ("DELETE", ["users", _, "authentication", var kind, ..]) when SignInMethods.TryGetValue(kind, out var permission) =>
            [
                permission,
            ],
            ("POST" or "DELETE", [_, _, "appRoleAssignments" or "appRoleAssignedTo", ..]) => ["AppRoleAssignment.ReadWrite.All"],
            ("POST" or "DELETE", ["oauth2PermissionGrants", ..]) => ["DelegatedPermissionGrant.ReadWrite.All"],
            ("POST" or "DELETE", ["groups", _, "members", ..]) => ["GroupMember.ReadWrite.All"],
            ("POST" or "DELETE" or "PATCH", ["groups", ..]) => ["Group.ReadWrite.All"],
            ("POST" or "DELETE" or "PATCH", ["applications" or "servicePrincipals", ..]) => ["Application.ReadWrite.All"],
            ("POST" or "DELETE", ["roleManagement", "directory", "roleAssignments", ..]) => ["RoleManagement.ReadWrite.Directory"],
            ("POST", ["roleManagement", "directory", "roleEligibilityScheduleRequests"]) => ["RoleEligibilitySchedule.ReadWrite.Directory"],
            ("POST", ["roleManagement", "directory", "roleAssignmentScheduleRequests"]) => ["RoleAssignmentSchedule.ReadWrite.Directory"],
            ("PATCH", ["devices", _]) => ["Device.ReadWrite.All"],
            ("POST", ["deviceManagement", ..]) => ["DeviceManagementManagedDevices.PrivilegedOperations.All"],
            _ => [],
        };

    /// <summary>All of them: what the app's token names, less what it lacks.</summary>
    public static IReadOnlyList<string> All { get; } =
    [
        "Application.Read.All",
        "Application.ReadWrite.All",
        "AppRoleAssignment.ReadWrite.All",
        "AuditLog.Read.All",
        "DelegatedPermissionGrant.ReadWrite.All",
        "Device.Read.All",
        "Device.ReadWrite.All",
        "DeviceManagementManagedDevices.PrivilegedOperations.All",
        "DeviceManagementManagedDevices.Read.All",
        "Directory.Read.All",
        "Group.ReadWrite.All",
        "GroupMember.Read.All",
        "GroupMember.ReadWrite.All",
        "LicenseAssignment.ReadWrite.All",
        "Mail.Send",
        "Organization.Read.All",
        "RoleAssignmentSchedule.Read.Directory",
        "RoleAssignmentSchedule.ReadWrite.Directory",
        "RoleEligibilitySchedule.Read.Directory",
        "RoleEligibilitySchedule.ReadWrite.Directory",
        "RoleManagement.Read.Directory",
        "RoleManagement.ReadWrite.Directory",
        "User-LifeCycleInfo.Read.All",
        "User.EnableDisableAccount.All",
        "User.Read.All",
        "User.ReadWrite.All",
        "User.RevokeSessions.All",
        "UserAuthenticationMethod.Read.All",
        .. SignInMethods.Values,
    ];
}
