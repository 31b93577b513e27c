namespace Compliance.Tenants;

/// <summary>One kind of request this app makes, and the least permission that allows it. A test holds every request to this list.</summary>
/// <param name="Service"><c>graph</c>, <c>arm</c> or <c>keyvault</c>.</param>
/// <param name="Method">HTTP method.</param>
/// <param name="Path">Path template below the service's address; <c>{x}</c> stands for one segment, <c>{*x}</c> for any number.</param>
/// <param name="Permission">The Graph application permission, or the Azure role.</param>
/// <param name="For">What it is needed for.</param>
internal sealed record DeclaredCall(string Service, string Method, string Path, string Permission, string For)
{
    /// <summary>App registrations.</summary>
    public static readonly DeclaredCall Applications = Graph("/applications", "Application.Read.All", "credentials of app registrations");

    /// <summary>Service principals.</summary>
    public static readonly DeclaredCall ServicePrincipals = Graph(
        "/servicePrincipals",
        "Application.Read.All",
        "credentials of service principals"
    );

    /// <summary>Owners of an app registration (inside a batch).</summary>
    public static readonly DeclaredCall ApplicationOwners = Graph(
        "/applications/{id}/owners",
        "Application.Read.All",
        "owners of flagged app registrations and of those a leaver owns"
    );

    /// <summary>Owners of a service principal (inside a batch).</summary>
    public static readonly DeclaredCall ServicePrincipalOwners = Graph(
        "/servicePrincipals/{id}/owners",
        "Application.Read.All",
        "owners of flagged service principals and of those a leaver owns"
    );

    /// <summary>A user (inside a batch).</summary>
    public static readonly DeclaredCall User = Graph(
        "/users/{id}",
        "User.Read.All",
        "the people named by owner tags and policy, a leaver, the managers above, and whose account an approver uses"
    );

    /// <summary>Users by mail address (inside a batch).</summary>
    public static readonly DeclaredCall Users = Graph(
        "/users",
        "User.Read.All",
        "the people named by mail address, and a leaver by what HR knows"
    );

    /// <summary>What a user owns.</summary>
    public static readonly DeclaredCall OwnedObjects = Graph(
        "/users/{id}/ownedObjects",
        "User.Read.All and Application.Read.All",
        "policy overrides by owner, and what a leaver owns"
    );

    /// <summary>Several reads at once; the permissions are those of the reads inside.</summary>
    public static readonly DeclaredCall Batch = new(
        "graph",
        "POST",
        "/$batch",
        "(those of the reads inside)",
        "owners and a leaver's access, twenty at a time"
    );

    /// <summary>The tenant itself.</summary>
    public static readonly DeclaredCall Organization = Graph(
        "/organization",
        "Organization.Read.All",
        "the tenant's name, and that it is the right tenant"
    );

    /// <summary>The day a user leaves, as the directory knows it (inside a batch).</summary>
    public static readonly DeclaredCall UserLeaveDate = Graph(
        "/users/{id}",
        "User-LifeCycleInfo.Read.All and User.Read.All",
        "employeeLeaveDateTime of a leaver; without it the date stays unknown"
    );

    /// <summary>The number of users (inside a batch).</summary>
    public static readonly DeclaredCall UserCount = Graph(
        "/users/$count",
        "User.Read.All",
        "the number of staff, of which only a share may be blocked in a day"
    );

    /// <summary>Everybody in a group, through nested groups too (inside a batch).</summary>
    public static readonly DeclaredCall TransitiveMembers = Graph(
        "/groups/{id}/transitiveMembers",
        "GroupMember.Read.All",
        "who is in a protected group, or Global Administrator through a group"
    );

    /// <summary>A group's owners (inside a batch).</summary>
    public static readonly DeclaredCall GroupOwners = Graph(
        "/groups/{id}/owners",
        "GroupMember.Read.All",
        "who else owns a leaver's groups"
    );

    /// <summary>Entra directory roles in force (inside a batch).</summary>
    public static readonly DeclaredCall DirectoryRoles = Graph(
        "/roleManagement/directory/roleAssignments",
        "RoleManagement.Read.Directory",
        "a leaver's directory roles, and the other Global Administrators"
    );

    /// <summary>Entra directory roles that may be activated (inside a batch).</summary>
    public static readonly DeclaredCall EligibleDirectoryRoles = Graph(
        "/roleManagement/directory/roleEligibilityScheduleInstances",
        "RoleEligibilitySchedule.Read.Directory",
        "directory roles a leaver may activate (PIM)"
    );

    /// <summary>Entra directory roles in force that PIM manages (inside a batch).</summary>
    public static readonly DeclaredCall ScheduledDirectoryRoles = Graph(
        "/roleManagement/directory/roleAssignmentScheduleInstances",
        "RoleAssignmentSchedule.Read.Directory",
        "which of a leaver's directory roles PIM manages"
    );

    /// <summary>A user's groups (inside a batch).</summary>
    public static readonly DeclaredCall MemberOf = Graph("/users/{id}/memberOf", "GroupMember.Read.All", "a leaver's groups");

    /// <summary>A group (inside a batch).</summary>
    public static readonly DeclaredCall Group = Graph(
        "/groups/{id}",
        "GroupMember.Read.All",
        "whether leavers can be put into the block group (policy: blockGroup)"
    );

    /// <summary>A user's sign-in methods (inside a batch).</summary>
    public static readonly DeclaredCall SignInMethods = Graph(
        "/users/{id}/authentication/methods",
        "UserAuthenticationMethod.Read.All",
        "a leaver's sign-in methods"
    );

    /// <summary>A user's app roles (inside a batch).</summary>
    public static readonly DeclaredCall UserAppRoles = Graph(
        "/users/{id}/appRoleAssignments",
        "Directory.Read.All",
        "a leaver's app roles"
    );

    /// <summary>A user's delegated grants (inside a batch).</summary>
    public static readonly DeclaredCall UserGrants = Graph(
        "/users/{id}/oauth2PermissionGrants",
        "Directory.Read.All",
        "what apps may do in a leaver's name"
    );

    /// <summary>A user's registered devices (inside a batch).</summary>
    public static readonly DeclaredCall RegisteredDevices = Graph(
        "/users/{id}/registeredDevices",
        "Device.Read.All and User.Read.All",
        "a leaver's devices; without Device.Read.All only their ids"
    );

    /// <summary>A user's managed devices (inside a batch).</summary>
    public static readonly DeclaredCall ManagedDevices = Graph(
        "/users/{id}/managedDevices",
        "DeviceManagementManagedDevices.Read.All",
        "a leaver's devices under management (Intune)"
    );

    /// <summary>An application's own permissions (inside a batch).</summary>
    public static readonly DeclaredCall ApplicationPermissions = Graph(
        "/servicePrincipals/{id}/appRoleAssignments",
        "Application.Read.All",
        "whether an app that a leaver owns is privileged"
    );

    /// <summary>The same by the application's app id (inside a batch).</summary>
    public static readonly DeclaredCall ApplicationPermissionsByAppId = Graph(
        "/servicePrincipals(appId='{id}')/appRoleAssignments",
        "Application.Read.All",
        "the same for an app registration"
    );

    /// <summary>A user's groups and those above them (inside a batch).</summary>
    public static readonly DeclaredCall TransitiveMemberOf = Graph(
        "/users/{id}/transitiveMemberOf",
        "GroupMember.Read.All",
        "whether there are groups above a leaver's own"
    );

    /// <summary>The groups above a group (inside a batch).</summary>
    public static readonly DeclaredCall GroupMemberOf = Graph(
        "/groups/{id}/transitiveMemberOf",
        "GroupMember.Read.All",
        "whether a leaver's group has the power of one above it"
    );

    /// <summary>What a service principal is a member of (inside a batch).</summary>
    public static readonly DeclaredCall PrincipalMemberOf = Graph(
        "/servicePrincipals/{id}/transitiveMemberOf",
        "Application.Read.All",
        "the groups and directory roles of an app that a leaver owns"
    );

    /// <summary>The same by the application's app id (inside a batch).</summary>
    public static readonly DeclaredCall PrincipalMemberOfByAppId = Graph(
        "/servicePrincipals(appId='{id}')/transitiveMemberOf",
        "Application.Read.All",
        "the same for an app registration"
    );

    /// <summary>An app registration's own principal (inside a batch).</summary>
    public static readonly DeclaredCall PrincipalByAppId = Graph(
        "/servicePrincipals(appId='{id}')",
        "Application.Read.All",
        "whether an app registration that a leaver owns holds Azure roles"
    );

    /// <summary>Azure roles of one principal in a subscription.</summary>
    public static readonly DeclaredCall AzureRoles = Arm(
        "GET",
        "/subscriptions/{id}/providers/Microsoft.Authorization/roleAssignments",
        "Reader",
        "a leaver's Azure roles at, above and below the subscription, and those of their groups"
    );

    /// <summary>Azure roles that one principal may activate in a subscription.</summary>
    public static readonly DeclaredCall EligibleAzureRoles = Arm(
        "GET",
        "/subscriptions/{id}/providers/Microsoft.Authorization/roleEligibilityScheduleInstances",
        "Reader",
        "Azure roles a leaver may activate (PIM)"
    );

    /// <summary>An Azure role's definition.</summary>
    public static readonly DeclaredCall AzureRoleDefinition = Arm(
        "GET",
        "/providers/Microsoft.Authorization/roleDefinitions/{id}",
        "Reader",
        "the name of an Azure role, and whether it reads secrets or can give access"
    );

    /// <summary>Subscriptions.</summary>
    public static readonly DeclaredCall Subscriptions = Arm("GET", "/subscriptions", "Reader", "which subscriptions there are");

    /// <summary>What the caller may do in a subscription.</summary>
    public static readonly DeclaredCall SubscriptionPermissions = Arm(
        "GET",
        "/subscriptions/{id}/providers/Microsoft.Authorization/permissions",
        "Reader",
        "whether the whole of a subscription is shown, or parts of it alone"
    );

    /// <summary>Resource Graph.</summary>
    public static readonly DeclaredCall ResourceGraph = Arm(
        "POST",
        "/providers/Microsoft.ResourceGraph/resources",
        "Reader",
        "vaults, storage accounts and other resources with keys, what tags name, and the Azure roles of groups"
    );

    /// <summary>One resource or subscription.</summary>
    public static readonly DeclaredCall Resource = Arm(
        "GET",
        "/subscriptions/{*id}",
        "Reader",
        "whether something no longer listed is really gone"
    );

    /// <summary>A vault's secrets, without their values.</summary>
    public static readonly DeclaredCall Secrets = KeyVault("/secrets", "attributes of secrets, never their values");

    /// <summary>A secret's versions, without their values.</summary>
    public static readonly DeclaredCall SecretVersions = KeyVault(
        "/secrets/{name}/versions",
        "attributes of one secret after an event, or whose newest version is disabled"
    );

    /// <summary>A vault's keys.</summary>
    public static readonly DeclaredCall Keys = KeyVault("/keys", "attributes of keys");

    /// <summary>A key's versions.</summary>
    public static readonly DeclaredCall KeyVersions = KeyVault(
        "/keys/{name}/versions",
        "attributes of one key after an event, or whose newest version is disabled"
    );

    /// <summary>A key's rotation policy.</summary>
    public static readonly DeclaredCall RotationPolicy = KeyVault(
        "/keys/{name}/rotationpolicy",
        "whether a key that is due rotates by itself"
    );

    /// <summary>A vault's certificates.</summary>
    public static readonly DeclaredCall Certificates = KeyVault("/certificates", "attributes of certificates");

    /// <summary>A certificate's versions.</summary>
    public static readonly DeclaredCall CertificateVersions = KeyVault(
        "/certificates/{name}/versions",
        "attributes of one certificate after an event, or whose newest version is disabled"
    );

    /// <summary>Users that HR should know of.</summary>
    public static readonly DeclaredCall EmployedUsers = Graph(
        "/users",
        "User-LifeCycleInfo.Read.All and User.Read.All",
        "users past their leave date or gone from HR's roster that no HR event reported"
    );

    /// <summary>The versions of the key that HR signs its events with.</summary>
    public static readonly DeclaredCall WebhookKeyVersions = new(
        "keyvault",
        "GET",
        "/secrets/hr-webhook-key/versions",
        "Key Vault Secrets User",
        "which keys HR may sign its events with"
    );

    /// <summary>The key that HR signs its events with. Beside it the values of two secrets are read: addresses of webhooks.</summary>
    public static readonly DeclaredCall WebhookKey = new(
        "keyvault",
        "GET",
        "/secrets/hr-webhook-key/{version}",
        "Key Vault Secrets User",
        "the key that HR signs its events with"
    );

    /// <summary>The key that signs the evidence ledger's checkpoints, its public part.</summary>
    public static readonly DeclaredCall LedgerKey = new(
        "keyvault",
        "GET",
        "/keys/{name}/{version}",
        "Key Vault Crypto User",
        "the public part of the key that signs the evidence ledger's checkpoints"
    );

    /// <summary>Signing with that key, inside the vault.</summary>
    public static readonly DeclaredCall LedgerSign = new(
        "keyvault",
        "POST",
        "/keys/{name}/{version}/sign",
        "Key Vault Crypto User",
        "signs the evidence ledger's checkpoints; the key stays in the vault"
    );

    /// <summary>The immutability policy of the evidence ledger's container.</summary>
    public static readonly DeclaredCall LedgerImmutability = Arm(
        "GET",
        "/subscriptions/{*id}/blobServices/default/containers/ledger/immutabilityPolicies/default",
        "Reader",
        "whether the evidence ledger is write-once (Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies/read, "
            + "no more)"
    );

    /// <summary>All that are declared here. Those that change something are declared by the steps that make them.</summary>
    public static IReadOnlyList<DeclaredCall> All { get; } =
    [
        Applications,
        ServicePrincipals,
        ApplicationOwners,
        ServicePrincipalOwners,
        User,
        Users,
        OwnedObjects,
        Batch,
        Organization,
        UserLeaveDate,
        UserCount,
        TransitiveMembers,
        GroupOwners,
        DirectoryRoles,
        EligibleDirectoryRoles,
        ScheduledDirectoryRoles,
        MemberOf,
        Group,
        SignInMethods,
        UserAppRoles,
        UserGrants,
        RegisteredDevices,
        ManagedDevices,
        ApplicationPermissions,
        ApplicationPermissionsByAppId,
        TransitiveMemberOf,
        GroupMemberOf,
        PrincipalMemberOf,
        PrincipalMemberOfByAppId,
        PrincipalByAppId,
        AzureRoles,
        EligibleAzureRoles,
        AzureRoleDefinition,
        Subscriptions,
        SubscriptionPermissions,
        ResourceGraph,
        Resource,
        Secrets,
        SecretVersions,
        Keys,
        KeyVersions,
        RotationPolicy,
        Certificates,
        CertificateVersions,
        EmployedUsers,
        WebhookKeyVersions,
        WebhookKey,
        LedgerKey,
        LedgerSign,
        LedgerImmutability,
    ];

    /// <summary>The command that grants the permission.</summary>
    /// <param name="scope">Resource Manager id the role is needed at; ignored for Graph.</param>
    /// <param name="identity">Client id of the identity that needs it; null when it is the Azure CLI's user.</param>
    public string Grant(string? scope, string? identity) =>
        Service switch
        {
            "graph" =>
                $"az ad app permission add --id {identity ?? "<client id>"} --api 00000003-0000-0000-c000-000000000000 --api-permissions "
                    + string.Concat(
                        Permission
                            .Split(" and ")
                            .Select(p =>
                                $"\"$(az ad sp show --id 00000003-0000-0000-c000-000000000000 --query \"appRoles[?value=='{p}'].id\" -o "
                                + "tsv)=Role\" "
                            )
                    )
                    + $"&& az ad app permission admin-consent --id {identity ?? "<client id>"}",
            _ => $"az role assignment create --assignee {identity ?? "<client or object id>"} --role '{Permission}' --scope "
                + $"'{scope ?? "/subscriptions/<id>"}'",
        };

    private static DeclaredCall Graph(string path, string permission, string what) => new("graph", "GET", path, permission, what);

    /// <summary>A request that changes something in Graph (inside a batch).</summary>
    public static DeclaredCall Change(string method, string path, string permission, string what) =>
        new("graph", method, path, permission, what);

    /// <summary>A request to Resource Manager.</summary>
    public static DeclaredCall Arm(string method, string path, string permission, string what) =>
        new("arm", method, path, permission, what);

    private static DeclaredCall KeyVault(string path, string what) => new("keyvault", "GET", path, "Key Vault Reader", what);
}
