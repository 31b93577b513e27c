namespace Compliance.Ledger.Format;

/// <summary>What became of the verification of a note.</summary>
internal enum NoteTrust
{
    /// <summary>Nobody known has signed it, so nothing can be said: its text must not be used.</summary>
    Unknown,

    /// <summary>A signature that claims to be a known key's is not: the text or the signature was changed, or forged.</summary>
    Refused,

    /// <summary>At least one known key has signed the text, and no known key's signature is wrong.</summary>
    Trusted,
}

/// <summary>The verification of a note.</summary>
/// <param name="Trust">Whether its text may be used.</param>
/// <param name="SignedBy">The known keys that signed it, each once; none unless trusted.</param>
/// <param name="Reason">Why it is not trusted, for people; empty when it is.</param>
internal sealed record NoteVerdict(NoteTrust Trust, IReadOnlyList<NoteKey> SignedBy, string Reason)
{
    /// <summary>Whether the note's text may be used.</summary>
    public bool Trusted => Trust == NoteTrust.Trusted;
}
