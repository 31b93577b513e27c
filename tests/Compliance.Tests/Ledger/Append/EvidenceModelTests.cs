using System.Net;
using Azure;
using Compliance.Ledger;
using Compliance.Ledger.Append;
using Compliance.Ledger.Format;
using Compliance.Ledger.Verification;
using Compliance.Tests.Storage;
using Microsoft.Extensions.Time.Testing;
using Testing;

namespace Compliance.Tests.Ledger.Append;

public sealed class EvidenceModelOnAzuriteTests(AzuriteFixture accounts) : EvidenceModelTests(accounts);

public sealed class EvidenceModelInMemoryTests(MemoryStorageFixture accounts) : EvidenceModelTests(accounts);

/// <summary>
/// Writers that come and go, clocks of their own that jump, answers that get lost before and after storage has written, records that are
/// brought again: whatever the order, each record that was acknowledged is kept once, where its receipt says.
/// </summary>
public abstract class EvidenceModelTests(StorageFixture accounts)
{
    private const int Waves = 25;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, TestSize.Times(8))];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Each_acknowledged_record_is_kept_exactly_once(int seed)
    {
        var random = new Random(seed);
        var test = new TestLog(accounts, $"evm-{seed}");
        var options = new LogOptions
        {
            MaxBlocks = random.Next(2, 12),
            MaxRecords = random.Next(1, 9),
            DrainWithin = TimeSpan.FromSeconds(20),
        };
        var writers = Enumerable.Range(0, random.Next(2, 5)).Select(_ => new Writer(test, accounts, options, random.Next())).ToList();
        var receipts = new Dictionary<string, EvidenceReceipt>(StringComparer.Ordinal);
        var brought = new List<EvidenceRecord>();
        var failed = 0;

        for (var wave = 0; wave < Waves; wave++)
        {
            var writer = writers[random.Next(writers.Count)];
            switch (random.Next(8))
            {
                case 0:
                    await writer.RestartAsync();
                    break;
                case 1:
                    foreach (var each in writers)
                        each.Clock.Advance(TimeSpan.FromDays(random.Next(1, 40)));
                    test.Clock.Advance(TimeSpan.FromDays(1));
                    break;
                case 2:
                    writer.Clock.AdjustTime(writer.Clock.GetUtcNow().AddSeconds(random.Next(-20, 20)));
                    break;
                default:
                    break;
            }
            writer.Trouble = random.Next(3) == 0 ? random.NextDouble() : 0;
            var wanted = Enumerable
                .Range(0, random.Next(1, 12))
                .Select(i =>
                {
                    if (brought.Count == 0 || random.Next(4) > 0)
                        brought.Add(test.Record($"r{wave}-{i}"));
                    return (
                        Record: random.Next(2) == 0 ? brought[^1] : brought[random.Next(brought.Count)],
                        Writer: writers[random.Next(writers.Count)]
                    );
                })
                .ToList();
            foreach (
                var (record, receipt) in await Task.WhenAll(
                    wanted.Select(async w => (w.Record, Receipt: await w.Writer.TryAppendAsync(w.Record)))
                )
            )
            {
                if (receipt is null)
                    failed++;
                else
                    Assert.Equal(receipts.TryAdd(record.Id, receipt) ? receipt : receipts[record.Id], receipt);
            }
        }
        // A last append that failed may leave a closed blob whose successor was not made yet, which a verifier warns of: one that goes well
        // ends that.
        foreach (var writer in writers)
            writer.Trouble = 0;
        brought.Add(test.Record("last"));
        receipts.Add("last", Assert.IsType<EvidenceReceipt>(await writers[0].TryAppendAsync(brought[^1])));
        foreach (var writer in writers)
            await writer.Log.DisposeAsync();

        // The auditor's view: there is no checkpoint, and nothing else is wrong.
        var source = new BlobLedgerSource(accounts.EvidenceBlobs, $"evm-{seed}");
        var verified = await new LedgerVerifier(source, new VerifyOptions { Keys = [] }).VerifyAsync(Stop);
        Assert.Equal([LedgerProblemKind.NoCheckpoint], verified.Problems.Select(p => p.Kind));
        Assert.Empty(verified.Warnings);
        var kept = await test.RecordsAsync();
        Assert.Equal(kept.Select(k => k.Id).Distinct(), kept.Select(k => k.Id));
        Assert.Empty(kept.Where(k => !k.OfTheLog).Select(k => k.Id).Except(brought.Select(b => b.Id)));
        var byId = kept.ToDictionary(k => k.Id, k => k.Receipt);
        Assert.All(receipts, r => Assert.Equal(byId[r.Key], r.Value));
        Assert.InRange(receipts.Count, 20, int.MaxValue);
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{receipts.Count} records acknowledged, {failed} appends failed, {kept.Count} lines"
        );
    }

    private sealed class Writer
    {
        private readonly TestLog _test;
        private readonly StorageFixture _accounts;
        private readonly LogOptions _options;
        private readonly Random _random;

        public Writer(TestLog test, StorageFixture accounts, LogOptions options, int seed)
        {
            (_test, _accounts, _options, _random) = (test, accounts, options, new Random(seed));
            Log = Open();
        }

        public FakeTimeProvider Clock { get; } = new(TestLog.Start);

        public AppendBlobEvidenceLog Log { get; private set; }

        /// <summary>Share of requests something happens to.</summary>
        public double Trouble { get; set; }

        public async Task RestartAsync()
        {
            await Log.DisposeAsync();
            Log = Open();
        }

        public async Task<EvidenceReceipt?> TryAppendAsync(EvidenceRecord record)
        {
            try
            {
                return await Log.AppendAsync(record, Stop);
            }
            catch (RequestFailedException e) when (e.ErrorCode != EvidenceReplaced.Code)
            {
                return null;
            }
        }

        private AppendBlobEvidenceLog Open()
        {
            var (storage, faults) = Faults.On(_accounts);
            faults.Before = (_, _) => Strikes(0.5) ? Fault() : null;
            faults.After = (_, _, answer) => Strikes(0.5) ? Fault() : answer;
            return _test.Open(storage, _options, Clock);
        }

        private bool Strikes(double share)
        {
            lock (_random)
                return _random.NextDouble() < Trouble * share;
        }

        private HttpResponseMessage Fault()
        {
            int which;
            lock (_random)
                which = _random.Next(7);
            return which switch
            {
                0 => throw new HttpRequestException("connection reset"),
                1 => throw new TaskCanceledException("no answer in time"),
                2 => Faults.Answer(HttpStatusCode.Conflict),
                3 => Faults.Answer(HttpStatusCode.PreconditionFailed),
                4 => Faults.Answer(HttpStatusCode.TooManyRequests),
                _ => Faults.Answer(HttpStatusCode.InternalServerError),
            };
        }
    }
}
