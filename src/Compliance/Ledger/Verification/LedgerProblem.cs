namespace Compliance.Ledger.Verification;

/// <summary>What is wrong with a log.</summary>
internal enum LedgerProblemKind
{
    /// <summary>A record is not the one that was signed.</summary>
    ChangedRecord,

    /// <summary>Records that were signed are not in the log any more.</summary>
    DroppedRecord,

    /// <summary>A record stands where none was signed.</summary>
    InsertedRecord,

    /// <summary>Records that were signed stand in another order.</summary>
    SwappedRecords,

    /// <summary>A record is there twice.</summary>
    DoubledRecord,

    /// <summary>The log ends before what was signed does.</summary>
    TruncatedLog,

    /// <summary>The log does not give a checkpoint's root, and nothing is left that shows which record is wrong.</summary>
    DifferentRoot,

    /// <summary>The log does not reach, or does not give, a checkpoint that the auditor kept, though it agrees with its own.</summary>
    RolledBackLog,

    /// <summary>Two signed checkpoints that no single log can have.</summary>
    SplitView,

    /// <summary>
    /// A checkpoint with a signature that is not of the key it names, or that no known key signed and the log contradicts.
    /// </summary>
    ForgedCheckpoint,

    /// <summary>A checkpoint that cannot be read as one.</summary>
    DamagedCheckpoint,

    /// <summary>A checkpoint that is of another log, or of another size than its path says.</summary>
    MisplacedCheckpoint,

    /// <summary>A checkpoint that must be there is not.</summary>
    MissingCheckpoint,

    /// <summary>The latest checkpoint was put back to an older one.</summary>
    RolledBackHead,

    /// <summary>A part of the log is not there.</summary>
    MissingLog,

    /// <summary>A part of the log goes on after the record that closed it.</summary>
    RecordAfterClosing,

    /// <summary>A record was logged before the one that precedes it, and no record states that the clock went back.</summary>
    TimeWentBack,

    /// <summary>A line that no writer of the log makes and no crash leaves behind.</summary>
    ForeignLine,

    /// <summary>A tile of hashes is not what the records give.</summary>
    ChangedTile,

    /// <summary>A bundle of entries is not what the records give.</summary>
    ChangedBundle,

    /// <summary>A tile or bundle that the checkpoints cover is not there.</summary>
    MissingTile,

    /// <summary>A checkpoint that no known key signed, but that agrees with the log.</summary>
    UnknownKey,

    /// <summary>There is no checkpoint that a known key signed.</summary>
    NoCheckpoint,

    /// <summary>Something could not be read.</summary>
    Unreadable,

    /// <summary>A tool changed the line ends of this copy's text files, or put byte-order marks before them, and nothing else.</summary>
    ConvertedCopy,
}

/// <summary>One thing that is wrong.</summary>
/// <param name="Kind">What.</param>
/// <param name="Says">What it says of the whole log: <see cref="LedgerVerdict.Tampered"/> or
/// <see cref="LedgerVerdict.CannotTell"/>.</param>
/// <param name="Message">For people: what differs from what was signed, in one line. Parts that strangers wrote are made harmless.</param>
internal sealed record LedgerProblem(LedgerProblemKind Kind, LedgerVerdict Says, string Message)
{
    /// <summary>Index of the first wrong record, from 0; null when it is about no record.</summary>
    public long? Index { get; init; }

    /// <summary>Path of the file that is wrong, see <see cref="Format.LedgerLayout"/>; null when it is about no file of the log.</summary>
    public string? Path { get; init; }

    /// <summary>
    /// Offset in that file of the first byte known to be wrong, or of the wrong record when no byte is known; null when none is.
    /// </summary>
    public long? Offset { get; init; }

    /// <summary>Offset in that file where the wrong record begins; null when it is about no record.</summary>
    public long? RecordOffset { get; init; }

    /// <summary>Id of the wrong record, made harmless for a terminal; null when it cannot be read.</summary>
    public string? RecordId { get; init; }
}
