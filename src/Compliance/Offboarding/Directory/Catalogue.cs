namespace Compliance.Offboarding.Directory;

/// <summary>The names under which the reads of a leaver show how they went.</summary>
internal static class LeaverSources
{
    /// <summary>A part of the user in Graph, for example <c>memberOf</c>; empty for the user itself.</summary>
    public static string Graph(string userId, string part) => part.Length == 0 ? $"graph/users/{userId}" : $"graph/users/{userId}/{part}";

    /// <summary>Azure roles of the user in one subscription.</summary>
    public static string AzureRoles(string subscriptionId) => $"arm/subscriptions/{subscriptionId}/roleAssignments";

    /// <summary>Azure roles that the user may activate in one subscription.</summary>
    public static string EligibleAzureRoles(string subscriptionId) =>
        $"arm/subscriptions/{subscriptionId}/roleEligibilityScheduleInstances";

    /// <summary>
    /// What of this tenant no read of a leaver covers: a certificate states it beside the other systems that policy names.
    /// </summary>
    public static IReadOnlyList<string> NotInspected { get; } =
    [
        "groups with hidden membership, unless this app holds the Graph permission Member.Read.Hidden",
        "memberships and ownerships of groups that can be activated (Privileged Identity Management for Groups)",
        "Azure roles at management groups that hold no subscription which is shown to this app",
        "owner tags of resource groups and subscriptions (those of resources are read)",
        "whatever does not take its sign-in from this tenant",
    ];

    /// <summary>Definitions of the Azure roles the user has.</summary>
    public const string AzureRoleDefinitions = "arm/roleDefinitions";

    /// <summary>Azure roles of the leaver's groups and of the applications the leaver owns.</summary>
    public const string PowerOfOthers = "arm/roleAssignments/groups";

    /// <summary>Resources by tag, vaults and storage accounts, over all subscriptions.</summary>
    public const string Resources = "arm/resources";
}

/// <summary>
/// Administrative power that an access gives beyond itself, as its details keep it: an undo gives back only what was judged and found to
/// have none. What was not judged counts as privileged.
/// </summary>
internal static class Power
{
    /// <summary>Name of the detail: <see cref="None"/>, <see cref="NotRead"/>, or the roles it gives, one a line.</summary>
    public const string Detail = "power";

    /// <summary>It was read whole and gives none.</summary>
    public const string None = "none";

    /// <summary>What it gives could not be read.</summary>
    public const string NotRead = "not read";

    /// <summary>
    /// Actions of Resource Manager that let their holder give access to others or to themselves: assign roles, now or to be activated,
    /// change what a role allows or how it is activated, or take over the root of the tenant.
    /// </summary>
    public static IReadOnlyList<string> Actions { get; } =
    [
        "Microsoft.Authorization/roleAssignments/write",
        "Microsoft.Authorization/roleDefinitions/write",
        "Microsoft.Authorization/roleAssignmentScheduleRequests/write",
        "Microsoft.Authorization/roleEligibilityScheduleRequests/write",
        "Microsoft.Authorization/roleManagementPolicies/write",
        "Microsoft.Authorization/elevateAccess/action",
    ];

    /// <summary>The access with what was found of it.</summary>
    /// <param name="access">The access.</param>
    /// <param name="roles">Names of the roles that make it privileged; empty for none.</param>
    /// <param name="read">False when something that could make it privileged was not read.</param>
    public static Access Judged(Access access, IEnumerable<string> roles, bool read)
    {
        var names = roles.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        var none = read ? None : NotRead;
        var found = names.Count > 0 ? string.Join('\n', names) : none;
        return access with
        {
            Privileged = access.Privileged || found != None,
            Details = new Dictionary<string, string>(access.Details, StringComparer.Ordinal) { [Detail] = found },
        };
    }
}

/// <summary>
/// Application permissions of Microsoft Graph whose holder can give itself, or others, administrative power over the tenant.
/// </summary>
/// <remarks>
/// An owner can add a credential to the application and use them. The ids are the same in every tenant (Graph's permissions reference).
/// </remarks>
internal static class PrivilegedPermissions
{
    /// <summary>Permission name by app role id, each with why it is here.</summary>
    public static IReadOnlyDictionary<string, string> ById { get; } =
        new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            // Changes users, groups and memberships: makes itself a member of any group that is not role-assignable.
            ["19dbc75e-c2e2-444c-a770-ec69d8559fc7"] = "Directory.ReadWrite.All",
            // Assigns any directory role, Global Administrator too.
            ["9e3f62cf-ca93-4989-b6ce-bf83c28f9fe8"] = "RoleManagement.ReadWrite.Directory",
            // Grants any application permission to any application, itself included.
            ["06b708a9-e830-4db3-a914-8e69da51d44f"] = "AppRoleAssignment.ReadWrite.All",
            // Adds credentials to any application, and so acts as the most powerful one.
            ["1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9"] = "Application.ReadWrite.All",
            // Activates and assigns directory roles through PIM.
            ["dd199f4a-f148-40a4-a2ec-f0069cc799ec"] = "RoleAssignmentSchedule.ReadWrite.Directory",
            // Makes anybody eligible for any directory role.
            ["fee28b28-e1f3-4841-818e-2704dc62245f"] = "RoleEligibilitySchedule.ReadWrite.Directory",
            // Sets another person's sign-in methods, and so signs in as an administrator.
            ["50483e42-d915-4231-9639-7fdb7fd190e5"] = "UserAuthenticationMethod.ReadWrite.All",
            // Changes any group but role-assignable ones, and so all that hangs on groups.
            ["62a82d76-70ea-41e2-9197-370581804d09"] = "Group.ReadWrite.All",
            // Changes any user, an administrator's recovery addresses included.
            ["741f803b-c850-494e-b5df-cde7c675a1ca"] = "User.ReadWrite.All",
        };
}

/// <summary>
/// Azure roles that read what authenticates: secrets in vaults, keys of storage accounts. By role definition id, the same in every tenant.
/// </summary>
internal static class SecretRoles
{
    /// <summary>Data-plane roles that read the values of secrets in vaults under role-based access.</summary>
    public static IReadOnlyDictionary<string, string> ReadVaultSecrets { get; } =
        new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            ["00482a5a-887f-4fb3-b363-3b7fe8e74483"] = "Key Vault Administrator",
            ["b86a8fe4-44ce-4948-aee5-eccb2c155cd7"] = "Key Vault Secrets Officer",
            ["4633458b-17de-408a-b874-0445c86b69e6"] = "Key Vault Secrets User",
            // A certificate's private key is read as a secret.
            ["db79e9a7-68ee-4b58-9aeb-b90e7c24fcba"] = "Key Vault Certificate User",
        };

    /// <summary>Roles that list the shared keys of storage accounts.</summary>
    public static IReadOnlyDictionary<string, string> ListStorageKeys { get; } =
        new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase)
        {
            ["8e3af657-a8ff-443c-a75c-2fe8c4bcb635"] = "Owner",
            ["b24988ac-6180-42a0-ab88-20f7382dd24c"] = "Contributor",
            ["17d1049b-9a84-46fb-8f53-869881c3d3ab"] = "Storage Account Contributor",
            ["81a9662b-bebf-436f-a333-f67b29880f12"] = "Storage Account Key Operator Service Role",
            ["c12c1c16-33a1-487b-954d-41c89c60f349"] = "Reader and Data Access",
        };
}
