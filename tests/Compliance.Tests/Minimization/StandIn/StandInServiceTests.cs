using Azure;
using Azure.Storage.Blobs.Models;
using BlobStandIn.Faults;
using Microsoft.Extensions.Time.Testing;

namespace Compliance.Tests.Minimization.StandIn;

public sealed class StandInServiceTests
{
    private static CancellationToken CancellationToken => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Reads_are_not_counted_as_writes()
    {
        await using var host = await StandInHost.StartAsync();
        host.Add("a");
        var blob = host.Client.GetBlobClient("a");

        await host.ListAsync();
        await foreach (var _ in host.Service.GetBlobContainersAsync(cancellationToken: CancellationToken)) { }
        await host.Service.GetPropertiesAsync(CancellationToken);
        await host.Service.GetAccountInfoAsync(CancellationToken);
        await host.Client.GetPropertiesAsync(cancellationToken: CancellationToken);
        await blob.GetPropertiesAsync(cancellationToken: CancellationToken);
        await blob.DownloadContentAsync(CancellationToken);
        await blob.GetTagsAsync(cancellationToken: CancellationToken);
        Assert.Equal((8, 0), (host.Server.Log.Reads, host.Server.Log.Writes));

        await blob.SetMetadataAsync(new Dictionary<string, string>(), cancellationToken: CancellationToken);
        await blob.SetTagsAsync(new Dictionary<string, string>(), cancellationToken: CancellationToken);
        await blob.SetAccessTierAsync(AccessTier.Cool, cancellationToken: CancellationToken);
        await blob.CreateSnapshotAsync(cancellationToken: CancellationToken);
        await blob.UndeleteAsync(CancellationToken);
        await blob.DeleteAsync(DeleteSnapshotsOption.IncludeSnapshots, cancellationToken: CancellationToken);
        await host.Client.DeleteAsync(cancellationToken: CancellationToken);
        Assert.Equal((8, 7), (host.Server.Log.Reads, host.Server.Log.Writes));
    }

    [Fact]
    public async Task What_was_asked_is_kept_as_it_was_sent()
    {
        await using var host = await StandInHost.StartAsync();
        host.Server.Log.KeepsEntries = true;
        host.Add("a b");

        await host.Client.DeleteBlobAsync("a b", cancellationToken: CancellationToken);

        Assert.Equal(["DELETE /acme/raw/a%20b"], host.Server.Log.Entries);
    }

    [Fact]
    public async Task Who_does_not_sign_is_refused()
    {
        await using var host = await StandInHost.StartAsync();
        host.Add("a");
        var address = new Uri($"{host.Server.Endpoint(host.Account)}/raw/a");
        using var http = new HttpClient(new SocketsHttpHandler());

        Assert.Equal(403, (int)(await http.DeleteAsync(address, CancellationToken)).StatusCode);
        Assert.Equal(202, (int)(await http.DeleteAsync(new Uri(address + "?sig=a"), CancellationToken)).StatusCode);
    }

    [Theory]
    [InlineData(60, 0, 0)]
    [InlineData(0, 10, 0)]
    [InlineData(0, 0, 160)]
    public async Task A_request_takes_as_long_as_it_is_set_to(int list, int delete, int batch)
    {
        var time = new NoticingTime();
        await using var host = await StandInHost.StartAsync(clock: time);
        host.Add("a", "b");
        var targets = await host.TargetsAsync();
        host.Faults.ListLatency = TimeSpan.FromMilliseconds(list);
        host.Faults.DeleteLatency = TimeSpan.FromMilliseconds(delete);
        host.Faults.BatchLatency = TimeSpan.FromMilliseconds(batch);
        Func<Task> send = (list, delete) switch
        {
            ( > 0, _) => () => host.ListAsync(),
            (_, > 0) => () => host.Client.DeleteBlobAsync("a", cancellationToken: CancellationToken),
            _ => () => host.SendAsync(targets),
        };

        var answered = send();
        await Task.WhenAny(answered, time.Waiting);

        Assert.True(time.Waiting.IsCompletedSuccessfully, "it was answered at once");
        var waits = await time.Waiting;
        Assert.Equal(TimeSpan.FromMilliseconds(list + delete + batch), waits);
        Assert.False(answered.IsCompleted);
        time.Advance(waits);
        await answered;
    }

    [Fact]
    public async Task A_lost_answer_to_a_delete_comes_after_the_blob_is_gone()
    {
        await using var host = await StandInHost.StartAsync();
        host.Add("a");
        host.Faults.LoseNextAnswers(1);

        await Assert.ThrowsAsync<RequestFailedException>(() => host.Client.DeleteBlobAsync("a", cancellationToken: CancellationToken));

        Assert.Equal((0, 1), (host.Raw.Count, host.Server.Log.Count(StandInOperation.DeleteBlob)));
    }

    [Fact]
    public async Task What_is_written_is_read_again()
    {
        await using var host = await StandInHost.StartAsync();
        var blob = host.Client.GetBlobClient("a/b c.txt");
        var tags = new Dictionary<string, string> { ["class"] = "raw data", ["hold"] = "no+1" };

        await blob.UploadAsync(BinaryData.FromString("content"), new BlobUploadOptions { Tags = tags }, CancellationToken);
        var overwrite = await Assert.ThrowsAsync<RequestFailedException>(
            () => blob.UploadAsync(BinaryData.FromString("other"), overwrite: false, CancellationToken)
        );

        Assert.Equal((409, "BlobAlreadyExists"), (overwrite.Status, overwrite.ErrorCode));
        Assert.Equal("content", (await blob.DownloadContentAsync(CancellationToken)).Value.Content.ToString());
        Assert.Equal(tags, (await blob.GetTagsAsync(cancellationToken: CancellationToken)).Value.Tags);
    }

    // Shows what the service waits for.
    private sealed class NoticingTime : FakeTimeProvider
    {
        private readonly TaskCompletionSource<TimeSpan> _waiting = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public NoticingTime()
            : base(StandInHost.Clock().GetUtcNow()) { }

        public Task<TimeSpan> Waiting => _waiting.Task;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            var timer = base.CreateTimer(callback, state, dueTime, period);
            _waiting.TrySetResult(dueTime);
            return timer;
        }
    }
}
