using Compliance.Minimization.Evaluation;
using Compliance.Minimization.Inventory;
using Compliance.Minimization.Policy;
using Compliance.Tenants;
using Compliance.Tests.Tenants;
using Local;
using Microsoft.Extensions.Configuration;
using SandboxTenant.Demo;
using Testing;

namespace Compliance.Tests.Minimization.Inventory;

/// <summary>The demo's data: as it is described, as it is put into Azurite, and as the inventory reads it.</summary>
public sealed class DemoDataTests(AzuriteFixture azurite) : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("demo-data-").FullName;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_same_time_gives_the_same_blobs_each_in_a_container_of_the_demo_tenant()
    {
        var blobs = DemoBlobs.All(Reader.Now).ToList();

        Assert.Equal(blobs.Select(Text), DemoBlobs.All(Reader.Now).Select(Text));
        Assert.NotEqual(blobs.Select(Text), DemoBlobs.All(Reader.Now.AddDays(1)).Select(Text));
        Assert.Equal(620, blobs.DistinctBy(b => (b.Account, b.Container, b.Name)).Count());
        Assert.Equal(
            DemoStorage.Accounts.SelectMany(a => a.Containers.Select(c => $"{a.Name}/{c}")).Order(StringComparer.Ordinal),
            blobs.Select(b => $"{b.Account}/{b.Container}").Distinct().Order(StringComparer.Ordinal)
        );
        Assert.DoesNotContain(blobs, b => b.Account == "ctsexports" && b.Tags.Count > 0);
    }

    [Fact]
    public void The_demos_policy_covers_all_but_one_container_and_has_something_due_and_something_not_in_each_data_set()
    {
        var policy = RetentionPolicyLoader.LoadFile(AppSettings.DemoRetention);
        var evaluator = new RetentionEvaluator(policy, new HashSet<string>());

        var due = new Dictionary<string, (int Due, int Kept)>();
        var uncovered = new HashSet<string>();
        foreach (var blob in DemoBlobs.All(Reader.Now).Select(Facts))
        {
            var (sets, unread) = evaluator.Matching(blob);
            Assert.Null(unread);
            if (sets is not [var set])
            {
                Assert.Empty(sets);
                uncovered.Add($"{blob.Account}/{blob.Container}");
                continue;
            }
            var begin = RetentionEvaluator.Begin(Assert.Single(set.Rules), blob);
            Assert.NotNull(begin);
            var counts = due.GetValueOrDefault(set.Id);
            due[set.Id] =
                set.Rules[0].After.EndFrom(begin.Value) <= Reader.Now ? (counts.Due + 1, counts.Kept) : (counts.Due, counts.Kept + 1);
        }

        Assert.Equal(["ctsdev/scratch"], uncovered);
        Assert.Equal(policy.DataSets.Select(s => s.Id).Order(StringComparer.Ordinal), due.Keys.Order(StringComparer.Ordinal));
        // Within the share that a sweep may delete without two people.
        Assert.All(due.Values, d => Assert.True(d.Due > 0 && d.Due < d.Kept + d.Due && d.Due <= (d.Kept + d.Due) / 2, $"{d}"));
    }

    [Fact]
    public void Who_answers_for_the_data_is_in_the_demo_tenant_and_one_of_them_has_the_role_of_owners()
    {
        var tenant = DemoTenant.Create(2026, Reader.Now);
        var owners = RetentionPolicyLoader.LoadFile(AppSettings.DemoRetention).DataSets.Select(s => s.Owner).Distinct().ToList();

        var people = tenant.Users.All().Select(u => SandboxTenant.Data.Json.Object(u.Json)).ToList();
        var holders = tenant
            .AppRoleAssignments.All()
            .Select(a => SandboxTenant.Data.Json.Object(a.Json))
            .Where(a => (string?)a["appRoleId"] == DemoLeaver.OwnerRole)
            .Select(a => (string?)a["principalId"])
            .ToList();

        Assert.All(owners, owner => Assert.Contains(people, p => (string?)p["mail"] == owner));
        Assert.Contains(people, p => (string?)p["mail"] == owners[0] && holders.Contains((string?)p["id"]));
    }

    [Fact]
    public async Task The_inventory_reads_every_account_of_the_demo_and_all_that_was_put_into_it()
    {
        await using var reader = await Reader.StartAsync();
        var done = Path.Combine(_folder, "done");
        Assert.Equal(620, await DemoData.SeedAsync(azurite.DataConnections, Reader.Now, done, Stop));
        // An interrupted start goes on where it was; a finished one is not repeated.
        File.Delete(done);
        Assert.Equal(620, await DemoData.SeedAsync(azurite.DataConnections, Reader.Now, done, Stop));
        Assert.Null(await DemoData.SeedAsync(azurite.DataConnections, Reader.Now, done, Stop));

        var (blobs, containers, unread) = await InventoryAsync(reader);

        Assert.Empty(unread);
        Assert.Equal(DemoStorage.Accounts.Sum(a => a.Containers.Count), containers);
        var expected = DemoBlobs.All(Reader.Now).ToList();
        Assert.Equal(
            expected.Select(b => (b.Account, b.Container, b.Name, b.IsLeased, b.Tags.Count, b.Metadata.Count)).Order(),
            blobs
                .Where(b => b.IsCurrent)
                .Select(b => (b.Account, b.Container, b.Name, b.IsLeased, b.Tags!.Count, b.Metadata!.Count))
                .Order()
        );
        Assert.Equal(expected.Sum(b => b.Snapshots), blobs.Count(b => b.Snapshot is not null));
        Assert.Equal((3, 2), (blobs.Count(b => b.Tags!.ContainsKey("legalhold")), blobs.Count(b => b.IsLeased)));
    }

    // Everything the tenant has, one container after the other.
    private async Task<(List<BlobFacts> Blobs, int Containers, List<Unread> Unread)> InventoryAsync(Reader reader)
    {
        var options = DataAccountOptions.Read(
            new ConfigurationBuilder()
                .AddInMemoryCollection(
                    azurite.DataConnections.Select(c => KeyValuePair.Create($"Minimization:Accounts:{c.Key}", (string?)c.Value))
                )
                .Build()
        );
        var (tenant, manager) = (reader.Get<TenantConnection>(), reader.Get<ResourceManagerReader>());
        var access = new DataAccess(tenant, options);
        var accounts = await new StorageAccounts(tenant, manager).ReadAsync(Stop);
        var (blobs, unread, containers) = (new List<BlobFacts>(), accounts.Unread.ToList(), 0);
        foreach (var account in accounts.Accounts)
        {
            var data = access.Open(account, out var closed);
            Assert.Null(closed);
            var found = await new StorageContainers(tenant, manager).ReadAsync(account, data!, Stop);
            unread.AddRange(found.Unread);
            containers += found.Containers.Count;
            foreach (var container in found.Containers)
                await foreach (
                    var blob in new BlobListing(null, 50).ListAsync(
                        new(account, container, data!.Blobs.GetBlobContainerClient(container.Name)),
                        "",
                        unread.Add,
                        Stop
                    )
                )
                    blobs.Add(blob);
        }
        return (blobs, containers, unread);
    }

    private static BlobFacts Facts(DemoBlob blob) =>
        new()
        {
            Account = blob.Account,
            Container = blob.Container,
            Name = blob.Name,
            IsCurrent = true,
            IsBlockBlob = true,
            Created = Reader.Now,
            LastModified = Reader.Now,
            ETag = "0x1",
            Size = 1,
            Tags = blob.Tags,
            Metadata = blob.Metadata,
            HasLegalHold = false,
        };

    private static string Text(DemoBlob blob) =>
        $"{blob.Account}/{blob.Container}/{blob.Name} {string.Join(',', blob.Metadata)} {string.Join(',', blob.Tags)} {blob.IsLeased}";
}
