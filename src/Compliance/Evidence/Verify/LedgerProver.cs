using System.Text;
using Compliance.Evidence.Ledger;

namespace Compliance.Evidence.Verify;

/// <summary>What came of asking for a proof.</summary>
/// <param name="Verdict">Intact when there is one, and it holds; otherwise why there is none.</param>
/// <param name="Message">For people.</param>
/// <param name="TileReads">Tiles of hashes that were read.</param>
internal record ProofResult(LedgerVerdict Verdict, string Message, int TileReads);

/// <summary>That a record is in the log.</summary>
/// <param name="Verdict"><inheritdoc cref="ProofResult"/></param>
/// <param name="Message">For people.</param>
/// <param name="TileReads">Tiles of hashes that were read.</param>
/// <param name="Proof">The proof, checked; null when there is none.</param>
internal sealed record InclusionResult(LedgerVerdict Verdict, string Message, int TileReads, RecordProof? Proof) : ProofResult(Verdict, Message, TileReads);

/// <summary>That a checkpoint goes on from another.</summary>
/// <param name="Verdict"><inheritdoc cref="ProofResult"/></param>
/// <param name="Message">For people.</param>
/// <param name="TileReads">Tiles of hashes that were read.</param>
/// <param name="Proof">The hashes of RFC 6962 section 2.1.2; null when there are none.</param>
internal sealed record ConsistencyResult(LedgerVerdict Verdict, string Message, int TileReads, IReadOnlyList<byte[]>? Proof) : ProofResult(Verdict, Message, TileReads);

/// <summary>Makes proofs from a log's tiles, and checks each before it is handed out. Of a log of n records it reads two tiles at most for every eight levels of the tree: O(log n).</summary>
/// <param name="source">The log. Nothing it gives is trusted.</param>
/// <param name="keys">The keys that are trusted.</param>
/// <param name="origin">What the log has to be called; null for any.</param>
internal sealed class LedgerProver(ILedgerSource source, IReadOnlyCollection<NoteKey> keys, string? origin = null)
{
    private const int MostBundle = TilePath.Width * (EntryBundle.PrefixSize + EntryBundle.MaxEntry);

    /// <summary>Proves that the record at a place is in the log, with a bundle of entries and O(log n) tiles.</summary>
    /// <param name="index">The place, from 0.</param>
    /// <param name="stop">Stops the reading.</param>
    /// <exception cref="IOException">The log cannot be read.</exception>
    public async Task<InclusionResult> RecordAsync(long index, CancellationToken stop)
    {
        if (await LatestAsync(stop) is not { } latest)
            return NoCheckpoint();
        if (index < 0 || index >= latest.Checkpoint.Size)
            return NotCovered(index, latest);
        var record = await EntryAsync(index, latest.Checkpoint.Size, stop) ?? (await FindAsync((at, _) => at == index, stop))?.Line;
        return record is not null
            ? await ProveAsync(index, record, latest, stop)
            : new(LedgerVerdict.Tampered, $"the log ends before record {index}, which its checkpoint covers", 0, null);
    }

    /// <summary>Proves that a record is in the log. The log is read until it is found.</summary>
    /// <param name="id">The record's id.</param>
    /// <param name="stop">Stops the reading.</param>
    /// <exception cref="IOException">The log cannot be read.</exception>
    public async Task<InclusionResult> RecordAsync(string id, CancellationToken stop)
    {
        if (await LatestAsync(stop) is not { } latest)
            return NoCheckpoint();
        if (await FindAsync((_, line) => RecordFacts.Of(line).Id == id, stop) is not { } found)
            return new(LedgerVerdict.CannotTell, $"there is no record {Plain.Text(id, 200)} in the log", 0, null);
        return found.Index >= latest.Checkpoint.Size ? NotCovered(found.Index, latest) : await ProveAsync(found.Index, found.Line, latest, stop);
    }

    /// <summary>Checks that a checkpoint goes on from an older one: both signatures, and that one log has both.</summary>
    /// <param name="older">The older checkpoint's note.</param>
    /// <param name="newer">The newer one's.</param>
    /// <param name="stop">Stops the reading.</param>
    /// <exception cref="IOException">The tiles cannot be read.</exception>
    public async Task<ConsistencyResult> ConsistencyAsync(byte[] older, byte[] newer, CancellationToken stop)
    {
        var (one, two) = (Trust("the older checkpoint", older), Trust("the newer checkpoint", newer));
        foreach (var side in (Trusted[])[one, two])
        {
            if (side.Verdict != LedgerVerdict.Intact)
                return new(side.Verdict, side.Message, 0, null);
        }
        var (old, now) = (one.Checkpoint, two.Checkpoint);
        if (old.Origin != now.Origin)
            return new(LedgerVerdict.Tampered, $"they are of two logs: {Plain.Text(old.Origin, 200)} and {Plain.Text(now.Origin, 200)}", 0, null);
        if (old.Size > now.Size)
            return new(LedgerVerdict.CannotTell, $"the older checkpoint covers {old.Size} records and the newer one {now.Size}: they are the wrong way round", 0, null);
        if (old.Size == now.Size && !old.Root.AsSpan().SequenceEqual(now.Root))
            return new(LedgerVerdict.Tampered, $"split view: both cover {now.Size} records and are signed, but not the same records", 0, null);
        var tiles = new CountingTiles(source);
        IReadOnlyList<byte[]> proof;
        try
        {
            proof = await MerkleProof.ConsistencyAsync(tiles, old.Size, now.Size, stop);
        }
        catch (LedgerFormatException e)
        {
            return new(LedgerVerdict.CannotTell, $"no proof can be made: {Plain.Text(e.Message, 300)}", tiles.Reads, null);
        }
        return MerkleProof.Consistency(old.Size, now.Size, old.Root, now.Root, proof)
            ? new(LedgerVerdict.Intact, $"the log of {now.Size} records begins with all {old.Size} of the older checkpoint; signed by {one.Message} and {two.Message}", tiles.Reads, proof)
            : new(LedgerVerdict.Tampered, await WhyAsync(old, now, stop), tiles.Reads, null);
    }

    /// <summary>Reads a checkpoint of the log by its size.</summary>
    /// <returns>Null when there is none.</returns>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="LedgerFormatException">It is too long to be one.</exception>
    public Task<byte[]?> CheckpointAsync(long size, CancellationToken stop) => source.FindAsync(LedgerLayout.Checkpoint(size), SignedNote.MaxBytes, stop);

    private InclusionResult NoCheckpoint() => new(LedgerVerdict.CannotTell, keys.Count == 0 ? "no key was given" : "there is no checkpoint that a known key signed", 0, null);

    private static InclusionResult NotCovered(long index, (Checkpoint Checkpoint, string Note) latest) =>
        new(LedgerVerdict.CannotTell, $"record {index} is not covered by a checkpoint yet: the latest covers {latest.Checkpoint.Size} records", 0, null);

    // The tiles give their own root; when they give the newer one's, it is the checkpoints that disagree.
    private async Task<string> WhyAsync(Checkpoint old, Checkpoint now, CancellationToken stop)
    {
        byte[]? whole = null;
        try
        {
            whole = await MerkleProof.RootAsync(source, now.Size, stop);
        }
        catch (LedgerFormatException)
        {
            // They give nothing at all.
        }
        return whole.AsSpan().SequenceEqual(now.Root)
            ? $"split view: the log of {now.Size} records does not begin with the {old.Size} records of the older checkpoint, and both are signed"
            : "the tiles do not give the newer checkpoint's root, so that nothing can be proven from them: verify the whole log";
    }

    private async Task<InclusionResult> ProveAsync(long index, byte[] record, (Checkpoint Checkpoint, string Note) latest, CancellationToken stop)
    {
        var tiles = new CountingTiles(source);
        try
        {
            var proof = new RecordProof
            {
                Index = index,
                Size = latest.Checkpoint.Size,
                Record = record,
                Inclusion = await MerkleProof.InclusionAsync(tiles, index, latest.Checkpoint.Size, stop),
                Checkpoint = latest.Note,
            };
            var (verdict, message) = proof.Check(keys, origin);
            return new(verdict, verdict == LedgerVerdict.Intact ? message : $"{message}: verify the whole log", tiles.Reads, verdict == LedgerVerdict.Intact ? proof : null);
        }
        catch (LedgerFormatException e)
        {
            return new(LedgerVerdict.CannotTell, $"no proof can be made: {Plain.Text(e.Message, 300)}", tiles.Reads, null);
        }
    }

    private async Task<byte[]?> EntryAsync(long index, long size, CancellationToken stop)
    {
        var tile = index / TilePath.Width;
        foreach (var width in (int[])[(int)Math.Min(TilePath.Width, size - tile * TilePath.Width), TilePath.Width])
        {
            try
            {
                if (await source.FindAsync(TilePath.Entries(tile, width), MostBundle, stop) is { } bundle)
                    return EntryBundle.Parse(bundle, width)[(int)(index % TilePath.Width)].ToArray();
            }
            catch (LedgerFormatException)
            {
                // The log itself has it.
            }
        }
        return null;
    }

    private async Task<(long Index, byte[] Line)?> FindAsync(Func<long, ReadOnlySpan<byte>, bool> wanted, CancellationToken stop)
    {
        var index = 0L;
        await foreach (var line in new LogReader(source, await source.LogsAsync(stop)).ReadAsync(null, 0, stop))
        {
            if (line.Kind != LogLineKind.Line)
                continue;
            if (!line.TooLong && wanted(index, line.Bytes.Span))
                return (index, line.Bytes.ToArray());
            index++;
        }
        return null;
    }

    private async Task<(Checkpoint Checkpoint, string Note)?> LatestAsync(CancellationToken stop)
    {
        if (await TrustedAsync(LedgerLayout.Head, stop) is { } head)
            return head;
        foreach (var size in (await source.CheckpointsAsync(stop)).Reverse())
        {
            if (await TrustedAsync(LedgerLayout.Checkpoint(size), stop) is { } numbered)
                return numbered;
        }
        return null;
    }

    private async Task<(Checkpoint Checkpoint, string Note)?> TrustedAsync(string path, CancellationToken stop)
    {
        try
        {
            return await source.FindAsync(path, SignedNote.MaxBytes, stop) is { } bytes && Trust(path, bytes) is { Verdict: LedgerVerdict.Intact, Checkpoint: var checkpoint }
                ? (checkpoint, Encoding.UTF8.GetString(bytes))
                : null;
        }
        catch (LedgerFormatException)
        {
            // Too long to be one.
            return null;
        }
    }

    private Trusted Trust(string name, byte[] bytes)
    {
        try
        {
            var note = SignedNote.Parse(bytes);
            var checkpoint = Checkpoint.Parse(note.Text);
            var verdict = note.Verify(keys);
            if (!verdict.Trusted)
                return new(verdict.Trust == NoteTrust.Refused ? LedgerVerdict.Tampered : LedgerVerdict.CannotTell, $"{name} is not trusted: {Plain.Text(verdict.Reason, 300)}", checkpoint);
            return origin is not null && checkpoint.Origin != origin
                ? new(LedgerVerdict.Tampered, $"{name} is of another log: {Plain.Text(checkpoint.Origin, 200)}", checkpoint)
                : new(LedgerVerdict.Intact, string.Join(", ", verdict.SignedBy), checkpoint);
        }
        catch (LedgerFormatException e)
        {
            return new(LedgerVerdict.CannotTell, $"{name} is none: {Plain.Text(e.Message, 300)}", new("", 0, [], []));
        }
    }

    private sealed record Trusted(LedgerVerdict Verdict, string Message, Checkpoint Checkpoint);
}
