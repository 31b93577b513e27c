using Compliance.Ledger.Format;
using Compliance.Ledger.Verification;

namespace Compliance.AuditPack;

/// <summary>What a pack is made of.</summary>
internal sealed record PackRequest
{
    /// <summary>Records logged at or after this instant (UTC) are in the pack.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>Records logged before this instant (UTC) are in the pack.</summary>
    public required DateTimeOffset To { get; init; }

    /// <summary>Whom the pack is for.</summary>
    public required Framework Framework { get; init; }

    /// <summary>The public keys that are trusted, also those that were rotated out.</summary>
    public required IReadOnlyCollection<NoteKey> Keys { get; init; }

    /// <summary>What the log has to be called in its checkpoints; null to take the name that the trusted ones agree on.</summary>
    public string? Origin { get; init; }

    /// <summary>Whether texts may name people. Else names, addresses and ids of people are left out, and so is what people wrote.</summary>
    public bool WithNames { get; init; }

    /// <summary>Informed from time to time how far it is, from one thread.</summary>
    public IProgress<VerifyProgress>? Progress { get; init; }
}

/// <summary>A pack that was made.</summary>
/// <param name="File">The zip.</param>
/// <param name="Sha256">Its SHA-256, lower-case hex.</param>
/// <param name="Records">How many records are in it.</param>
/// <param name="CheckpointSize">The size of the checkpoint that its proofs lead to.</param>
/// <param name="Findings">How many findings are in it; null when no state account was read.</param>
/// <param name="WithoutEvidence">The framework's controls without a record in the range, by id.</param>
internal sealed record MadePack(
    string File,
    string Sha256,
    long Records,
    long CheckpointSize,
    int? Findings,
    IReadOnlyList<string> WithoutEvidence
);
