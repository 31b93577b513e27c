using System.Globalization;
using System.Net;
using Azure;
using Compliance.Ledger.Append;
using Compliance.Ledger.Format;
using Compliance.Tests.Storage;
using Microsoft.Extensions.Time.Testing;
using Testing;

namespace Compliance.Tests.Ledger.Append;

public sealed class EvidenceMonthOnAzuriteTests(AzuriteFixture accounts) : EvidenceMonthTests(accounts);

public sealed class EvidenceMonthInMemoryTests(MemoryStorageFixture accounts) : EvidenceMonthTests(accounts);

/// <summary>A log of several blobs: months that end, blobs that are full, and what is missing.</summary>
public abstract class EvidenceMonthTests(StorageFixture accounts)
{
    private const string March = "log/2026-03-0001.jsonl";
    private const string April = "log/2026-04-0001.jsonl";

    private static readonly DateTimeOffset InApril = new(2026, 4, 1, 0, 0, 0, TimeSpan.Zero);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_month_that_is_over_is_closed_by_a_record_that_names_the_next_blob()
    {
        var test = new TestLog(accounts, "em-close");
        await using var log = test.Open();
        await log.AppendAsync(test.Record("r1"), Stop);
        test.Clock.SetUtcNow(InApril.AddTicks(-1));
        await log.AppendAsync(test.Record("r2"), Stop);
        test.Clock.SetUtcNow(InApril);
        await log.AppendAsync(test.Record("r3"), Stop);

        Assert.Equal([March, April], await test.PathsAsync());
        var closing = (await test.RecordsAsync())[2];
        Assert.Equal(
            ("ledger-closed-" + March, "ledger.closed", April, "{}", "em-close", "2026-04-01T00:00:00.000Z"),
            (
                closing.Id,
                closing.Action,
                closing.Json.GetProperty("subject").GetString(),
                closing.Json.GetProperty("counts").GetRawText(),
                closing.Json.GetProperty("tenantId").GetString(),
                closing.Json.GetProperty("loggedAt").GetString()
            )
        );
        Assert.Equal(["r1", "r2", "r3"], await test.IdsAsync());
    }

    [Fact]
    public async Task A_month_in_which_nothing_happened_has_no_blob()
    {
        var test = new TestLog(accounts, "em-quiet");
        await using var log = test.Open();
        await log.AppendAsync(test.Record("r1"), Stop);
        test.Clock.SetUtcNow(InApril.AddMonths(10));
        await log.AppendAsync(test.Record("r2"), Stop);

        Assert.Equal([March, "log/2027-02-0001.jsonl"], await test.PathsAsync());
        Assert.Equal(["r1", "r2"], await test.IdsAsync());
    }

    [Theory]
    [InlineData(0)]
    [InlineData(400)]
    public async Task A_record_that_is_tried_again_in_a_later_month_is_kept_once_whoever_tries(int days)
    {
        var test = new TestLog(accounts, $"em-again-{days}");
        test.Clock.SetUtcNow(InApril.AddSeconds(-1));
        await using var log = test.Open();
        var record = test.Record("r1");
        var receipt = await log.AppendAsync(record, Stop);
        test.Clock.SetUtcNow(InApril.AddDays(days));
        await log.AppendAsync(test.Record("r2"), Stop);
        if (days > 0)
        {
            // Old months are forgotten, and read again where they are needed.
            test.Clock.SetUtcNow(InApril.AddDays(days + 31));
            await log.AppendAsync(test.Record("r3"), Stop);
        }
        await using var restarted = test.Open();

        Assert.Equal(receipt, await log.AppendAsync(record, Stop));
        Assert.Equal(receipt, await restarted.AppendAsync(record, Stop));

        Assert.Equal(days > 0 ? ["r1", "r2", "r3"] : ["r1", "r2"], await test.IdsAsync());
    }

    [Fact]
    public async Task A_record_whose_time_is_ahead_of_the_clock_is_kept_once_as_well()
    {
        var test = new TestLog(accounts, "em-ahead");
        var record = test.Record("r1") with { Time = TestLog.Start.AddYears(2) };
        await using (var log = test.Open())
            await log.AppendAsync(record, Stop);
        foreach (var month in new[] { 1, 2 })
        {
            test.Clock.SetUtcNow(TestLog.Start.AddMonths(month));
            await using var log = test.Open();
            await log.AppendAsync(test.Record($"m{month}"), Stop);
        }
        await using var restarted = test.Open();

        await restarted.AppendAsync(record, Stop);

        Assert.Equal(["r1", "m1", "m2"], await test.IdsAsync());
    }

    [Fact]
    public async Task A_restart_reads_no_month_that_cannot_hold_what_is_appended()
    {
        var test = new TestLog(accounts, "em-old");
        await using (var log = test.Open())
            await log.AppendAsync(test.Record("r1"), Stop);
        test.Clock.SetUtcNow(InApril.AddDays(2));
        await using (var log = test.Open())
            await log.AppendAsync(test.Record("r2"), Stop);
        var (restarted, faults) = test.OpenFaulty();

        await restarted.AppendAsync(test.Record("r3"), Stop);

        Assert.DoesNotContain(faults.Requests, r => r.Contains(March, StringComparison.Ordinal));
        Assert.Contains(faults.Requests, r => r.Contains(April, StringComparison.Ordinal));
        await restarted.DisposeAsync();
    }

    [Theory]
    [InlineData(409)]
    [InlineData(412)]
    [InlineData(500)]
    [InlineData(0)]
    public async Task A_month_that_ends_while_answers_are_lost_is_closed_once(int status)
    {
        var test = new TestLog(accounts, $"em-lost-{status}");
        var (log, faults) = test.OpenFaulty();
        var record = test.Record("r1");
        await log.AppendAsync(record, Stop);
        test.Clock.SetUtcNow(InApril);
        var lost = new HashSet<string>(StringComparer.Ordinal);
        // The answer to the first write of each kind is lost: to the closing record, to the new blob, to the first record in it.
        faults.After = (request, _, answer) =>
            request.Method != HttpMethod.Put || !lost.Add(request.RequestUri!.PathAndQuery) ? answer
            : status == 0 ? throw new HttpRequestException("connection reset")
            : Faults.Answer((HttpStatusCode)status);

        await log.AppendAsync(test.Record("r2"), Stop);
        await log.AppendAsync(record, Stop);

        Assert.Equal(3, lost.Count);
        Assert.Equal(["r1", "r2"], await test.IdsAsync());
        Assert.Equal(3, (await test.RecordsAsync()).Count);
        await log.DisposeAsync();
    }

    [Fact]
    public async Task Writers_whose_clocks_are_in_two_months_write_one_log_and_no_month_comes_back()
    {
        var test = new TestLog(accounts, "em-clocks");
        await using var behind = test.Open(clock: new FakeTimeProvider(InApril.AddSeconds(-1)));
        await using var ahead = test.Open(clock: new FakeTimeProvider(InApril));

        await Task.WhenAll(Enumerable.Range(0, 40).Select(i => (i % 2 == 0 ? behind : ahead).AppendAsync(test.Record($"r{i:00}"), Stop)));
        await behind.AppendAsync(test.Record("last"), Stop);

        var paths = await test.PathsAsync();
        Assert.Equal(April, paths[^1]);
        Assert.Equal(41, (await test.IdsAsync()).Distinct().Count());
        Assert.EndsWith(April, (await behind.AppendAsync(test.Record("last"), Stop)).Location, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Writers_that_begin_a_log_at_once_in_two_months_begin_one()
    {
        var test = new TestLog(accounts, "em-first");
        var (slow, faults) = test.OpenFaulty();
        test.Clock.SetUtcNow(InApril);
        await using var quick = test.Open(clock: new FakeTimeProvider(TestLog.Start));
        // The slow one has seen that there is no log; then the quick one begins it, in the month before.
        faults.After = (request, _, answer) =>
        {
            if (request.RequestUri!.Query.Contains("comp=list", StringComparison.Ordinal))
            {
                faults.After = (_, _, other) => other;
                quick.AppendAsync(test.Record("r1"), Stop).GetAwaiter().GetResult();
            }
            return answer;
        };

        await slow.AppendAsync(test.Record("r2"), Stop);

        Assert.Equal([March, April], await test.PathsAsync());
        Assert.Equal(["r1", "r2"], await test.IdsAsync());
        await slow.DisposeAsync();
    }

    [Fact]
    public async Task A_full_blob_is_followed_by_the_next_and_ids_are_known_across_both()
    {
        var test = new TestLog(accounts, "em-full");
        var few = new LogOptions { MaxBlocks = 3 };
        await using var log = test.Open(options: few);
        await using var other = test.Open(options: few);
        foreach (var i in Enumerable.Range(0, 7))
            await (i % 2 == 0 ? log : other).AppendAsync(test.Record($"r{i}"), Stop);
        await using var restarted = test.Open(options: few);

        Assert.Equal("ledger/em-full/log/2026-03-0001.jsonl", (await restarted.AppendAsync(test.Record("r1"), Stop)).Location);
        Assert.Equal("ledger/em-full/log/2026-03-0003.jsonl", (await restarted.AppendAsync(test.Record("r7"), Stop)).Location);
        Assert.Equal([March, "log/2026-03-0002.jsonl", "log/2026-03-0003.jsonl"], await test.PathsAsync());
        Assert.Equal(Enumerable.Range(0, 8).Select(i => $"r{i}"), await test.IdsAsync());
        Assert.Equal(
            ["the blob is full", "the blob is full"],
            (await test.RecordsAsync()).Where(r => r.OfTheLog).Select(r => r.Json.GetProperty("reason").GetString())
        );
    }

    [Fact]
    public async Task A_clock_that_goes_back_before_a_blob_is_closed_is_told_before_that()
    {
        var test = new TestLog(accounts, "em-back");
        await using var log = test.Open(options: new LogOptions { MaxBlocks = 2 });
        await log.AppendAsync(test.Record("r1"), Stop);
        await log.AppendAsync(test.Record("r2"), Stop);
        test.Clock.AdjustTime(TestLog.Start.AddHours(-1));

        await log.AppendAsync(test.Record("r3"), Stop);

        Assert.Equal(
            ["r1", "r2", "3600", "ledger-closed-" + March, "r3"],
            (await test.RecordsAsync()).Select(r =>
                r.Action == "ledger.clock-back"
                    ? r.Json.GetProperty("counts").GetProperty("seconds").GetInt64().ToString(CultureInfo.InvariantCulture)
                    : r.Id
            )
        );
    }

    [Fact]
    public async Task A_clock_that_went_back_is_seen_over_a_blob_that_is_still_empty()
    {
        var test = new TestLog(accounts, "em-empty");
        await using (var log = test.Open())
            await log.AppendAsync(test.Record("r1"), Stop);
        test.Clock.SetUtcNow(InApril.AddDays(5));
        await test.RawAsync(
            March,
            System.Text.Encoding.UTF8.GetString(
                EvidenceLine.Create(
                    test.Record("ledger-closed-" + March) with
                    {
                        Action = "ledger.closed",
                        Subject = April,
                    },
                    test.Clock.GetUtcNow()
                )
            ) + "\n"
        );
        await test.Blob(April).CreateAsync(cancellationToken: Stop);
        test.Clock.AdjustTime(InApril.AddDays(4));
        await using var after = test.Open();

        await after.AppendAsync(test.Record("r2"), Stop);

        Assert.Equal(86_400, (await test.RecordsAsync())[2].Json.GetProperty("counts").GetProperty("seconds").GetInt32());
    }

    [Fact]
    public async Task A_writer_that_crashed_between_closing_and_beginning_is_continued()
    {
        var test = new TestLog(accounts, "em-crash");
        var (crashing, faults) = test.OpenFaulty();
        await crashing.AppendAsync(test.Record("r1"), Stop);
        test.Clock.SetUtcNow(InApril);
        faults.Before = (request, _) =>
            request.Method == HttpMethod.Put && request.RequestUri!.AbsolutePath.EndsWith(April, StringComparison.Ordinal)
                ? Faults.Answer(HttpStatusCode.Forbidden)
                : null;
        await Assert.ThrowsAsync<RequestFailedException>(() => crashing.AppendAsync(test.Record("r2"), Stop));
        Assert.Equal([March], await test.PathsAsync());
        await using var restarted = test.Open();

        await restarted.AppendAsync(test.Record("r3"), Stop);
        faults.Before = (_, _) => null;
        await crashing.AppendAsync(test.Record("r2"), Stop);

        Assert.Equal(["r1", "r3", "r2"], await test.IdsAsync());
        Assert.Equal([March, April], await test.PathsAsync());
        await crashing.DisposeAsync();
    }

    [Fact]
    public async Task A_closing_record_of_another_blob_closes_nothing()
    {
        var test = new TestLog(accounts, "em-forged");
        await using (var log = test.Open())
            await log.AppendAsync(test.Record("r1"), Stop);
        foreach (
            var (id, next) in new[]
            {
                ("ledger-closed-" + April, April),
                ("ledger-closed-" + March, "log/2026-02-0001.jsonl"),
                ("ledger-closed-" + March, "../other"),
            }
        )
            await test.RawAsync(
                March,
                System.Text.Encoding.UTF8.GetString(
                    EvidenceLine.Create(test.Record(id) with { Action = "ledger.closed", Subject = next }, TestLog.Start)
                ) + "\n"
            );
        await using var after = test.Open();

        Assert.EndsWith(March, (await after.AppendAsync(test.Record("r2"), Stop)).Location, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("missing in the middle")]
    [InlineData("missing between months")]
    [InlineData("not closed")]
    [InlineData("gone since it was listed")]
    public async Task A_chain_of_blobs_with_a_gap_is_told_and_not_written_to(string how)
    {
        var test = new TestLog(accounts, $"em-gap-{how.Replace(' ', '-')}");
        await using (var log = test.Open(options: new LogOptions { MaxBlocks = 1 }))
            for (var i = 0; i < 4; i++)
            {
                test.Clock.SetUtcNow(TestLog.Start.AddDays(i < 3 ? 0 : 31));
                await log.AppendAsync(test.Record($"r{i}"), Stop);
            }
        var (after, faults) = test.OpenFaulty();
        var record = test.Record("r9") with { Time = TestLog.Start };
        switch (how)
        {
            case "missing in the middle":
                await test.Blob("log/2026-03-0002.jsonl").DeleteAsync(cancellationToken: Stop);
                break;
            case "missing between months":
                await test.Blob("log/2026-03-0003.jsonl").DeleteAsync(cancellationToken: Stop);
                break;
            case "not closed":
                await test.Blob("log/2026-03-0003.jsonl").CreateAsync(cancellationToken: Stop);
                break;
            default:
                faults.Before = (request, _) =>
                    request.RequestUri!.AbsolutePath.EndsWith("2026-03-0002.jsonl", StringComparison.Ordinal)
                        ? Faults.Answer(HttpStatusCode.NotFound)
                        : null;
                break;
        }

        var error = await Assert.ThrowsAsync<RequestFailedException>(() => after.AppendAsync(record, Stop));

        Assert.Equal(EvidenceReplaced.Code, error.ErrorCode);
        Assert.DoesNotContain(faults.Requests, r => r.Contains("comp=appendblock", StringComparison.Ordinal));
        await after.DisposeAsync();
    }
}
