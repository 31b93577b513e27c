using System.Text.Json;
using Compliance.Findings;
using Compliance.Tenants;
using Microsoft.Extensions.Logging;

namespace Compliance.Offboarding.Directory;

/// <summary>Reads a leaver in Graph and Resource Manager.</summary>
internal sealed partial class LeaverDirectory(
    TenantConnection tenant,
    GraphReads reads,
    AzureReads azure,
    TimeProvider time,
    ILogger<LeaverDirectory> log
) : ILeaverDirectory
{
    private const string Pim = "roleEligibilityScheduleInstances";
    private const string GroupFields =
        "id,displayName,groupTypes,mail,securityEnabled,mailEnabled,isAssignableToRole,onPremisesSyncEnabled,membershipRule";

    private const string Transitive = "transitiveMemberOf";
    private const string PimActive = "roleAssignmentScheduleInstances";
    private const int ManagersUp = 10;
    private const string Person =
        "$select=id,displayName,userPrincipalName,accountEnabled&$expand=manager($select=id,displayName,userPrincipalName,accountEnabled)";

    private readonly LeaverLookups _lookups = new(reads);

    /// <inheritdoc/>
    public Task<LeaverLookup> LookUpAsync(HrEvent latest, OffboardingPolicy policy, CancellationToken cancellationToken) =>
        _lookups.FindAsync(latest, policy, cancellationToken);

    /// <inheritdoc/>
    public Task<LeaverLookup> LookUpAsync(string userId, OffboardingPolicy policy, CancellationToken cancellationToken) =>
        _lookups.FindAsync(userId, policy, cancellationToken);

    /// <inheritdoc/>
    public async Task<AccessSnapshot> ReadAccessAsync(
        string userId,
        string principalName,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var takenAt = time.GetUtcNow();
        var inAzure = azure.ReadAsync(userId, principalName, policy, cancellationToken);
        var (accesses, sources, held) = await ReadGraphAsync(userId, principalName, cancellationToken);
        var (more, others, subscriptions) = await inAzure;
        if (held.Count > 0)
        {
            var power = await azure.PowerOfAsync(HeldPower.PrincipalsOf(held.Values), subscriptions, cancellationToken);
            accesses = [.. accesses.Select(a => held.TryGetValue(a.Key, out var holding) ? holding.Judged(a, power) : a)];
            others = [.. others, power.Source];
        }
        var snapshot = new AccessSnapshot(
            tenant.Options.Id,
            userId,
            takenAt,
            [.. accesses.Concat(more).DistinctBy(a => a.Key).OrderBy(a => a.Kind).ThenBy(a => a.Id, StringComparer.OrdinalIgnoreCase)],
            [.. sources.Concat(others).OrderBy(s => s.Source, StringComparer.Ordinal)]
        );
        foreach (var source in snapshot.Sources.Where(s => !s.Complete))
            NotRead(log, source.Source, source.Reason ?? "");
        return snapshot;
    }

    /// <inheritdoc/>
    public async Task<BlockGroup> BlockGroupAsync(string groupId, string userId, CancellationToken cancellationToken)
    {
        var read = await reads.ReadAsync(
            [
                new("group", $"/groups/{Uri.EscapeDataString(groupId)}?$select={GroupFields}", DeclaredCall.Group, Single: true),
                new("memberOf", $"{User(userId)}/memberOf?$select=id&$top=999", DeclaredCall.MemberOf),
            ],
            cancellationToken
        );
        var (group, memberOf) = (read["group"], read["memberOf"]);
        if (group.Missing)
            return new(groupId, groupId, false, "there is no such group in the directory", null);
        if ((group.Failure ?? memberOf.Failure) is { } failure)
            return BlockGroup.NotRead(groupId, failure.Reason);
        var isMember = memberOf.Items.Any(m => string.Equals(m.Text("id"), groupId, StringComparison.OrdinalIgnoreCase));
        return new(groupId, group.Body.Text("displayName") ?? groupId, isMember, GraphAccess.WhyNoneIsAdded(group.Body), null);
    }

    /// <inheritdoc/>
    public async Task<NewOwner?> NewOwnerAsync(string userId, IReadOnlySet<string> leaving, CancellationToken cancellationToken)
    {
        var seen = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { userId };
        var at = userId;
        bool? given = null;
        for (var up = 0; up < ManagersUp; up++)
        {
            var read = (
                await reads.ReadAsync(
                    [new("user", $"/users/{Uri.EscapeDataString(at)}?{Person}", DeclaredCall.User, Single: true)],
                    cancellationToken
                )
            )["user"];
            // Who was deleted has no manager; who could not be read may have one.
            if (read.Missing)
                return null;
            if (read.Failure is { } failure)
                return Unread(at, failure.Reason);
            // The answer about the person below covers the manager already; where it leaves the state out, the manager's own does not.
            if (up > 0 && NewOwnerOf(read.Body, leaving) is { } self)
                return self;
            if (up > 0 && !leaving.Contains(at) && (given ?? read.Body.Flag("accountEnabled")) is null)
                return Unread(at, "Graph did not answer whether the account can sign in");
            if (read.Body.At("manager") is not { } manager || manager.Text("id") is not { } id || !seen.Add(id))
                return null;
            if (NewOwnerOf(manager, leaving) is { } newOwner)
                return newOwner;
            (at, given) = (id, manager.Flag("accountEnabled"));
        }
        return null;

        NewOwner Unread(string person, string why)
        {
            NotRead(log, LeaverSources.Graph(person, "manager"), why);
            return NewOwner.NotRead($"the manager, or one above, could not be read: {why}");
        }
    }

    /// <inheritdoc/>
    public async Task<EmployeeIds> EmployeeIdsAsync(IReadOnlyCollection<string> userIds, CancellationToken cancellationToken)
    {
        var asked = userIds.Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        var read = await reads.ReadAsync(
            [.. asked.Select(id => new GraphRead(id, $"{User(id)}?$select=id,employeeId", DeclaredCall.User, Single: true))],
            cancellationToken
        );
        var byAccount = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var id in asked)
        {
            if (read[id] is { Failure: { } failure, Missing: false })
                return new(byAccount, failure.Reason);
            if (read[id].Body.Text("employeeId")?.Trim() is { Length: > 0 } employeeId)
                byAccount[id] = employeeId;
        }
        return new(byAccount, null);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<string, Relapse>> RecheckAsync(
        IReadOnlyCollection<string> userIds,
        CancellationToken cancellationToken
    )
    {
        var asked = userIds.Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        var read = await reads.ReadAsync(
            [
                .. asked.SelectMany(id =>
                    new GraphRead[]
                    {
                        new("user/" + id, $"{User(id)}?$select=id,accountEnabled", DeclaredCall.User, Single: true),
                        new("groups/" + id, $"{User(id)}/memberOf?$select=id&$top=999", DeclaredCall.MemberOf),
                        new("roles/" + id, $"{RolesOf(id)}&$select=id", DeclaredCall.DirectoryRoles),
                    }
                ),
            ],
            cancellationToken
        );
        return asked.ToDictionary(
            id => id,
            id => RelapseOf(read["user/" + id], read["groups/" + id], read["roles/" + id]),
            StringComparer.OrdinalIgnoreCase
        );
    }

    private static NewOwner? NewOwnerOf(JsonElement person, IReadOnlySet<string> leaving) =>
        person.Flag("accountEnabled") == true && person.Text("id") is { } id && !leaving.Contains(id)
            ? new NewOwner(id, person.Text("userPrincipalName") ?? id, person.Text("displayName") ?? id)
            : null;

    private static Relapse RelapseOf(GraphReading user, GraphReading groups, GraphReading roles)
    {
        if (user.Missing)
            return new(false, null, [], null);
        var unread = string.Join(
            "; ",
            new[] { ("user", user), ("memberOf", groups), ("roleAssignments", roles) }
                .Where(r => r.Item2.Failure is not null)
                .Select(r => $"{r.Item1}: {r.Item2.Failure!.Reason}")
        );
        // Directory roles are counted by their assignments, which show those of an administrative unit too.
        var memberships = groups
            .Items.Where(g => g.Text("@odata.type") is "#microsoft.graph.group" or null)
            .Concat(roles.Items)
            .Select(i => i.Text("id"))
            .OfType<string>()
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .Order(StringComparer.OrdinalIgnoreCase)
            .ToList();
        return new(
            true,
            user.Failure is null ? user.Body.Flag("accountEnabled") : null,
            groups.Failure is null && roles.Failure is null ? memberships : null,
            unread.Length == 0 ? null : unread
        );
    }

    private static string User(string id) => $"/users/{Uri.EscapeDataString(id)}";

    private static string RolesOf(string id) =>
        $"/roleManagement/directory/roleAssignments?$filter=principalId%20eq%20'{Uri.EscapeDataString(id)}'";

    private async Task<(List<Access> Accesses, List<SourceOutcome> Sources, Dictionary<string, HeldPower> Held)> ReadGraphAsync(
        string userId,
        string principalName,
        CancellationToken cancellationToken
    )
    {
        var parts = PartsOf(userId);
        var read = await reads.ReadAsync(parts, cancellationToken);
        var deleted = read[""].Missing;
        var sources = parts.Select(p => Outcome(userId, p, read[p.Key], deleted)).ToList();
        var held = AccessesOf(userId, principalName, read);
        var accesses = held.Select(a => GraphAccess.ThroughGroup(a, held)).ToList();
        var owned = read["ownedObjects"]
            .Items.Select(i => GraphAccess.Owned(i, principalName))
            .OfType<Access>()
            .DistinctBy(a => a.Key)
            .ToList();
        return await FurtherAsync(
            userId,
            accesses,
            owned,
            sources,
            HeldPower.IsNested(read["memberOf"], read[Transitive]),
            cancellationToken
        );
    }

    private static GraphRead[] PartsOf(string userId)
    {
        var user = User(userId);
        return
        [
            new(
                "",
                $"{user}?$select=id,userPrincipalName,accountEnabled,assignedLicenses,licenseAssignmentStates",
                DeclaredCall.User,
                Single: true
            ),
            new("memberOf", $"{user}/memberOf?$select={GroupFields}&$top=999", DeclaredCall.MemberOf),
            new(Transitive, $"{user}/{Transitive}?$select=id,displayName&$top=999", DeclaredCall.TransitiveMemberOf),
            new("authentication/methods", $"{user}/authentication/methods", DeclaredCall.SignInMethods),
            new("appRoleAssignments", $"{user}/appRoleAssignments?$top=999", DeclaredCall.UserAppRoles),
            new("oauth2PermissionGrants", $"{user}/oauth2PermissionGrants", DeclaredCall.UserGrants),
            new("roleAssignments", $"{RolesOf(userId)}&$expand=roleDefinition", DeclaredCall.DirectoryRoles),
            new(
                Pim,
                $"/roleManagement/directory/{Pim}?$filter=principalId%20eq%20'{Uri.EscapeDataString(userId)}'&$expand=roleDefinition",
                DeclaredCall.EligibleDirectoryRoles
            ),
            new(
                PimActive,
                $"/roleManagement/directory/{PimActive}?$filter=principalId%20eq%20'{Uri.EscapeDataString(userId)}'",
                DeclaredCall.ScheduledDirectoryRoles
            ),
            // Without $select: asking for keyCredentials by name has a limit of its own (150 a minute for a tenant).
            new("ownedObjects", $"{user}/ownedObjects?$top=999", DeclaredCall.OwnedObjects),
            new(
                "registeredDevices",
                $"{user}/registeredDevices?$select=id,deviceId,displayName,operatingSystem,accountEnabled,trustType",
                DeclaredCall.RegisteredDevices
            ),
            new(
                "managedDevices",
                $"{user}/managedDevices?$select=id,deviceName,operatingSystem,azureADDeviceId,managementState",
                DeclaredCall.ManagedDevices
            ),
        ];
    }

    private static List<Access> AccessesOf(string userId, string principalName, IReadOnlyDictionary<string, GraphReading> read)
    {
        var accesses = new List<Access>();
        if (read[""].Failure is null)
        {
            if (GraphAccess.Account(read[""].Body) is { } account)
                accesses.Add(account);
            accesses.AddRange(GraphAccess.Licences(read[""].Body));
        }
        accesses.AddRange(read["memberOf"].Items.Select(i => GraphAccess.Membership(i, principalName)).OfType<Access>());
        accesses.AddRange(read["authentication/methods"].Items.Select(GraphAccess.SignInMethod).OfType<Access>());
        accesses.AddRange(read["appRoleAssignments"].Items.Select(i => GraphAccess.AppRole(i, userId)).OfType<Access>());
        accesses.AddRange(read["oauth2PermissionGrants"].Items.Select(GraphAccess.Grant).OfType<Access>());
        accesses.AddRange(
            read["roleAssignments"]
                .Items.Select(i => GraphAccess.DirectoryRole(AccessKind.DirectoryRole, i, userId))
                .OfType<Access>()
                .Select(a => GraphAccess.Scheduled(a, read[PimActive].Items))
        );
        accesses.AddRange(
            read[Pim].Items.Select(i => GraphAccess.DirectoryRole(AccessKind.EligibleDirectoryRole, i, userId)).OfType<Access>()
        );
        accesses.AddRange(read["registeredDevices"].Items.Select(GraphAccess.Device).OfType<Access>());
        accesses.AddRange(read["managedDevices"].Items.Select(GraphAccess.ManagedDevice).OfType<Access>());
        return accesses;
    }

    // Who else owns what is owned, what the applications may do, and what the groups and applications are members of: one more round, only
    // when there is such a thing.
    private async Task<(List<Access> Accesses, List<SourceOutcome> Sources, Dictionary<string, HeldPower> Held)> FurtherAsync(
        string userId,
        List<Access> accesses,
        List<Access> owned,
        List<SourceOutcome> sources,
        bool nested,
        CancellationToken cancellationToken
    )
    {
        var holders = accesses.Concat(owned).Where(HeldPower.IsHolder).DistinctBy(a => a.Key).ToList();
        var asked = owned
            .SelectMany(OwnerReads)
            .Concat(holders.SelectMany(h => HeldPower.Reads(h, nested)))
            .DistinctBy(r => r.Key)
            .ToList();
        var read = await reads.ReadAsync(asked, cancellationToken);
        var failed = asked.Where(r => read[r.Key] is { Failure: not null, Missing: false });
        return (
            [.. accesses, .. owned.Select(Judged)],
            [.. sources, .. failed.Select(r => Outcome(userId, r, read[r.Key], false))],
            holders.ToDictionary(a => a.Key, a => HeldPower.From(a, read, nested), StringComparer.Ordinal)
        );

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
            var details = new Dictionary<string, string>(access.Details, StringComparer.Ordinal)
            {
                ["privilegedPermissions"] = privileged.Count > 0 ? string.Join(',', privileged) : "not read",
            };
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
                    yield return new(
                        "permissions/" + access.Id,
                        $"/servicePrincipals(appId='{Uri.EscapeDataString(appId)}')/appRoleAssignments",
                        DeclaredCall.ApplicationPermissionsByAppId
                    );
                break;
            case AccessKind.OwnedServicePrincipal:
                yield return new("owners/" + access.Id, $"/servicePrincipals/{id}/{Owners}", DeclaredCall.ServicePrincipalOwners);
                yield return new(
                    "permissions/" + access.Id,
                    $"/servicePrincipals/{id}/appRoleAssignments",
                    DeclaredCall.ApplicationPermissions
                );
                break;
            default:
                yield return new("owners/" + access.Id, $"/groups/{id}/{Owners}", DeclaredCall.GroupOwners);
                break;
        }
    }

    private SourceOutcome Outcome(string userId, GraphRead read, GraphReading reading, bool deleted)
    {
        var source = LeaverSources.Graph(userId, read.Key);
        var subject = new Subject(SubjectTypes.Source, source, read.Key.Length == 0 ? "the leaver's account" : $"the leaver's {read.Key}");
        if (reading.Failure is not { } failure)
            return reading.Items.Count(GraphAccess.IsLimited) is > 0 and var limited
                ? new(
                    source,
                    Complete: false,
                    reading.Items.Count,
                    subject,
                    $"Graph answered nothing but the ids of {limited} of {reading.Items.Count}, "
                        + "as it does without the permission to read them",
                    read.Call.Permission,
                    read.Call.Grant(null, tenant.Options.ClientId)
                )
                : new(source, Complete: true, read.Single ? 1 : reading.Items.Count);
        // Nobody has nothing: that everything of a deleted user is missing is the whole truth.
        if (deleted && reading.Missing)
            return new(source, Complete: true, 0, Reason: "the user was deleted");
        if (read.Key is Pim or PimActive && failure.Reason.Contains(AzureReads.NoLicence, StringComparison.Ordinal))
            return new(source, Complete: true, 0, Reason: "the tenant has no Privileged Identity Management");
        if (read.Key == "managedDevices" && failure.Reason.Contains("not applicable to target tenant", StringComparison.Ordinal))
            return new(source, Complete: true, 0, Reason: "the tenant has no Intune");
        return failure.Outcome(source, reading.Items.Count, subject, null);
    }

    [LoggerMessage(3200, LogLevel.Warning, "{Source} was not read to its end: {Reason}")]
    private static partial void NotRead(ILogger logger, string source, string reason);
}
