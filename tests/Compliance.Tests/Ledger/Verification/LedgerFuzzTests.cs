using System.Text;
using Compliance.Ledger.Format;
using Compliance.Ledger.Verification;
using CsCheck;
using Testing;

namespace Compliance.Tests.Ledger.Verification;

/// <summary>
/// Whatever stands in a ledger's files, the verifier ends, throws nothing, and calls nothing intact that is not what was signed.
/// </summary>
public sealed class LedgerFuzzTests
{
    private const int Records = 300;

    private static readonly Gen<(int File, int Kind, double At, double Length, byte[] Bytes)> Spoil = Gen.Select(
        Gen.Int[0, 1_000],
        Gen.Int[0, 6],
        Gen.Double[0, 1],
        Gen.Double[0, 1],
        Gen.Byte.Array[1, 40]
    );

    private static readonly string[] Odd =
    [
        "{\"id\":\"a\",\"id\":\"b\"}",
        "{\"id\":\"\\ud800\"}",
        "{\"id\":1}",
        "{}",
        "null",
        "{\"loggedAt\":\"0000-00-00\"}",
        "{\"id\":\"x\",\"version\":99999999999999999999}",
        LedgerFolder.Line(0),
        "",
    ];

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static async Task<LedgerVerification> VerifyAsync(ILedgerSource source, NoteKey key)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        patience.CancelAfter(TimeSpan.FromSeconds(60));
        return await new LedgerVerifier(source, new VerifyOptions { Keys = [key] }).VerifyAsync(patience.Token);
    }

    [Fact]
    public async Task Any_change_to_any_file_is_no_intact_ledger()
    {
        using var ledger = await LedgerFolder.OfAsync(Records, 100, Records);
        var files = Directory
            .EnumerateFiles(ledger.Root, "*", SearchOption.AllDirectories)
            .Select(f => Path.GetRelativePath(ledger.Root, f).Replace('\\', '/'))
            .Order(StringComparer.Ordinal)
            .ToDictionary(f => f, ledger.Read);
        Assert.Equal(LedgerVerdict.Intact, (await VerifyAsync(new MemoryLedger(files), ledger.Key)).Verdict);
        var told = 0;
        var times = TestSize.Times(600);

        await Spoil.SampleAsync(
            async spoil =>
            {
                var path = files.Keys.ElementAt(spoil.File % files.Count);
                var (before, after) = (files[path], Spoiled(files[path], spoil));
                if (before.AsSpan().SequenceEqual(after))
                    return;
                var result = await VerifyAsync(new MemoryLedger(new Dictionary<string, byte[]>(files) { [path] = after! }), ledger.Key);
                if (result.Verdict != LedgerVerdict.Intact)
                {
                    Interlocked.Increment(ref told);
                    return;
                }
                // What comes after the last signed byte was never vouched for; tiles of an earlier size are not read any more; and of an
                // earlier checkpoint that is gone nothing tells, but the later one vouches for all that it did. One and the same signature
                // written twice signs the same.
                Assert.True(
                    (path == LedgerLayout.Checkpoint(100) && after is null)
                        || IsSignedAlike(path, before, after)
                        || (path.StartsWith(LedgerLayout.LogFolder, StringComparison.Ordinal) && after.AsSpan().StartsWith(before))
                        || (TilePath.TryParse(path, out var tile) && tile.Width is 100),
                    $"{path} was changed ({spoil.Kind} at {spoil.At}) and called intact"
                );
            },
            iter: times,
            threads: 2
        );

        Assert.InRange(told, times / 2, times);
    }

    private static bool IsSignedAlike(string path, byte[] before, byte[]? after)
    {
        if (after is null || (path != LedgerLayout.Head && !LedgerLayout.TryParseCheckpoint(path, out _)))
            return false;
        static IEnumerable<string> Signatures(SignedNote note) =>
            note.Signatures.Select(s => $"{s.Name} {s.KeyId} {Convert.ToHexStringLower(s.Signature)}").Distinct();
        var (was, now) = (SignedNote.Parse(before), SignedNote.Parse(after));
        return was.Text == now.Text && Signatures(was).SequenceEqual(Signatures(now));
    }

    [Fact]
    public async Task A_signature_that_is_there_twice_signs_the_same_and_one_that_was_changed_does_not()
    {
        using var ledger = await LedgerFolder.OfAsync(10, 10);
        var note = Encoding.UTF8.GetString(ledger.Read(LedgerLayout.Head));
        var signature = note[(note.IndexOf("\n\n", StringComparison.Ordinal) + 2)..];
        var parts = signature.TrimEnd('\n').Split(' ');
        var bytes = Convert.FromBase64String(parts[2]);
        bytes[^1] ^= 1;
        var changed = $"{parts[0]} {parts[1]} {Convert.ToBase64String(bytes)}\n";

        foreach (var (added, verdict) in new[] { (signature, LedgerVerdict.Intact), (changed, LedgerVerdict.Tampered) })
        {
            ledger.Write(LedgerLayout.Head, Encoding.UTF8.GetBytes(note + added));
            Assert.Equal(verdict, (await ledger.VerifyAsync()).Verdict);
        }
    }

    [Fact]
    public async Task Any_bytes_at_all_are_read_to_an_end()
    {
        using var ledger = await LedgerFolder.OfAsync(10, 10);
        string[] paths =
        [
            LedgerLayout.Log(2026, 11, 1),
            LedgerLayout.Log(2026, 11, 2),
            LedgerLayout.Head,
            LedgerLayout.Checkpoint(10),
            TilePath.Create(0, 0, 10),
            TilePath.Entries(0, 10),
        ];
        var lines = Gen.OneOf(
            Gen.Byte.Array[0, 300],
            Gen.Int[0, 4_000].Select(n => Encoding.UTF8.GetBytes(new string('[', n))),
            Gen.Int[0, 4_000].Select(n => Encoding.UTF8.GetBytes("{\"id\":" + new string('[', n))),
            Gen.Int[0, 100_000].Select(n => new byte[n]),
            Gen.Int[0, Odd.Length - 1].Select(i => Encoding.UTF8.GetBytes(Odd[i]))
        );

        await Gen.Select(Gen.Int[0, paths.Length - 1], lines.List[0, 8], Gen.Bool)
            .SampleAsync(
                async (file, content, withLineFeeds) =>
                {
                    var files = paths.Where(p => File.Exists(ledger.PathOf(p))).ToDictionary(p => p, ledger.Read);
                    files[paths[file]] = [.. content.SelectMany(l => withLineFeeds ? [.. l, (byte)'\n'] : l)];

                    var result = await VerifyAsync(new MemoryLedger(files), ledger.Key);

                    Assert.True(result.Problems.Count <= LedgerVerifier.MaxProblems);
                    Assert.All(result.Problems, p => Assert.DoesNotContain(p.Message, char.IsControl));
                },
                iter: TestSize.Times(400),
                threads: 2
            );
    }

    private static byte[]? Spoiled(byte[] bytes, (int File, int Kind, double At, double Length, byte[] Bytes) spoil)
    {
        var at = Math.Min(bytes.Length, (int)(spoil.At * bytes.Length));
        var length = Math.Min(bytes.Length - at, Math.Max(1, (int)(spoil.Length * Math.Min(400, bytes.Length))));
        switch (spoil.Kind)
        {
            case 0: // Bits.
                var flipped = bytes.ToArray();
                if (flipped.Length > 0)
                    flipped[Math.Min(at, flipped.Length - 1)] ^= (byte)(1 << (spoil.Bytes[0] % 8));
                return flipped;
            case 1: // Cut off.
                return bytes[..at];
            case 2: // Taken out.
                return [.. bytes[..at], .. bytes[(at + length)..]];
            case 3: // Put in.
                return [.. bytes[..at], .. spoil.Bytes, .. bytes[at..]];
            case 4: // Overwritten.
                return [.. bytes[..at], .. spoil.Bytes, .. bytes[Math.Min(bytes.Length, at + spoil.Bytes.Length)..]];
            case 5: // Doubled.
                return [.. bytes[..(at + length)], .. bytes[at..]];
            default: // Gone.
                return null;
        }
    }
}
