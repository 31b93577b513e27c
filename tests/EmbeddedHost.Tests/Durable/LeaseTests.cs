using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using EmbeddedHost.Durable;
using EmbeddedHost.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Testing;

namespace EmbeddedHost.Tests.Durable;

public sealed class LeaseTests(AzuriteFixture azurite)
{
    private readonly string _hub = DurableHost.NewHub();
    private readonly FakeTimeProvider _clock = new();
    private readonly TaskCompletionSource _lost = new();

    [Fact]
    public async Task A_holder_on_this_machine_that_is_gone_is_put_aside_at_once()
    {
        await HeldAsync(Environment.MachineName, int.MaxValue);
        await using var lease = Lease();
        await TakeAsync(lease);
        Assert.Equal(Environment.ProcessId.ToString(System.Globalization.CultureInfo.InvariantCulture), (await Owner().GetPropertiesAsync(cancellationToken: TestHost.Stop)).Value.Metadata["process"]);
    }

    [Fact]
    public async Task A_process_that_got_the_number_of_the_one_gone_is_not_taken_for_it()
    {
        await HeldAsync(Environment.MachineName, Environment.ProcessId);
        await using var lease = Lease();
        await TakeAsync(lease);
        Assert.False(_lost.Task.IsCompleted);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_holder_elsewhere_is_waited_for_as_long_as_a_lease_lasts_and_then_named()
    {
        await HeldAsync("elsewhere", 7);
        await using var lease = Lease();
        var taking = TakeAsync(lease);
        while (!taking.IsCompleted)
        {
            _clock.Advance(HubLease.Poll);
            await Task.Yield();
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        }

        var refused = await Assert.ThrowsAsync<StartupException>(() => taking);
        Assert.StartsWith($"The functions host cannot start: task hub {_hub} is in use by process 7 on elsewhere; stop it", refused.Message, StringComparison.Ordinal);
        Assert.True(_clock.GetUtcNow() - _clock.Start > HubLease.Length);
    }

    [Fact(Timeout = 20_000)]
    public async Task A_lease_that_was_taken_is_noticed_by_its_renewal()
    {
        await using var lease = Lease();
        await TakeAsync(lease);
        await StealAsync();
        while (!_lost.Task.IsCompleted)
        {
            _clock.Advance(HubLease.Renewal);
            await Task.Yield();
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
        }

        Assert.True(_lost.Task.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task A_lease_that_may_have_run_out_is_asked_for_before_anything_is_written()
    {
        await using var lease = new HubLease(azurite.Blobs, _hub, new Sleeper(_clock), NullLogger.Instance);
        await TakeAsync(lease);
        await lease.EnsureAsync(TestHost.Stop);
        await StealAsync();
        // Not yet: a lease as young as this cannot have run out, and its renewal would notice.
        await lease.EnsureAsync(TestHost.Stop);
        _clock.Advance(HubLease.Length);
        await Assert.ThrowsAsync<HubLostException>(() => lease.EnsureAsync(TestHost.Stop));
    }

    [Fact]
    public async Task A_lease_given_back_can_be_taken_at_once()
    {
        await using (var first = Lease())
            await TakeAsync(first);
        await using var second = Lease();
        await TakeAsync(second);
        Assert.False(_lost.Task.IsCompleted);
    }

    private HubLease Lease() => new(azurite.Blobs, _hub, _clock, NullLogger.Instance);

    private Task TakeAsync(HubLease lease) => lease.TakeAsync(() => _lost.TrySetResult(), TestHost.Stop).WaitAsync(TimeSpan.FromSeconds(20), TestHost.Stop);

    private BlobClient Owner() => azurite.Blobs.GetBlobContainerClient(_hub.ToLowerInvariant() + "-embedded").GetBlobClient("owner");

    private async Task HeldAsync(string machine, int process)
    {
        await azurite.Blobs.GetBlobContainerClient(_hub.ToLowerInvariant() + "-embedded").CreateAsync(cancellationToken: TestHost.Stop);
        var metadata = new Dictionary<string, string>
        {
            ["machine"] = machine,
            ["process"] = process.ToString(System.Globalization.CultureInfo.InvariantCulture),
            ["started"] = "2026-01-01T00:00:00.000Z",
        };
        await Owner().UploadAsync(BinaryData.Empty, new Azure.Storage.Blobs.Models.BlobUploadOptions { Metadata = metadata }, TestHost.Stop);
        await Owner().GetBlobLeaseClient().AcquireAsync(TimeSpan.FromSeconds(60), cancellationToken: TestHost.Stop);
    }

    private async Task StealAsync()
    {
        var thief = Owner().GetBlobLeaseClient();
        await thief.BreakAsync(TimeSpan.Zero, cancellationToken: TestHost.Stop);
        await thief.AcquireAsync(TimeSpan.FromSeconds(60), cancellationToken: TestHost.Stop);
    }

    /// <summary>A clock whose timers never ring, as those of a machine that sleeps.</summary>
    private sealed class Sleeper(FakeTimeProvider clock) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => clock.GetUtcNow();

        public override long TimestampFrequency => clock.TimestampFrequency;

        public override long GetTimestamp() => clock.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            clock.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }
}
