using Compliance.Offboarding;
using Compliance.Offboarding.Directory;
using Compliance.Tenants;
using Compliance.Tests.Tenants;
using Microsoft.Extensions.Logging.Abstractions;

namespace Compliance.Tests.Offboarding.Directory;

/// <summary>The same reads against the demo leaver of the sandbox tenant, through the official SDKs.</summary>
public sealed class SandboxReadTests
{
    private static readonly OffboardingPolicy Policy = new() { Sha256 = "00" };

    private static readonly HrEvent Event = new(
        "hr",
        "1",
        HrEventKind.Terminated,
        DateTimeOffset.UnixEpoch,
        "NW-1042",
        "1",
        1,
        null,
        false,
        null,
        null
    );

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_demo_leaver_is_found_by_the_employee_id_and_read_whole_by_declared_requests_alone()
    {
        await using var reader = await Reader.StartAsync();
        var directory = DirectoryOf(reader);

        var lookup = await directory.LookUpAsync(Event, Policy, Stop);
        var facts = lookup.Facts!;
        var snapshot = await directory.ReadAccessAsync(facts.UserId, facts.PrincipalName, Policy, Stop);
        var newOwner = await directory.NewOwnerAsync(facts.UserId, new HashSet<string>(), Stop);
        var again = await directory.RecheckAsync([facts.UserId], Stop);

        Assert.Null(lookup.Problem);
        Assert.Empty(facts.Unread);
        Assert.Equal((true, false, 2), (facts.AccountEnabled!.Value, facts.GlobalAdministrator, facts.OtherGlobalAdministrators!.Value));
        Assert.Equal(304, facts.Staff);
        Assert.Equal([], snapshot.Sources.Where(s => !s.Complete).Select(s => $"{s.Source}: {s.Reason}"));
        var kinds = snapshot.Accesses.GroupBy(a => a.Kind).ToDictionary(g => g.Key, g => g.Count());
        Assert.Equal(
            (4, 3, 1, 1),
            (
                kinds[AccessKind.SignInMethod],
                kinds[AccessKind.DelegatedGrant],
                kinds[AccessKind.DirectoryRole],
                kinds[AccessKind.EligibleDirectoryRole]
            )
        );
        Assert.Equal(
            (5, 2, 1, 2, 1),
            (
                kinds[AccessKind.AppRole],
                kinds[AccessKind.Device],
                kinds[AccessKind.ManagedDevice],
                kinds[AccessKind.Licence],
                kinds[AccessKind.VaultAccessPolicy]
            )
        );
        Assert.Equal(
            ["ad-fileserver-users", "all-of-data", "data-news"],
            snapshot
                .Accesses.Where(a => a is { Kind: AccessKind.GroupMember, NotRemovable: not null })
                .Select(a => a.Name)
                .Order(StringComparer.Ordinal)
        );
        Assert.Equal(
            [("Audit Exporter Worker", true, 0), ("Knowledge Graph Worker", false, 1), ("Sandbox Runner Worker", false, 0)],
            snapshot
                .Accesses.Where(a => a.Kind == AccessKind.OwnedApplication)
                .Select(a => (a.Name, a.Privileged, a.OtherOwners!.Value))
                .Order()
        );
        Assert.Equal(
            [AssetClass.ProductionModel, AssetClass.TrainingData],
            snapshot
                .Accesses.Where(a => a is { Kind: AccessKind.AzureRole, Name: "Storage Blob Data Contributor" })
                .Select(a => a.Asset)
                .OrderDescending()
        );
        Assert.Contains(LeaverSecrets.KnownBy(snapshot), k => k.Subject.Name == "kv-nw-stg");
        Assert.Equal(facts.ManagerId, newOwner?.Id);
        Assert.Equal(kinds[AccessKind.GroupMember] + kinds[AccessKind.DirectoryRole], again[facts.UserId].Memberships!.Count);
        Assert.Equal(
            [],
            reader
                .Sandbox.Requests.Where(r => r.Host != "login" && !ReadingTests.Declared(r.Method, r.Host, r.Path))
                .Select(r => $"{r.Method} {r.Host}{r.Path}")
        );
    }

    [Fact]
    public async Task A_group_that_is_given_Owner_of_one_resource_group_is_known_to_carry_it()
    {
        await using var reader = await Reader.StartAsync();
        var before = await SnapshotAsync(reader);
        var group = before.Accesses.First(a => a is { Kind: AccessKind.GroupMember, NotRemovable: null, Privileged: false });
        var vault = before.Accesses.First(a => a.Kind == AccessKind.VaultAccessPolicy).Scope;
        reader.Sandbox.Tenant.Add(
            "roleAssignments",
            new System.Text.Json.Nodes.JsonObject
            {
                ["id"] = $"{vault}/providers/Microsoft.Authorization/roleAssignments/0a0a0a0a-0000-4000-8000-000000000001",
                ["type"] = "Microsoft.Authorization/roleAssignments",
                ["properties"] = new System.Text.Json.Nodes.JsonObject
                {
                    ["principalId"] = group.Id,
                    ["principalType"] = "Group",
                    ["scope"] = vault,
                    ["roleDefinitionId"] = "/providers/Microsoft.Authorization/roleDefinitions/8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
                },
            }
        );

        var after = (await SnapshotAsync(reader)).Accesses.Single(a => a.Key == group.Key);

        Assert.Equal(Power.None, group.Details[Power.Detail]);
        Assert.Equal((true, "Owner"), (after.Privileged, after.Details[Power.Detail]));
    }

    [Fact]
    public async Task Devices_that_this_app_may_not_read_are_access_and_their_source_is_not_read()
    {
        await using var reader = await Reader.StartAsync();
        reader.Sandbox.Tenant.Denied["Device.Read.All"] = true;

        var snapshot = await SnapshotAsync(reader);

        Assert.Equal(2, snapshot.Accesses.Count(a => a.Kind == AccessKind.Device));
        var source = Assert.Single(snapshot.Sources, s => !s.Complete);
        Assert.Equal(
            (LeaverSources.Graph(snapshot.UserId, "registeredDevices"), "Device.Read.All and User.Read.All"),
            (source.Source, source.Permission)
        );
    }

    [Fact]
    public async Task Throttling_and_broken_connections_lose_nothing()
    {
        await using var plain = await Reader.StartAsync();
        await using var rough = await Reader.StartAsync(
            "graph/* => status=429 rate=10%; arm/* => status=503 rate=10%; graph/* => drop rate=5%"
        );

        var (expected, found) = (await SnapshotAsync(plain), await SnapshotAsync(rough));

        Assert.True(found.Complete);
        Assert.Equal(expected.Accesses.Select(a => a.Key), found.Accesses.Select(a => a.Key));
    }

    [Fact]
    public async Task A_user_deleted_midway_is_told_as_deleted_and_has_nothing_left_in_Graph()
    {
        await using var reader = await Reader.StartAsync();
        var tenant = reader.Get<TenantConnection>();
        var directory = DirectoryOf(reader);
        var facts = (await directory.LookUpAsync(Event, Policy, Stop)).Facts!;
        await tenant.Graph.Users[facts.UserId].DeleteAsync(cancellationToken: Stop);

        var lookup = await directory.LookUpAsync(facts.UserId, Policy, Stop);
        var snapshot = await directory.ReadAccessAsync(facts.UserId, facts.PrincipalName, Policy, Stop);

        Assert.Equal((null, false), (lookup.Facts, lookup.Unreadable));
        Assert.Contains("deleted", lookup.Problem, StringComparison.Ordinal);
        Assert.Equal([], snapshot.Sources.Where(s => !s.Complete).Select(s => $"{s.Source}: {s.Reason}"));
        Assert.DoesNotContain(
            snapshot.Accesses,
            a => a.Kind is AccessKind.Account or AccessKind.GroupMember or AccessKind.AppRole or AccessKind.SignInMethod
        );
        Assert.Contains(snapshot.Accesses, a => a.Kind == AccessKind.AzureRole);
    }

    private static async Task<AccessSnapshot> SnapshotAsync(Reader reader)
    {
        var facts = (await DirectoryOf(reader).LookUpAsync(Event, Policy, Stop)).Facts!;
        return await DirectoryOf(reader).ReadAccessAsync(facts.UserId, facts.PrincipalName, Policy, Stop);
    }

    private static LeaverDirectory DirectoryOf(Reader reader)
    {
        var tenant = reader.Get<TenantConnection>();
        return new(
            tenant,
            new GraphReads(tenant, reader.Get<GraphBatch>()),
            new AzureReads(tenant, reader.Get<ResourceManagerReader>()),
            reader.Time,
            NullLogger<LeaverDirectory>.Instance
        );
    }
}
