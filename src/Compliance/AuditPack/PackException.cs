namespace Compliance.AuditPack;

/// <summary>Why no pack was made.</summary>
internal enum PackRefusal
{
    /// <summary>What was asked for makes no sense: an unknown framework, a range that ends before it begins.</summary>
    Usage,

    /// <summary>Something does not verify: the ledger was tampered with.</summary>
    Tampered,

    /// <summary>Something is missing or cannot be read: no record, no checkpoint that covers them, no key, no storage.</summary>
    CannotDecide,
}

/// <summary>No pack was made, and nothing was left behind.</summary>
internal sealed class PackException : Exception
{
    public PackException() { }

    public PackException(string message)
        : base(message) { }

    public PackException(string message, Exception innerException)
        : base(message, innerException) { }

    /// <summary>Says why, in words for people.</summary>
    public PackException(PackRefusal refusal, string message, Exception? inner = null)
        : base(message, inner) => Refusal = refusal;

    /// <summary>Which kind of reason.</summary>
    public PackRefusal Refusal { get; } = PackRefusal.CannotDecide;
}
