using Compliance.Ledger.Format;

namespace Compliance.Ledger.Verification;

/// <summary>What a verification came to.</summary>
internal enum LedgerVerdict
{
    /// <summary>Everything that the checkpoints cover is as it was when they were signed.</summary>
    Intact,

    /// <summary>Something is not as it was signed, or as the log would have written it.</summary>
    Tampered,

    /// <summary>
    /// Something that is needed is not there, cannot be read, or is signed by no known key: neither of the others is proven.
    /// </summary>
    CannotTell,
}

/// <summary>What a verification found.</summary>
/// <param name="Verdict">Tampered when any problem says so; else CannotTell when any says that; else intact.</param>
/// <param name="Problems">What is wrong, the most telling first; at most <see cref="LedgerVerifier.MaxProblems"/>.</param>
/// <param name="Warnings">What an auditor should know that is no tampering: torn lines, records not yet covered.</param>
internal sealed record LedgerVerification(LedgerVerdict Verdict, IReadOnlyList<LedgerProblem> Problems, IReadOnlyList<string> Warnings)
{
    /// <summary>Problems beyond those listed.</summary>
    public long MoreProblems { get; init; }

    /// <summary>The log's name, from its checkpoints; null when none is trusted.</summary>
    public string? Origin { get; init; }

    /// <summary>Lines in the log, whatever they say.</summary>
    public long Records { get; init; }

    /// <summary>Bytes of the log that were read.</summary>
    public long Bytes { get; init; }

    /// <summary>How many of the records the largest trusted checkpoint covers that agrees with the log.</summary>
    public long Covered { get; init; }

    /// <summary>The largest trusted checkpoint that agrees with the log; null when none does.</summary>
    public Checkpoint? Checkpoint { get; init; }

    /// <summary>Who signed it: name and id of the known keys.</summary>
    public IReadOnlyList<string> SignedBy { get; init; } = [];

    /// <summary>Records after the last checkpoint, of which nothing can be said yet.</summary>
    public long NotYetCovered => Records - Covered;

    /// <summary>Checkpoints that a known key signed and that agree with the log.</summary>
    public int Checkpoints { get; init; }

    /// <summary>Records of a version unknown here: hashed like all, not understood.</summary>
    public long UnknownVersions { get; init; }

    /// <summary>Lines that a crash cut off, each a leaf of its own.</summary>
    public long TornLines { get; init; }

    /// <summary>Tiles and bundles that were compared with what the records give.</summary>
    public long TilesCompared { get; init; }
}
