using System.Collections.Immutable;
using System.Globalization;

namespace Simulation.Storage.Blobs;

/// <summary>Kinds of blobs.</summary>
internal enum BlobKind
{
    BlockBlob,
    AppendBlob,
}

/// <summary>A blob. Never changed: a write puts another in its place.</summary>
internal sealed record MemoryBlob
{
    /// <summary>Its name in the container.</summary>
    public required string Name { get; init; }

    /// <summary>Its kind.</summary>
    public required BlobKind Kind { get; init; }

    /// <summary>Its bytes.</summary>
    public BlobContent Content { get; init; } = BlobContent.Empty;

    /// <summary>Its version.</summary>
    public required long Version { get; init; }

    /// <summary>When it was made.</summary>
    public required DateTimeOffset Created { get; init; }

    /// <summary>When it was last changed.</summary>
    public required DateTimeOffset Modified { get; init; }

    /// <summary>Appends so far.</summary>
    public int Blocks { get; init; }

    /// <summary>Ids of the blocks a block blob was made of, with their contents; empty when it was put as a whole.</summary>
    public ImmutableList<KeyValuePair<string, byte[]>> BlockList { get; init; } = [];

    /// <summary>Whether it takes no more appends.</summary>
    public bool Sealed { get; init; }

    /// <summary>Media type.</summary>
    public string ContentType { get; init; } = "application/octet-stream";

    /// <summary>Other HTTP headers it is served with, by their own names.</summary>
    public ImmutableSortedDictionary<string, string> HttpHeaders { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Metadata.</summary>
    public ImmutableSortedDictionary<string, string> Metadata { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Its lease.</summary>
    public BlobLease Lease { get; init; } = BlobLease.None;

    /// <summary>Its version as the service writes it.</summary>
    public string ETag => string.Create(CultureInfo.InvariantCulture, $"\"0x{Version:X16}\"");
}

/// <summary>A container.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Version">Its version.</param>
/// <param name="Modified">When it was made.</param>
/// <param name="Blobs">Its blobs in the order of their names.</param>
/// <param name="Staged">Blocks that were put and are in no block list yet, by blob and id.</param>
internal sealed record MemoryContainer(
    string Name,
    long Version,
    DateTimeOffset Modified,
    ImmutableList<MemoryBlob> Blobs,
    ImmutableDictionary<string, ImmutableDictionary<string, byte[]>> Staged
)
{
    /// <summary>One blob; null when it is not there.</summary>
    public MemoryBlob? Find(string name)
    {
        var at = IndexOf(name);
        return at >= 0 ? Blobs[at] : null;
    }

    /// <summary>Where a blob is; the complement of where it would be when it is not there.</summary>
    public int IndexOf(string name)
    {
        var (low, high) = (0, Blobs.Count - 1);
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var order = string.CompareOrdinal(Blobs[middle].Name, name);
            if (order == 0)
                return middle;
            (low, high) = order < 0 ? (middle + 1, high) : (low, middle - 1);
        }
        return ~low;
    }

    /// <summary>With a blob put in, or in the place of the one with its name.</summary>
    public MemoryContainer With(MemoryBlob blob)
    {
        var at = IndexOf(blob.Name);
        return this with { Blobs = at >= 0 ? Blobs.SetItem(at, blob) : Blobs.Insert(~at, blob) };
    }

    /// <summary>Without a blob that is there.</summary>
    public MemoryContainer Without(string name) => this with { Blobs = Blobs.RemoveAt(IndexOf(name)) };
}
