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
        var (checkpoints, pass, walk) = ((CheckpointSet?)null, (LogPass?)null, new LogWalk(_report));
        var compared = 0L;
        try
        {
            checkpoints = await CheckpointSet.ReadAsync(source, options, _report, cancellationToken);
            var files = await source.LogsAsync(cancellationToken);
            await using var tiles = new TileComparison(source, options.Tiles ? checkpoints.Largest ?? 0 : 0);
            pass = new(source, files, checkpoints.All, walk)
            {
                Tiles = options.Tiles ? tiles : null,
                Progress = options.Progress,
            };
            await pass.ReadAsync(cancellationToken);
            walk.Ended();
            await JudgeAsync(files, checkpoints, pass, cancellationToken);
            await DoublesAsync(files, walk, cancellationToken);
            await TilesAsync(checkpoints, tiles, pass.Good.Index, cancellationToken);
            compared = tiles.Count;
        }
        catch (Exception e) when (SourceFailure.IsOne(e) && !cancellationToken.IsCancellationRequested)
        {
            _report.Add(new(LedgerProblemKind.Unreadable, LedgerVerdict.CannotTell, Plain.Text(e.Message, 500)));
        }
        var result = Result(checkpoints, pass, walk) with { TilesCompared = compared };
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
        return again.Verdict == LedgerVerdict.Intact && before.Changed.Count > 0 && before.IsThroughout
            ? result with
            {
                Verdict = LedgerVerdict.CannotTell,
                Problems = [Converted(before, again.Origin)],
                Warnings = [],
                MoreProblems = 0,
                Origin = again.Origin,
            }
            : null;
    }

    private static LedgerProblem Converted(PutBackLineEnds before, string? origin)
    {
        var path = before.Changed[0];
        var tenant = origin?.Split('/')[^1] ?? "ID";
        return new(
            LedgerProblemKind.ConvertedCopy,
            LedgerVerdict.CannotTell,
            $"this copy is not the ledger byte for byte: {Changes(before)} in "
                + $"{Plain.Text(path, 100)}{More(before.Changed.Count - 1)}, as git, an editor or a transfer in text mode does. "
                + "With that undone, every record and checkpoint is as it was signed. Fetch the ledger again into a new folder: "
                + $"compliance evidence download DIR --account URL --tenant {Plain.Text(tenant, 100)}"
        )
        {
            Path = path,
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

    private async Task JudgeAsync(
        IReadOnlyList<LedgerFile> files,
        CheckpointSet checkpoints,
        LogPass pass,
        CancellationToken cancellationToken
    )
    {
        if (checkpoints.Trusted.Any(c => c.Agrees != true))
            await new Diagnosis(source, files, checkpoints, pass, _report).RunAsync(cancellationToken);
        foreach (var stranger in checkpoints.All.Where(c => !c.Trusted && !IsForged(c)))
            _report.Add(Stranger(stranger, pass.Records));
        if (checkpoints.Largest is null)
            _report.Add(new(LedgerProblemKind.NoCheckpoint, LedgerVerdict.CannotTell, Nothing(checkpoints)));
    }

    private bool IsForged(SeenCheckpoint checkpoint) =>
        _report.Problems.Any(p => p.Kind == LedgerProblemKind.ForgedCheckpoint && p.Path == checkpoint.Path);

    // A checkpoint that no known key signed.
    private static LedgerProblem Stranger(SeenCheckpoint checkpoint, long records) =>
        checkpoint.Agrees switch
        {
            true => new(
                LedgerProblemKind.UnknownKey,
                LedgerVerdict.CannotTell,
                $"{checkpoint.Name} agrees with the log, but {checkpoint.Signers}: a key that you were not given, or a forgery"
            )
            {
                Path = checkpoint.Path,
            },
            false => CheckpointSet.Forged(checkpoint, "and the log does not give its root"),
            null => CheckpointSet.Forged(
                checkpoint,
                string.Create(CultureInfo.InvariantCulture, $"and the log has {records} records, not {checkpoint.Size}")
            ),
        };

    private string Nothing(CheckpointSet checkpoints)
    {
        if (options.Keys.Count == 0)
            return "no key was given to verify the checkpoints with";
        return checkpoints.All.Count == 0
            ? "there is no checkpoint: nothing states what the log has to be"
            : "none of the checkpoints is signed by a known key";
    }

    // Two ids may share a hash, so the log is read once more for those that seem to be there twice.
    private async Task DoublesAsync(IReadOnlyList<LedgerFile> files, LogWalk walk, CancellationToken cancellationToken)
    {
        if (walk.Doubles.Count == 0)
            return;
        var suspects = walk
            .Doubles.GroupBy(d => d.Id, StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.First().Place, StringComparer.Ordinal);
        var last = walk.Doubles.Max(d => d.Place.Index);
        var index = 0L;
        await foreach (var line in new LogReader(source, files).ReadAsync(null, 0, cancellationToken))
        {
            if (line.Kind != LogLineKind.Line)
                continue;
            if (index >= last || suspects.Count == 0)
                break;
            var id = line.TooLong ? null : RecordFacts.Parse(line.Bytes.Span).Id;
            if (id is not null && suspects.TryGetValue(id, out var twice) && index < twice.Index)
            {
                suspects.Remove(id);
                AddDouble(id, twice, new(index, line.Path, line.Offset));
            }
            index++;
        }
    }

    private void AddDouble(string id, LeafPlace twice, LeafPlace first)
    {
        if (_report.Problems.Any(p => p.Kind == LedgerProblemKind.DoubledRecord && p.Index == twice.Index))
            return;
        var how = string.Create(
            CultureInfo.InvariantCulture,
            $"it is there twice: record {first.Index} at byte {first.Offset} of {first.Path} has the same id"
        );
        var place = new LogLine(LogLineKind.Line, twice.Path ?? "", twice.Offset, 0, default, null);
        _report.Add(LogWalk.At(twice.Index, place, LedgerProblemKind.DoubledRecord, how, id));
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

    private LedgerVerification Result(CheckpointSet? checkpoints, LogPass? pass, LogWalk walk)
    {
        var best = checkpoints?.Trusted.LastOrDefault(c => c.Agrees == true);
        var records = pass?.Records ?? 0;
        if (best is not null && pass is { Complete: true } && records > best.Size)
            _report.Warn(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{records - best.Size} records after the last checkpoint are not yet covered by a signature"
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
            Records = records,
            Bytes = pass?.Bytes ?? 0,
            Covered = best?.Size ?? 0,
            Checkpoint = best?.Value,
            SignedBy = best is null ? [] : [best.Signers],
            Checkpoints = checkpoints?.Trusted.Count(c => c.Agrees == true) ?? 0,
            UnknownVersions = walk.UnknownVersions,
            TornLines = walk.Torn,
        };
    }
}
