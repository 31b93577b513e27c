using System.Security.Cryptography;
using System.Text;
using Compliance.Ledger.Format;
using Compliance.Tests.Ledger.Verification;

namespace Compliance.Tests.AuditPack;

/// <summary>VERIFY.md with sh, openssl and sha256sum: it accepts a pack, and sees at the right step whatever was changed in it.</summary>
public sealed class VerifyByHandTests : IDisposable
{
    private readonly PackDesk _desk = new();

    public void Dispose() => _desk.Dispose();

    [Theory]
    [InlineData(1, 0, 1)]
    [InlineData(13, 0, 13)]
    [InlineData(21, 16, 21)]
    [InlineData(300, 253, 259)]
    public async Task A_pack_passes(int size, int from, int to)
    {
        using var ledger = await LedgerFolder.OfAsync(size, size);
        await _desk.MakeAsync(ledger, PackDesk.Of(ledger, from, to), PackDesk.State([PackDesk.Finding("CRED-001", from)]));

        var (code, said) = await Shell.VerifyAsync(_desk.Unpack());

        Assert.True(code == 0, said);
        Assert.Contains("Verified OK", said, StringComparison.Ordinal);
        Assert.EndsWith("every record leads to the signed root\n", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_record_with_quotes_percent_signs_and_backslashes_passes()
    {
        using var ledger = new LedgerFolder();
        ledger.Append(
            LedgerFolder.Line(0, id: """a%s\\n \"leafHash\":\"00\" $(id) `id` é""", more: ""","reason":"  %b\\0 'x' "  """.TrimEnd())
        );
        ledger.Append();
        await ledger.CheckpointAsync();
        await _desk.MakeAsync(ledger, PackDesk.Of(ledger, 0, 2));

        var (code, said) = await Shell.VerifyAsync(_desk.Unpack());

        Assert.True(code == 0, said);
    }

    [Fact]
    public async Task A_checkpoint_signed_by_two_keys_passes()
    {
        using var ledger = await LedgerFolder.OfAsync(4);
        using var other = LedgerFolder.Stranger();
        await ledger.CheckpointAsync();
        var note = SignedNote.Parse(ledger.Read(LedgerLayout.Head));
        var both = await SignedNote.SignAsync(note.Text, [other], TestContext.Current.CancellationToken);
        var bytes = new SignedNote(note.Text, [.. note.Signatures, .. both.Signatures]).Format();
        ledger.Write(LedgerLayout.Head, bytes);
        ledger.Write(LedgerLayout.Checkpoint(4), bytes);
        await _desk.MakeAsync(ledger, PackDesk.Of(ledger, 0, 4) with { Keys = [ledger.Key, other.Key] });

        var (code, said) = await Shell.VerifyAsync(_desk.Unpack());

        Assert.True(code == 0, said);
        Assert.Equal(2, said.Split("Verified OK").Length - 1);
    }

    [Fact]
    public async Task A_changed_record_fails_at_the_digests()
    {
        var folder = await PackAsync();
        Change(folder, "records.jsonl", "\"objects\":4", "\"objects\":5");

        await FailsAsync(folder, "records.jsonl: FAILED");
    }

    [Fact]
    public async Task A_changed_record_with_a_digest_to_match_fails_at_the_leaf()
    {
        var folder = await PackAsync();
        Change(folder, "records.jsonl", "\"objects\":4", "\"objects\":5");
        Sum(folder, "records.jsonl");

        await FailsAsync(folder, "check/leaves check/claimed differ");
    }

    [Fact]
    public async Task A_changed_record_with_leaf_and_digests_to_match_fails_at_the_root()
    {
        var folder = await PackAsync();
        var before = Leaf(LedgerFolder.Line(4));
        Change(folder, "records.jsonl", "\"objects\":4", "\"objects\":5");
        Change(
            folder,
            "proofs.jsonl",
            before,
            Leaf(LedgerFolder.Line(4).Replace("\"objects\":4", "\"objects\":5", StringComparison.Ordinal))
        );
        Sum(folder, "records.jsonl", "proofs.jsonl");

        await FailsAsync(folder, "record 4 does not lead to the signed root");
    }

    [Fact]
    public async Task A_changed_checkpoint_with_digests_to_match_fails_at_the_signature()
    {
        var folder = await PackAsync();
        Change(folder, "checkpoint", "\n9\n", "\n8\n");
        Sum(folder, "checkpoint");

        await FailsAsync(folder, "Verification failure");
    }

    [Fact]
    public async Task A_checkpoint_that_the_key_did_not_sign_fails()
    {
        var folder = await PackAsync();
        using var other = LedgerFolder.Stranger();
        var text = SignedNote
            .Parse(await File.ReadAllBytesAsync(Path.Combine(folder, "checkpoint"), TestContext.Current.CancellationToken))
            .Text;
        await File.WriteAllBytesAsync(
            Path.Combine(folder, "checkpoint"),
            (await SignedNote.SignAsync(text, [other], TestContext.Current.CancellationToken)).Format(),
            TestContext.Current.CancellationToken
        );
        Sum(folder, "checkpoint");

        var (code, said) = await Shell.VerifyAsync(folder);

        Assert.NotEqual(0, code);
        Assert.DoesNotContain("Verified OK", said, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_record_that_was_left_out_is_named()
    {
        var folder = await PackAsync();
        foreach (var name in (string[])["records.jsonl", "proofs.jsonl"])
        {
            var lines = await File.ReadAllLinesAsync(Path.Combine(folder, name), TestContext.Current.CancellationToken);
            await File.WriteAllTextAsync(
                Path.Combine(folder, name),
                string.Concat(lines.Where((_, i) => i != 3).Select(l => l + '\n')),
                TestContext.Current.CancellationToken
            );
        }
        Sum(folder, "records.jsonl", "proofs.jsonl");

        var (code, said) = await Shell.VerifyAsync(folder);

        Assert.True(code == 0, said);
        Assert.Contains("places 3 to 3 are not in this pack", said, StringComparison.Ordinal);
    }

    private async Task<string> PackAsync()
    {
        using var ledger = await LedgerFolder.OfAsync(9, 9);
        await _desk.MakeAsync(ledger, PackDesk.Of(ledger, 0, 9));
        return _desk.Unpack();
    }

    private static async Task FailsAsync(string folder, string saying)
    {
        var (code, said) = await Shell.VerifyAsync(folder);

        Assert.NotEqual(0, code);
        Assert.Contains(saying, said, StringComparison.Ordinal);
    }

    private static void Change(string folder, string name, string old, string now)
    {
        var path = Path.Combine(folder, name);
        var text = File.ReadAllText(path);
        Assert.Contains(old, text, StringComparison.Ordinal);
        File.WriteAllText(path, text.Replace(old, now, StringComparison.Ordinal));
    }

    private static void Sum(string folder, params string[] names)
    {
        var path = Path.Combine(folder, "SHA256SUMS");
        File.WriteAllText(
            path,
            string.Concat(
                File.ReadAllLines(path)
                    .Select(l => l[66..])
                    .Select(name => $"{Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(Path.Combine(folder, name))))}  {name}\n")
            )
        );
        Assert.All(names, name => Assert.Contains(name, File.ReadAllText(path), StringComparison.Ordinal));
    }

    private static string Leaf(string line)
    {
        var leaf = new byte[MerkleHash.Size];
        MerkleHash.Leaf(Encoding.UTF8.GetBytes(line), leaf);
        return Convert.ToHexStringLower(leaf);
    }
}
