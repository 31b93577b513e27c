using Compliance.Ledger.Format;

namespace Compliance.Ledger.Verification;

/// <summary>How to verify.</summary>
internal sealed record VerifyOptions
{
    /// <summary>The public keys that the auditor trusts, also those that were rotated out.</summary>
    public required IReadOnlyCollection<NoteKey> Keys { get; init; }

    /// <summary>
    /// A checkpoint that the auditor kept from an earlier time, as its bytes; null when there is none. What the log is now has to go on
    /// from it.
    /// </summary>
    public byte[]? Kept { get; init; }

    /// <summary>
    /// What the log has to be called in its checkpoints; null to take the name of the trusted ones, which then have to agree.
    /// </summary>
    public string? Origin { get; init; }

    /// <summary>
    /// Whether the tiles and entry bundles are compared with the records too. They are made from the records and prove nothing by
    /// themselves, but proofs are read from them.
    /// </summary>
    public bool Tiles { get; init; } = true;

    /// <summary>Informed from time to time how far it is, from one thread.</summary>
    public IProgress<VerifyProgress>? Progress { get; init; }
}

/// <summary>How far a verification is.</summary>
/// <param name="Bytes">Bytes of the log that were read.</param>
/// <param name="Of">Bytes the log had when it was listed.</param>
/// <param name="Records">Records that were hashed.</param>
internal readonly record struct VerifyProgress(long Bytes, long Of, long Records);
