using System.Buffers;
using System.Globalization;
using Compliance.Ledger.Format;
using Compliance.Text;

namespace Compliance.Ledger.Verification;

/// <summary>
/// Verifies a whole log in one pass: hashes every line, compares the tree's root with every checkpoint's on the way, and looks whether the
/// log is as its writer would have written it. A second pass is made when something is wrong, to name the first wrong record.
/// </summary>
/// <remarks>
/// Memory does not depend on the log but for 11 to 21 bytes a record, by which it shows that a record is there twice (<see cref="IdSet"/>),
/// and some 300 bytes a checkpoint. Stateless; any thread may call.
/// </remarks>
/// <param name="source">The log. Nothing it gives is trusted.</param>
/// <param name="options">The keys, and what the auditor kept.</param>
internal sealed class LedgerVerifier(ILedgerSource source, VerifyOptions options)
{
    /// <summary>Problems of one kind that are listed; more are counted.</summary>
    public const int MaxProblemsOfAKind = 20;

    /// <summary>Problems that are listed at most.</summary>
    public static int MaxProblems => MaxProblemsOfAKind * Enum.GetValues<LedgerProblemKind>().Length;

    private readonly VerifyReport _report = new();

    /// <summary>Verifies it. What cannot be read is in the result, not an exception.</summary>
    /// <exception cref="OperationCanceledException">It was stopped.</exception>
    public async Task<LedgerVerification> VerifyAsync(CancellationToken cancellationToken)
    {
        CheckpointSet? checkpoints = null;
        var pass = new Pass(options.Tiles);
        try
        {
            checkpoints = await CheckpointSet.ReadAsync(source, options, _report, cancellationToken);
            var files = await source.LogsAsync(cancellationToken);
            await using var tiles = new TileComparison(source, options.Tiles ? checkpoints.Largest ?? 0 : 0);
            await ReadAsync(files, checkpoints, tiles, pass, cancellationToken);
            await JudgeAsync(files, checkpoints, tiles, pass, cancellationToken);
        }
        catch (Exception e) when (SourceFailure.IsOne(e) && !cancellationToken.IsCancellationRequested)
        {
            _report.Add(new(LedgerProblemKind.Unreadable, LedgerVerdict.CannotTell, Plain.Text(e.Message, 500)));
        }
        var result = Result(checkpoints, pass);
        return result.Verdict == LedgerVerdict.Intact || await ConvertedAsync(result, cancellationToken) is not { } converted
            ? result
            : converted;
    }

    // A copy that went through git or an editor is no forgery, though its bytes are not the signed ones. Null when something else is wrong.
    private async Task<LedgerVerification?> ConvertedAsync(LedgerVerification result, CancellationToken cancellationToken)
    {
        if (source is PutBackLineEnds)
            return null;
        var before = new PutBackLineEnds(source);
        LedgerVerification again;
        try
        {
            if (!await before.IsLikelyAsync(cancellationToken))
                return null;
            // Tiles are no text, and prove nothing.
            again = await new LedgerVerifier(before, options with { Tiles = false, Progress = null }).VerifyAsync(cancellationToken);
        }
        catch (Exception e) when (SourceFailure.IsOne(e) && !cancellationToken.IsCancellationRequested)
        {
            return null;
        }
        if (again.Verdict != LedgerVerdict.Intact || before.Changed.Count == 0 || !before.IsThroughout)
            return null;
        var path = before.Changed[0];
        var tenant = again.Origin?.Split('/')[^1] ?? "ID";
        return result with
        {
            Verdict = LedgerVerdict.CannotTell,
            Problems =
            [
                new(
                    LedgerProblemKind.ConvertedCopy,
                    LedgerVerdict.CannotTell,
                    $"this copy is not the ledger byte for byte: {Changes(before)} in "
                        + $"{Plain.Text(path, 100)}{More(before.Changed.Count - 1)}, as git, an editor or a transfer in text mode does. "
                        + "With that undone, every record and checkpoint is as it was signed. Fetch the ledger again into a new folder: "
                        + $"compliance evidence download DIR --account URL --tenant {Plain.Text(tenant, 100)}"
                )
                {
                    Path = path,
                },
            ],
            Warnings = [],
            MoreProblems = 0,
            Origin = again.Origin,
        };
    }

    private static string Changes(PutBackLineEnds copy) =>
        (copy.HasLineEnds, copy.HasMarks) switch
        {
            (true, true) => "line ends were changed from LF to CRLF and a byte-order mark was put at the begin",
            (true, false) => "line ends were changed from LF to CRLF",
            _ => "a byte-order mark was put at the begin",
        };

    private static string More(int files) => files == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $" and {files} more files");

    private async Task ReadAsync(
        IReadOnlyList<LedgerFile> files,
        CheckpointSet checkpoints,
        TileComparison tiles,
        Pass pass,
        CancellationToken cancellationToken
    )
    {
        var walk = pass.Walk = new(_report);
        var tree = pass.Tree;
        var (total, before, next) = (files.Sum(f => f.Length), 0L, 0);
        long? tail = null;
        var wanted = checkpoints.All;
        await AtSizeAsync();
        await foreach (var part in new LogReader(source, files).PartsAsync(null, 0, cancellationToken))
        {
            switch (part.Other.Kind)
            {
                case LogLineKind.Begin:
                    walk.Begin(part.Path);
                    tail = null;
                    continue;
                case LogLineKind.End:
                    before += part.Offset;
                    pass.Bytes = before;
                    pass.End = new(tree.Size, part.Path, tail ?? part.Offset);
                    continue;
                case LogLineKind.Tail:
                    walk.Tail(part.Other);
                    tail = part.Offset;
                    continue;
                default:
                    break;
            }
            var rest = part;
            do
            {
                // To the end of a tile or to a checkpoint, whichever is first.
                var most = TilePath.Width - (tree.Size % TilePath.Width);
                if (next < wanted.Count)
                    most = Math.Min(most, wanted[next].Size - tree.Size);
                var full = rest.Lines.IsEmpty ? pass.TakeLong(rest.Other) : pass.Take(ref rest, most);
                if (full.Count > 0)
                {
                    await CompareAsync(full);
                    pass.Return(full);
                    if (tree.Size % (16 * TilePath.Width) == 0)
                        options.Progress?.Report(new(before + rest.Offset, total, tree.Size));
                }
                if (next < wanted.Count && wanted[next].Size == tree.Size)
                    await AtSizeAsync();
            } while (!rest.Lines.IsEmpty);
        }
        walk.Ended();
        pass.Complete = true;
        options.Progress?.Report(new(pass.Bytes, Math.Max(total, pass.Bytes), tree.Size));

        async ValueTask AtSizeAsync()
        {
            byte[]? root = null;
            for (; next < wanted.Count && wanted[next].Size == tree.Size; next++)
            {
                wanted[next].Agrees = wanted[next].Value.Root.AsSpan().SequenceEqual(root ??= tree.Root());
                if (!wanted[next].Trusted)
                    continue;
                if (wanted[next].Agrees == true)
                    (pass.Good, pass.Frontier) = (tree.Size, tree.Frontier());
                else
                    tiles.End();
            }
            if (root is null || pass.Good != tree.Size || checkpoints.Largest != tree.Size || !options.Tiles)
                return;
            if (tree.Size % TilePath.Width > 0)
            {
                var bundle = new TileRef(TileRef.Entries, tree.Size / TilePath.Width, (int)(tree.Size % TilePath.Width));
                await tiles.ComparePartialAsync(bundle, pass.Bundle, cancellationToken);
            }
            foreach (var partial in tree.Partial())
                await tiles.ComparePartialAsync(partial.Ref, partial.Hashes, cancellationToken);
        }

        async ValueTask CompareAsync(IReadOnlyList<Tile> full)
        {
            if (!tiles.Covers(full[0].Ref))
                return;
            if (!pass.TooLong)
                await tiles.CompareFullAsync(full[0].Ref with { Level = TileRef.Entries }, pass.Bundle, cancellationToken);
            else
                tiles.End();
            foreach (var tile in full.Where(t => tiles.Covers(t.Ref)))
                await tiles.CompareFullAsync(tile.Ref, tile.Hashes, cancellationToken);
        }
    }

    private async Task JudgeAsync(
        IReadOnlyList<LedgerFile> files,
        CheckpointSet checkpoints,
        TileComparison tiles,
        Pass pass,
        CancellationToken cancellationToken
    )
    {
        if (checkpoints.Trusted.Any(c => c.Agrees != true))
            await new Diagnosis(source, files, checkpoints, _report).RunAsync(
                pass.Frontier,
                pass.AfterGood.Index == pass.Good ? pass.AfterGood : pass.End,
                pass.Records,
                pass.End,
                cancellationToken
            );
        foreach (
            var stranger in checkpoints.All.Where(c =>
                !c.Trusted && _report.Problems.All(p => p.Kind != LedgerProblemKind.ForgedCheckpoint || p.Path != c.Path)
            )
        )
        {
            if (stranger.Agrees == true)
            {
                _report.Add(
                    new(
                        LedgerProblemKind.UnknownKey,
                        LedgerVerdict.CannotTell,
                        $"{stranger.Name} agrees with the log, but {stranger.Signers}: a key that you were not given, or a forgery"
                    )
                    {
                        Path = stranger.Path,
                    }
                );
            }
            else
            {
                _report.Add(
                    CheckpointSet.Forged(
                        stranger,
                        stranger.Agrees == false
                            ? "and the log does not give its root"
                            : string.Create(CultureInfo.InvariantCulture, $"and the log has {pass.Records} records, not {stranger.Size}")
                    )
                );
            }
        }
        if (checkpoints.Largest is null)
            _report.Add(new(LedgerProblemKind.NoCheckpoint, LedgerVerdict.CannotTell, Nothing(checkpoints)));
        await DoublesAsync(files, pass, cancellationToken);
        await TilesAsync(checkpoints, tiles, pass.Good, cancellationToken);
        pass.Compared = tiles.Count;
    }

    private string Nothing(CheckpointSet checkpoints) =>
        options.Keys.Count == 0 ? "no key was given to verify the checkpoints with"
        : checkpoints.All.Count == 0 ? "there is no checkpoint: nothing says what the log has to be"
        : "none of the checkpoints is signed by a known key";

    // Two ids may share a hash, so the log is read once more for those that seem to be there twice.
    private async Task DoublesAsync(IReadOnlyList<LedgerFile> files, Pass pass, CancellationToken cancellationToken)
    {
        if (pass.Walk is not { Doubles.Count: > 0 } walk)
            return;
        var suspects = walk
            .Doubles.GroupBy(d => d.Id, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.First(), StringComparer.Ordinal);
        var last = walk.Doubles.Max(d => d.Place.Index);
        var index = 0L;
        await foreach (var line in new LogReader(source, files).ReadAsync(null, 0, cancellationToken))
        {
            if (line.Kind != LogLineKind.Line)
                continue;
            if (index >= last || suspects.Count == 0)
                break;
            if (
                !line.TooLong
                && RecordFacts.Of(line.Bytes.Span).Id is { } id
                && suspects.TryGetValue(id, out var twice)
                && index < twice.Place.Index
            )
            {
                suspects.Remove(id);
                var place = new LogLine(LogLineKind.Line, twice.Place.Path ?? "", twice.Place.Offset, 0, default, null);
                if (_report.Problems.All(p => p.Kind != LedgerProblemKind.DoubledRecord || p.Index != twice.Place.Index))
                {
                    _report.Add(
                        LogWalk.At(
                            twice.Place.Index,
                            place,
                            LedgerProblemKind.DoubledRecord,
                            string.Create(
                                CultureInfo.InvariantCulture,
                                $"it is there twice: record {index} at byte {line.Offset} of {line.Path} has the same id"
                            ),
                            id
                        )
                    );
                }
            }
            index++;
        }
    }

    private async Task TilesAsync(CheckpointSet checkpoints, TileComparison tiles, long good, CancellationToken cancellationToken)
    {
        // Beyond what agrees with a checkpoint it is the records that are wrong, and the tiles may well be right.
        var differences = tiles.Differences.Where(d => d.End <= good).ToList();
        if (differences.Count == 0)
            return;
        // Partial tiles are replaced as the log grows, perhaps just now.
        var grown =
            differences.Exists(d => !d.Tile.Full)
            && !(await source.FindAsync(LedgerLayout.Head, SignedNote.MaxBytes, cancellationToken))
                .AsSpan()
                .SequenceEqual(checkpoints.Head);
        foreach (var difference in differences)
        {
            if (grown && !difference.Tile.Full && difference.Kind == LedgerProblemKind.MissingTile)
            {
                _report.Warn($"{difference.Tile} was replaced while the log was verified");
                continue;
            }
            _report.Add(
                new(
                    difference.Kind,
                    difference.Kind == LedgerProblemKind.Unreadable ? LedgerVerdict.CannotTell : LedgerVerdict.Tampered,
                    difference.Message
                )
                {
                    Index = difference is { Kind: LedgerProblemKind.ChangedTile, Tile.Level: 0, Offset: { } at }
                        ? difference.Tile.Index * TilePath.Width + at / MerkleHash.Size
                        : null,
                    Path = TilePath.Create(difference.Tile),
                    Offset = difference.Offset,
                }
            );
        }
    }

    private LedgerVerification Result(CheckpointSet? checkpoints, Pass pass)
    {
        var best = checkpoints?.Trusted.LastOrDefault(c => c.Agrees == true);
        if (best is not null && pass.Complete && pass.Records > best.Size)
            _report.Warn(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{pass.Records - best.Size} records after the last checkpoint are not yet covered by a signature"
                )
            );
        return new(
            _report.Verdict,
            [.. _report.Problems.OrderBy(p => p.Says == LedgerVerdict.Tampered ? 0 : 1).ThenBy(p => p.Kind)],
            _report.Warnings
        )
        {
            MoreProblems = _report.More,
            Origin = checkpoints?.Origin,
            Records = pass.Records,
            Bytes = pass.Bytes,
            Covered = best?.Size ?? 0,
            Checkpoint = best?.Value,
            SignedBy = best is null ? [] : [best.Signers],
            Checkpoints = checkpoints?.Trusted.Count(c => c.Agrees == true) ?? 0,
            UnknownVersions = pass.Walk?.UnknownVersions ?? 0,
            TornLines = pass.Walk?.Torn ?? 0,
            TilesCompared = pass.Compared,
        };
    }

    // What one reading of the log came to.
    private sealed class Pass(bool withBundles)
    {
        private readonly ArrayBufferWriter<byte> _bundle = new(withBundles ? 256 * 1024 : 1);
        private readonly byte[] _leaf = new byte[MerkleHash.Size];

        public LogWalk? Walk { get; set; }

        public TileBuilder Tree { get; } = new();

        // The entries since the last full tile.
        public ReadOnlyMemory<byte> Bundle => _bundle.WrittenMemory;

        public long Records => Tree.Size;

        public long Bytes { get; set; }

        public long Compared { get; set; }

        public bool Complete { get; set; }

        public bool TooLong { get; private set; }

        // The largest trusted checkpoint that agrees, the tree there, and the first record after it.
        public long Good { get; set; }

        public MerkleFrontier Frontier { get; set; } = new();

        public LeafPlace AfterGood { get; private set; }

        // After the last line.
        public LeafPlace End { get; set; }

        // Takes lines up to a number; gives the tiles that the last of them made full.
        public IReadOnlyList<Tile> Take(ref LogPart part, long most)
        {
            IReadOnlyList<Tile> full = [];
            var rest = part;
            for (; most > 0 && !rest.Lines.IsEmpty; most--)
            {
                var line = LogLine.First(rest.Path, rest.Offset, rest.Lines);
                full = Take(line);
                rest = rest.From((int)line.Length + 1);
            }
            Walk!.Settle(part);
            part = rest;
            return full;
        }

        public IReadOnlyList<Tile> TakeLong(in LogLine line) => Take(line);

        // They are not needed any more.
        public void Return(IReadOnlyList<Tile> full)
        {
            foreach (var tile in full)
                Tree.Return(tile);
            _bundle.ResetWrittenCount();
        }

        private IReadOnlyList<Tile> Take(in LogLine line)
        {
            if (Tree.Size == Good)
                AfterGood = new(Good, line.Path, line.Offset);
            Walk!.Line(Tree.Size, line);
            if (!TooLong && withBundles)
            {
                TooLong = line.TooLong;
                if (!TooLong)
                    EntryBundle.Write(_bundle, line.Bytes.Span);
            }
            line.Leaf(_leaf);
            return Tree.Append(_leaf);
        }
    }
}
