using System.Globalization;
using System.Runtime.CompilerServices;
using Compliance.Ledger.Format;
using Compliance.Text;

namespace Compliance.Ledger.Verification;

/// <summary>
/// Finds the first wrong record of a log that does not give a trusted checkpoint's root: the stored tiles of leaf hashes, where they are
/// gone or changed the bundles of entries, say what the records were. They are believed only as far as they give the checkpoint's root
/// themselves.
/// </summary>
/// <param name="source">The log.</param>
/// <param name="files">Its blobs in their order.</param>
/// <param name="checkpoints">Its checkpoints, compared with the log.</param>
/// <param name="pass">What the comparison came to.</param>
/// <param name="report">Gets what is wrong.</param>
internal sealed class Diagnosis(
    ILedgerSource source,
    IReadOnlyList<LedgerFile> files,
    CheckpointSet checkpoints,
    LogPass pass,
    VerifyReport report
)
{
    // So many records on either side are looked at to show what became of the first wrong one.
    private const int Window = 4096;

    // The longest bundle there can be.
    private const int MaxBundle = TilePath.Width * (EntryBundle.PrefixSize + EntryBundle.MaxEntry);

    /// <summary>Finds it.</summary>
    /// <param name="cancellationToken">Stops the search.</param>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var good = checkpoints.Trusted.LastOrDefault(c => c.Agrees == true);
        // The records determine every smaller tree: what a larger checkpoint agrees with, no smaller one can contradict but by being of
        // another log.
        foreach (var split in checkpoints.Trusted.Where(c => c.Agrees == false && c.Size < good?.Size))
            report.Add(CheckpointSet.SplitView(split, good!, "the log gives the root of the larger one, and not the smaller one's"));
        var bad = checkpoints.Trusted.Where(c => c.Agrees != true && c.Size >= (good?.Size ?? 0)).ToList();
        var beyond = bad.Where(c => c.Size > pass.Good.Index || good is null).ToList();
        if (beyond.Count == 0)
            return;
        var (tied, signed) = await TieAsync(beyond, bundles: false, cancellationToken);
        if (tied.Count == 0)
            (tied, signed) = await TieAsync(beyond, bundles: true, cancellationToken);
        if (tied.Count > 0)
        {
            foreach (var split in beyond.Where(c => !tied.Contains(c) && c.Size < tied[^1].Size))
                report.Add(
                    CheckpointSet.SplitView(split, tied[^1], "the tiles give the root of the larger one, and not the smaller one's")
                );
            await FirstWrongAsync(signed, tied[0], cancellationToken);
        }
        foreach (var unexplained in beyond.Where(c => !tied.Contains(c) && !(tied.Count > 0 && c.Size < tied[^1].Size)))
            report.Add(Unexplained(unexplained, good));
    }

    private LedgerProblem Unexplained(SeenCheckpoint checkpoint, SeenCheckpoint? good)
    {
        var truncated = pass.Records < checkpoint.Size;
        var how = truncated
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"the log has {pass.Records} records, {checkpoint.Name} was signed for {checkpoint.Size}"
            )
            : string.Create(
                CultureInfo.InvariantCulture,
                $"the log does not give the root of {checkpoint.Name} ({checkpoint.Size} records)"
            );
        var ownAgree = checkpoints.Trusted.Where(c => !c.Kept).All(c => c.Agrees == true);
        if (checkpoint.Kept && ownAgree)
            return RolledBack(how, truncated, good);
        return truncated ? Truncated(how) : Different(how, checkpoint, good);
    }

    private LedgerProblem RolledBack(string how, bool truncated, SeenCheckpoint? good) =>
        new(
            LedgerProblemKind.RolledBackLog,
            LedgerVerdict.Tampered,
            $"the log was rolled back: {how}; it agrees with {(good is null ? "none of its own checkpoints" : $"{good.Name} of its own")}"
        )
        {
            Index = good?.Size ?? 0,
            Path = truncated ? pass.End.Path : null,
            Offset = truncated ? pass.End.Offset : null,
        };

    private LedgerProblem Truncated(string how) =>
        new(
            LedgerProblemKind.TruncatedLog,
            LedgerVerdict.Tampered,
            string.Create(
                CultureInfo.InvariantCulture,
                $"truncated: {how}; it ends at byte {pass.End.Offset} of {pass.End.Path ?? "nothing"}"
            )
        )
        {
            Index = pass.Records,
            Path = pass.End.Path,
            Offset = pass.End.Offset,
        };

    private static LedgerProblem Different(string how, SeenCheckpoint checkpoint, SeenCheckpoint? good)
    {
        var from = good is null
            ? "its begin"
            : string.Create(CultureInfo.InvariantCulture, $"record {good.Size} (the first after {good.Name}, which it agrees with)");
        return new(
            LedgerProblemKind.DifferentRoot,
            LedgerVerdict.Tampered,
            string.Create(
                CultureInfo.InvariantCulture,
                $"{how}: the first wrong record is between {from} and record {checkpoint.Size - 1}; the tiles that would show which "
                    + $"are missing or changed too"
            )
        )
        {
            Index = good?.Size ?? 0,
        };
    }

    // Which checkpoints the stored leaf hashes give the root of, and these hashes.
    private async Task<(List<SeenCheckpoint> Tied, SignedLeaves Leaves)> TieAsync(
        List<SeenCheckpoint> wanted,
        bool bundles,
        CancellationToken cancellationToken
    )
    {
        var signed = new SignedLeaves(source, wanted[^1].Size, bundles);
        var tree = pass.GoodTree.Clone();
        var tied = new List<SeenCheckpoint>();
        var next = 0;
        Meet();
        await foreach (var hash in signed.ReadAsync(tree.Size, cancellationToken))
        {
            tree.Append(hash.Span);
            Meet();
        }
        return (tied, signed);

        void Meet()
        {
            byte[]? root = null;
            for (; next < wanted.Count && wanted[next].Size == tree.Size; next++)
            {
                if (wanted[next].Value.Root.AsSpan().SequenceEqual(root ??= tree.Root()))
                    tied.Add(wanted[next]);
            }
        }
    }

    private async Task FirstWrongAsync(SignedLeaves signed, SeenCheckpoint checkpoint, CancellationToken cancellationToken)
    {
        var start = pass.Good;
        await using var actual = LinesAsync(start, cancellationToken).GetAsyncEnumerator(cancellationToken);
        await using var expected = signed.ReadAsync(start.Index, cancellationToken).GetAsyncEnumerator(cancellationToken);
        var hash = new byte[MerkleHash.Size];
        for (var index = start.Index; index < checkpoint.Size && await expected.MoveNextAsync(); index++)
        {
            if (!await actual.MoveNextAsync())
            {
                await LostAsync(signed, index, checkpoint, cancellationToken);
                return;
            }
            actual.Current.Leaf(hash);
            if (expected.Current.Span.SequenceEqual(hash))
                continue;
            // Its bytes are valid until the next line is read.
            var line = actual.Current with { Bytes = actual.Current.Bytes.ToArray() };
            var sides = new Sides(index, line, [hash], [expected.Current.ToArray()]);
            while (sides.Found.Count < Window && await actual.MoveNextAsync())
            {
                hash = new byte[MerkleHash.Size];
                actual.Current.Leaf(hash);
                sides.Found.Add(hash);
            }
            while (sides.Should.Count < Math.Min(Window, checkpoint.Size - index) && await expected.MoveNextAsync())
                sides.Should.Add(expected.Current.ToArray());
            await NameAsync(signed, sides, checkpoint, cancellationToken);
            return;
        }
    }

    private async Task LostAsync(SignedLeaves signed, long index, SeenCheckpoint checkpoint, CancellationToken cancellationToken)
    {
        var lost = await signed.EntryAsync(index, cancellationToken);
        report.Add(
            new(
                LedgerProblemKind.TruncatedLog,
                LedgerVerdict.Tampered,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"truncated: the log has {pass.Records} records and ends at byte {pass.End.Offset} of {pass.End.Path ?? "nothing"}, "
                        + $"{checkpoint.Name} was signed for {checkpoint.Size}; the first lost one is record {index}{Shown(lost)}"
                )
            )
            {
                Index = index,
                Path = pass.End.Path,
                Offset = pass.End.Offset,
                RecordOffset = pass.End.Offset,
                RecordId = IdOf(lost),
            }
        );
    }

    private async Task NameAsync(SignedLeaves signed, Sides sides, SeenCheckpoint checkpoint, CancellationToken cancellationToken)
    {
        var (place, owner) = (sides.PlaceOfFound, sides.PlaceOfSigned);
        if (place < 0 && owner < 0 && !sides.NextAgree)
            place = await FarAsync(signed, sides, checkpoint, cancellationToken);
        var entry = await signed.EntryAsync(sides.Index, cancellationToken);
        var original = entry is not null && HashOf(entry).AsSpan().SequenceEqual(sides.Should[0]) ? entry : null;
        var wrong = (place, owner) switch
        {
            ( > 0, > 0) => Swapped(sides.Index, place, owner, original),
            ( > 0, _) => Dropped(sides.Index, place, original),
            (_, > 0) => await AddedAsync(sides, owner, cancellationToken),
            _ => Changed(sides, original),
        };
        var line = sides.Line;
        var id = line.TooLong ? null : RecordFacts.Parse(line.Bytes.Span).Id;
        report.Add(
            LogWalk.At(sides.Index, line, wrong.Kind, $"{wrong.How} (signed in {checkpoint.Name})", id) with
            {
                Offset = line.Offset + wrong.At,
            }
        );
    }

    private static Wrong Swapped(long index, int place, int owner, byte[]? original) =>
        new(
            LedgerProblemKind.SwappedRecords,
            string.Create(
                CultureInfo.InvariantCulture,
                $"swapped: it should be record {index + place}, and the one that should be here{Shown(original)} is record {index + owner}"
            )
        );

    private static Wrong Dropped(long index, int count, byte[]? original) =>
        new(
            LedgerProblemKind.DroppedRecord,
            string.Create(
                CultureInfo.InvariantCulture,
                $"dropped: records that should precede it are missing, {count} in number; the first lost one is record "
                    + $"{index}{Shown(original)}"
            )
        );

    private async Task<Wrong> AddedAsync(Sides sides, int count, CancellationToken cancellationToken) =>
        await EarlierAsync(sides.Found[0], sides.Index, cancellationToken) is { } earlier
            ? new(
                LedgerProblemKind.DoubledRecord,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"doubled: it is record {earlier.Index} at byte {earlier.Offset} of {earlier.Path} once more"
                )
            )
            : new(
                LedgerProblemKind.InsertedRecord,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"inserted: records that were never signed begin here, {count} in number"
                )
            );

    private static Wrong Changed(Sides sides, byte[]? original)
    {
        var line = sides.Line;
        var at = original is null || line.TooLong ? null : (int?)line.Bytes.Span.CommonPrefixLength(original);
        return new(
            LedgerProblemKind.ChangedRecord,
            $"changed: {Difference(line, original, at)}{(sides.NextAgree ? "; the next record is as it was signed" : "")}",
            at ?? 0
        );
    }

    private static string Difference(LogLine line, byte[]? original, int? at)
    {
        if (original is null || at is not { } offset)
            return "its hash is not the one that was signed; the bundle that would show what it held is missing or changed too";
        const int shown = 24;
        string Around(ReadOnlySpan<byte> bytes) =>
            offset >= bytes.Length ? "the end of the record" : $"'{Plain.Text(bytes[offset..Math.Min(bytes.Length, offset + shown)])}'";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"from byte {offset} of the record (byte {line.Offset + offset} of {line.Path}) on it has {Around(line.Bytes.Span)} where "
                + $"{Around(original)} was signed"
        );
    }

    // More records may be gone than the window shows.
    private static async Task<int> FarAsync(
        SignedLeaves signed,
        Sides sides,
        SeenCheckpoint checkpoint,
        CancellationToken cancellationToken
    )
    {
        var place = sides.Should.Count;
        await foreach (var hash in signed.ReadAsync(sides.Index + place, cancellationToken))
        {
            if (sides.Index + place >= checkpoint.Size)
                break;
            if (hash.Span.SequenceEqual(sides.Found[0]))
                return place;
            place++;
        }
        return -1;
    }

    private async Task<LeafPlace?> EarlierAsync(byte[] hash, long before, CancellationToken cancellationToken)
    {
        var index = 0L;
        var leaf = new byte[MerkleHash.Size];
        await foreach (var line in LinesAsync(default, cancellationToken))
        {
            if (index == before)
                break;
            line.Leaf(leaf);
            if (leaf.AsSpan().SequenceEqual(hash))
                return new(index, line.Path, line.Offset);
            index++;
        }
        return null;
    }

    private async IAsyncEnumerable<LogLine> LinesAsync(LeafPlace start, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var line in new LogReader(source, files).ReadAsync(start.Path, start.Offset, cancellationToken))
        {
            if (line.Kind == LogLineKind.Line)
                yield return line;
        }
    }

    private static byte[] HashOf(byte[] entry)
    {
        var hash = new byte[MerkleHash.Size];
        MerkleHash.Leaf(entry, hash);
        return hash;
    }

    private static string? IdOf(byte[]? record) =>
        record is not null && RecordFacts.Parse(record).Id is { } id ? Plain.Text(id, 200) : null;

    private static string Shown(byte[]? record) => IdOf(record) is { } id ? $" ({id})" : "";

    // The first wrong record, and the hashes from it on: as they are, and as they should be.
    private sealed record Sides(long Index, LogLine Line, List<byte[]> Found, List<byte[]> Should)
    {
        // Where the record that is here should be, and where the one that should be here is, counted from here; below 0 when unknown.
        public int PlaceOfFound => Should.FindIndex(h => h.AsSpan().SequenceEqual(Found[0]));

        public int PlaceOfSigned => Found.FindIndex(h => h.AsSpan().SequenceEqual(Should[0]));

        public bool NextAgree => Found.Count > 1 && Should.Count > 1 && Found[1].AsSpan().SequenceEqual(Should[1]);
    }

    // What became of the first wrong record, and its first byte known to be wrong.
    private readonly record struct Wrong(LedgerProblemKind Kind, string How, int At = 0);

    /// <summary>The leaf hashes as they were signed, from tiles or bundles.</summary>
    private sealed class SignedLeaves(ILedgerSource source, long size, bool bundles)
    {
        // Reads until a tile is neither there as hashes nor as entries.
        public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadAsync(
            long from,
            [EnumeratorCancellation] CancellationToken cancellationToken
        )
        {
            for (var tile = from / TilePath.Width; tile * TilePath.Width < size; tile++)
            {
                var width = (int)Math.Min(TilePath.Width, size - tile * TilePath.Width);
                if ((bundles ? null : await HashesAsync(new(0, tile, width), cancellationToken)) is not { } hashes)
                {
                    if (await EntriesAsync(tile, width, cancellationToken) is not { } entries)
                        yield break;
                    hashes = new byte[entries.Count * MerkleHash.Size];
                    for (var i = 0; i < entries.Count; i++)
                        MerkleHash.Leaf(entries[i].Span, hashes.AsSpan(i * MerkleHash.Size));
                }
                for (var leaf = (int)Math.Max(0, from - tile * TilePath.Width); leaf < width; leaf++)
                    yield return hashes.AsMemory(leaf * MerkleHash.Size, MerkleHash.Size);
            }
        }

        // Not verified.
        public async Task<byte[]?> EntryAsync(long index, CancellationToken cancellationToken)
        {
            var tile = index / TilePath.Width;
            var width = (int)Math.Min(TilePath.Width, size - tile * TilePath.Width);
            return await EntriesAsync(tile, width, cancellationToken) is { } entries
                ? entries[(int)(index % TilePath.Width)].ToArray()
                : null;
        }

        private async Task<byte[]?> HashesAsync(TileRef tile, CancellationToken cancellationToken)
        {
            try
            {
                return await source.ReadHashesAsync(tile, cancellationToken);
            }
            catch (LedgerFormatException)
            {
                return null;
            }
        }

        private async Task<IReadOnlyList<ReadOnlyMemory<byte>>?> EntriesAsync(long index, int width, CancellationToken cancellationToken)
        {
            foreach (var stored in (int[])[width, TilePath.Width])
            {
                try
                {
                    if (await source.FindAsync(TilePath.Entries(index, stored), MaxBundle, cancellationToken) is { } bundle)
                        return EntryBundle.Parse(bundle, stored);
                }
                catch (LedgerFormatException)
                {
                    // The other may do.
                }
            }
            return null;
        }
    }
}
