using Azure;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using BlobStandIn.State;

namespace Compliance.Tests.Minimization.StandIn;

public sealed class StandInDeletionTests
{
    private const string Name = "2027/a.json";

    private static readonly Dictionary<string, string> Tags = new() { ["class"] = "raw" };

    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true, "\"hold\" <> 'yes'", true)]
    [InlineData(true, "\"class\" = 'raw' AND \"hold\" <> 'yes'", true)]
    [InlineData(true, "\"class\" = 'raw' AND \"class\" <> 'raw'", false)]
    [InlineData(true, "\"class\" = 'other'", false)]
    [InlineData(false, "\"class\" = 'raw'", false)]
    public async Task All_conditions_of_a_delete_have_to_hold(bool hasETag, string tagCondition, bool isDeleted)
    {
        await using var host = await StandInHost.StartAsync();
        host.Raw.Add(new BlobSeed(Name) { Extras = new() { Tags = Tags } });
        var conditions = new BlobRequestConditions { IfMatch = hasETag ? ETagOf(host) : new("0x1"), TagConditions = tagCondition };

        var code = await DeleteAsync(host, conditions);

        Assert.Equal(isDeleted ? null : "412 ConditionNotMet", code);
        Assert.Equal(isDeleted, host.Raw.Find(Name) is null);
    }

    [Fact]
    public async Task A_leased_blob_is_deleted_by_its_holder_alone()
    {
        await using var host = await StandInHost.StartAsync();
        host.Add(Name);
        var lease = host.Client.GetBlobClient(Name).GetBlobLeaseClient();
        var id = (await lease.AcquireAsync(TimeSpan.FromSeconds(15), cancellationToken: CancellationToken)).Value.LeaseId;

        Assert.Equal("412 LeaseIdMissing", await DeleteAsync(host));
        Assert.Equal(
            "412 LeaseIdMismatchWithBlobOperation",
            await DeleteAsync(host, new() { LeaseId = "4ef0a1ac-0000-0000-0000-000000000000" })
        );
        Assert.Null(await DeleteAsync(host, new() { LeaseId = id }));
    }

    [Fact]
    public async Task A_lease_ends_with_its_time_or_its_release()
    {
        await using var host = await StandInHost.StartAsync();
        host.Add(Name, "b");
        var lease = host.Client.GetBlobClient("b").GetBlobLeaseClient();
        var first = host.Client.GetBlobClient(Name).GetBlobLeaseClient();
        await first.AcquireAsync(TimeSpan.FromSeconds(15), cancellationToken: CancellationToken);
        await lease.AcquireAsync(TimeSpan.FromSeconds(-1), cancellationToken: CancellationToken);

        host.Time.Advance(TimeSpan.FromSeconds(15));
        await lease.ReleaseAsync(cancellationToken: CancellationToken);

        Assert.Null(await DeleteAsync(host));
        Assert.Null(await DeleteAsync(host, name: "b"));
    }

    [Fact]
    public async Task What_is_held_is_kept_until_it_is_not()
    {
        await using var host = await StandInHost.StartAsync();
        host.Raw.Add(new BlobSeed(Name) { Extras = new() { HasLegalHold = true } });
        host.Raw.Add(new BlobSeed("b") { Extras = new() { ImmutableUntil = host.Time.GetUtcNow().UtcDateTime.AddDays(1) } });

        Assert.Equal("409 BlobImmutableDueToLegalHold", await DeleteAsync(host));
        Assert.Equal("409 BlobImmutableDueToPolicy", await DeleteAsync(host, name: "b"));

        host.Time.Advance(TimeSpan.FromDays(1));
        host.Raw.ChangeExtras(Name, e => e with { HasLegalHold = false });

        Assert.Null(await DeleteAsync(host));
        Assert.Null(await DeleteAsync(host, name: "b"));
    }

    [Fact]
    public async Task A_hold_or_a_policy_of_a_container_keeps_all_of_it()
    {
        await using var host = await StandInHost.StartAsync();
        host.Add(Name);

        host.Raw.HasLegalHold = true;
        Assert.Equal("409 BlobImmutableDueToLegalHold", await DeleteAsync(host));
        host.Raw.HasLegalHold = false;
        host.Raw.Immutability = TimeSpan.FromDays(30);
        Assert.Equal("409 BlobImmutableDueToPolicy", await DeleteAsync(host));
        host.Time.Advance(TimeSpan.FromDays(30));
        Assert.Null(await DeleteAsync(host));
    }

    [Fact]
    public async Task A_blob_with_snapshots_is_deleted_only_with_them()
    {
        await using var host = await StandInHost.StartAsync();
        host.Add(Name);
        var blob = host.Client.GetBlobClient(Name);
        var first = (await blob.CreateSnapshotAsync(cancellationToken: CancellationToken)).Value.Snapshot;
        await blob.CreateSnapshotAsync(cancellationToken: CancellationToken);

        Assert.Equal("409 SnapshotsPresent", await DeleteAsync(host));
        await blob.WithSnapshot(first).DeleteAsync(cancellationToken: CancellationToken);
        Assert.Equal(2, host.Raw.Items(Name).Count);
        await blob.DeleteAsync(DeleteSnapshotsOption.OnlySnapshots, cancellationToken: CancellationToken);
        Assert.Equal(ETagOf(host).ToString().Trim('"'), Assert.Single(await host.ListAsync()).Properties.ETag.ToString());
        await blob.CreateSnapshotAsync(cancellationToken: CancellationToken);
        await blob.DeleteAsync(DeleteSnapshotsOption.IncludeSnapshots, cancellationToken: CancellationToken);
        Assert.Empty(await host.ListAsync());
    }

    [Fact]
    public async Task What_is_not_there_is_not_found()
    {
        await using var host = await StandInHost.StartAsync();
        host.Add(Name);

        Assert.Equal("404 BlobNotFound", await DeleteAsync(host, name: "b"));
        Assert.Equal("404 BlobNotFound", await DeleteAsync(host, new() { IfMatch = ETagOf(host) }, "b"));
        var snapshot = host.Client.GetBlobClient(Name).WithSnapshot(Id(1));
        Assert.Equal("404 BlobNotFound", await CodeAsync(snapshot.DeleteAsync(cancellationToken: CancellationToken)));
        host.Account.DeleteContainer("raw");
        Assert.Equal("404 ContainerNotFound", await DeleteAsync(host));
    }

    [Fact]
    public async Task The_current_version_is_not_deleted_by_its_id_and_another_leaves_it()
    {
        await using var host = await StandInHost.StartAsync(time => new("acme", time) { IsVersioned = true });
        host.Add(Name);
        host.Raw.Rewrite(Name);
        var versions = (await host.ListAsync()).Select(b => b.VersionId).ToList();
        var blob = host.Client.GetBlobClient(Name);

        var current = blob.WithVersion(versions[1]);
        Assert.Equal("403 OperationNotAllowedOnRootBlob", await CodeAsync(current.DeleteAsync(cancellationToken: CancellationToken)));
        await blob.WithVersion(versions[0]).DeleteAsync(cancellationToken: CancellationToken);

        Assert.Equal([versions[1]], (await host.ListAsync()).Select(b => b.VersionId));
    }

    [Fact]
    public async Task With_versions_a_deleted_blob_is_a_version_that_undelete_does_not_make_current()
    {
        await using var host = await StandInHost.StartAsync(VersionedWithSoftDelete);
        await host.Client.GetBlobClient(Name).UploadAsync(BinaryData.FromString("first"), CancellationToken);
        var version = (await host.ListAsync()).Single().VersionId;

        Assert.Null(await DeleteAsync(host));
        var previous = Assert.Single(await host.ListAsync());
        Assert.Equal((version, null, false), (previous.VersionId, previous.IsLatestVersion, previous.Deleted));

        var blob = host.Client.GetBlobClient(Name);
        Assert.Equal(200, (await blob.UndeleteAsync(CancellationToken)).Status);
        Assert.False(await blob.ExistsAsync(CancellationToken));
        await blob.WithVersion(version).DeleteAsync(cancellationToken: CancellationToken);
        Assert.Equal(200, (await blob.UndeleteAsync(CancellationToken)).Status);
        Assert.Equal([(version, false)], await VersionsAsync(host));
        Assert.False(await blob.ExistsAsync(CancellationToken));

        await blob.SyncCopyFromUriAsync(blob.WithVersion(version).Uri, cancellationToken: CancellationToken);
        Assert.Equal("first", (await blob.DownloadContentAsync(CancellationToken)).Value.Content.ToString());
    }

    [Fact]
    public async Task A_deleted_version_is_soft_deleted_until_its_time_is_over()
    {
        await using var host = await StandInHost.StartAsync(VersionedWithSoftDelete);
        host.Add(Name);
        host.Raw.Rewrite(Name);
        var version = (await host.ListAsync())[0].VersionId;
        var blob = host.Client.GetBlobClient(Name);

        await blob.WithVersion(version).DeleteAsync(cancellationToken: CancellationToken);
        Assert.Equal([(version, true), (CurrentVersion(host), false)], await VersionsAsync(host));
        Assert.Equal([(CurrentVersion(host), false)], await VersionsAsync(host, BlobStates.Version));

        await blob.UndeleteAsync(CancellationToken);
        Assert.Equal([(version, false), (CurrentVersion(host), false)], await VersionsAsync(host));

        await blob.WithVersion(version).DeleteAsync(cancellationToken: CancellationToken);
        host.Time.Advance(TimeSpan.FromDays(7));
        Assert.Equal([(CurrentVersion(host), false)], await VersionsAsync(host));
    }

    [Fact]
    public async Task Without_versions_a_deleted_blob_comes_back_until_its_time_is_over()
    {
        await using var host = await StandInHost.StartAsync(time => new("acme", time) { SoftDelete = TimeSpan.FromDays(7) });
        host.Add(Name);
        var etag = ETagOf(host);
        var blob = host.Client.GetBlobClient(Name);

        Assert.Null(await DeleteAsync(host));
        host.Time.Advance(TimeSpan.FromDays(1));
        var deleted = Assert.Single(await host.ListAsync());
        Assert.Equal((true, 6), (deleted.Deleted, deleted.Properties.RemainingRetentionDays));
        Assert.Equal(host.Time.GetUtcNow().AddDays(-1), deleted.Properties.DeletedOn);
        Assert.Empty(await host.ListAsync(BlobStates.None));

        await blob.UndeleteAsync(CancellationToken);
        Assert.Equal(etag, ETagOf(host));

        Assert.Null(await DeleteAsync(host));
        host.Time.Advance(TimeSpan.FromDays(7));
        Assert.Empty(await host.ListAsync());
        Assert.Equal("404 BlobNotFound", await CodeAsync(blob.UndeleteAsync(CancellationToken)));
    }

    [Fact]
    public async Task A_hierarchical_account_lists_directories_and_has_no_tags()
    {
        await using var host = await StandInHost.StartAsync(time => new("acme", time) { IsHierarchical = true });
        var metadata = new Dictionary<string, string> { ["hdi_isfolder"] = "true" };
        host.Raw.Add(new BlobSeed("2027") { Size = 0, Extras = new() { Metadata = metadata } });
        host.Add(Name);

        var directory = (await host.ListAsync(BlobStates.None))[0];
        Assert.Equal(("2027", "true"), (directory.Name, directory.Metadata["hdi_isfolder"]));
        Assert.Equal("409 DirectoryIsNotEmpty", await DeleteAsync(host, name: "2027"));
        Assert.Equal(
            "400 InvalidQueryParameterValue",
            await CodeAsync(host.Client.GetBlobClient(Name).GetTagsAsync(cancellationToken: CancellationToken))
        );
        Assert.Null(await DeleteAsync(host));
        Assert.Null(await DeleteAsync(host, name: "2027"));
        Assert.True((await host.Service.GetAccountInfoAsync(CancellationToken)).Value.IsHierarchicalNamespaceEnabled);
    }

    [Fact]
    public async Task Tags_and_tier_leave_the_etag_and_metadata_changes_it()
    {
        await using var host = await StandInHost.StartAsync();
        host.Add(Name);
        var (etag, blob) = (ETagOf(host), host.Client.GetBlobClient(Name));

        await blob.SetTagsAsync(Tags, cancellationToken: CancellationToken);
        await blob.SetAccessTierAsync(AccessTier.Cool, cancellationToken: CancellationToken);
        Assert.Equal((etag, BlobTier.Cool), (ETagOf(host), host.Raw.Find(Name)!.Tier));
        Assert.Equal(Tags, (await blob.GetTagsAsync(cancellationToken: CancellationToken)).Value.Tags);

        await blob.SetMetadataAsync(Tags, cancellationToken: CancellationToken);
        Assert.NotEqual(etag, ETagOf(host));
        Assert.Equal(Tags, (await blob.GetPropertiesAsync(cancellationToken: CancellationToken)).Value.Metadata);
    }

    private static StandInAccount VersionedWithSoftDelete(TimeProvider time) =>
        new("acme", time) { IsVersioned = true, SoftDelete = TimeSpan.FromDays(7) };

    private static string? CurrentVersion(StandInHost host) => host.Raw.Find(Name)?.Version.ToString("O");

    private static async Task<List<(string?, bool)>> VersionsAsync(StandInHost host, BlobStates states = BlobStates.All) =>
        [.. (await host.ListAsync(states)).Select(b => ((string?)b.VersionId, b.Deleted))];

    private static ETag ETagOf(StandInHost host) => new($"\"0x{host.Raw.Find(Name)!.ETag:X}\"");

    private static string Id(int day) => $"2027-01-{day:d2}T00:00:00.0000000Z";

    private static Task<string?> DeleteAsync(StandInHost host, BlobRequestConditions? conditions = null, string name = Name) =>
        CodeAsync(host.Client.GetBlobClient(name).DeleteAsync(conditions: conditions, cancellationToken: CancellationToken));

    // Status and code of a refusal; null where it was done.
    private static async Task<string?> CodeAsync(Task task)
    {
        try
        {
            await task;
            return null;
        }
        catch (RequestFailedException e)
        {
            return $"{e.Status} {e.ErrorCode}";
        }
    }
}
