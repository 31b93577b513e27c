using System.Text;
using System.Text.Json;
using Compliance.Ledger.Format;
using Compliance.Ledger.Verification;
using Compliance.Text;

namespace ComplianceCli;

/// <summary>A record with all that is needed to see that a signed checkpoint covers it; nothing else has to be read.</summary>
/// <param name="Version">Version of this shape.</param>
/// <param name="Index">The record's place in the log, from 0.</param>
/// <param name="Record">Its bytes.</param>
/// <param name="Size">How many records the checkpoint covers.</param>
/// <param name="Hashes">The inclusion proof of RFC 9162 2.1.3, from the leaf upwards; 32 bytes each.</param>
/// <param name="Checkpoint">The signed checkpoint, a C2SP signed note.</param>
internal sealed record EvidenceProof(int Version, long Index, byte[] Record, long Size, IReadOnlyList<byte[]> Hashes, string Checkpoint)
{
    private const int MaxBytes = 10_000_000;

    /// <summary>Makes the proof from tiles: the bundle with the record, and two tiles at most for every eight levels of the tree.</summary>
    /// <param name="source">The ledger.</param>
    /// <param name="index">The record's place.</param>
    /// <param name="note">The checkpoint.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The proof, and how many tiles were read for its hashes.</returns>
    /// <exception cref="LedgerFormatException">A tile or the checkpoint cannot be used.</exception>
    /// <exception cref="IOException">The ledger cannot be read.</exception>
    public static async Task<(EvidenceProof Proof, int TileReads)> MakeAsync(
        ILedgerSource source,
        long index,
        byte[] note,
        CancellationToken cancellationToken
    )
    {
        var checkpoint = Compliance.Ledger.Format.Checkpoint.Parse(SignedNote.Parse(note).Text);
        if (index < 0 || index >= checkpoint.Size)
            throw new CliException($"the latest checkpoint covers {checkpoint.Size} records; record {index} is not among them yet");
        var tiles = new CountingTiles(source);
        var hashes = await MerkleProof.InclusionAsync(tiles, index, checkpoint.Size, cancellationToken);
        return (
            new(
                1,
                index,
                await RecordAsync(source, index, checkpoint.Size, cancellationToken),
                checkpoint.Size,
                hashes,
                Encoding.UTF8.GetString(note)
            ),
            tiles.Reads
        );
    }

    /// <summary>Reads a proof that was written before; anything may stand there.</summary>
    /// <exception cref="CliException">It is none.</exception>
    public static EvidenceProof Read(FileInfo file)
    {
        try
        {
            if (file.Length > MaxBytes)
                throw new CliException($"{file.FullName} is too long for a proof");
            return
                JsonSerializer.Deserialize<EvidenceProof>(File.ReadAllBytes(file.FullName), JsonSerializerOptions.Web)
                    is { Version: 1, Record: not null, Hashes: { } hashes, Checkpoint: not null } proof
                && hashes.All(h => h is not null)
                ? proof
                : throw new CliException($"{file.FullName} is no proof of a version known here");
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new CliException($"{file.FullName} cannot be read as a proof: {e.Message}", e);
        }
    }

    /// <summary>What the log is called, as the checkpoint says; null when it says nothing.</summary>
    public string? Origin()
    {
        try
        {
            return Compliance.Ledger.Format.Checkpoint.Parse(SignedNote.Parse(Encoding.UTF8.GetBytes(Checkpoint)).Text).Origin;
        }
        catch (LedgerFormatException)
        {
            return null;
        }
    }

    /// <summary>Why the proof does not hold; no objection and intact when it does.</summary>
    /// <param name="keys">The keys that are trusted.</param>
    /// <param name="origin">What the log has to be called; null for any.</param>
    public (LedgerVerdict Verdict, string? Objection) Judge(IReadOnlyList<NoteKey> keys, string? origin)
    {
        try
        {
            var note = SignedNote.Parse(Encoding.UTF8.GetBytes(Checkpoint));
            if (note.Verify(keys) is { Trusted: false } verdict)
                return (
                    verdict.Trust == NoteTrust.Refused ? LedgerVerdict.Tampered : LedgerVerdict.CannotTell,
                    $"the checkpoint is not trusted: {verdict.Reason}"
                );
            var signed = Compliance.Ledger.Format.Checkpoint.Parse(note.Text);
            if (origin is not null && signed.Origin != origin)
                return (LedgerVerdict.Tampered, $"the checkpoint is of another ledger: {Plain.Text(signed.Origin, 200)}");
            if (signed.Size != Size)
                return (LedgerVerdict.Tampered, $"the checkpoint covers {signed.Size} records, the proof is for {Size}");
            var leaf = new byte[MerkleHash.Size];
            MerkleHash.Leaf(Record, leaf);
            return
                Index >= 0
                && Index < Size
                && Hashes.All(h => h.Length == MerkleHash.Size)
                && MerkleProof.Inclusion(Index, Size, leaf, Hashes, signed.Root)
                ? (LedgerVerdict.Intact, null)
                : (LedgerVerdict.Tampered, "the record, its place and the hashes do not give the checkpoint's root");
        }
        catch (LedgerFormatException e)
        {
            return (LedgerVerdict.Tampered, $"the checkpoint cannot be read: {e.Message}");
        }
    }

    private static async Task<byte[]> RecordAsync(ILedgerSource source, long index, long size, CancellationToken cancellationToken)
    {
        var bundle = index / TilePath.Width;
        var width = (int)Math.Min(TilePath.Width, size - (bundle * TilePath.Width));
        const int max = TilePath.Width * (EntryBundle.MaxEntry + EntryBundle.PrefixSize);
        foreach (var wide in new[] { width, TilePath.Width })
            if (await source.FindAsync(TilePath.Entries(bundle, wide), max, cancellationToken) is { } bytes)
                return EntryBundle.Parse(bytes, wide)[(int)(index % TilePath.Width)].ToArray();
        throw new LedgerFormatException($"{TilePath.Entries(bundle, width)} is missing", 0);
    }

    private sealed class CountingTiles(ITileSource tiles) : ITileSource
    {
        public int Reads { get; private set; }

        public Task<byte[]> ReadAsync(TileRef tile, CancellationToken cancellationToken)
        {
            Reads++;
            return tiles.ReadAsync(tile, cancellationToken);
        }
    }
}
