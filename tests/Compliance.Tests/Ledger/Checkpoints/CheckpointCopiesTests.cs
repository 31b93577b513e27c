using System.Net;
using System.Net.Sockets;
using System.Text;
using Azure.Storage.Blobs;
using Compliance.Ledger.Checkpoints;
using Compliance.Ledger.Format;
using Compliance.LedgerCheck;
using Compliance.Storage;
using Microsoft.Extensions.Logging.Testing;
using Testing;
using static Compliance.Tests.Ledger.Checkpoints.Ledgers;

namespace Compliance.Tests.Ledger.Checkpoints;

public sealed class CheckpointCopiesOnAzuriteTests(AzuriteFixture accounts) : CheckpointCopiesTests(accounts);

public sealed class CheckpointCopiesInMemoryTests(MemoryStorageFixture accounts) : CheckpointCopiesTests(accounts);

public abstract class CheckpointCopiesTests(StorageFixture accounts)
{
    private static readonly CopyPlace Hook = new(new("https://audit.example/hook/secret"), IsContainer: false);

    private readonly Ledgers _ledger = new(accounts);
    private readonly FakeLogger<CheckpointCopies> _logger = new();

    [Fact]
    public async Task A_container_gets_each_checkpoint_as_it_is_and_keeps_what_it_has()
    {
        var container = await ContainerAsync();
        var copies = Copies(Into(container));
        await GrowAsync(3);
        Assert.Equal(1, (await DeliverAsync(copies)).Delivered);
        await GrowAsync(5);
        await GrowAsync(9);

        Assert.Equal(2, (await DeliverAsync(copies)).Delivered);
        Assert.Equal(0, (await DeliverAsync(copies)).Delivered);

        foreach (var size in new[] { 3, 5, 9 })
            Assert.Equal(
                await _ledger.ReadAsync(LedgerLayout.Checkpoint(size)),
                (await container.GetBlobClient($"{_ledger.Tenant}/checkpoints/{size}").DownloadContentAsync(Stop)).Value.Content.ToArray()
            );
    }

    [Fact]
    public async Task A_copy_that_is_there_already_is_as_good_and_one_that_differs_is_a_problem()
    {
        var container = await ContainerAsync();
        await GrowAsync(3);
        var blob = container.GetBlobClient($"{_ledger.Tenant}/checkpoints/3");
        await blob.UploadAsync(new BinaryData(await _ledger.ReadAsync(LedgerLayout.Checkpoint(3))), Stop);
        Assert.Equal((1, null), await DeliverAsync(Copies(Into(container))) is var same ? (same.Delivered, same.Problem) : default);
        await GrowAsync(5);
        // The ledger that the auditor saw was another one.
        await container
            .GetBlobClient($"{_ledger.Tenant}/checkpoints/5")
            .UploadAsync(new BinaryData(await _ledger.NoteAsync(Lines(1, 6))), Stop);

        var outcome = await DeliverAsync(Copies(Into(container)));

        Assert.Equal(0, outcome.Delivered);
        Assert.Contains("checkpoints/5 in container http", outcome.Problem!.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_place_begins_with_the_newest_checkpoint()
    {
        await GrowAsync(3);
        await GrowAsync(5);
        var hook = new FakeHook();

        await DeliverAsync(Copies(hook));

        Assert.Equal([5], hook.Taken);
    }

    [Fact]
    public async Task What_was_not_taken_is_tried_again_the_newest_first_and_is_a_finding_after_a_day()
    {
        var hook = new FakeHook();
        var copies = Copies(hook);
        await GrowAsync(3);
        await DeliverAsync(copies);
        hook.Refuse = "it answered 503";
        await GrowAsync(5);
        Assert.Empty((await DeliverAsync(copies)).Late);
        await GrowAsync(9);
        _ledger.Time.Advance(CheckpointCopies.MayWait);
        Assert.Empty((await DeliverAsync(copies)).Late);
        _ledger.Time.Advance(TimeSpan.FromTicks(1));

        var late = Assert.Single((await DeliverAsync(copies)).Late);
        Assert.Equal((LedgerControls.CopyNotDelivered, "webhook https://audit.example"), (late.ControlId, late.Subject.Name));
        Texts.Ledger.Expect("copies that are not taken", late.Reason);
        Assert.Equal(late, Assert.Single((await DeliverAsync(copies)).Late));

        hook.Refuse = null;
        var outcome = await DeliverAsync(copies);
        Assert.Equal((2, 0), (outcome.Delivered, outcome.Late.Count));
        Assert.Equal([3, 9, 5], hook.Taken);
    }

    [Fact]
    public async Task Where_more_checkpoints_are_signed_than_one_run_copies_the_newest_goes_first_and_the_lag_is_a_finding_after_a_day()
    {
        var hook = new FakeHook();
        var copies = Copies(hook);
        await GrowAsync(1);
        await DeliverAsync(copies);
        // More in the first hour than a run copies, then as many as it copies in every hour.
        await SignedAsync(2, CheckpointCopies.MaxAtOnce + 3);
        var outcome = await DeliverAsync(copies);
        Assert.Equal((CheckpointCopies.MaxAtOnce, 0), (outcome.Delivered, outcome.Late.Count));
        Assert.Equal([CheckpointCopies.MaxAtOnce + 3, 2, 3], hook.Taken[1..4]);

        _ledger.Time.Advance(CheckpointCopies.MayWait);
        await SignedAsync(CheckpointCopies.MaxAtOnce + 4, (2 * CheckpointCopies.MaxAtOnce) + 3);
        Assert.Empty((await DeliverAsync(copies)).Late);
        Assert.Equal((2 * CheckpointCopies.MaxAtOnce) + 3, hook.Taken[1 + CheckpointCopies.MaxAtOnce]);
        _ledger.Time.Advance(TimeSpan.FromTicks(1));
        await SignedAsync((2 * CheckpointCopies.MaxAtOnce) + 4, (3 * CheckpointCopies.MaxAtOnce) + 3);

        var late = Assert.Single((await DeliverAsync(copies)).Late);
        Assert.Equal((LedgerControls.CopyNotDelivered, "webhook https://audit.example"), (late.ControlId, late.Subject.Name));
        Assert.Contains($" {3 * CheckpointCopies.MaxAtOnce} records ", late.Reason, StringComparison.Ordinal);
        Texts.Ledger.Expect("more checkpoints than are copied", late.Reason);

        outcome = await DeliverAsync(copies);
        Assert.Equal((2, 0), (outcome.Delivered, outcome.Late.Count));
        Assert.Equal(Enumerable.Range(1, (3 * CheckpointCopies.MaxAtOnce) + 3).Select(i => (long)i), hook.Taken.Order());
        Assert.Equal(0, (await DeliverAsync(copies)).Delivered);
    }

    [Fact]
    public async Task An_older_checkpoint_that_is_not_taken_does_not_keep_back_the_newest()
    {
        var hook = new FakeHook();
        var copies = Copies(hook);
        await GrowAsync(3);
        await DeliverAsync(copies);
        await GrowAsync(5);
        await GrowAsync(9);
        hook.RefuseSize = 5;
        await DeliverAsync(copies);
        await GrowAsync(11);

        await DeliverAsync(copies);

        Assert.Equal([3, 9, 11], hook.Taken);
        _ledger.Time.Advance(CheckpointCopies.MayWait + TimeSpan.FromTicks(1));
        Texts.Ledger.Expect(
            "an older copy that is not taken",
            Assert.Single((await DeliverAsync(copies)).Late).Reason
        );
    }

    [Fact]
    public async Task One_place_that_takes_nothing_does_not_keep_the_others_waiting_and_no_log_tells_its_secret()
    {
        var (broken, good) = (new FakeHook { Refuse = "it answered 500" }, new FakeHook(new("https://other.example/")));
        await GrowAsync(3);

        await DeliverAsync(Copies(broken, good));

        Assert.Equal([3], good.Taken);
        Assert.All(_logger.Collector.GetSnapshot(), l => Assert.DoesNotContain("secret", l.Message, StringComparison.Ordinal));
        Assert.Equal(1, _logger.Collector.Count);
    }

    [Fact]
    public async Task A_container_that_is_not_there_is_a_failed_delivery()
    {
        await GrowAsync(3);
        var copy = Into(accounts.EvidenceBlobs.GetBlobContainerClient(_ledger.Tenant + "-gone"));

        var e = await Assert.ThrowsAsync<CopyFailedException>(() => copy.DeliverAsync(_ledger.Tenant, 3, [1], Stop));

        Assert.Equal("it answered 404 ContainerNotFound", e.Message);
    }

    [Fact]
    public async Task A_webhook_gets_the_note_as_text()
    {
        using var server = new OneAnswer("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        using var http = WebhookCopy.Client();

        await new WebhookCopy(new(server.Address, IsContainer: false), http, TimeProvider.System).DeliverAsync(
            _ledger.Tenant,
            3,
            "the note\n"u8.ToArray(),
            Stop
        );

        var request = await server.Request;
        Assert.StartsWith("POST /hook?code=1 HTTP/1.1\r\n", request, StringComparison.Ordinal);
        Assert.Contains("\r\nContent-Type: text/plain; charset=utf-8\r\n", request, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\nthe note\n", request, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/elsewhere\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")]
    [InlineData("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")]
    [InlineData("")]
    public async Task A_webhook_that_does_not_say_yes_has_not_taken_it(string answer)
    {
        using var server = new OneAnswer(answer);
        using var http = WebhookCopy.Client();

        var e = await Assert.ThrowsAsync<CopyFailedException>(() =>
            new WebhookCopy(new(server.Address, IsContainer: false), http, TimeProvider.System).DeliverAsync(_ledger.Tenant, 3, [1], Stop)
        );

        Texts.Ledger.Expect("a webhook that does not take a copy", answer, e.Message);
    }

    [Fact]
    public async Task A_webhook_that_never_answers_is_given_up_on()
    {
        using var http = new HttpClient(new Silent(() => _ledger.Time.Advance(WebhookCopy.Within)));

        var e = await Assert.ThrowsAsync<CopyFailedException>(() =>
            new WebhookCopy(Hook, http, _ledger.Time).DeliverAsync(_ledger.Tenant, 3, [1], Stop)
        );

        Texts.Ledger.Expect("a webhook that never answers", e.Message);
    }

    [Fact]
    public async Task A_container_beside_the_ledger_is_opened_as_the_ledger_is()
    {
        var container = await ContainerAsync();
        var storage = Tests.Storage.Faults.Storage(accounts);
        var settings = Tests.Storage.Settings.Of(
            ("AzureWebJobsStorage", accounts.StateConnection),
            ("EvidenceStorage", accounts.EvidenceConnection)
        );
        var evidence = StorageOptions.Read(settings).Evidence;
        var options = EvidenceOptions.Read(
            Tests.Storage.Settings.Of((EvidenceOptions.CopiesSetting, $$"""[{"container":"{{container.Uri}}"}]""")),
            evidence
        );
        await GrowAsync(3);

        await DeliverAsync(Copies([.. CheckpointServices.Copies(options, evidence, storage, _ledger.Time)]));

        Assert.True(await container.GetBlobClient($"{_ledger.Tenant}/checkpoints/3").ExistsAsync(Stop));
    }

    private CheckpointCopies Copies(params ICheckpointCopy[] places) =>
        new(_ledger.Storage, new(_ledger.Storage), places, _ledger.Time, _logger);

    private async Task<CopyOutcome> DeliverAsync(CheckpointCopies copies) =>
        await copies.DeliverAsync(_ledger.Tenant, (await _ledger.Source.CheckpointsAsync(Stop))[^1], Stop);

    private async Task<BlobContainerClient> ContainerAsync()
    {
        var container = accounts.EvidenceBlobs.GetBlobContainerClient(_ledger.Tenant + "-copies");
        await container.CreateIfNotExistsAsync(cancellationToken: Stop);
        return container;
    }

    private static ContainerCopy Into(BlobContainerClient container) => new(new(container.Uri, IsContainer: true), container);

    private async Task GrowAsync(int to)
    {
        var from = (int)(await _ledger.Source.CheckpointsAsync(Stop)).LastOrDefault(0);
        await _ledger.AppendAsync(Lines(from, to));
        Assert.True((await _ledger.CheckpointAsync()).Signed);
    }

    // Signing hundreds for real would take long; what is copied is not looked at here.
    private async Task SignedAsync(int from, int to)
    {
        var ledger = accounts.EvidenceBlobs.GetBlobContainerClient(LedgerLayout.Container);
        for (var size = from; size <= to; size++)
            await ledger.GetBlobClient($"{_ledger.Tenant}/{LedgerLayout.Checkpoint(size)}").UploadAsync(new BinaryData("note"), Stop);
    }

    private sealed class FakeHook(Uri? address = null) : ICheckpointCopy
    {
        public CopyPlace Place { get; } = address is null ? Hook : new(address, IsContainer: false);

        public List<long> Taken { get; } = [];

        public string? Refuse { get; set; }

        public long? RefuseSize { get; set; }

        public Task DeliverAsync(string tenant, long size, byte[] note, CancellationToken cancellationToken)
        {
            if (size == RefuseSize)
                throw new CopyFailedException("it answered 400");
            if (Refuse is { } reason)
                throw new CopyFailedException(reason);
            Taken.Add(size);
            return Task.CompletedTask;
        }
    }

    private sealed class Silent(Action onRequest) : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            onRequest();
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
            return new(HttpStatusCode.OK);
        }
    }

    /// <summary>A server on this machine that takes one request and gives one answer.</summary>
    private sealed class OneAnswer : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

        public OneAnswer(string answer)
        {
            _listener.Start();
            Address = new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/hook?code=1");
            Request = ServeAsync(answer);
        }

        public Uri Address { get; }

        public Task<string> Request { get; }

        public void Dispose() => _listener.Dispose();

        private async Task<string> ServeAsync(string answer)
        {
            using var client = await _listener.AcceptTcpClientAsync(Stop);
            var stream = client.GetStream();
            var (text, buffer) = (new StringBuilder(), new byte[4096]);
            while (!IsWhole(text.ToString()) && await stream.ReadAsync(buffer, Stop) is > 0 and var read)
                text.Append(Encoding.UTF8.GetString(buffer, 0, read));
            await stream.WriteAsync(Encoding.ASCII.GetBytes(answer), Stop);
            return text.ToString();
        }

        private static bool IsWhole(string request)
        {
            var end = request.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            var length = request.IndexOf("Content-Length: ", StringComparison.OrdinalIgnoreCase);
            return end >= 0
                && length >= 0
                && request.Length
                    >= end
                        + 4
                        + int.Parse(
                            request.AsSpan(length + 16, request.IndexOf('\r', length) - length - 16),
                            System.Globalization.CultureInfo.InvariantCulture
                        );
        }
    }
}
