using Azure.Storage.Blobs.Models;
using BlobStandIn.State;

namespace Compliance.Tests.Minimization.StandIn;

public sealed class StandInListingTests
{
    private static readonly DateTimeOffset Begin = new(2025, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_listing_shows_all_that_the_sweep_reads_of_a_blob()
    {
        await using var host = await StandInHost.StartAsync(time => new("acme", time) { IsVersioned = true });
        var extras = new BlobExtras
        {
            Metadata = new Dictionary<string, string> { ["owner"] = "R&D <eu>" },
            Tags = new Dictionary<string, string> { ["class"] = "raw", ["hold"] = "no" },
            HasLegalHold = true,
            ImmutableUntil = Begin.AddYears(3).UtcDateTime,
            Lease = new("1", DateTime.MaxValue),
        };
        host.Raw.Add(
            new BlobSeed("2025/a.json")
            {
                Size = 123,
                Created = Begin,
                Modified = Begin.AddDays(1),
                Accessed = Begin.AddDays(2),
                Tier = BlobTier.Cold,
                Extras = extras,
            }
        );

        var blob = Assert.Single(await host.ListAsync());

        var properties = blob.Properties;
        Assert.Equal(("2025/a.json", true, false), (blob.Name, blob.IsLatestVersion, blob.Deleted));
        Assert.Equal(host.Raw.Find("2025/a.json")!.Version.ToString("O"), blob.VersionId);
        Assert.Equal($"0x{host.Raw.Find("2025/a.json")!.ETag:X}", properties.ETag.ToString());
        Assert.Equal(
            (123L, Begin, Begin.AddDays(1), Begin.AddDays(2), AccessTier.Cold, BlobType.Block),
            (
                properties.ContentLength,
                properties.CreatedOn,
                properties.LastModified,
                properties.LastAccessedOn,
                properties.AccessTier,
                properties.BlobType
            )
        );
        Assert.Equal((true, Begin.AddYears(3)), (properties.HasLegalHold, properties.ImmutabilityPolicy.ExpiresOn));
        Assert.Equal((LeaseState.Leased, LeaseStatus.Locked), (properties.LeaseState, properties.LeaseStatus));
        Assert.Equal(extras.Metadata, blob.Metadata);
        Assert.Equal(extras.Tags, blob.Tags);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(256)]
    [InlineData(1_000)]
    [InlineData(5_000)]
    public async Task Pages_follow_each_other_without_gap_or_repeat(int pageSize)
    {
        await using var host = await StandInHost.StartAsync(time => new("acme", time) { IsVersioned = true });
        var names = Enumerable.Range(0, 700).Select(i => $"2027/{i:d4}.json").ToArray();
        host.Add(names);
        foreach (var name in names.Where((_, i) => i % 10 == 0))
            host.Raw.Rewrite(name);
        await host.Client.GetBlobClient(names[3]).CreateSnapshotAsync(cancellationToken: CancellationToken);

        var pages = host.Client.GetBlobsAsync(BlobTraits.None, BlobStates.All, null, CancellationToken).AsPages(null, pageSize);
        var found = new List<(string, string)>();
        await foreach (var page in pages)
        {
            Assert.InRange(page.Values.Count, 1, pageSize);
            found.AddRange(page.Values.Select(b => (b.Name, b.Snapshot ?? b.VersionId)));
            Assert.InRange(found.Count, 1, 771);
        }

        var expected = names.SelectMany(n => host.Raw.Items(n).Select(b => (n, b.Order.ToString("O"))));
        Assert.Equal(771, found.Count);
        Assert.Equal(expected, found);
    }

    [Fact]
    public async Task What_is_deleted_between_pages_hides_nothing_else()
    {
        await using var host = await StandInHost.StartAsync();
        var names = Enumerable.Range(0, 100).Select(i => $"{i:d3}").ToArray();
        host.Add(names);
        var found = new List<string>();

        await foreach (var page in host.Client.GetBlobsAsync(cancellationToken: CancellationToken).AsPages(null, 10))
        {
            found.AddRange(page.Values.Select(b => b.Name));
            foreach (var blob in page.Values)
                await host.Client.DeleteBlobAsync(blob.Name, cancellationToken: CancellationToken);
        }

        Assert.Equal(names, found);
        Assert.Equal(0, host.Raw.Count);
    }

    [Fact]
    public async Task Names_that_are_hard_to_write_are_listed_as_they_are()
    {
        await using var host = await StandInHost.StartAsync();
        host.Add(HostileNames.All);

        var found = (await host.ListAsync()).Select(b => b.Name);

        Assert.Equal(HostileNames.All.Order(StringComparer.Ordinal), found);
    }

    [Fact]
    public async Task A_listing_by_folders_shows_each_once()
    {
        await using var host = await StandInHost.StartAsync();
        host.Add("a/1", "a/2", "a/b/1", "a/b/2", "a/c", "a0", "b/1", "c");
        var found = new List<string>();

        var pages = host
            .Client.GetBlobsByHierarchyAsync(BlobTraits.None, BlobStates.None, "/", "a/", CancellationToken)
            .AsPages(null, pageSizeHint: 2);
        await foreach (var page in pages)
            found.AddRange(page.Values.Select(i => i.IsPrefix ? i.Prefix : i.Blob.Name));

        Assert.Equal(["a/1", "a/2", "a/b/", "a/c"], found);
    }

    [Fact]
    public async Task A_listing_of_a_prefix_shows_no_other_blob()
    {
        await using var host = await StandInHost.StartAsync();
        host.Add("a", "b/1", "b/2", "b0", "c");

        var found = new List<string>();
        await foreach (var blob in host.Client.GetBlobsAsync(BlobTraits.None, BlobStates.None, "b/", CancellationToken))
            found.Add(blob.Name);

        Assert.Equal(["b/1", "b/2"], found);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(100)]
    public async Task Containers_are_listed_with_their_holds_and_after_they_are_deleted(int pageSize)
    {
        await using var host = await StandInHost.StartAsync(time => new("acme", time) { SoftDelete = TimeSpan.FromDays(7) });
        host.Account.AddContainer("held").HasLegalHold = true;
        host.Account.AddContainer("kept").Immutability = TimeSpan.FromDays(1);
        host.Account.AddContainer("past");
        host.Account.DeleteContainer("past");
        host.Account.AddContainer("past");
        var found = new List<string>();

        var pages = host.Service.GetBlobContainersAsync(BlobContainerTraits.Metadata, BlobContainerStates.Deleted, null, CancellationToken);
        await foreach (var page in pages.AsPages(null, pageSize))
            found.AddRange(
                page.Values.Select(c => $"{c.Name} {c.Properties.HasLegalHold} {c.Properties.HasImmutabilityPolicy} {c.IsDeleted}")
            );

        Assert.Equal(
            ["held True False ", "kept False True ", "past False False True", "past False False ", "raw False False "],
            found
        );
    }

    [Fact]
    public async Task A_container_that_is_deleted_while_it_is_listed_ends_in_an_error_and_not_in_a_last_page()
    {
        await using var host = await StandInHost.StartAsync();
        host.Add([.. Enumerable.Range(0, 30).Select(i => $"{i:d2}")]);
        var pages = host.Client.GetBlobsAsync(cancellationToken: CancellationToken).AsPages(null, 10).GetAsyncEnumerator(CancellationToken);
        Assert.True(await pages.MoveNextAsync());

        host.Account.DeleteContainer("raw");

        var failure = await Assert.ThrowsAsync<Azure.RequestFailedException>(async () => await pages.MoveNextAsync());
        Assert.Equal((404, "ContainerNotFound"), (failure.Status, failure.ErrorCode));
    }
}
