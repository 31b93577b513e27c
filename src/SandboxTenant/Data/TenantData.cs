using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace SandboxTenant.Data;

/// <summary>
/// All that a tenant holds. It comes from a folder (<see cref="TenantFolder"/>), from the demo generator, or from JSON given in a
/// test: <c>new TenantData().Add("applications", "{...}")</c>. All three go through the same checks.
/// </summary>
internal sealed class TenantData
{
    /// <summary>The organisation: one object.</summary>
    public EntitySet Organization { get; } = new("organization");

    /// <summary>Users, found by id or user principal name.</summary>
    public EntitySet Users { get; } = new("users", "userPrincipalName");

    /// <summary>Groups.</summary>
    public EntitySet Groups { get; } = new("groups");

    /// <summary>App registrations, found by object id or application id.</summary>
    public EntitySet Applications { get; } = new("applications", "appId");

    /// <summary>Service principals, found by object id or application id.</summary>
    public EntitySet ServicePrincipals { get; } = new("servicePrincipals", "appId");

    /// <summary>Subscriptions; the key is the subscription's guid.</summary>
    public EntitySet Subscriptions { get; } = new("subscriptions");

    /// <summary>Resources of every type; the key is the resource id.</summary>
    public EntitySet Resources { get; } = new("resources");

    /// <summary>Role assignments; the key is the resource id.</summary>
    public EntitySet RoleAssignments { get; } = new("roleAssignments", groupKeys: ["principalId"]);

    /// <summary>Azure roles somebody may activate (PIM); the key is the resource id.</summary>
    public EntitySet RoleEligibilities { get; } = new("roleEligibilityScheduleInstances", groupKeys: ["principalId"]);

    /// <summary>Locks on resources, groups and subscriptions; the key is the resource id.</summary>
    public EntitySet Locks { get; } = new("locks");

    /// <summary>Local users of storage accounts; the key is the resource id.</summary>
    public EntitySet LocalUsers { get; } = new("localUsers");

    /// <summary>How blob services keep deleted data; the key is the resource id.</summary>
    public EntitySet BlobServices { get; } = new("blobServices");

    /// <summary>Containers of storage accounts; the key is the resource id.</summary>
    public EntitySet Containers { get; } = new("containers");

    /// <summary>Administrative units.</summary>
    public EntitySet AdministrativeUnits { get; } = new("administrativeUnits");

    /// <summary>App roles given to users, groups and service principals.</summary>
    public EntitySet AppRoleAssignments { get; } = new("appRoleAssignments", groupKeys: ["principalId", "resourceId"]);

    /// <summary>Delegated permission grants.</summary>
    public EntitySet PermissionGrants { get; } = new("oauth2PermissionGrants", groupKeys: ["principalId", "clientId"]);

    /// <summary>Which sign-in method is a user's default; the key is the user's id.</summary>
    public EntitySet RegistrationDetails { get; } = new("userRegistrationDetails");

    /// <summary>Definitions of directory roles.</summary>
    public EntitySet DirectoryRoleDefinitions { get; } = new("directoryRoleDefinitions");

    /// <summary>Active assignments of directory roles.</summary>
    public EntitySet DirectoryRoleAssignments { get; } = new("directoryRoleAssignments", groupKeys: ["principalId"]);

    /// <summary>Directory roles somebody may activate (PIM).</summary>
    public EntitySet DirectoryRoleEligibilities { get; } = new("directoryRoleEligibilities", groupKeys: ["principalId"]);

    /// <summary>Active assignments of directory roles that PIM made; each is in <see cref="DirectoryRoleAssignments"/> too.</summary>
    public EntitySet DirectoryRoleSchedules { get; } = new("directoryRoleAssignmentSchedules", groupKeys: ["principalId"]);

    /// <summary>Devices of the directory.</summary>
    public EntitySet Devices { get; } = new("devices");

    /// <summary>Role definitions; the key is the resource id.</summary>
    public EntitySet RoleDefinitions { get; } = new("roleDefinitions");

    /// <summary>Owners by the application's id.</summary>
    public RelationSet ApplicationOwners { get; } = new("applications/{0}/owners");

    /// <summary>Owners by the service principal's id.</summary>
    public RelationSet ServicePrincipalOwners { get; } = new("servicePrincipals/{0}/owners");

    /// <summary>Members by the group's id.</summary>
    public RelationSet GroupMembers { get; } = new("groups/{0}/members");

    /// <summary>Owners by the group's id.</summary>
    public RelationSet GroupOwners { get; } = new("groups/{0}/owners");

    /// <summary>Members by the administrative unit's id.</summary>
    public RelationSet UnitMembers { get; } = new("administrativeUnits/{0}/members");

    /// <summary>Sign-in methods by the user's id.</summary>
    public RelationSet SignInMethods { get; } = new("users/{0}/methods");

    /// <summary>Registered devices by the user's id.</summary>
    public RelationSet RegisteredDevices { get; } = new("users/{0}/registeredDevices");

    /// <summary>Devices under management (Intune) by the user's id.</summary>
    public RelationSet ManagedDevices { get; } = new("users/{0}/managedDevices");

    /// <summary>A user's manager, by the user's id; at most one.</summary>
    public RelationSet Managers { get; } = new("users/{0}/manager");

    /// <summary>Vaults by name.</summary>
    public ConcurrentDictionary<string, VaultData> Vaults { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>Users deleted while the sandbox ran: they no longer show as owner or member.</summary>
    public ConcurrentDictionary<string, bool> DeletedUsers { get; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>What was sent as mail, as it was asked for (JSON), oldest first; not kept over a restart.</summary>
    public ConcurrentQueue<string> SentMail { get; } = new();

    /// <summary>
    /// Permissions and actions the calling app lacks: a Graph permission such as <c>GroupMember.ReadWrite.All</c>, a Resource Manager
    /// action such as <c>Microsoft.Authorization/roleAssignments/delete</c>. It may be changed while the sandbox runs.
    /// </summary>
    public ConcurrentDictionary<string, bool> Denied { get; private init; } = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Whether the calling app holds a directory role itself, without which Graph lets it disable nobody who holds a privileged one.
    /// </summary>
    public bool AppHoldsDirectoryRole { get; set; } = true;

    /// <summary>Fault rules that came with the tenant (<c>faults.txt</c>), or null.</summary>
    public string? Faults { get; set; }

    /// <summary>What a reader should know of the load: files that were not there, odd but harmless content.</summary>
    public List<string> Notices { get; } = [];

    /// <summary>The tenant's id: the organisation's, or one of zeros and a one where there is none.</summary>
    public string TenantId =>
        Organization.Page(0, 1).Items is [var organization] ? organization.Id : "00000000-0000-0000-0000-000000000001";

    /// <summary>The directory and resource sets, by their name in a tenant folder.</summary>
    public IEnumerable<EntitySet> Sets =>
        [
            Organization,
            Users,
            Groups,
            Applications,
            ServicePrincipals,
            Subscriptions,
            Resources,
            RoleAssignments,
            RoleDefinitions,
            AdministrativeUnits,
            AppRoleAssignments,
            PermissionGrants,
            DirectoryRoleDefinitions,
            DirectoryRoleAssignments,
            DirectoryRoleEligibilities,
            DirectoryRoleSchedules,
            Devices,
            RoleEligibilities,
            Locks,
            LocalUsers,
            BlobServices,
            Containers,
            RegistrationDetails,
        ];

    /// <summary>The relations, by their set and leaf name.</summary>
    public IEnumerable<(string Parent, string Leaf, RelationSet Relation)> Relations =>
        [
            ("applications", "owners", ApplicationOwners),
            ("servicePrincipals", "owners", ServicePrincipalOwners),
            ("groups", "members", GroupMembers),
            ("groups", "owners", GroupOwners),
            ("users", "manager", Managers),
            ("users", "methods", SignInMethods),
            ("users", "registeredDevices", RegisteredDevices),
            ("users", "managedDevices", ManagedDevices),
            ("administrativeUnits", "members", UnitMembers),
        ];

    /// <summary>The groups that an object is directly in, without those deleted in the sandbox.</summary>
    public IEnumerable<string> GroupsOf(string member) => GroupMembers.ParentsOf(member).Where(g => Groups.Find(g) is not null);

    /// <summary>A copy of the directory as it is now, without vaults; what the calling app lacks is shared.</summary>
    public TenantData CopyOfDirectory()
    {
        var copy = new TenantData { Denied = Denied, AppHoldsDirectoryRole = AppHoldsDirectoryRole };
        foreach (var set in Sets)
            set.CopyTo(copy.Set(set.Name));
        foreach (var (parent, leaf, relation) in Relations)
            foreach (var (id, related) in relation.All())
                related.CopyTo(copy.Set($"{parent}/{id}/{leaf}"));
        foreach (var (id, _) in DeletedUsers)
            copy.DeletedUsers[id] = true;
        return copy;
    }

    /// <summary>The vault of this name, made where there is none yet.</summary>
    public VaultData Vault(string name) => Vaults.GetOrAdd(name, static n => new VaultData(n));

    /// <summary>
    /// Adds one object, or all of a <c>{"value":[...]}</c>, to the set with this path: <c>applications</c>, <c>users</c>,
    /// <c>applications/{id}/owners</c>, <c>vaults/{name}/secrets</c>, <c>vaults/{name}/keys/{key}/rotationpolicy</c> and so on.
    /// </summary>
    /// <exception cref="SandboxException">The JSON is not what the set holds; the message names path, JSON path and reason.</exception>
    public TenantData Add(string path, string json)
    {
        TenantReader.Read(this, path, Encoding.UTF8.GetBytes(json));
        return this;
    }

    /// <summary>The same for a node built in code.</summary>
    public TenantData Add(string path, JsonNode json)
    {
        TenantReader.Read(this, path, Json.Bytes(json));
        return this;
    }

    /// <summary>
    /// Changes top-level properties of one object (null stays as null). The set is named as in <see cref="Add(string, string)"/>.
    /// </summary>
    /// <exception cref="KeyNotFoundException">There is no such object.</exception>
    public TenantData Change(string path, string id, string mergeJson)
    {
        var set = Set(path);
        var entity = set.Find(id) ?? throw new KeyNotFoundException($"{path} has no {id}");
        var changed = Json.Merge(entity.Json, JsonNode.Parse(mergeJson)!.AsObject());
        set.Put(entity.Id, changed);
        // A vault shows its current version in two places.
        if (
            path.Split('/') is ["vaults", var vault, var kind]
            && Vault(vault).Of(kind) is { } objects
            && objects.CurrentVersion.TryGetValue(entity.Id, out var version)
        )
            objects.Versions.Put($"{entity.Id}/{version}", changed);
        return this;
    }

    /// <summary>Takes one object away. Removing a vault object takes its versions along.</summary>
    /// <exception cref="KeyNotFoundException">There is no such object.</exception>
    public TenantData Remove(string path, string id)
    {
        if (path.Split('/') is ["vaults", var vault, var kind] && Vaults.TryGetValue(vault, out var data) && data.Of(kind) is { } objects)
        {
            foreach (var version in objects.Versions.All().Where(v => v.Id.StartsWith(id + "/", StringComparison.OrdinalIgnoreCase)))
                objects.Versions.Remove(version.Id);
            objects.CurrentVersion.TryRemove(id, out _);
        }
        var set = Set(path);
        if (!set.Remove(set.Find(id)?.Id ?? id))
            throw new KeyNotFoundException($"{path} has no {id}");
        return this;
    }

    /// <summary>The set with this path.</summary>
    /// <exception cref="ArgumentException">No set has it.</exception>
    public EntitySet Set(string path) =>
        path.Split('/') switch
        {
            [var name] when Sets.FirstOrDefault(s => s.Name == name) is { } set => set,
            [var parent, var id, var leaf]
                when Relations.FirstOrDefault(r => r.Parent == parent && r.Leaf == leaf) is { Relation: { } relation } => relation.Of(id),
            ["vaults", var vault, var kind] when Vault(vault).Of(kind) is { } objects => objects.Current,
            ["vaults", var vault, "keys", "rotationpolicy"] => Vault(vault).RotationPolicies,
            _ => throw new ArgumentException($"there is no set {path}", nameof(path)),
        };

    /// <summary>
    /// Points every vault's <c>vaultUri</c> at this sandbox: https://x.vault.azure.net/ becomes https://x.vault.localhost:port/.
    /// </summary>
    public void PointVaultsAt(int port)
    {
        foreach (var entity in Resources.All())
        {
            if (
                !entity.Id.Contains("/Microsoft.KeyVault/vaults/", StringComparison.OrdinalIgnoreCase)
                || entity.Id.Count(c => c == '/') != 8
            )
                continue;
            var resource = Json.Object(entity.Json);
            if (resource["properties"] is not JsonObject properties)
                resource["properties"] = properties = [];
            var name =
                properties["vaultUri"]?.GetValue<string>() is { } uri && Uri.TryCreate(uri, UriKind.Absolute, out var parsed)
                    ? parsed.Host.Split('.')[0]
                    : entity.Id[(entity.Id.LastIndexOf('/') + 1)..];
            properties["vaultUri"] = string.Create(CultureInfo.InvariantCulture, $"https://{name}.vault.localhost:{port}/");
            Resources.Put(entity.Id, Json.Bytes(resource));
            Vault(name);
        }
    }
}
