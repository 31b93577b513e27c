using Compliance.Ledger.Format;

namespace Compliance.Ledger.Verification;

/// <summary>What a <see cref="LogLine"/> is.</summary>
internal enum LogLineKind
{
    /// <summary>A line that ended: a leaf of the tree.</summary>
    Line,

    /// <summary>Bytes after the last line feed of a blob: not yet a leaf.</summary>
    Tail,

    /// <summary>Nothing: a blob begins here.</summary>
    Begin,

    /// <summary>Nothing: a blob ends here.</summary>
    End,
}

/// <summary>A line of the log.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Path">The blob it is in.</param>
/// <param name="Offset">Where in the blob it begins.</param>
/// <param name="Length">Its bytes without the line feed, of whatever length.</param>
/// <param name="Bytes">The bytes themselves, valid until the next line is asked for; of a line longer than <see cref="EntryBundle.MaxEntry"/> only the first.</param>
/// <param name="LongLeaf">The leaf's hash of a line too long to be kept; null of others.</param>
internal readonly record struct LogLine(LogLineKind Kind, string Path, long Offset, long Length, ReadOnlyMemory<byte> Bytes, byte[]? LongLeaf)
{
    /// <summary>Whether it is too long for any record.</summary>
    public bool TooLong => Length > EntryBundle.MaxEntry;

    /// <summary>The hash of the line as a leaf.</summary>
    /// <param name="destination">Where it goes, <see cref="MerkleHash.Size"/> bytes.</param>
    public void Leaf(Span<byte> destination)
    {
        if (LongLeaf is not null)
            LongLeaf.CopyTo(destination);
        else
            MerkleHash.Leaf(Bytes.Span, destination);
    }
}
