namespace Compliance.Ledger.Append;

/// <summary>Bounds of a log.</summary>
internal sealed record LogOptions
{
    /// <summary>Appends before the next blob is begun; the service takes 50,000.</summary>
    public int MaxBlocks { get; init; } = 49_900;

    /// <summary>Records that go out in one append.</summary>
    public int MaxRecords { get; init; } = 2_000;

    /// <summary>Bytes that go out in one append, line feeds included; every version of the service takes 4 MiB.</summary>
    public int MaxBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>How long what was accepted may take to be written when the log is closed; then it fails.</summary>
    public TimeSpan DrainWithin { get; init; } = TimeSpan.FromSeconds(10);
}
