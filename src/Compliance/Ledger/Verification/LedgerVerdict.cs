namespace Compliance.Ledger.Verification;

/// <summary>What a verification came to.</summary>
internal enum LedgerVerdict
{
    /// <summary>Everything that the checkpoints cover is as it was when they were signed.</summary>
    Intact,

    /// <summary>Something is not as it was signed, or as the log would have written it.</summary>
    Tampered,

    /// <summary>
    /// Something that is needed is not there, cannot be read, or is signed by nobody known: neither of the others can be said.
    /// </summary>
    CannotTell,
}
