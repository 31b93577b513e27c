using System.Text.Json;
using Compliance.Findings;
using Compliance.Tenants;
using Microsoft.Extensions.Logging;

namespace Compliance.Offboarding.Directory;

/// <summary>Reads a leaver in Graph and Resource Manager.</summary>
internal sealed partial class LeaverDirectory(
    TenantConnection tenant, GraphReads reads, AzureReads azure, TimeProvider time, ILogger<LeaverDirectory> log) : ILeaverDirectory
{
    private const string Pim = "roleEligibilityScheduleInstances";
    private const int ManagersUp = 10;
    private const string Person = "$select=id,displayName,userPrincipalName,accountEnabled&$expand=manager($select=id,displayName,userPrincipalName,accountEnabled)";

    private readonly LeaverLookups _lookups = new(reads);

    /// <inheritdoc/>
    public Task<LeaverLookup> LookUpAsync(HrEvent latest, OffboardingPolicy policy, CancellationToken stop) => _lookups.FindAsync(latest, policy, stop);

    /// <inheritdoc/>
    public Task<LeaverLookup> LookUpAsync(string userId, OffboardingPolicy policy, CancellationToken stop) => _lookups.FindAsync(userId, policy, stop);

    /// <inheritdoc/>
    public async Task<AccessSnapshot> ReadAccessAsync(string userId, string principalName, OffboardingPolicy policy, CancellationToken stop)
    {
        var takenAt = time.GetUtcNow();
        var inAzure = azure.ReadAsync(userId, principalName, policy, stop);
        var (accesses, sources) = await ReadGraphAsync(userId, stop);
        var (more, others) = await inAzure;
        var snapshot = new AccessSnapshot(
            tenant.Options.Id, userId, takenAt,
            [.. accesses.Concat(more).DistinctBy(a => a.Key).OrderBy(a => a.Kind).ThenBy(a => a.Id, StringComparer.OrdinalIgnoreCase)],
            [.. sources.Concat(others).OrderBy(s => s.Source, StringComparer.Ordinal)]);
        foreach (var source in snapshot.Sources.Where(s => !s.Complete))
            NotRead(log, source.Source, source.Reason ?? "");
        return snapshot;
    }

    /// <inheritdoc/>
    public async Task<Heir?> HeirAsync(string userId, IReadOnlySet<string> leaving, CancellationToken stop)
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { userId };
        var at = userId;
        for (var up = 0; up < ManagersUp; up++)
        {
            var read = (await reads.ReadAsync([new("user", $"/users/{Uri.EscapeDataString(at)}?{Person}", DeclaredCall.User, Single: true)], stop))["user"];
            if (read.Failure is { } failure)
            {
                NotRead(log, LeaverSources.Graph(at, "manager"), failure.Reason);
                return null;
            }
            // The answer about the person below tells of the manager already; where it leaves the state out, the manager's own does not.
            if (up > 0 && HeirOf(read.Body, leaving) is { } self)
                return self;
            if (read.Body.At("manager") is not { } manager || manager.Text("id") is not { } id || !seen.Add(id))
                return null;
            if (HeirOf(manager, leaving) is { } heir)
                return heir;
            at = id;
        }
        return null;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<string, Relapse>> RecheckAsync(IReadOnlyCollection<string> userIds, CancellationToken stop)
    {
        var asked = userIds.Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        var read = await reads.ReadAsync(
            [.. asked.SelectMany(id => new GraphRead[]
            {
                new("user/" + id, $"{User(id)}?$select=id,accountEnabled", DeclaredCall.User, Single: true),
                new("groups/" + id, $"{User(id)}/memberOf?$select=id&$top=999", DeclaredCall.MemberOf),
                new("roles/" + id, $"{RolesOf(id)}&$select=id", DeclaredCall.DirectoryRoles),
            })], stop);
        return asked.ToDictionary(id => id, id => RelapseOf(read["user/" + id], read["groups/" + id], read["roles/" + id]), StringComparer.OrdinalIgnoreCase);
    }

    private static Heir? HeirOf(JsonElement person, IReadOnlySet<string> leaving) =>
        person.Flag("accountEnabled") == true && person.Text("id") is { } id && !leaving.Contains(id)
            ? new Heir(id, person.Text("userPrincipalName") ?? id, person.Text("displayName") ?? id)
            : null;

    private static Relapse RelapseOf(GraphReading user, GraphReading groups, GraphReading roles)
    {
        if (user.Missing)
            return new(false, null, [], null);
        var unread = string.Join("; ", new[] { ("user", user), ("memberOf", groups), ("roleAssignments", roles) }.Where(r => r.Item2.Failure is not null).Select(r => $"{r.Item1}: {r.Item2.Failure!.Reason}"));
        // Directory roles are counted by their assignments, which tell those of an administrative unit too.
        var memberships = groups.Items.Where(g => g.Text("@odata.type") is "#microsoft.graph.group" or null).Concat(roles.Items)
            .Select(i => i.Text("id")).OfType<string>().Distinct(StringComparer.OrdinalIgnoreCase).Order(StringComparer.OrdinalIgnoreCase).ToList();
        return new(true, user.Failure is null ? user.Body.Flag("accountEnabled") : null, groups.Failure is null && roles.Failure is null ? memberships : null, unread.Length == 0 ? null : unread);
    }

    private static string User(string id) => $"/users/{Uri.EscapeDataString(id)}";

    private static string RolesOf(string id) => $"/roleManagement/directory/roleAssignments?$filter=principalId%20eq%20'{Uri.EscapeDataString(id)}'";

    private async Task<(List<Access> Accesses, List<SourceOutcome> Sources)> ReadGraphAsync(string userId, CancellationToken stop)
    {
        var user = User(userId);
        var parts = new GraphRead[]
        {
            new("", $"{user}?$select=id,userPrincipalName,accountEnabled,assignedLicenses,licenseAssignmentStates", DeclaredCall.User, Single: true),
            new("memberOf", $"{user}/memberOf?$select=id,displayName,groupTypes,securityEnabled,mailEnabled,isAssignableToRole,onPremisesSyncEnabled,membershipRule&$top=999", DeclaredCall.MemberOf),
            new("authentication/methods", $"{user}/authentication/methods", DeclaredCall.SignInMethods),
            new("appRoleAssignments", $"{user}/appRoleAssignments?$top=999", DeclaredCall.UserAppRoles),
            new("oauth2PermissionGrants", $"{user}/oauth2PermissionGrants", DeclaredCall.UserGrants),
            new("roleAssignments", $"{RolesOf(userId)}&$expand=roleDefinition", DeclaredCall.DirectoryRoles),
            new(Pim, $"/roleManagement/directory/{Pim}?$filter=principalId%20eq%20'{Uri.EscapeDataString(userId)}'&$expand=roleDefinition", DeclaredCall.EligibleDirectoryRoles),
            // Without $select: asking for keyCredentials by name has a limit of its own (150 a minute for a tenant).
            new("ownedObjects", $"{user}/ownedObjects?$top=999", DeclaredCall.OwnedObjects),
            new("registeredDevices", $"{user}/registeredDevices?$select=id,deviceId,displayName,operatingSystem,accountEnabled,trustType", DeclaredCall.RegisteredDevices),
            new("managedDevices", $"{user}/managedDevices?$select=id,deviceName,operatingSystem,azureADDeviceId,managementState", DeclaredCall.ManagedDevices),
        };
        var read = await reads.ReadAsync(parts, stop);
        var deleted = read[""].Missing;
        var accesses = new List<Access>();
        if (read[""].Failure is null)
        {
            if (GraphAccess.Account(read[""].Body) is { } account)
                accesses.Add(account);
            accesses.AddRange(GraphAccess.Licences(read[""].Body));
        }
        accesses.AddRange(read["memberOf"].Items.Select(GraphAccess.Membership).OfType<Access>());
        accesses.AddRange(read["authentication/methods"].Items.Select(GraphAccess.SignInMethod).OfType<Access>());
        accesses.AddRange(read["appRoleAssignments"].Items.Select(i => GraphAccess.AppRole(i, userId)).OfType<Access>());
        accesses.AddRange(read["oauth2PermissionGrants"].Items.Select(GraphAccess.Grant).OfType<Access>());
        accesses.AddRange(read["roleAssignments"].Items.Select(i => GraphAccess.DirectoryRole(AccessKind.DirectoryRole, i, userId)).OfType<Access>());
        accesses.AddRange(read[Pim].Items.Select(i => GraphAccess.DirectoryRole(AccessKind.EligibleDirectoryRole, i, userId)).OfType<Access>());
        accesses.AddRange(read["registeredDevices"].Items.Select(GraphAccess.Device).OfType<Access>());
        accesses.AddRange(read["managedDevices"].Items.Select(GraphAccess.ManagedDevice).OfType<Access>());

        var sources = parts.Select(p => Outcome(userId, p, read[p.Key], deleted)).ToList();
        var owned = read["ownedObjects"].Items.Select(GraphAccess.Owned).OfType<Access>().DistinctBy(a => a.Key).ToList();
        var (judged, more) = await OwnedAsync(userId, owned, stop);
        return ([.. accesses, .. judged], [.. sources, .. more]);
    }

    // Who else owns it, and what the applications may do: one more round, only when something is owned.
    private async Task<(IEnumerable<Access> Owned, IEnumerable<SourceOutcome> Sources)> OwnedAsync(string userId, List<Access> owned, CancellationToken stop)
    {
        var asked = owned.SelectMany(OwnerReads).ToList();
        var read = await reads.ReadAsync(asked, stop);
        return (owned.Select(Judged), asked.Where(r => read[r.Key] is { Failure: not null, Missing: false }).Select(r => Outcome(userId, r, read[r.Key], false)));

        Access Judged(Access access)
        {
            var owners = read["owners/" + access.Id];
            access = access with { OtherOwners = owners.Failure is null ? GraphAccess.OtherOwners(owners.Items, userId) : null };
            if (!read.TryGetValue("permissions/" + access.Id, out var permissions))
                return access;
            var privileged = GraphAccess.PrivilegedNames(permissions.Items);
            // What could not be read may be anything: it is treated as privileged, and the source says so.
            if (privileged.Count == 0 && permissions is { Failure: null } or { Missing: true })
                return access;
            var details = new Dictionary<string, string>(access.Details, StringComparer.Ordinal) { ["privilegedPermissions"] = privileged.Count > 0 ? string.Join(',', privileged) : "not read" };
            return access with { Privileged = true, Details = details };
        }
    }

    private static IEnumerable<GraphRead> OwnerReads(Access access)
    {
        const string Owners = "owners?$select=id,displayName,userPrincipalName,accountEnabled";
        var id = Uri.EscapeDataString(access.Id);
        switch (access.Kind)
        {
            case AccessKind.OwnedApplication:
                yield return new("owners/" + access.Id, $"/applications/{id}/{Owners}", DeclaredCall.ApplicationOwners);
                if (access.Details.TryGetValue("appId", out var appId))
                    yield return new("permissions/" + access.Id, $"/servicePrincipals(appId='{Uri.EscapeDataString(appId)}')/appRoleAssignments", DeclaredCall.ApplicationPermissionsByAppId);
                break;
            case AccessKind.OwnedServicePrincipal:
                yield return new("owners/" + access.Id, $"/servicePrincipals/{id}/{Owners}", DeclaredCall.ServicePrincipalOwners);
                yield return new("permissions/" + access.Id, $"/servicePrincipals/{id}/appRoleAssignments", DeclaredCall.ApplicationPermissions);
                break;
            default:
                yield return new("owners/" + access.Id, $"/groups/{id}/{Owners}", DeclaredCall.GroupOwners);
                break;
        }
    }

    private static SourceOutcome Outcome(string userId, GraphRead read, GraphReading reading, bool deleted)
    {
        var source = LeaverSources.Graph(userId, read.Key);
        if (reading.Failure is not { } failure)
            return new(source, Complete: true, read.Single ? 1 : reading.Items.Count);
        // Nobody has nothing: that everything of a deleted user is missing is the whole truth.
        if (deleted && reading.Missing)
            return new(source, Complete: true, 0, Reason: "the user was deleted");
        if (read.Key == Pim && failure.Reason.Contains(AzureReads.NoLicence, StringComparison.Ordinal))
            return new(source, Complete: true, 0, Reason: "the tenant has no Privileged Identity Management");
        if (read.Key == "managedDevices" && failure.Reason.Contains("not applicable to target tenant", StringComparison.Ordinal))
            return new(source, Complete: true, 0, Reason: "the tenant has no Intune");
        return failure.Outcome(source, reading.Items.Count, new Subject(SubjectTypes.Source, source, read.Key.Length == 0 ? "the leaver's account" : $"the leaver's {read.Key}"), null);
    }

    [LoggerMessage(3200, LogLevel.Warning, "{Source} was not read to its end: {Reason}")]
    private static partial void NotRead(ILogger logger, string source, string reason);
}
