namespace Compliance.Minimization.Evaluation;

/// <summary>
/// What is known of one blob, one of its versions or snapshots. What a listing did not show is null, and never taken for nothing.
/// </summary>
internal sealed record BlobFacts
{
    /// <summary>Storage account.</summary>
    public required string Account { get; init; }

    /// <summary>Container.</summary>
    public required string Container { get; init; }

    /// <summary>Name, as the service has it.</summary>
    public required string Name { get; init; }

    /// <summary>Version id; null for one without versions.</summary>
    public string? VersionId { get; init; }

    /// <summary>Snapshot time as the service writes it; null for none.</summary>
    public string? Snapshot { get; init; }

    /// <summary>Whether it is what a read of the name gives.</summary>
    public required bool IsCurrent { get; init; }

    /// <summary>Whether it is a block blob: last access is tracked of these alone.</summary>
    public required bool IsBlockBlob { get; init; }

    /// <summary>When it was made (UTC).</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>When it was last written (UTC).</summary>
    public DateTimeOffset? LastModified { get; init; }

    /// <summary>When it was last read (UTC), to a day; null where that is not tracked.</summary>
    public DateTimeOffset? LastAccessed { get; init; }

    /// <summary>Its ETag.</summary>
    public string? ETag { get; init; }

    /// <summary>Bytes.</summary>
    public required long Size { get; init; }

    /// <summary>Access tier; null where it has none.</summary>
    public string? Tier { get; init; }

    /// <summary>Index tags; null where they were not read, none where the account has no tags (a hierarchical one).</summary>
    public IReadOnlyDictionary<string, string>? Tags { get; init; }

    /// <summary>Metadata; null where they were not read. Keys in any case.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>Whether a legal hold keeps it; null where that was not read.</summary>
    public bool? HasLegalHold { get; init; }

    /// <summary>Until when it is immutable (UTC); null where it is not.</summary>
    public DateTimeOffset? ImmutableUntil { get; init; }

    /// <summary>Whether somebody holds a lease of it.</summary>
    public bool IsLeased { get; init; }
}
