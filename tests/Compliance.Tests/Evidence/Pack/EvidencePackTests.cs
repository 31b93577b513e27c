using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Compliance.Evidence.Ledger;
using Compliance.Tests.Evidence.Verify;

namespace Compliance.Tests.Evidence.Pack;

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
        Assert.Equal((3, 20, Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(_desk.File, TestContext.Current.CancellationToken)))), (made.Records, made.CheckpointSize, made.Sha256));
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
            Assert.Equal((from + i, JsonDocument.Parse(lines[i]).RootElement.GetProperty("id").GetString(), Convert.ToHexStringLower(leaf)),
                (proof.GetProperty("index").GetInt64(), proof.GetProperty("id").GetString(), proof.GetProperty("leafHash").GetString()));
            Assert.True(MerkleProof.Inclusion(from + i, checkpoint, leaf, [.. proof.GetProperty("hashes").EnumerateArray().Select(h => Convert.FromHexString(h.GetString()!))], root));
        }
    }
}
