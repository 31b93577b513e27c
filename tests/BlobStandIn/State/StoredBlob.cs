namespace BlobStandIn.State;

/// <summary>Where a blob's content is kept.</summary>
internal enum BlobTier : byte
{
    Hot,
    Cool,
    Cold,
    Archive,
}

/// <summary>
/// One item of a name: its current version, a previous one, a snapshot, or one of these soft-deleted. It never changes: a write puts
/// another in its place. Small, since a benchmark has a million of them; what most blobs lack is in <see cref="Extras"/>.
/// </summary>
internal sealed record StoredBlob
{
    /// <summary>Its ETag is this number in hex, as the real service has it.</summary>
    public required long ETag { get; init; }

    /// <summary>Bytes.</summary>
    public required long Size { get; init; }

    /// <summary>When it was made (UTC).</summary>
    public required DateTime Created { get; init; }

    /// <summary>When it was last written (UTC).</summary>
    public required DateTime Modified { get; init; }

    /// <summary>When it was last read (UTC); the default where that is not tracked.</summary>
    public DateTime Accessed { get; init; }

    /// <summary>Version id, a time; the default for one without versions.</summary>
    public DateTime Version { get; init; }

    /// <summary>Tier.</summary>
    public BlobTier Tier { get; init; }

    /// <summary>The rest; many blobs share one.</summary>
    public BlobExtras Extras { get; init; } = BlobExtras.None;

    /// <summary>Place among the items of its name: the oldest first, what has no id last.</summary>
    public DateTime Order
    {
        get
        {
            if (Extras.Snapshot != default)
                return Extras.Snapshot;
            return Version == default ? DateTime.MaxValue : Version;
        }
    }

    /// <summary>Whether it is soft-deleted.</summary>
    public bool IsDeleted => Extras.DeletedAt != default;

    /// <summary>Whether it is a snapshot.</summary>
    public bool IsSnapshot => Extras.Snapshot != default;

    /// <summary>Whether somebody holds its lease.</summary>
    public bool IsLeased(DateTime now) => Extras.Lease is { } lease && lease.Until > now;
}

/// <summary>A lease that is or was held.</summary>
/// <param name="Id">What the holder shows.</param>
/// <param name="Until">When it ends (UTC); the end of time for one without an end.</param>
internal sealed record BlobLease(string Id, DateTime Until);

/// <summary>What most blobs do not have.</summary>
internal sealed record BlobExtras
{
    /// <summary>Nothing.</summary>
    public static BlobExtras None { get; } = new();

    /// <summary>Snapshot time; the default for none.</summary>
    public DateTime Snapshot { get; init; }

    /// <summary>Metadata.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>Index tags.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>Its lease; null for none.</summary>
    public BlobLease? Lease { get; init; }

    /// <summary>Whether a legal hold keeps it.</summary>
    public bool HasLegalHold { get; init; }

    /// <summary>Until when it is immutable (UTC); the default for no policy.</summary>
    public DateTime ImmutableUntil { get; init; }

    /// <summary>When it was soft-deleted (UTC); the default for never.</summary>
    public DateTime DeletedAt { get; init; }

    /// <summary>When a soft-deleted one is erased (UTC).</summary>
    public DateTime ErasedAt { get; init; }

    /// <summary>Content; null for zeros, which are not kept.</summary>
    public byte[]? Content { get; init; }

    /// <summary>Content type.</summary>
    public string ContentType { get; init; } = "application/octet-stream";
}
