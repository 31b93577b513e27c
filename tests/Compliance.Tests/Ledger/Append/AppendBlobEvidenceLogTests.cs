using System.Net;
using System.Text;
using Azure;
using Compliance.Ledger;
using Compliance.Ledger.Append;
using Compliance.Ledger.Format;
using Compliance.Tests.Storage;
using Testing;

namespace Compliance.Tests.Ledger.Append;

public sealed class AppendBlobEvidenceLogOnAzuriteTests(AzuriteFixture accounts) : AppendBlobEvidenceLogTests(accounts);

public sealed class AppendBlobEvidenceLogInMemoryTests(MemoryStorageFixture accounts) : AppendBlobEvidenceLogTests(accounts);

public abstract class AppendBlobEvidenceLogTests(StorageFixture accounts)
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_record_is_one_canonical_line_whose_place_and_digest_the_receipt_tells()
    {
        var test = new TestLog(accounts, "ev-line");
        await using var log = test.Open();
        var first = await log.AppendAsync(test.Record("r1") with { Time = new(2026, 3, 1, 8, 0, 0, 500, TimeSpan.FromHours(2)) }, Stop);
        test.Clock.Advance(TimeSpan.FromMilliseconds(1250));
        var second = await log.AppendAsync(test.Record("r2"), Stop);

        var kept = await test.RecordsAsync();
        Assert.Equal([first, second], kept.Select(k => k.Receipt));
        Assert.Equal(
            """{"action":"credentials.check","actor":"CredentialRotationCheck (timer)","controls":["CRED-001"],"correlationId":"ef","""
                + $$"""
            "counts":{"a":1,"b":2},"findingsSha256":"{{new string(
                'c',
                64
            )}}","id":"r1","loggedAt":"2026-03-01T06:00:00.000Z","outcome":"complete","policySha256":"{{new string(
                'a',
                64
            )}}","tenantId":"ev-line","time":"2026-03-01T06:00:00.5Z","version":1}
            """,
            (await test.TextAsync("log/2026-03-0001.jsonl")).Split('\n')[0]
        );
        Assert.Equal("2026-03-01T06:00:01.250Z", kept[1].Json.GetProperty("loggedAt").GetString());
    }

    [Fact]
    public async Task The_same_record_is_kept_once_whoever_appends_it_again()
    {
        var test = new TestLog(accounts, "ev-once");
        await using var log = test.Open();
        var record = test.Record("r1");
        var receipt = await log.AppendAsync(record, Stop);
        test.Clock.Advance(TimeSpan.FromMinutes(1));
        await using var restarted = test.Open();

        Assert.Equal(receipt, await log.AppendAsync(record, Stop));
        Assert.Equal(receipt, await restarted.AppendAsync(record, Stop));

        Assert.Equal(["r1"], await test.IdsAsync());
        Assert.Empty(test.Told);
    }

    [Fact]
    public async Task Another_record_under_a_kept_id_does_not_replace_it_and_is_told()
    {
        var test = new TestLog(accounts, "ev-other");
        await using var log = test.Open();
        var receipt = await log.AppendAsync(test.Record("r1"), Stop);

        Assert.Equal(receipt, await log.AppendAsync(test.Record("r1") with { Outcome = "incomplete" }, Stop));

        Assert.Equal([1203], test.Told);
    }

    [Fact]
    public async Task Records_of_one_id_that_come_at_once_are_one()
    {
        var test = new TestLog(accounts, "ev-same");
        await using var log = test.Open();

        var receipts = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => log.AppendAsync(test.Record($"r{i % 5}"), Stop)));

        Assert.Equal(5, receipts.Distinct().Count());
        Assert.Equal(["r0", "r1", "r2", "r3", "r4"], (await test.IdsAsync()).Order());
        Assert.Empty(test.Told);
    }

    [Fact]
    public async Task Whatever_waits_goes_out_as_one_append_and_nothing_else_is_asked()
    {
        var test = new TestLog(accounts, "ev-group");
        var (log, faults) = test.OpenFaulty();
        await log.AppendAsync(test.Record("first"), Stop);
        var asked = faults.Requests.Count;
        var held = new ManualResetEventSlim();
        var sent = new TaskCompletionSource();
        faults.Before = (request, _) =>
        {
            if (request.IsAppend() && sent.TrySetResult())
                held.Wait(Stop);
            return null;
        };

        var holding = log.AppendAsync(test.Record("holding"), Stop);
        await sent.Task;
        var others = Enumerable.Range(0, 1_000).Select(i => log.AppendAsync(test.Record($"r{i:000}"), Stop)).ToList();
        held.Set();
        await Task.WhenAll([holding, .. others]);

        Assert.Equal(2, faults.Requests.Count - asked);
        Assert.Equal(1_002, (await test.IdsAsync()).Distinct().Count());
        await log.DisposeAsync();
    }

    [Fact]
    public async Task An_append_has_at_most_4_MiB_and_the_most_records_allowed()
    {
        var test = new TestLog(accounts, "ev-batch");
        var (log, faults) = test.OpenFaulty(new LogOptions { MaxRecords = 80 });
        var sizes = new List<long>();
        faults.Before = (request, _) =>
        {
            if (request.IsAppend())
                sizes.Add(request.Content!.Headers.ContentLength!.Value);
            return null;
        };

        await Task.WhenAll(
            Enumerable
                .Range(0, 200)
                .Select(i => log.AppendAsync(test.Record($"r{i}") with { Outcome = new('x', i < 150 ? 60_000 : 10) }, Stop))
        );

        Assert.All(sizes, s => Assert.InRange(s, 1, 4 * 1024 * 1024));
        Assert.True(sizes.Count >= 3);
        Assert.Equal(200, (await test.IdsAsync()).Count);
        await log.DisposeAsync();
    }

    [Theory]
    [InlineData(2)]
    [InlineData(8)]
    public async Task Many_writers_at_once_keep_every_record_exactly_once(int writers)
    {
        var test = new TestLog(accounts, $"ev-many-{writers}");
        var logs = Enumerable.Range(0, writers).Select(_ => test.Open(options: new LogOptions { MaxBlocks = 9, MaxRecords = 7 })).ToList();
        var ids = Enumerable.Range(0, 60).Select(i => $"r{i:00}").ToList();

        // Each record is brought to every writer; they come in another order to each.
        var receipts = await Task.WhenAll(
            logs.SelectMany((log, n) => ids.OrderBy(id => (id[2] * 7) + (n * 3)).Select(id => log.AppendAsync(test.Record(id), Stop)))
        );

        Assert.Equal(ids, (await test.IdsAsync()).Order());
        Assert.Equal(
            (await test.RecordsAsync()).Where(r => !r.OfTheLog).Select(r => r.Receipt).OrderBy(r => r.RecordId),
            receipts.Distinct().OrderBy(r => r.RecordId)
        );
        foreach (var log in logs)
            await log.DisposeAsync();
    }

    [Fact]
    public async Task A_record_of_65535_bytes_is_kept_and_one_byte_more_is_refused()
    {
        var test = new TestLog(accounts, "ev-long");
        await using var log = test.Open();
        var empty = EvidenceLine.NotYet(test.Record("r1") with { Outcome = "" }).Length;
        EvidenceRecord Long(string id, int bytes) => test.Record(id) with { Outcome = new('x', bytes - empty) };

        await log.AppendAsync(Long("r1", EvidenceLine.MaxBytes), Stop);
        var error = await Assert.ThrowsAsync<ArgumentException>(() => log.AppendAsync(Long("r2", EvidenceLine.MaxBytes + 1), Stop));

        Texts.Ledger.Expect("a record that is too long", error.Message);
        await using var restarted = test.Open();
        await restarted.AppendAsync(Long("r1", EvidenceLine.MaxBytes), Stop);
        Assert.Equal(["r1"], await test.IdsAsync());
    }

    [Fact]
    public async Task What_the_log_cannot_keep_exactly_is_refused()
    {
        var test = new TestLog(accounts, "ev-refused");
        await using var log = test.Open();
        Task Refused(EvidenceRecord record) => Assert.ThrowsAnyAsync<ArgumentException>(() => log.AppendAsync(record, Stop));

        await Refused(test.Record("r") with { Counts = new Dictionary<string, long> { ["n"] = 1L << 53 } });
        await Refused(test.Record("r") with { Counts = new Dictionary<string, long> { ["n"] = long.MinValue } });
        await Refused(test.Record("r") with { Reason = "\ud800" });
        await Refused(test.Record("") with { Reason = "no id" });
        await Refused(test.Record("r") with { TenantId = "../other" });
        await Refused(test.Record("r") with { People = ["a-person"] });
        await Refused(test.Record("r") with { Action = "ledger.closed" });
        await Refused(test.Record("r") with { Action = "ledger.clock-back" });

        Assert.Empty(await test.PathsAsync());
        await log.AppendAsync(test.Record("r") with { Counts = new Dictionary<string, long> { ["n"] = (1L << 53) - 1 } }, Stop);
        Assert.Equal(9007199254740991, (await test.RecordsAsync())[0].Json.GetProperty("counts").GetProperty("n").GetInt64());
    }

    [Fact]
    public async Task Secrets_in_free_text_do_not_get_into_the_log()
    {
        var test = new TestLog(accounts, "ev-secret");
        await using var log = test.Open();

        await log.AppendAsync(test.Record("r1") with { Reason = "client_secret=abcdefgh", Actor = "x (AccountKey=abcdefgh)" }, Stop);

        Assert.DoesNotContain("abcdefgh", await test.TextAsync("log/2026-03-0001.jsonl"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_stops_waiting_holds_up_nobody_and_what_was_not_sent_is_not_sent()
    {
        var test = new TestLog(accounts, "ev-cancel");
        var (log, faults) = test.OpenFaulty();
        await log.AppendAsync(test.Record("first"), Stop);
        var held = new ManualResetEventSlim();
        var sent = new TaskCompletionSource();
        faults.Before = (request, _) =>
        {
            if (request.IsAppend() && sent.TrySetResult())
                held.Wait(Stop);
            return null;
        };
        using var leaving = new CancellationTokenSource();

        var sending = log.AppendAsync(test.Record("sent"), leaving.Token);
        await sent.Task;
        var waiting = log.AppendAsync(test.Record("waiting"), leaving.Token);
        var staying = log.AppendAsync(test.Record("staying"), Stop);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        held.Set();
        await staying;

        Assert.Equal(["first", "sent", "staying"], await test.IdsAsync());
        await log.DisposeAsync();
    }

    [Fact]
    public async Task What_was_taken_is_written_before_the_log_is_closed_and_nothing_is_taken_afterwards()
    {
        var test = new TestLog(accounts, "ev-drain");
        var log = test.Open();
        var taken = Enumerable.Range(0, 100).Select(i => log.AppendAsync(test.Record($"r{i}"), Stop)).ToList();

        log.Dispose();

        Assert.All(taken, t => Assert.True(t.IsCompletedSuccessfully || t.Status == TaskStatus.WaitingForActivation));
        await Task.WhenAll(taken);
        Assert.Equal(100, (await test.IdsAsync()).Count);
        await Assert.ThrowsAsync<ObjectDisposedException>(() => log.AppendAsync(test.Record("late"), Stop));
    }

    [Fact]
    public async Task A_log_that_is_closed_while_storage_does_not_answer_fails_what_it_took()
    {
        var test = new TestLog(accounts, "ev-hang");
        var (storage, faults) = Faults.On(accounts);
        var log = test.Open(storage, new LogOptions { DrainWithin = TimeSpan.FromMilliseconds(50) });
        await log.AppendAsync(test.Record("r0"), Stop);
        faults.HangWhen = HttpRequests.IsAppend;

        var taken = Enumerable.Range(1, 3).Select(i => log.AppendAsync(test.Record($"r{i}"), Stop)).ToList();
        await log.DisposeAsync();

        foreach (var task in taken)
            Assert.Contains(
                "the log was closed before storage answered",
                (await Assert.ThrowsAsync<RequestFailedException>(() => task)).Message,
                StringComparison.Ordinal
            );
        Assert.Equal(["r0"], await test.IdsAsync());
    }

    [Fact]
    public async Task A_torn_last_line_is_ended_and_reported_and_the_next_record_is_whole()
    {
        var test = new TestLog(accounts, "ev-torn");
        await using (var log = test.Open())
            await log.AppendAsync(test.Record("r0"), Stop);
        await test.RawAsync("log/2026-03-0001.jsonl", """{"version":1,"id":"half","ti""");
        await using var after = test.Open();

        var receipt = await after.AppendAsync(test.Record("r1"), Stop);
        await after.AppendAsync(test.Record("r2"), Stop);

        var text = await test.TextAsync("log/2026-03-0001.jsonl");
        var lines = text.Split('\n');
        Assert.Equal(["r0", null, "r1", "r2", null], lines.Select(l => RecordFacts.Parse(Encoding.UTF8.GetBytes(l)).ExactId));
        Assert.Equal(text.IndexOf(lines[2], StringComparison.Ordinal), receipt.Offset);
        Assert.Equal([1204], test.Told);
        await using var restarted = test.Open();
        Assert.Equal(receipt, await restarted.AppendAsync(test.Record("r1"), Stop));
        Assert.Equal([1204, 1200], test.Told);
    }

    [Fact]
    public async Task A_whole_record_that_only_lacks_its_line_feed_is_kept_once()
    {
        var test = new TestLog(accounts, "ev-unended");
        await using (var log = test.Open())
            await log.AppendAsync(test.Record("r0"), Stop);
        await test.RawAsync("log/2026-03-0001.jsonl", Encoding.UTF8.GetString(EvidenceLine.Create(test.Record("r1"), TestLog.Start)));
        await using var after = test.Open();

        await after.AppendAsync(test.Record("r1"), Stop);
        await after.AppendAsync(test.Record("r2"), Stop);
        await after.AppendAsync(test.Record("r1"), Stop);

        Assert.Equal(["r0", "r1", "r2"], await test.IdsAsync());
        Assert.Equal([1204], test.Told);
    }

    [Fact]
    public async Task Lines_of_others_stay_as_they_are_however_long_they_are()
    {
        var test = new TestLog(accounts, "ev-foreign");
        await using (var log = test.Open())
            await log.AppendAsync(test.Record("r0"), Stop);
        var foreign =
            "not "
            + $"json\n\n{{\"version\":9,\"id\":\"newer\"}}\n{new string('x', 3_000_000)}\n{{\"id\":\"\ud83d\ude00\\u0041\"}}"
            + $"\n{new string('y', 100_000)}";
        foreach (var part in foreign.Chunk(1_000_000))
            await test.RawAsync("log/2026-03-0001.jsonl", new string(part));
        var before = await test.TextAsync("log/2026-03-0001.jsonl");
        await using var after = test.Open();

        var newer = await after.AppendAsync(test.Record("newer"), Stop);
        var escaped = await after.AppendAsync(test.Record("\ud83d\ude00A"), Stop);
        await after.AppendAsync(test.Record("r1"), Stop);

        var text = await test.TextAsync("log/2026-03-0001.jsonl");
        Assert.StartsWith(before + "\n{", text, StringComparison.Ordinal);
        Assert.Equal(2, text[before.Length..].Count(c => c == '\n'));
        Assert.Equal("{\"version\":9,\"id\":\"newer\"}", text.Substring((int)newer.Offset, 26));
        Assert.True(escaped.Offset < Encoding.UTF8.GetByteCount(before));
    }

    [Fact]
    public async Task A_clock_that_goes_back_is_told_once_each_time_before_the_next_record()
    {
        var test = new TestLog(accounts, "ev-clock");
        await using var log = test.Open();
        var clock = test.Clock;
        async Task At(int seconds, string id)
        {
            clock.AdjustTime(TestLog.Start.AddSeconds(seconds));
            await log.AppendAsync(test.Record(id), Stop);
        }

        await At(100, "r1");
        await At(98, "within the tolerance");
        await At(90, "ten seconds back");
        await At(91, "going on");
        await At(80, "eleven back");
        await using (var restarted = test.Open())
        {
            clock.AdjustTime(TestLog.Start.AddSeconds(70));
            await restarted.AppendAsync(test.Record("seen by another"), Stop);
        }

        Assert.Equal(
            [
                ("r1", 0),
                ("within the tolerance", 0),
                ("", 10),
                ("ten seconds back", 0),
                ("going on", 0),
                ("", 11),
                ("eleven back", 0),
                ("", 10),
                ("seen by another", 0),
            ],
            (await test.RecordsAsync()).Select(r =>
                r.OfTheLog ? ("", r.Json.GetProperty("counts").GetProperty("seconds").GetInt32()) : (r.Id, 0)
            )
        );
        var back = (await test.RecordsAsync())[2];
        Assert.Equal(
            ("ledger.clock-back", $"ledger-clock-back-log/2026-03-0001.jsonl-{back.Offset}", "2026-03-01T06:01:30.000Z"),
            (back.Action, back.Id, back.Json.GetProperty("loggedAt").GetString())
        );
        Assert.Equal([1205, 1205, 1205], test.Told);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_clock_that_creeps_back_is_told_as_well(bool restarts)
    {
        var test = new TestLog(accounts, $"ev-creep-{(restarts ? "restarts" : "runs")}");
        var log = test.Open();
        for (var i = 0; i < 6; i++)
        {
            if (restarts)
            {
                await log.DisposeAsync();
                log = test.Open();
            }
            test.Clock.AdjustTime(TestLog.Start.AddSeconds(-i));
            await log.AppendAsync(test.Record($"r{i}"), Stop);
        }

        await log.DisposeAsync();
        Assert.Equal(
            ["r0", "r1", "r2", "3", "r3", "r4", "r5"],
            (await test.RecordsAsync()).Select(r => r.OfTheLog ? r.Json.GetProperty("counts").GetProperty("seconds").ToString() : r.Id)
        );
    }

    [Theory]
    [InlineData("shorter")]
    [InlineData("empty")]
    [InlineData("gone")]
    [InlineData("another byte")]
    public async Task Evidence_that_was_replaced_is_told_and_never_written_over(string how)
    {
        var test = new TestLog(accounts, $"ev-replaced-{how.Replace(' ', '-')}");
        await using var log = test.Open();
        await log.AppendAsync(test.Record("r1"), Stop);
        await log.AppendAsync(test.Record("r2"), Stop);
        var blob = test.Blob("log/2026-03-0001.jsonl");
        var text = await test.TextAsync("log/2026-03-0001.jsonl");
        await blob.DeleteAsync(cancellationToken: Stop);
        if (how != "gone")
            await blob.CreateAsync(cancellationToken: Stop);
        if (how is "shorter" or "another byte")
            await test.RawAsync("log/2026-03-0001.jsonl", how == "shorter" ? text[..200] : $"{text[..^1]}x{text}");
        var left = how == "gone" ? "" : await test.TextAsync("log/2026-03-0001.jsonl");

        for (var i = 0; i < 2; i++)
        {
            var error = await Assert.ThrowsAsync<RequestFailedException>(() => log.AppendAsync(test.Record("r3"), Stop));
            Assert.Equal(
                ("EvidenceReplaced", true),
                (error.ErrorCode, error.Message.Contains("somebody replaced the evidence", StringComparison.Ordinal))
            );
        }

        Assert.Equal(left, how == "gone" ? "" : await test.TextAsync("log/2026-03-0001.jsonl"));
    }

    [Fact]
    public async Task A_blob_that_was_made_anew_is_told_though_it_begins_as_before()
    {
        var test = new TestLog(accounts, "ev-anew");
        await using (var before = test.Open())
            await before.AppendAsync(test.Record("r1"), Stop);
        var (log, faults) = test.OpenFaulty();
        await log.AppendAsync(test.Record("r2"), Stop);
        await using (var other = test.Open())
            await other.AppendAsync(test.Record("r3"), Stop);
        // Storage tells the time of creation to the second, so that a test would have to wait for it to change.
        faults.After = (request, _, answer) =>
        {
            if (request.Method == HttpMethod.Get && answer.Headers.Remove("x-ms-creation-time"))
                answer.Headers.Add("x-ms-creation-time", "Sun, 01 Mar 2026 07:00:00 GMT");
            return answer;
        };

        var error = await Assert.ThrowsAsync<RequestFailedException>(() => log.AppendAsync(test.Record("r4"), Stop));

        Assert.Contains("made again", error.Message, StringComparison.Ordinal);
        Assert.Equal(["r1", "r2", "r3"], await test.IdsAsync());
        await log.DisposeAsync();
    }

    [Fact]
    public async Task Storage_that_is_down_throws_and_the_same_log_goes_on_when_it_is_back()
    {
        var test = new TestLog(accounts, "ev-down");
        var (log, faults) = test.OpenFaulty();
        await log.AppendAsync(test.Record("r0"), Stop);
        faults.Before = (_, _) => throw new HttpRequestException("connection refused");

        var errors = await Task.WhenAll(
            Enumerable
                .Range(1, 3)
                .Select(i => Assert.ThrowsAsync<RequestFailedException>(() => log.AppendAsync(test.Record($"r{i}"), Stop)))
        );
        faults.Before = (_, _) => null;
        await log.AppendAsync(test.Record("r1"), Stop);

        Assert.Equal(
            [1, 2, 3],
            errors.Select(
                (e, i) =>
                    e.Message.Contains(
                        $"r{i + 1} is not known to be kept in ledger/ev-down/log/2026-03-0001.jsonl",
                        StringComparison.Ordinal
                    )
                        ? i + 1
                        : 0
            )
        );
        Assert.Equal(["r0", "r1"], await test.IdsAsync());
        await log.DisposeAsync();
    }

    [Fact]
    public async Task A_refused_append_is_not_tried_again()
    {
        var test = new TestLog(accounts, "ev-403");
        var (log, faults) = test.OpenFaulty();
        faults.Before = (request, _) => request.IsAppend() ? Faults.Answer(HttpStatusCode.Forbidden) : null;

        var error = await Assert.ThrowsAsync<RequestFailedException>(() => log.AppendAsync(test.Record("r1"), Stop));

        Assert.Equal(403, error.Status);
        Assert.Single(faults.Requests, r => r.Contains("comp=appendblock", StringComparison.Ordinal));
        await log.DisposeAsync();
    }
}
