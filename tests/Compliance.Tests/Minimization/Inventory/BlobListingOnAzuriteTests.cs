using System.Net;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Azure.Storage.Sas;
using Compliance.Minimization.Evaluation;
using Compliance.Minimization.Inventory;
using Compliance.Tests.Tenants;
using Testing;

namespace Compliance.Tests.Minimization.Inventory;

/// <summary>Listings through the official client against Azurite.</summary>
public sealed class BlobListingOnAzuriteTests(AzuriteFixture azurite)
{
    private readonly List<Unread> _unread = [];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Names_of_every_kind_come_back_as_they_are_and_can_be_read_by_their_facts()
    {
        string[] names =
        [
            "a+b.json",
            "what?.json",
            "50%2Fhalf.json",
            "/leading",
            "trailing.",
            "a/../b",
            "spaß/日本語 🎉.json",
            "line&<>'\".json",
            new('n', 1024),
        ];
        var container = await ContainerAsync("names-of-every-kind");
        // The official client changes some of them before it sends them; other tools write them as they are.
        using var client = new HttpClient(azurite.Wire());
        var signed = container.GenerateSasUri(BlobContainerSasPermissions.All, DateTimeOffset.MaxValue);
        Uri Address(string name) => new($"{container.Uri}/{Uri.EscapeDataString(name)}{signed.Query}");
        foreach (var name in names)
        {
            using var content = new StringContent(name) { Headers = { { "x-ms-blob-type", "BlockBlob" } } };
            using var answer = await client.PutAsync(Address(name), content, Stop);
            Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
        }

        var blobs = await ListAsync(container, pageSize: 2);

        Assert.Equal(names.Order(StringComparer.Ordinal), blobs.Select(b => b.Name).Order(StringComparer.Ordinal));
        Assert.All(blobs, b => Assert.True(b is { IsCurrent: true, IsBlockBlob: true, HasLegalHold: false, ImmutableUntil: null }));
        foreach (var blob in blobs)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, Address(blob.Name));
            request.Headers.TryAddWithoutValidation("If-Match", $"\"{blob.ETag!.Trim('"')}\"");
            using var answer = await client.SendAsync(request, Stop);
            Assert.Equal((HttpStatusCode.OK, blob.Name), (answer.StatusCode, await answer.Content.ReadAsStringAsync(Stop)));
        }
    }

    [Fact]
    public async Task Metadata_tags_leases_snapshots_and_kinds_are_in_the_facts()
    {
        var container = await ContainerAsync("facts-of-blobs");
        var tagged = container.GetBlobClient("tagged");
        await tagged.UploadAsync(
            BinaryData.FromString("one"),
            new BlobUploadOptions
            {
                Metadata = new Dictionary<string, string> { ["Expires"] = "2027-05-01" },
                Tags = new Dictionary<string, string> { ["legalhold"] = "case-17" },
            },
            Stop
        );
        await tagged.CreateSnapshotAsync(cancellationToken: Stop);
        var leased = container.GetBlobClient("leased");
        await leased.UploadAsync(BinaryData.FromString("two"), Stop);
        await leased.GetBlobLeaseClient().AcquireAsync(BlobLeaseClient.InfiniteLeaseDuration, cancellationToken: Stop);
        await container.GetAppendBlobClient("appended").CreateAsync(cancellationToken: Stop);

        var blobs = await ListAsync(container);

        Assert.Equal(
            [("appended", true, false, false), ("leased", true, true, true), ("tagged", false, false, true), ("tagged", true, false, true)],
            blobs.Select(b => (b.Name, b.IsCurrent, b.IsLeased, b.IsBlockBlob)).Order()
        );
        var current = blobs.Single(b => b is { Name: "tagged", IsCurrent: true });
        Assert.Equal(("2027-05-01", "case-17", 3L), (current.Metadata!["EXPIRES"], current.Tags!["legalhold"], current.Size));
        Assert.NotNull(blobs.Single(b => b is { Name: "tagged", IsCurrent: false }).Snapshot);
        Assert.Empty(blobs.Single(b => b.Name == "leased").Tags!);
    }

    [Fact]
    public async Task Only_what_begins_with_the_prefix_is_listed_and_every_page_of_it()
    {
        var container = await ContainerAsync("pages-of-a-prefix");
        for (var i = 0; i < 7; i++)
            await container.UploadBlobAsync($"in/{i}", BinaryData.FromString("x"), Stop);
        await container.UploadBlobAsync("outside", BinaryData.FromString("x"), Stop);

        var blobs = await ListAsync(container, prefix: "in/", pageSize: 3);

        Assert.Equal(Enumerable.Range(0, 7).Select(i => $"in/{i}"), blobs.Select(b => b.Name));
    }

    [Fact]
    public async Task A_container_that_is_deleted_midway_is_unread()
    {
        var container = await ContainerAsync("deleted-midway");
        for (var i = 0; i < 4; i++)
            await container.UploadBlobAsync($"{i}", BinaryData.FromString("x"), Stop);
        var seen = new List<string>();

        await foreach (var blob in new BlobListing(null, 2).ListAsync(At(container), "", _unread.Add, Stop))
        {
            seen.Add(blob.Name);
            if (seen.Count == 2)
                await container.DeleteAsync(cancellationToken: Stop);
        }

        Assert.Equal(["0", "1"], seen);
        var unread = Assert.Single(_unread);
        Assert.Equal("blob/devstoreaccount1/deleted-midway", unread.Source);
        Assert.Contains("404: ContainerNotFound: The specified container does not exist", unread.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Containers_are_listed_with_their_holds_and_metadata()
    {
        using var tenant = new PaperTenant();
        var container = await ContainerAsync("listed-with-its-holds");
        await container.SetMetadataAsync(new Dictionary<string, string> { ["Purpose"] = "test" }, cancellationToken: Stop);
        var account = SampleAccount.Named("devstoreaccount1");
        var data = new DataAccount(account.Name, azurite.Blobs, (_, _) => throw new InvalidOperationException("no batch is sent"));

        var inventory = await new StorageContainers(tenant.Connection, new(tenant.Connection)).ReadAsync(account, data, Stop);

        Assert.Empty(inventory.Unread);
        var facts = inventory.Containers.Single(c => c.Name == container.Name);
        Assert.Equal((false, false, false), (facts.HasLegalHold, facts.HasImmutabilityPolicy, facts.IsDeleted));
        Assert.Equal("test", facts.Metadata!["purpose"]);
    }

    private static ListedContainer At(BlobContainerClient container) =>
        new(SampleAccount.Named(container.AccountName), SampleContainer.Of(container.AccountName, container.Name), container);

    private async Task<BlobContainerClient> ContainerAsync(string name)
    {
        var container = azurite.Blobs.GetBlobContainerClient(name);
        await container.CreateAsync(cancellationToken: Stop);
        return container;
    }

    private async Task<List<BlobFacts>> ListAsync(BlobContainerClient container, string prefix = "", int? pageSize = null)
    {
        var blobs = await new BlobListing(null, pageSize).ListAsync(At(container), prefix, _unread.Add, Stop).ToListAsync(Stop);
        Assert.Empty(_unread);
        return blobs;
    }
}
