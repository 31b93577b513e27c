using System.Globalization;
using Compliance.Ledger.Format;
using Compliance.Text;

namespace Compliance.Ledger.Verification;

/// <summary>A checkpoint as it was found.</summary>
/// <param name="Name">Where it was found, for people.</param>
/// <param name="Path">Its path in the log; null for the one the auditor kept.</param>
/// <param name="Value">What it says.</param>
/// <param name="Trusted">Whether a known key signed it.</param>
/// <param name="Signers">Who signed it: the known keys, or what is known of the unknown ones.</param>
internal sealed record SeenCheckpoint(string Name, string? Path, Checkpoint Value, bool Trusted, string Signers)
    : SignedRoot(Value, Trusted)
{
    /// <summary>Whether it is the auditor's own copy.</summary>
    public bool Kept => Path is null;
}

/// <summary>
/// The checkpoints of a log and the one the auditor kept, read and verified as far as they can be without the log itself.
/// </summary>
internal sealed class CheckpointSet
{
    /// <summary>What the checkpoint that the auditor kept is called in messages.</summary>
    public const string KeptName = "the checkpoint you kept";

    private readonly List<SeenCheckpoint> _all = [];

    /// <summary>
    /// All that can be read, trusted or signed by nobody known, the smallest first. Those with a false signature are not among them.
    /// </summary>
    public IReadOnlyList<SeenCheckpoint> All => _all;

    /// <summary>The trusted ones, the smallest first.</summary>
    public IEnumerable<SeenCheckpoint> Trusted => _all.Where(c => c.Trusted);

    /// <summary>The largest trusted size; null when none is trusted.</summary>
    public long? Largest => _all.FindLast(c => c.Trusted)?.Size;

    /// <summary>The name of the log; null when no checkpoint is trusted and none was asked for.</summary>
    public string? Origin { get; private set; }

    /// <summary>The latest checkpoint's bytes; null when there is none.</summary>
    public byte[]? Head { get; private set; }

    /// <summary>Reads and verifies them.</summary>
    /// <param name="source">The log.</param>
    /// <param name="options">The keys, the name of the log, and the checkpoint the auditor kept.</param>
    /// <param name="report">Gets what is wrong.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="IOException">They cannot be read.</exception>
    public static async Task<CheckpointSet> ReadAsync(
        ILedgerSource source,
        VerifyOptions options,
        VerifyReport report,
        CancellationToken cancellationToken
    )
    {
        var set = new CheckpointSet { Origin = options.Origin };
        if (options.Kept is { } kept)
            set.Add(KeptName, null, null, kept, options.Keys, report);
        // The head before the others, and all before the log: what is written meanwhile must not look like too little.
        set.Head = await FindAsync(source, LedgerLayout.Head, report, cancellationToken);
        if (set.Head is { } bytes)
            set.Add(LedgerLayout.Head, LedgerLayout.Head, null, bytes, options.Keys, report);
        var sizes = await source.CheckpointsAsync(cancellationToken);
        foreach (var size in sizes)
        {
            var path = LedgerLayout.Checkpoint(size);
            if (await FindAsync(source, path, report, cancellationToken) is { } numbered)
                set.Add(path, path, size, numbered, options.Keys, report);
        }
        // Stable, so that the log's own stand in the order of their names.
        var ordered = set._all.OrderBy(c => c.Size).ThenBy(c => c.Path, StringComparer.Ordinal).ToList();
        set._all.Clear();
        set._all.AddRange(ordered);
        set.CompareOrigins(report);
        set.CompareSizes(sizes, report);
        set.CompareEqualSizes(report);
        return set;
    }

    private static async Task<byte[]?> FindAsync(
        ILedgerSource source,
        string path,
        VerifyReport report,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await source.FindAsync(path, SignedNote.MaxBytes, cancellationToken);
        }
        catch (LedgerFormatException e)
        {
            Damaged(path, path, e, report);
            return null;
        }
    }

    private void Add(string name, string? path, long? size, byte[] bytes, IReadOnlyCollection<NoteKey> keys, VerifyReport report)
    {
        SignedNote note;
        Checkpoint value;
        try
        {
            note = SignedNote.Parse(bytes);
            value = Checkpoint.Parse(note.Text);
        }
        catch (LedgerFormatException e)
        {
            Damaged(name, path, e, report);
            return;
        }
        var verdict = note.Verify(keys);
        if (verdict.Trust == NoteTrust.Refused)
        {
            // An auditor's own file is no part of the log: what is wrong with it accuses nobody.
            report.Add(
                new(
                    LedgerProblemKind.ForgedCheckpoint,
                    path is null ? LedgerVerdict.CannotTell : LedgerVerdict.Tampered,
                    $"{name} is forged: {Plain.Text(verdict.Reason, 300)}"
                )
                {
                    Path = path,
                }
            );
            return;
        }
        if (size is { } named && named != value.Size)
        {
            report.Add(
                new(
                    LedgerProblemKind.MisplacedCheckpoint,
                    LedgerVerdict.Tampered,
                    string.Create(CultureInfo.InvariantCulture, $"{name} holds a checkpoint of {value.Size} records")
                )
                {
                    Path = path,
                }
            );
        }
        var signers = verdict.Trusted ? string.Join(", ", verdict.SignedBy.Select(k => k.ToString())) : verdict.Reason;
        _all.Add(new(name, path, value, verdict.Trusted, Plain.Text(signers, 300)));
    }

    private static void Damaged(string name, string? path, LedgerFormatException e, VerifyReport report) =>
        report.Add(
            new(
                LedgerProblemKind.DamagedCheckpoint,
                path is null ? LedgerVerdict.CannotTell : LedgerVerdict.Tampered,
                $"{name} is no checkpoint: {Plain.Text(e.Message, 300)}"
            )
            {
                Path = path,
                Offset = path is null ? null : e.Offset,
            }
        );

    private void CompareOrigins(VerifyReport report)
    {
        // The auditor's own copy knows best what the log is called, then the latest.
        Origin ??= (
            Trusted.FirstOrDefault(c => c.Kept) ?? Trusted.FirstOrDefault(c => c.Path == LedgerLayout.Head) ?? Trusted.LastOrDefault()
        )
            ?.Value
            .Origin;
        foreach (var other in _all.Where(c => c.Trusted && c.Value.Origin != Origin).ToList())
        {
            report.Add(
                new(
                    LedgerProblemKind.MisplacedCheckpoint,
                    other.Kept ? LedgerVerdict.CannotTell : LedgerVerdict.Tampered,
                    $"{other.Name} is of another log: {Plain.Text(other.Value.Origin, 200)}, not {Plain.Text(Origin ?? "", 200)}"
                )
                {
                    Path = other.Path,
                }
            );
            _all.Remove(other);
        }
    }

    // A numbered checkpoint is written before the latest one is put in place. A crash between the two leaves the latest one behind, and
    // nothing else does.
    private void CompareSizes(IReadOnlyList<long> numbered, VerifyReport report)
    {
        var head = _all.Find(c => c.Path == LedgerLayout.Head);
        var newest = Math.Max(numbered is [.., var last] ? last : 0, head?.Size ?? 0);
        foreach (var checkpoint in _all.Where(c => c.Trusted && (c.Kept || c == head) && c.Size <= newest && !numbered.Contains(c.Size)))
        {
            var path = LedgerLayout.Checkpoint(checkpoint.Size);
            if (report.Problems.All(p => p.Kind != LedgerProblemKind.MissingCheckpoint || p.Path != path))
                report.Add(
                    new(
                        LedgerProblemKind.MissingCheckpoint,
                        LedgerVerdict.Tampered,
                        $"{path} is missing, though {checkpoint.Name} was signed for that size"
                    )
                    {
                        Path = path,
                    }
                );
        }
        CompareHead(head, numbered, report);
    }

    private void CompareHead(SeenCheckpoint? head, IReadOnlyList<long> numbered, VerifyReport report)
    {
        if (Head is null && numbered.Count > 1)
            report.Add(
                new(
                    LedgerProblemKind.MissingCheckpoint,
                    LedgerVerdict.Tampered,
                    "the latest checkpoint is missing, though there are numbered ones"
                )
                {
                    Path = LedgerLayout.Head,
                }
            );
        else if (Head is null && numbered.Count == 1)
            report.Warn("there is no latest checkpoint yet: the first one was only just made, or its maker was stopped");
        var behind = head is null ? 0 : _all.Count(c => c is { Trusted: true, Kept: false } && c.Size > head.Size);
        if (behind > 1)
        {
            report.Add(
                new(
                    LedgerProblemKind.RolledBackHead,
                    LedgerVerdict.Tampered,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"the latest checkpoint is one of {head!.Size} records, though {behind} larger ones are there: an older one was "
                            + $"put in its place"
                    )
                )
                {
                    Path = LedgerLayout.Head,
                }
            );
        }
        else if (behind == 1)
        {
            report.Warn("the latest checkpoint is one behind the numbered ones: a new one was only just made, or its maker was stopped");
        }
    }

    private void CompareEqualSizes(VerifyReport report)
    {
        foreach (var size in _all.GroupBy(c => c.Size).Where(g => g.Skip(1).Any()))
        {
            var trusted = size.Where(c => c.Trusted).ToList();
            if (trusted.Count > 0 && trusted.Find(c => !c.Value.Root.AsSpan().SequenceEqual(trusted[0].Value.Root)) is { } other)
                report.Add(SplitView(trusted[0], other, "they cover as many records, but not the same"));
            foreach (var stranger in size.Where(c => !c.Trusted && trusted.Count > 0 && c.Path == LedgerLayout.Head))
                report.Add(Forged(stranger, $"where {trusted[0].Name} is signed by {trusted[0].Signers}"));
        }
    }

    /// <summary>Two signed checkpoints that no single log can have.</summary>
    public static LedgerProblem SplitView(SeenCheckpoint one, SeenCheckpoint other, string why) =>
        new(
            LedgerProblemKind.SplitView,
            LedgerVerdict.Tampered,
            string.Create(
                CultureInfo.InvariantCulture,
                $"split view: {one.Name} ({one.Size} records, signed by {one.Signers}) and {other.Name} ({other.Size} records, signed by "
                    + $"{other.Signers}) are of no single log: {why}"
            )
        )
        {
            Path = one.Path ?? other.Path,
        };

    /// <summary>A checkpoint that nobody known signed.</summary>
    public static LedgerProblem Forged(SeenCheckpoint checkpoint, string why) =>
        new(
            LedgerProblemKind.ForgedCheckpoint,
            checkpoint.Kept ? LedgerVerdict.CannotTell : LedgerVerdict.Tampered,
            $"{checkpoint.Name} is forged: {checkpoint.Signers}, {why}"
        )
        {
            Path = checkpoint.Path,
        };
}
