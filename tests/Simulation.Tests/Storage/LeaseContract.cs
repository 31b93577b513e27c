using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Microsoft.Extensions.Time.Testing;
using Simulation.Storage;
using Testing;
using static Simulation.Tests.Storage.StoragePlace;

namespace Simulation.Tests.Storage;

public sealed class AzuriteLeaseTests(AzuriteFixture azurite) : LeaseContract(StoragePlace.On(azurite));

public sealed class MemoryLeaseTests() : LeaseContract(InMemory());

/// <summary>Leases follow the clock. Azurite's clock cannot be moved, so this is checked in memory alone.</summary>
public sealed class MemoryLeaseTimeTests
{
    private readonly FakeTimeProvider _clock = new(Start);
    private readonly BlobClient _blob;

    public MemoryLeaseTimeTests()
    {
        var container = StoragePlace.On(new MemoryStorage(_clock).Open()).Blobs.GetBlobContainerClient("leases");
        container.Create(cancellationToken: Stop);
        _blob = container.GetBlobClient("b");
        _blob.Upload(new BinaryData("a"), Stop);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_lease_that_is_not_renewed_ends()
    {
        var (one, two) = (_blob.GetBlobLeaseClient(), _blob.GetBlobLeaseClient());
        await one.AcquireAsync(TimeSpan.FromSeconds(15), cancellationToken: Stop);
        _clock.Advance(TimeSpan.FromSeconds(14));
        await one.RenewAsync(cancellationToken: Stop);
        _clock.Advance(TimeSpan.FromSeconds(14));

        Assert.Equal(
            (409, "LeaseAlreadyPresent"),
            await RefusalAsync(() => two.AcquireAsync(TimeSpan.FromSeconds(15), cancellationToken: Stop))
        );
        _clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(LeaseState.Expired, (await StateAsync()));
        await two.AcquireAsync(TimeSpan.FromSeconds(15), cancellationToken: Stop);
        Assert.Equal((409, "LeaseIdMismatchWithLeaseOperation"), await RefusalAsync(() => one.RenewAsync(cancellationToken: Stop)));
    }

    [Fact]
    public async Task A_lease_that_ended_can_be_renewed_as_long_as_nothing_happened()
    {
        var lease = _blob.GetBlobLeaseClient();
        await lease.AcquireAsync(TimeSpan.FromSeconds(15), cancellationToken: Stop);
        _clock.Advance(TimeSpan.FromMinutes(1));

        await lease.RenewAsync(cancellationToken: Stop);

        Assert.Equal(LeaseState.Leased, await StateAsync());
        Assert.Equal((412, "LeaseIdMissing"), await RefusalAsync(() => _blob.UploadAsync(new BinaryData("b"), overwrite: true, Stop)));
    }

    [Fact]
    public async Task A_lease_that_ended_before_another_wrote_cannot_be_renewed()
    {
        var lease = _blob.GetBlobLeaseClient();
        await lease.AcquireAsync(TimeSpan.FromSeconds(15), cancellationToken: Stop);
        _clock.Advance(TimeSpan.FromMinutes(1));

        await _blob.UploadAsync(new BinaryData("b"), overwrite: true, Stop);

        Assert.Equal(LeaseState.Available, await StateAsync());
        Assert.Equal((409, "LeaseIdMismatchWithLeaseOperation"), await RefusalAsync(() => lease.RenewAsync(cancellationToken: Stop)));
    }

    [Fact]
    public async Task A_broken_lease_holds_until_its_break_is_over()
    {
        var lease = _blob.GetBlobLeaseClient();
        await lease.AcquireAsync(TimeSpan.FromSeconds(60), cancellationToken: Stop);

        var left = (await lease.BreakAsync(TimeSpan.FromSeconds(10), cancellationToken: Stop)).Value.LeaseTime;

        Assert.Equal((10, LeaseState.Breaking), (left, await StateAsync()));
        Assert.Equal(
            (409, "LeaseAlreadyPresent"),
            await RefusalAsync(() => _blob.GetBlobLeaseClient().AcquireAsync(TimeSpan.FromSeconds(15), cancellationToken: Stop))
        );
        Assert.Equal((409, "LeaseIsBrokenAndCannotBeRenewed"), await RefusalAsync(() => lease.RenewAsync(cancellationToken: Stop)));
        _clock.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(LeaseState.Broken, await StateAsync());
        await _blob.GetBlobLeaseClient().AcquireAsync(TimeSpan.FromSeconds(15), cancellationToken: Stop);
    }

    private async Task<LeaseState> StateAsync() => (await _blob.GetPropertiesAsync(cancellationToken: Stop)).Value.LeaseState;
}

/// <summary>What the app relies on in leases of blobs.</summary>
public abstract class LeaseContract(StoragePlace place)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task One_holds_a_lease_at_a_time()
    {
        var blob = await MakeAsync("held");
        var (one, two) = (blob.GetBlobLeaseClient(), blob.GetBlobLeaseClient());

        var taken = await one.AcquireAsync(TimeSpan.FromSeconds(15), cancellationToken: Stop);

        Assert.Equal((201, one.LeaseId), (taken.GetRawResponse().Status, taken.Value.LeaseId));
        Assert.Equal(
            (409, "LeaseAlreadyPresent"),
            await RefusalAsync(() => two.AcquireAsync(TimeSpan.FromSeconds(15), cancellationToken: Stop))
        );
        Assert.Equal((409, "LeaseIdMismatchWithLeaseOperation"), await RefusalAsync(() => two.RenewAsync(cancellationToken: Stop)));
        Assert.Equal((409, "LeaseIdMismatchWithLeaseOperation"), await RefusalAsync(() => two.ReleaseAsync(cancellationToken: Stop)));
        Assert.Equal(one.LeaseId, (await one.RenewAsync(cancellationToken: Stop)).Value.LeaseId);
        Assert.Equal((LeaseStatus.Locked, LeaseState.Leased), await StateAsync(blob));
        await one.ReleaseAsync(cancellationToken: Stop);
        Assert.Equal((LeaseStatus.Unlocked, LeaseState.Available), await StateAsync(blob));
        Assert.Equal((409, "LeaseIdMismatchWithLeaseOperation"), await RefusalAsync(() => one.RenewAsync(cancellationToken: Stop)));
        await two.AcquireAsync(BlobLeaseClient.InfiniteLeaseDuration, cancellationToken: Stop);
        await two.AcquireAsync(TimeSpan.FromSeconds(20), cancellationToken: Stop);
        await two.ReleaseAsync(cancellationToken: Stop);
    }

    [Fact]
    public async Task A_leased_blob_is_written_by_its_holder_alone()
    {
        var blob = await MakeAsync("written");
        var version = (await blob.GetPropertiesAsync(cancellationToken: Stop)).Value.ETag;
        var lease = blob.GetBlobLeaseClient();
        await lease.AcquireAsync(TimeSpan.FromSeconds(60), cancellationToken: Stop);
        Task Write(string? id) =>
            blob.UploadAsync(new BinaryData("b"), new BlobUploadOptions { Conditions = new() { LeaseId = id } }, Stop);

        Assert.Equal(version, (await blob.GetPropertiesAsync(cancellationToken: Stop)).Value.ETag);
        Assert.Equal((412, "LeaseIdMissing"), await RefusalAsync(() => Write(null)));
        Assert.Equal((412, "LeaseIdMismatchWithBlobOperation"), await RefusalAsync(() => Write("11111111-2222-3333-4444-555555555555")));
        Assert.Equal((412, "LeaseIdMissing"), await RefusalAsync(() => blob.DeleteAsync(cancellationToken: Stop)));
        Assert.Equal("a", (await blob.DownloadContentAsync(Stop)).Value.Content.ToString());
        await Write(lease.LeaseId);
        Assert.Equal((LeaseStatus.Locked, LeaseState.Leased), await StateAsync(blob));
        await lease.ReleaseAsync(cancellationToken: Stop);
        Assert.Equal((412, "LeaseNotPresentWithBlobOperation"), await RefusalAsync(() => Write(lease.LeaseId)));
        await Write(null);
    }

    [Fact]
    public async Task A_lease_can_be_broken_and_taken_by_another()
    {
        var blob = await MakeAsync("broken");
        var lease = blob.GetBlobLeaseClient();
        Assert.Equal((409, "LeaseNotPresentWithLeaseOperation"), await RefusalAsync(() => lease.BreakAsync(cancellationToken: Stop)));
        await lease.AcquireAsync(TimeSpan.FromSeconds(60), cancellationToken: Stop);

        var left = (await lease.BreakAsync(TimeSpan.Zero, cancellationToken: Stop)).Value.LeaseTime;

        Assert.Equal((0, (LeaseStatus.Unlocked, LeaseState.Broken)), (left, await StateAsync(blob)));
        Assert.Equal((409, "LeaseIsBrokenAndCannotBeRenewed"), await RefusalAsync(() => lease.RenewAsync(cancellationToken: Stop)));
        await blob.GetBlobLeaseClient().AcquireAsync(TimeSpan.FromSeconds(15), cancellationToken: Stop);
    }

    [Fact]
    public async Task A_lease_is_on_a_blob_that_is_there_and_lasts_15_to_60_seconds_or_for_ever()
    {
        var blob = await MakeAsync("bounds");

        Assert.Equal(
            (404, "BlobNotFound"),
            await RefusalAsync(() =>
                blob.GetParentBlobContainerClient()
                    .GetBlobClient("none")
                    .GetBlobLeaseClient()
                    .AcquireAsync(TimeSpan.FromSeconds(15), cancellationToken: Stop)
            )
        );
        Assert.Equal(
            400,
            (await RefusalAsync(() => blob.GetBlobLeaseClient().AcquireAsync(TimeSpan.FromSeconds(14), cancellationToken: Stop))).Status
        );
        Assert.Equal(
            400,
            (await RefusalAsync(() => blob.GetBlobLeaseClient().AcquireAsync(TimeSpan.FromSeconds(61), cancellationToken: Stop))).Status
        );
    }

    private async Task<BlobClient> MakeAsync(string container)
    {
        var blob = (await place.ContainerAsync($"lease-{container}")).GetBlobClient("b");
        await blob.UploadAsync(new BinaryData("a"), Stop);
        return blob;
    }

    private static async Task<(LeaseStatus Status, LeaseState State)> StateAsync(BlobClient blob)
    {
        var properties = (await blob.GetPropertiesAsync(cancellationToken: Stop)).Value;
        return (properties.LeaseStatus, properties.LeaseState);
    }
}
