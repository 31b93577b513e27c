using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Compliance.AuditPack;
using Compliance.Changes.Approvals;
using Compliance.Ledger.Format;
using Compliance.Tests.Ledger.Verification;

namespace Compliance.Tests.AuditPack;

/// <summary>Which records a pack has, that each of them is proven, and when there is none.</summary>
public sealed class EvidencePackTests : IDisposable
{
    private readonly PackDesk _desk = new();

    public void Dispose() => _desk.Dispose();

    [Fact]
    public async Task Records_of_the_time_are_in_it_verbatim_and_no_others()
    {
        using var ledger = await LedgerFolder.OfAsync(20, 20);

        var made = await _desk.MakeAsync(ledger, PackDesk.Of(ledger, 5, 8));

        Assert.Equal([LedgerFolder.Line(5), LedgerFolder.Line(6), LedgerFolder.Line(7)], _desk.Lines("records.jsonl"));
        Assert.Equal(
            (
                3,
                20,
                Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(_desk.File, TestContext.Current.CancellationToken)))
            ),
            (made.Records, made.CheckpointSize, made.Sha256)
        );
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 2)]
    [InlineData(7, 7)]
    [InlineData(255, 256)]
    [InlineData(300, 300)]
    [InlineData(700, 700)]
    public async Task Each_record_is_proven_to_the_checkpoint(int records, int checkpoint)
    {
        using var ledger = await LedgerFolder.OfAsync(checkpoint, checkpoint);
        var from = Math.Max(0, records - 600);

        await _desk.MakeAsync(ledger, PackDesk.Of(ledger, from, records));

        var (lines, proofs) = (_desk.Lines("records.jsonl"), _desk.Lines("proofs.jsonl"));
        var root = Checkpoint.Parse(SignedNote.Parse(ledger.Read(LedgerLayout.Checkpoint(checkpoint))).Text).Root;
        Assert.Equal(records - from, proofs.Length);
        for (var i = 0; i < proofs.Length; i++)
        {
            var proof = JsonDocument.Parse(proofs[i]).RootElement;
            var leaf = new byte[MerkleHash.Size];
            MerkleHash.Leaf(Encoding.UTF8.GetBytes(lines[i]), leaf);
            Assert.Equal(
                (from + i, JsonDocument.Parse(lines[i]).RootElement.GetProperty("id").GetString(), Convert.ToHexStringLower(leaf)),
                (proof.GetProperty("index").GetInt64(), proof.GetProperty("id").GetString(), proof.GetProperty("leafHash").GetString())
            );
            Assert.True(
                MerkleProof.Inclusion(
                    from + i,
                    checkpoint,
                    leaf,
                    [.. proof.GetProperty("hashes").EnumerateArray().Select(h => Convert.FromHexString(h.GetString()!))],
                    root
                )
            );
        }
    }

    [Fact]
    public async Task The_same_data_gives_the_same_bytes()
    {
        using var ledger = await LedgerFolder.OfAsync(30, 20, 30);
        var state = PackDesk.State(
            [PackDesk.Finding("CRED-001", 6), PackDesk.Finding("CRED-002", 5)],
            [PackDesk.Approval(7, new ApprovalAnswer("a", true, PackDesk.Start.AddSeconds(8), "ok"))]
        );
        var first = await _desk.MakeAsync(ledger, PackDesk.Of(ledger, 5, 10), state);

        // Later, with a longer log and more checkpoints, and what is read coming in another order.
        ledger.Append();
        await ledger.CheckpointAsync();
        ledger.Append();
        var second = await _desk.MakeAsync(ledger, PackDesk.Of(ledger, 5, 10), state with { Findings = [.. state.Findings.Reverse()] });

        Assert.Equal((first.Sha256, 20), (second.Sha256, second.CheckpointSize));
    }

    [Fact]
    public async Task The_checkpoint_is_the_first_that_covers_the_last_record()
    {
        using var ledger = await LedgerFolder.OfAsync(9, 3, 5, 9);

        Assert.Equal(3, (await _desk.MakeAsync(ledger, PackDesk.Of(ledger, 0, 3))).CheckpointSize);
        Assert.Equal(5, (await _desk.MakeAsync(ledger, PackDesk.Of(ledger, 0, 4))).CheckpointSize);
        Assert.Equal(ledger.Read(LedgerLayout.Checkpoint(5)), Encoding.UTF8.GetBytes(_desk.Read("checkpoint")));
    }

    [Fact]
    public async Task Lines_without_a_time_and_times_beyond_are_left_out_and_told()
    {
        using var ledger = await LedgerFolder.OfAsync(3);
        ledger.Append("{\"action\":\"credentials.check\",\"id\":\"cut");
        ledger.Append();
        ledger.Append(LedgerFolder.Line(5, id: "clock", loggedAt: LedgerFolder.Start.AddDays(-1), action: "ledger.clock-back"));
        ledger.Append();
        ledger.Append();
        ledger.Append("{\"id\":\"cut again, beyond");
        await ledger.CheckpointAsync();

        var made = await _desk.MakeAsync(ledger, PackDesk.Of(ledger, 1, 7));

        Assert.Equal(
            (4, "1-2, 4, 6"),
            (
                made.Records,
                string.Join(
                    ", ",
                    _desk
                        .Lines("proofs.jsonl")
                        .Select(l => JsonDocument.Parse(l).RootElement.GetProperty("index").GetInt64())
                        .Aggregate(
                            new List<LeafRun>(),
                            (runs, i) =>
                            {
                                LeafRun.Add(runs, i);
                                return runs;
                            }
                        )
                )
            )
        );
        Texts.AuditPack.Expect("the guide of a line without a time", Line("VERIFY.md"));
        Texts.AuditPack.Expect("the page of a line without a time", Line("index.html"));

        string Line(string file) => Assert.Single(_desk.Lines(file), line => line.Contains("without a time", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Records_of_an_unknown_version_are_in_it()
    {
        using var ledger = await LedgerFolder.OfAsync(2);
        ledger.Append(LedgerFolder.Line(2, version: "99", more: ",\"new\":{\"controls\":[1,[2]]}"));
        await ledger.CheckpointAsync();

        await _desk.MakeAsync(ledger, PackDesk.Of(ledger, 0, 9));

        Assert.Contains("\"version\":99", _desk.Lines("records.jsonl")[2], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(5, 5)]
    [InlineData(5, 4)]
    public async Task A_time_that_ends_before_it_begins_is_refused(int from, int to)
    {
        using var ledger = await LedgerFolder.OfAsync(9, 9);

        await RefusedAsync(ledger, PackDesk.Of(ledger, from, to), PackRefusal.Usage, "ends (2026-11-01T06:00:0");
    }

    [Fact]
    public async Task A_time_without_a_record_is_refused()
    {
        using var ledger = await LedgerFolder.OfAsync(9, 9);

        await RefusedAsync(
            ledger,
            PackDesk.Of(ledger, 9, 99),
            PackRefusal.CannotDecide,
            "no record was logged from 2026-11-01T06:00:09Z until 2026-11-01T06:01:39Z"
        );
    }

    [Fact]
    public async Task A_log_that_does_not_exist_is_refused()
    {
        using var ledger = new LedgerFolder();

        await RefusedAsync(ledger, PackDesk.Of(ledger, 0, 9), PackRefusal.CannotDecide, "there is no record");
    }

    [Theory]
    [InlineData(new int[0])]
    [InlineData(new[] { 4 })]
    public async Task Records_that_no_checkpoint_covers_yet_are_refused(int[] checkpoints)
    {
        using var ledger = await LedgerFolder.OfAsync(9, checkpoints);

        await RefusedAsync(ledger, PackDesk.Of(ledger, 2, 5), PackRefusal.CannotDecide, "run a checkpoint first");
    }

    [Fact]
    public async Task A_tampered_ledger_is_refused_with_the_reason()
    {
        using var ledger = await LedgerFolder.OfAsync(9, 9);
        ledger.Edit(lines => lines[3] = lines[3].Replace("complete", "completE", StringComparison.Ordinal));

        await RefusedAsync(ledger, PackDesk.Of(ledger, 5, 8), PackRefusal.Tampered, "record 3 (run-3/check)");
    }

    [Fact]
    public async Task A_changed_tile_is_refused()
    {
        using var ledger = await LedgerFolder.OfAsync(9, 9);
        var tile = TilePath.Create(0, 0, 9);
        var hashes = ledger.Read(tile);
        hashes[200] ^= 1;
        ledger.Write(tile, hashes);

        await RefusedAsync(ledger, PackDesk.Of(ledger, 0, 3), PackRefusal.Tampered, "was changed");
    }

    [Fact]
    public async Task Another_key_than_the_one_that_signed_is_refused()
    {
        using var ledger = await LedgerFolder.OfAsync(9, 9);
        using var stranger = LedgerFolder.Stranger();

        await RefusedAsync(
            ledger,
            PackDesk.Of(ledger, 0, 3) with
            {
                Keys = [stranger.Key],
            },
            PackRefusal.CannotDecide,
            "none of the checkpoints is signed by a known key"
        );
        await RefusedAsync(ledger, PackDesk.Of(ledger, 0, 3) with { Keys = [] }, PackRefusal.CannotDecide, "no key was given");
    }

    [Fact]
    public async Task A_log_that_changes_between_verification_and_packing_is_refused()
    {
        using var ledger = await LedgerFolder.OfAsync(9, 9);
        var source = new ChangingSource(
            ledger.Source,
            afterLogs: 1,
            () => ledger.Edit(lines => lines[3] = lines[3].Replace("\"objects\":3", "\"objects\":7", StringComparison.Ordinal))
        );

        var e = await Assert.ThrowsAsync<PackException>(() => _desk.MakeAsync(source, PackDesk.Of(ledger, 0, 9)));

        Assert.Equal(PackRefusal.Tampered, e.Refusal);
        Texts.AuditPack.Expect("a record that changes while the pack is made", e.Message);
        Assert.Empty(Directory.GetFileSystemEntries(_desk.Folder));
    }

    private async Task RefusedAsync(LedgerFolder ledger, PackRequest request, PackRefusal refusal, string saying)
    {
        var e = await Assert.ThrowsAsync<PackException>(() => _desk.MakeAsync(ledger, request));

        Assert.Equal(refusal, e.Refusal);
        Assert.Contains(saying, e.Message, StringComparison.Ordinal);
        // Nothing is left behind.
        Assert.Empty(Directory.GetFileSystemEntries(_desk.Folder));
    }
}
