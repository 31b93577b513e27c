using Compliance.Ledger.Format;

namespace Compliance.Ledger.Verification;

/// <summary>A checkpoint as it was found.</summary>
/// <param name="Name">Where it was found, for people.</param>
/// <param name="Path">Its path in the log; null for the one the auditor kept.</param>
/// <param name="Value">What it says.</param>
/// <param name="Trusted">Whether a known key signed it; else nobody known did.</param>
/// <param name="Signers">Who signed it: the known keys, or what is known of the unknown ones.</param>
internal sealed record SeenCheckpoint(string Name, string? Path, Checkpoint Value, bool Trusted, string Signers)
{
    /// <summary>Whether the log's records give its root; null when the log did not reach its size.</summary>
    public bool? Agrees { get; set; }

    /// <summary>How many leaves it covers.</summary>
    public long Size => Value.Size;

    /// <summary>Whether it is the auditor's own copy.</summary>
    public bool Kept => Path is null;
}
