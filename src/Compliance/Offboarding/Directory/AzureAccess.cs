using System.Text.Json;
using Compliance.Tenants;

namespace Compliance.Offboarding.Directory;

/// <summary>An Azure role definition, as far as it is needed here.</summary>
/// <param name="Name">For example <c>Contributor</c>; the id where the name is not known.</param>
/// <param name="ReadsSecrets">True when it reads the values of secrets in vaults.</param>
/// <param name="ListsKeys">True when it lists the shared keys of storage accounts.</param>
/// <param name="GivesAccess">
/// True when its holder can give access (<see cref="Power.Actions"/>); null when its definition was not read.
/// </param>
internal sealed record AzureRole(string Name, bool ReadsSecrets, bool ListsKeys, bool? GivesAccess = false);

/// <summary>What Resource Manager's answers mean as access of a person. Pure.</summary>
/// <param name="userId">Entra object id.</param>
/// <param name="principalName">User principal name, which owner tags may carry.</param>
/// <param name="policy">For the tags.</param>
/// <param name="resources">Tagged resources, vaults and storage accounts.</param>
internal sealed class AzureAccess(string userId, string principalName, OffboardingPolicy policy, IReadOnlyList<ResourceRow> resources)
{
    /// <summary>Detail of a role that reads secrets: the ids of the vaults it reads, one a line.</summary>
    public const string Vaults = "vaults";

    /// <summary>Type of a role assignment in Resource Graph.</summary>
    public const string AssignmentType = "microsoft.authorization/roleassignments";

    private const string VaultType = "microsoft.keyvault/vaults";
    private const string StorageType = "microsoft.storage/storageaccounts";
    private static readonly char[] BetweenOwners = [';', ',', ' ', '|'];

    /// <summary>The query for everything but the roles, over all subscriptions at once.</summary>
    public static string Query(string userId, string principalName, OffboardingPolicy policy) =>
        $"resources | where type in~ ('{VaultType}','{StorageType}') or {Tagged(policy.AssetTag)} or {Tagged(principalName)} or "
        + $"{Tagged(userId)} "
        + "| project id,name,type,subscriptionId,tags,properties | order by id asc";

    /// <summary>The query for the role assignments of some principals, over all subscriptions at once.</summary>
    /// <param name="principals">Object ids of groups and service principals.</param>
    public static string AssignmentsQuery(IEnumerable<string> principals) =>
        $"authorizationresources | where type =~ '{AssignmentType}' and tostring(properties.principalId) in~ ("
        + string.Join(',', principals.Select(Quoted))
        + ") | project id,name,type,subscriptionId,tags,properties | order by id asc";

    /// <summary>The role definition an id names, from its definition; the well-known ones are known by id.</summary>
    // {"id":"…","properties":{"roleName":"Key Vault Secrets
    // User","type":"BuiltInRole","permissions":[{"actions":[],"notActions":[],
    // "dataActions":["Microsoft.KeyVault/vaults/secrets/getSecret/action"],"notDataActions":[]}]}}
    public static AzureRole Role(string id, JsonElement definition)
    {
        var guid = LastSegment(id);
        return new(
            definition.At("properties", "roleName") is { ValueKind: JsonValueKind.String } name ? name.GetString()! : guid,
            SecretRoles.ReadVaultSecrets.ContainsKey(guid)
                || Allows(definition, "Microsoft.KeyVault/vaults/secrets/getSecret/action", "dataActions", "notDataActions"),
            SecretRoles.ListStorageKeys.ContainsKey(guid)
                || Allows(definition, "Microsoft.Storage/storageAccounts/listKeys/action", "actions", "notActions"),
            definition.At("properties", "permissions") is { ValueKind: JsonValueKind.Array }
                ? Power.Actions.Any(action => Allows(definition, action, "actions", "notActions"))
                : null
        );
    }

    /// <summary>A role assignment of the user's own; null for another principal's.</summary>
    /// <param name="item">As Resource Manager gives it.</param>
    /// <param name="role">Its role.</param>
    /// <param name="seenIn">The subscriptions in which it was listed: what is assigned above them holds in them.</param>
    // {"id":"/subscriptions/…/roleAssignments/…","properties":{"roleDefinitionId":"…","principalId":"…","principalType":"User",
    // "scope":"/subscriptions/…","condition":null}}
    public Access? Assignment(JsonElement item, AzureRole role, IReadOnlyCollection<string> seenIn) =>
        Create(AccessKind.AzureRole, item, role, seenIn);

    /// <summary>A role the user may activate; null for another principal's.</summary>
    public Access? Eligibility(JsonElement item, AzureRole role, IReadOnlyCollection<string> seenIn) =>
        Create(AccessKind.EligibleAzureRole, item, role, seenIn);

    /// <summary>The entries of access policies that name the user.</summary>
    // {"properties":{"enableRbacAuthorization":false,"accessPolicies":[{"tenantId":"…","objectId":"…","permissions":{"secrets":["get",
    // "list"],"keys":[],"certificates":[]}}]}}
    public IEnumerable<Access> VaultPolicies()
    {
        foreach (var vault in resources.Where(IsVault))
            foreach (var entry in vault.Properties.Items("accessPolicies").Where(e => Same(e.Text("objectId"), userId)))
            {
                var application = entry.Text("applicationId");
                var details = new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    ["vaultId"] = vault.Id,
                    ["objectId"] = entry.Text("objectId")!,
                };
                if (entry.Text("tenantId") is { } tenantId)
                    details["tenantId"] = tenantId;
                if (application is not null)
                    details["applicationId"] = application;
                if (entry.At("permissions") is { } permissions)
                    details["permissions"] = permissions.GetRawText();
                yield return new()
                {
                    Kind = AccessKind.VaultAccessPolicy,
                    Id = application is null ? vault.Id : $"{vault.Id}/accessPolicies/{application}",
                    Name = vault.Name,
                    Scope = vault.Id,
                    Asset = AssetAt(vault.Id, []),
                    // Taken away by object id alone, the person's own entry would go instead.
                    NotRemovable = application is null ? null : $"an entry for the application {application} acting for the person",
                    WhatToDo = application is null
                        ? null
                        : $"az keyvault delete-policy --name {vault.Name} --object-id {userId} --application-id {application}",
                    Details = details,
                };
            }
    }

    /// <summary>Resources whose owner tag names the user.</summary>
    public IEnumerable<Access> OwnedResources()
    {
        foreach (var resource in resources)
        {
            if (!resource.Tags.TryGetValue(policy.OwnerTag, out var value))
                continue;
            var owners = value.Split(BetweenOwners, StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
            if (!owners.Any(IsUser))
                continue;
            yield return new()
            {
                Kind = AccessKind.OwnedResource,
                Id = resource.Id,
                Name = resource.Name,
                Scope = resource.Id,
                Asset = AssetOf(resource),
                OtherOwners = owners.Where(o => !IsUser(o)).Distinct(StringComparer.OrdinalIgnoreCase).Count(),
                Details = new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    ["type"] = resource.Type,
                    ["tag"] = policy.OwnerTag,
                    ["value"] = value,
                },
            };
        }
    }

    /// <summary>
    /// Storage accounts that accept shared keys or have local users, and whose keys one of the user's own roles lists, or that the user
    /// owns by tag. A key names no person: what the leaver read of it works until it is rotated.
    /// </summary>
    /// <param name="assignments">The user's role assignments, each with its role and the subscriptions it was listed in.</param>
    public IEnumerable<Access> SharedSecrets(
        IReadOnlyCollection<(Access Access, AzureRole Role, IReadOnlyCollection<string> SeenIn)> assignments
    )
    {
        foreach (var account in resources.Where(r => r.Type.Equals(StorageType, StringComparison.OrdinalIgnoreCase)))
        {
            var keys = account.Properties.Flag("allowSharedKeyAccess") != false;
            var localUsers = account.Properties.Flag("isLocalUserEnabled") == true && account.Properties.Flag("isSftpEnabled") == true;
            if (!keys && !localUsers)
                continue;
            var via = assignments
                .Where(a => a.Role.ListsKeys && Reaches(a.Access.Scope, account.Id, a.SeenIn))
                .Select(a => a.Role.Name)
                .Concat(
                    account.Tags.TryGetValue(policy.OwnerTag, out var owner)
                    && owner.Split(BetweenOwners, StringSplitOptions.TrimEntries).Any(IsUser)
                        ? ["owner tag"]
                        : Array.Empty<string>()
                )
                .Distinct(StringComparer.Ordinal)
                .Order(StringComparer.Ordinal)
                .ToList();
            if (via.Count == 0)
                continue;
            yield return new()
            {
                Kind = AccessKind.SharedSecret,
                Id = account.Id,
                Name = account.Name,
                Scope = account.Id,
                Asset = AssetAt(account.Id, []),
                NotRemovable = keys
                    ? "shared keys name no person: whoever read one can use it, or a SAS made with it, until it is rotated"
                    : "local users (SFTP) name no person: whoever knows a password can use it",
                WhatToDo = keys
                    ? $"rotate both keys (az storage account keys renew --account-name {account.Name} --key primary, then secondary), or "
                        + "switch shared keys off"
                    : "reset the local users' passwords (az storage account local-user regenerate-password --account-name "
                        + $"{account.Name}), or switch local users off",
                Details = new Dictionary<string, string>(StringComparer.Ordinal)
                {
                    ["allowSharedKeyAccess"] = keys ? "true" : "false",
                    ["isLocalUserEnabled"] = localUsers ? "true" : "false",
                    ["via"] = string.Join(", ", via),
                },
            };
        }
    }

    private Access? Create(AccessKind kind, JsonElement item, AzureRole role, IReadOnlyCollection<string> seenIn)
    {
        if (item.Text("id") is not { } id || item.At("properties") is not { } properties || !Same(properties.Text("principalId"), userId))
            return null;
        var scope = properties.Text("scope")?.TrimEnd('/') is { Length: > 0 } at ? at : "/";
        var details = new Dictionary<string, string>(StringComparer.Ordinal) { ["scope"] = scope };
        foreach (
            var name in (string[])
                [
                    "roleDefinitionId",
                    "principalId",
                    "principalType",
                    "condition",
                    "conditionVersion",
                    "description",
                    "roleEligibilityScheduleId",
                    "memberType",
                ]
        )
            if (properties.Text(name) is { } value)
                details[name] = value;
        if (role.ReadsSecrets && ReadableVaults(scope, seenIn) is { Count: > 0 } vaults)
            details[Vaults] = string.Join('\n', vaults);
        return Power.Judged(
            new()
            {
                Kind = kind,
                Id = id,
                Name = role.Name,
                Scope = scope,
                Asset = AssetAt(scope, seenIn),
                Details = details,
            },
            role.GivesAccess == true ? [role.Name] : [],
            role.GivesAccess is not null
        );
    }

    // Roles open vaults under role-based access only; a vault with access policies ignores them.
    private List<string> ReadableVaults(string scope, IReadOnlyCollection<string> seenIn) =>
        [
            .. resources
                .Where(r => IsVault(r) && r.Properties.Flag("enableRbacAuthorization") == true && Touches(scope, r.Id, seenIn))
                .Select(r => r.Id.ToLowerInvariant())
                .Order(StringComparer.Ordinal),
        ];

    private AssetClass AssetAt(string scope, IReadOnlyCollection<string> seenIn) =>
        resources.Where(r => Touches(scope, r.Id, seenIn)).Select(AssetOf).DefaultIfEmpty(AssetClass.Other).Max();

    private AssetClass AssetOf(ResourceRow resource)
    {
        if (!resource.Tags.TryGetValue(policy.AssetTag, out var value))
            return AssetClass.Other;
        if (policy.ProductionModelValues.Contains(value.Trim()))
            return AssetClass.ProductionModel;
        return policy.TrainingDataValues.Contains(value.Trim()) ? AssetClass.TrainingData : AssetClass.Other;
    }

    // A scope inside a resource, such as a container, is part of it.
    private static bool Touches(string scope, string resourceId, IReadOnlyCollection<string> seenIn) =>
        Reaches(scope, resourceId, seenIn) || IsAtOrAbove(resourceId, scope);

    // A scope above all subscriptions (a management group) holds in those it was listed in.
    private static bool Reaches(string scope, string resourceId, IReadOnlyCollection<string> seenIn) =>
        IsAtOrAbove(scope, resourceId)
        || (
            !scope.StartsWith("/subscriptions/", StringComparison.OrdinalIgnoreCase)
            && seenIn.Any(s => IsAtOrAbove($"/subscriptions/{s}", resourceId))
        );

    private static bool IsAtOrAbove(string scope, string id) =>
        id.StartsWith(scope.TrimEnd('/'), StringComparison.OrdinalIgnoreCase)
        && (id.Length == scope.TrimEnd('/').Length || id[scope.TrimEnd('/').Length] == '/');

    private bool IsUser(string owner) => Same(owner, principalName) || Same(owner, userId);

    private static bool IsVault(ResourceRow row) => row.Type.Equals(VaultType, StringComparison.OrdinalIgnoreCase);

    private static string Quoted(string text) =>
        $"'{text.Replace(@"\", @"\\", StringComparison.Ordinal).Replace("'", @"\'", StringComparison.Ordinal)}'";

    private static string LastSegment(string id) => id[(id.LastIndexOf('/') + 1)..];

    private static bool Same(string? a, string? b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);

    // Texts that the query language would read otherwise are not put into it: then every tagged resource is read, and looked through here.
    private static string Tagged(string text) =>
        text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || "-_.@+#:/ ".Contains(c, StringComparison.Ordinal))
            ? $"tostring(tags) contains '{text}'"
            : "isnotempty(tags)";

    private static bool Allows(JsonElement definition, string action, string actions, string notActions)
    {
        foreach (var permission in definition.At("properties")?.Items("permissions") ?? [])
            if (
                permission.Items(actions).Any(a => Covers(a.ToString(), action))
                && !permission.Items(notActions).Any(a => Covers(a.ToString(), action))
            )
                return true;
        return false;
    }

    // Microsoft.Storage/storageAccounts/* or */action
    private static bool Covers(string pattern, string action) =>
        System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern, action, ignoreCase: true);
}
