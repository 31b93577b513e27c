using System.Net;
using System.Text;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Specialized;
using Compliance.Evidence;
using Compliance.Tests.State;
using Microsoft.Extensions.Logging.Testing;
using Testing;

namespace Compliance.Tests.Evidence;

public sealed class AppendBlobEvidenceLogTests(AzuriteFixture azurite)
{
    private readonly FakeLogger<AppendBlobEvidenceLog> _logger = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_record_is_one_line_whose_place_and_digest_the_receipt_tells()
    {
        using var log = Log();
        var first = await log.AppendAsync(Record("ev-line", "r1"), Stop);
        var second = await log.AppendAsync(Record("ev-line", "r2"), Stop);

        var text = await TextAsync("ev-line/2026-03.jsonl");
        Assert.Equal(("ledger/ev-line/2026-03.jsonl", 0L, text.IndexOf('\n') + 1L), (first.Location, first.Offset, second.Offset));
        Assert.Equal(second.Sha256, EvidenceLine.Sha256(Encoding.UTF8.GetBytes(text[(int)second.Offset..^1])));
        Assert.Equal("""
            {"version":1,"id":"r1","time":"2026-03-01T06:00:00+00:00","actor":"CredentialRotationCheck (timer)","action":"credentials.check","tenantId":"ev-line","policySha256":"ab","controls":["CRED-001"],"outcome":"complete","counts":{"a":1,"b":2},"findingsSha256":"cd","correlationId":"ef"}
            """, text[..text.IndexOf('\n')]);
    }

    [Fact]
    public async Task The_same_record_is_kept_once_whoever_appends_it_again()
    {
        using var log = Log();
        var receipt = await log.AppendAsync(Record("ev-once", "r1"), Stop);
        using var restarted = Log();

        Assert.Equal(receipt, await log.AppendAsync(Record("ev-once", "r1"), Stop));
        Assert.Equal(receipt, await restarted.AppendAsync(Record("ev-once", "r1"), Stop));

        Assert.Equal(["r1"], await IdsAsync("ev-once/2026-03.jsonl"));
        Assert.Equal(0, _logger.Collector.Count);
    }

    [Fact]
    public async Task Another_record_under_a_kept_id_does_not_replace_it_and_is_told()
    {
        using var log = Log();
        var receipt = await log.AppendAsync(Record("ev-other", "r1"), Stop);

        Assert.Equal(receipt, await log.AppendAsync(Record("ev-other", "r1") with { Outcome = "incomplete" }, Stop));

        Assert.Equal(1203, Assert.Single(_logger.Collector.GetSnapshot()).Id.Id);
    }

    [Fact]
    public async Task A_record_goes_to_the_month_of_its_own_time_in_utc()
    {
        using var log = Log();

        var receipt = await log.AppendAsync(Record("ev-month", "r1") with { Time = new(2028, 3, 1, 1, 0, 0, TimeSpan.FromHours(2)) }, Stop);

        Assert.Equal("ledger/ev-month/2028-02.jsonl", receipt.Location);
    }

    [Fact]
    public async Task Two_writers_at_once_keep_every_record_exactly_once()
    {
        using var a = Log();
        using var b = Log();
        var ids = Enumerable.Range(0, 40).Select(i => $"r{i:00}").ToList();

        await Task.WhenAll(ids.SelectMany(id => new[] { a.AppendAsync(Record("ev-two", id), Stop), b.AppendAsync(Record("ev-two", id), Stop) }));

        Assert.Equal(ids, (await IdsAsync("ev-two/2026-03.jsonl")).Order());
    }

    [Theory]
    [InlineData("reset")]
    [InlineData("500")]
    [InlineData("timeout")]
    public async Task An_append_that_was_applied_and_whose_answer_was_lost_is_kept_once(string fault)
    {
        var (storage, faults) = Faults.On(azurite);
        using var log = new AppendBlobEvidenceLog(storage, _logger);
        var tenant = $"ev-lost-{fault}";
        await log.AppendAsync(Record(tenant, "r0"), Stop);
        var lost = 0;
        faults.After = (request, _, answer) => !IsAppend(request) || lost++ > 0 ? answer : fault switch
        {
            "reset" => throw new HttpRequestException("connection reset"),
            "timeout" => throw new TaskCanceledException("no answer in time"),
            _ => Faults.Answer(HttpStatusCode.InternalServerError),
        };

        var receipt = await log.AppendAsync(Record(tenant, "r1"), Stop);

        Assert.True(lost > 0);
        Assert.Equal(["r0", "r1"], await IdsAsync($"{tenant}/2026-03.jsonl"));
        Assert.Equal("r1", receipt.RecordId);
        Assert.True(receipt.Offset > 0);
    }

    [Fact]
    public async Task An_append_every_answer_to_which_is_lost_is_found_by_reading()
    {
        var (storage, faults) = Faults.On(azurite);
        using var log = new AppendBlobEvidenceLog(storage, _logger);
        faults.After = (request, _, answer) => IsAppend(request) ? Faults.Answer(HttpStatusCode.InternalServerError) : answer;

        await log.AppendAsync(Record("ev-deaf", "r1"), Stop);

        Assert.Equal(["r1"], await IdsAsync("ev-deaf/2026-03.jsonl"));
    }

    [Fact]
    public async Task A_crash_between_write_and_answer_keeps_the_record_once_after_the_restart()
    {
        var (storage, faults) = Faults.On(azurite);
        using var crashing = new CancellationTokenSource();
        using (var log = new AppendBlobEvidenceLog(storage, _logger))
        {
            faults.After = (request, _, answer) =>
            {
                if (IsAppend(request))
                    crashing.Cancel();
                crashing.Token.ThrowIfCancellationRequested();
                return answer;
            };
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => log.AppendAsync(Record("ev-crash", "r1"), crashing.Token));
        }
        using var restarted = Log();

        await restarted.AppendAsync(Record("ev-crash", "r1"), Stop);

        Assert.Equal(["r1"], await IdsAsync("ev-crash/2026-03.jsonl"));
    }

    [Fact]
    public async Task Storage_that_is_down_throws_and_the_same_log_goes_on_when_it_is_back()
    {
        var (storage, faults) = Faults.On(azurite);
        using var log = new AppendBlobEvidenceLog(storage, _logger);
        await log.AppendAsync(Record("ev-down", "r0"), Stop);
        faults.Before = (_, _) => throw new HttpRequestException("connection refused");

        var error = await Assert.ThrowsAsync<RequestFailedException>(() => log.AppendAsync(Record("ev-down", "r1"), Stop));
        faults.Before = (_, _) => null;
        await log.AppendAsync(Record("ev-down", "r1"), Stop);

        Assert.Contains("r1 is not known to be kept in ledger/ev-down/2026-03.jsonl", error.Message);
        Assert.Equal(["r0", "r1"], await IdsAsync("ev-down/2026-03.jsonl"));
    }

    [Fact]
    public async Task A_refused_append_is_not_tried_again()
    {
        var (storage, faults) = Faults.On(azurite);
        using var log = new AppendBlobEvidenceLog(storage, _logger);
        faults.Before = (request, _) => IsAppend(request) ? Faults.Answer(HttpStatusCode.Forbidden) : null;

        var error = await Assert.ThrowsAsync<RequestFailedException>(() => log.AppendAsync(Record("ev-403", "r1"), Stop));

        Assert.Equal(403, error.Status);
        Assert.Single(faults.Requests, r => r.Contains("comp=appendblock", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_full_blob_is_followed_by_the_next_and_ids_are_known_across_both()
    {
        using var log = Log(mostBlocks: 3);
        using var other = Log(mostBlocks: 3);
        foreach (var i in Enumerable.Range(0, 7))
            await (i % 2 == 0 ? log : other).AppendAsync(Record("ev-full", $"r{i}"), Stop);
        using var restarted = Log(mostBlocks: 3);

        Assert.Equal("ledger/ev-full/2026-03.jsonl", (await restarted.AppendAsync(Record("ev-full", "r1"), Stop)).Location);
        Assert.Equal("ledger/ev-full/2026-03.3.jsonl", (await restarted.AppendAsync(Record("ev-full", "r7"), Stop)).Location);
        Assert.Equal(["r0", "r1", "r2"], await IdsAsync("ev-full/2026-03.jsonl"));
        Assert.Equal(["r3", "r4", "r5"], await IdsAsync("ev-full/2026-03.2.jsonl"));
        Assert.Equal(["r6", "r7"], await IdsAsync("ev-full/2026-03.3.jsonl"));
    }

    [Fact]
    public async Task A_record_of_65535_bytes_is_kept_and_one_byte_more_is_refused()
    {
        using var log = Log();
        var empty = EvidenceLine.Of(Record("ev-long", "r1") with { Outcome = "" }).Length;
        EvidenceRecord Long(string id, int bytes) => Record("ev-long", id) with { Outcome = new('x', bytes - empty) };

        await log.AppendAsync(Long("r1", EvidenceLine.MostBytes), Stop);
        var error = await Assert.ThrowsAsync<ArgumentException>(() => log.AppendAsync(Long("r2", EvidenceLine.MostBytes + 1), Stop));

        Assert.Contains("65536 bytes, more than 65535", error.Message);
        Assert.Equal(["r1"], await IdsAsync("ev-long/2026-03.jsonl"));
    }

    [Fact]
    public async Task A_torn_last_line_is_ended_and_reported_and_the_next_record_is_whole()
    {
        using (var log = Log())
            await log.AppendAsync(Record("ev-torn", "r0"), Stop);
        await RawAsync("ev-torn/2026-03.jsonl", """{"version":1,"id":"half","ti""");
        using var after = Log();

        var receipt = await after.AppendAsync(Record("ev-torn", "r1"), Stop);
        await after.AppendAsync(Record("ev-torn", "r2"), Stop);

        var lines = (await TextAsync("ev-torn/2026-03.jsonl")).Split('\n');
        Assert.Equal(["r0", null, "r1", "r2", null], lines.Select(l => EvidenceLine.IdOf(Encoding.UTF8.GetBytes(l))));
        Assert.Equal((await TextAsync("ev-torn/2026-03.jsonl")).IndexOf(lines[2], StringComparison.Ordinal), receipt.Offset);
        Assert.Equal(1200, Assert.Single(_logger.Collector.GetSnapshot()).Id.Id);
    }

    [Fact]
    public async Task A_whole_record_that_only_lacks_its_line_feed_is_kept_once()
    {
        using (var log = Log())
            await log.AppendAsync(Record("ev-unended", "r0"), Stop);
        await RawAsync("ev-unended/2026-03.jsonl", Encoding.UTF8.GetString(EvidenceLine.Of(Record("ev-unended", "r1"))));
        using var after = Log();

        await after.AppendAsync(Record("ev-unended", "r1"), Stop);
        await after.AppendAsync(Record("ev-unended", "r2"), Stop);
        await after.AppendAsync(Record("ev-unended", "r1"), Stop);

        Assert.Equal(["r0", "r1", "r2"], await IdsAsync("ev-unended/2026-03.jsonl"));
    }

    [Fact]
    public async Task Evidence_that_got_shorter_is_told_and_not_written_over()
    {
        using var log = Log();
        await log.AppendAsync(Record("ev-short", "r1"), Stop);
        await Container.GetAppendBlobClient("ev-short/2026-03.jsonl").CreateAsync(cancellationToken: Stop);

        var error = await Assert.ThrowsAsync<RequestFailedException>(() => log.AppendAsync(Record("ev-short", "r2"), Stop));

        Assert.Contains("somebody replaced the evidence", error.Message);
    }

    private BlobContainerClient Container => azurite.EvidenceBlobs.GetBlobContainerClient(AppendBlobEvidenceLog.Container);

    private static bool IsAppend(HttpRequestMessage request) => request.RequestUri!.Query.Contains("comp=appendblock", StringComparison.Ordinal);

    private static EvidenceRecord Record(string tenant, string id) => new()
    {
        Id = id,
        Time = new(2026, 3, 1, 6, 0, 0, TimeSpan.Zero),
        Actor = "CredentialRotationCheck (timer)",
        Action = "credentials.check",
        TenantId = tenant,
        PolicySha256 = "ab",
        Controls = ["CRED-001"],
        Outcome = "complete",
        Counts = new Dictionary<string, long> { ["b"] = 2, ["a"] = 1 },
        FindingsSha256 = "cd",
        CorrelationId = "ef",
    };

    private AppendBlobEvidenceLog Log(int mostBlocks = 49_900) => new(Faults.Storage(azurite), _logger, mostBlocks);

    private async Task<string> TextAsync(string blob) => (await Container.GetBlobClient(blob).DownloadContentAsync(Stop)).Value.Content.ToString();

    private async Task<List<string>> IdsAsync(string blob) =>
        [.. (await TextAsync(blob)).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement.GetProperty("id").GetString()!)];

    private async Task RawAsync(string blob, string text)
    {
        using var content = new MemoryStream(Encoding.UTF8.GetBytes(text));
        await Container.GetAppendBlobClient(blob).AppendBlockAsync(content, cancellationToken: Stop);
    }
}
