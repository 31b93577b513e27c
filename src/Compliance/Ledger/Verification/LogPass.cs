using System.Buffers;
using Compliance.Ledger.Format;

namespace Compliance.Ledger.Verification;

/// <summary>A root that was signed.</summary>
/// <param name="Value">The checkpoint that has it.</param>
/// <param name="Trusted">Whether a known key signed it.</param>
internal record SignedRoot(Checkpoint Value, bool Trusted)
{
    /// <summary>Whether the log's records give it; null when the log did not reach its size.</summary>
    public bool? Agrees { get; set; }

    /// <summary>How many leaves it covers.</summary>
    public long Size => Value.Size;
}

/// <summary>Where a record is.</summary>
/// <param name="Index">Which leaf, from 0.</param>
/// <param name="Path">The blob; null for the log's begin.</param>
/// <param name="Offset">Where in it the line begins.</param>
internal readonly record struct LeafPlace(long Index, string? Path, long Offset);

/// <summary>Rules for the lines of a log, beside what was signed of them. Called in the log's order.</summary>
internal interface ILogRules
{
    /// <summary>A blob begins.</summary>
    void Begin(string path);

    /// <summary>A line.</summary>
    void Line(long index, in LogLine line);

    /// <summary>The lines of a part were given, each by <see cref="Line"/>.</summary>
    void Settle(in LogPart part);

    /// <summary>Bytes after the last line feed of a blob.</summary>
    void Tail(in LogLine tail);
}

/// <summary>
/// Reads a log once: hashes every line and compares the tree with the signed roots on its way. Whoever verifies a log does it by this: the
/// auditor's verifier, the app's own check, and the checkpointer before it goes on from a root.
/// </summary>
/// <param name="source">The log.</param>
/// <param name="files">Its blobs in their order.</param>
/// <param name="signed">The roots, the smallest tree's first.</param>
/// <param name="rules">Rules for its lines.</param>
internal sealed class LogPass(ILedgerSource source, IReadOnlyList<LedgerFile> files, IReadOnlyList<SignedRoot> signed, ILogRules rules)
{
    private readonly TileBuilder _tree = new();
    private readonly ArrayBufferWriter<byte> _bundle = new();
    private readonly (int Start, int Length)[] _lines = new (int, int)[TilePath.Width];
    private readonly byte[] _leaves = new byte[TilePath.Width * MerkleHash.Size];
    private LeafPlace _behind;
    private int _next;
    private bool _hasLongLine;

    /// <summary>Compares the stored tiles and bundles too; null for none of them.</summary>
    public TileComparison? Tiles { get; init; }

    /// <summary>Informed from time to time how far it is.</summary>
    public IProgress<VerifyProgress>? Progress { get; init; }

    /// <summary>Whether to read no further than the last root, or the first trusted one that the log does not give.</summary>
    public bool StopsEarly { get; init; }

    /// <summary>Lines that were read.</summary>
    public long Records => _tree.Size;

    /// <summary>Bytes of the blobs that were read to their end.</summary>
    public long Bytes { get; private set; }

    /// <summary>Whether the log was read to its end.</summary>
    public bool Complete { get; private set; }

    /// <summary>The place behind the last line.</summary>
    public LeafPlace End { get; private set; }

    /// <summary>The place behind the largest tree whose trusted root the log gives.</summary>
    public LeafPlace Good { get; private set; }

    /// <summary>That tree.</summary>
    public MerkleFrontier GoodTree { get; private set; } = new();

    private bool IsEnough => StopsEarly && (_next == signed.Count || signed.Any(s => s is { Trusted: true, Agrees: false }));

    /// <summary>Reads it.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        var total = files.Sum(f => f.Length);
        long? tail = null;
        await CompareRootsAsync(cancellationToken);
        await foreach (var part in new LogReader(source, files).PartsAsync(null, 0, cancellationToken))
        {
            switch (part.Other.Kind)
            {
                case LogLineKind.Begin:
                    rules.Begin(part.Path);
                    tail = null;
                    break;
                case LogLineKind.End:
                    Bytes += part.Offset;
                    End = new(Records, part.Path, tail ?? part.Offset);
                    break;
                case LogLineKind.Tail:
                    rules.Tail(part.Other);
                    tail = part.Offset;
                    break;
                default:
                    await TakeAsync(part, total, cancellationToken);
                    break;
            }
            if (IsEnough)
                return;
        }
        Complete = true;
        Progress?.Report(new(Bytes, Math.Max(total, Bytes), Records));
    }

    private async ValueTask TakeAsync(LogPart part, long total, CancellationToken cancellationToken)
    {
        var rest = part;
        do
        {
            // To the end of a tile or to a root, whichever is first.
            var max = TilePath.Width - (Records % TilePath.Width);
            if (_next < signed.Count)
                max = Math.Min(max, signed[_next].Size - Records);
            var full = rest.Lines.IsEmpty ? TakeLong(rest.Other) : Take(ref rest, (int)max);
            if (full.Count > 0)
            {
                await CompareTilesAsync(full, cancellationToken);
                if (Records % (16 * TilePath.Width) == 0)
                    Progress?.Report(new(Bytes + rest.Offset, total, Records));
            }
            if (_next < signed.Count && signed[_next].Size == Records)
                await CompareRootsAsync(cancellationToken);
        } while (!rest.Lines.IsEmpty && !IsEnough);
    }

    // Takes lines up to a number; gives the tiles that the last of them made full.
    private IReadOnlyList<Tile> Take(ref LogPart part, int max)
    {
        var (rest, count) = (part, 0);
        for (; count < max && LogPart.TryTake(ref rest, out var line); count++)
        {
            rules.Line(Records + count, line);
            Bundle(line);
            _lines[count] = ((int)(line.Offset - part.Offset), (int)line.Length);
        }
        MerkleHash.Leaves(part.Lines.Span, _lines.AsSpan(0, count), _leaves);
        rules.Settle(part);
        part = rest;
        var full = _tree.AppendAll(_leaves.AsSpan(0, count * MerkleHash.Size));
        _behind = new(Records, rest.Path, rest.Offset);
        return full;
    }

    private IReadOnlyList<Tile> TakeLong(in LogLine line)
    {
        rules.Line(Records, line);
        Bundle(line);
        line.Leaf(_leaves);
        var full = _tree.Append(_leaves.AsSpan(0, MerkleHash.Size));
        _behind = new(Records, line.Path, line.Offset + line.Length + 1);
        return full;
    }

    // The entries since the last full tile. No bundle holds a line that is too long.
    private void Bundle(in LogLine line)
    {
        if (Tiles is null || _hasLongLine)
            return;
        _hasLongLine = line.TooLong;
        if (!_hasLongLine)
            EntryBundle.Write(_bundle, line.Bytes.Span);
    }

    private async ValueTask CompareTilesAsync(IReadOnlyList<Tile> full, CancellationToken cancellationToken)
    {
        if (Tiles is not null && Tiles.Covers(full[0].Ref))
        {
            if (_hasLongLine)
                Tiles.End();
            else
                await Tiles.CompareFullAsync(full[0].Ref with { Level = TileRef.Entries }, _bundle.WrittenMemory, cancellationToken);
            foreach (var tile in full.Where(t => Tiles.Covers(t.Ref)))
                await Tiles.CompareFullAsync(tile.Ref, tile.Hashes, cancellationToken);
        }
        foreach (var tile in full)
            _tree.Return(tile);
        _bundle.ResetWrittenCount();
    }

    private async ValueTask CompareRootsAsync(CancellationToken cancellationToken)
    {
        byte[]? root = null;
        for (; _next < signed.Count && signed[_next].Size == Records; _next++)
        {
            var one = signed[_next];
            one.Agrees = one.Value.Root.AsSpan().SequenceEqual(root ??= _tree.Root());
            if (!one.Trusted)
                continue;
            if (one.Agrees == true)
                (Good, GoodTree) = (_behind, _tree.Frontier());
            else
                Tiles?.End();
        }
        if (root is not null && Good.Index == Records && signed.LastOrDefault(s => s.Trusted)?.Size == Records && Tiles is not null)
            await ComparePartialTilesAsync(Tiles, cancellationToken);
    }

    private async ValueTask ComparePartialTilesAsync(TileComparison tiles, CancellationToken cancellationToken)
    {
        var (index, width) = Math.DivRem(Records, TilePath.Width);
        if (width > 0)
            await tiles.ComparePartialAsync(new(TileRef.Entries, index, (int)width), _bundle.WrittenMemory, cancellationToken);
        foreach (var partial in _tree.Partial())
            await tiles.ComparePartialAsync(partial.Ref, partial.Hashes, cancellationToken);
    }
}
