using Compliance.Ledger.Checkpoints;
using Compliance.Ledger.Format;
using Compliance.Ledger.Verification;
using Compliance.Tests.Ledger.Append;
using Compliance.Tests.Storage;
using Microsoft.Extensions.Logging.Testing;
using Testing;
using static Compliance.Tests.Ledger.Checkpoints.Ledgers;

namespace Compliance.Tests.Ledger.Checkpoints;

/// <summary>The log as it is written, the checkpointer and the auditor's verifier together.</summary>
public sealed class WholeLedgerTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task What_the_log_writes_over_months_and_keys_is_signed_so_that_the_verifier_finds_it_intact()
    {
        var ledger = new Ledgers(azurite);
        var written = new TestLog(azurite, ledger.Tenant);
        using var log = written.Open(options: new() { MaxBlocks = 40 });
        var (old, fresh) = (ledger.Key, new MemoryKey(NewPem()));
        NoteKey[] both = [fresh.Of(ledger.Origin).Key, old.Of(ledger.Origin).Key];
        Task<CheckpointOutcome> CheckpointAsync(MemoryKey key) =>
            new LedgerCheckpointer(
                Faults.Storage(azurite),
                new(key, both),
                log,
                ledger.Options,
                written.Clock,
                new FakeLogger<LedgerCheckpointer>()
            ).CheckpointAsync(ledger.Tenant, Stop);

        for (var i = 0; i < 150; i++)
        {
            await log.AppendAsync(written.Record($"r{i}"), Stop);
            if (i % 50 == 49)
                Assert.True((await CheckpointAsync(old)).Signed);
            if (i == 60)
                written.Clock.Advance(TimeSpan.FromDays(31));
        }
        var kept = (await CheckpointAsync(old)).Head!.Note;
        Assert.True((await CheckpointAsync(fresh)).Signed);

        var verified = await new LedgerVerifier(ledger.Source, new() { Keys = both, Kept = kept }).VerifyAsync(Stop);
        var records = await written.RecordsAsync();
        // Four numbered ones, the latest and the one that was kept.
        Assert.Equal(
            (LedgerVerdict.Intact, (long)records.Count, 0L, 6),
            (verified.Verdict, verified.Covered, verified.NotYetCovered, verified.Checkpoints)
        );
        Assert.Empty(verified.Problems);
        Assert.Equal(LedgerCheckpointer.KeyRotated, records[^1].Action);
        Assert.True((await written.PathsAsync()).Count >= 4);
    }
}
