namespace BlobStandIn.State;

/// <summary>A blob that a test puts into a container past HTTP.</summary>
/// <param name="Name">Name.</param>
internal sealed record BlobSeed(string Name)
{
    /// <summary>Bytes.</summary>
    public long Size { get; init; } = 1_000;

    /// <summary>When it was made; null for now.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>When it was last written; null for when it was made.</summary>
    public DateTimeOffset? Modified { get; init; }

    /// <summary>When it was last read; null where that is not tracked.</summary>
    public DateTimeOffset? Accessed { get; init; }

    /// <summary>Tier.</summary>
    public BlobTier Tier { get; init; }

    /// <summary>Metadata, tags, holds: the same object for many blobs keeps a large seed small.</summary>
    public BlobExtras Extras { get; init; } = BlobExtras.None;
}
