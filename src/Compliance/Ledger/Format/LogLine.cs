namespace Compliance.Ledger.Format;

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
/// <param name="Bytes">The bytes themselves, valid until the next line is asked for; of a line longer than
/// <see cref="EntryBundle.MaxEntry"/> only the first.</param>
/// <param name="LongLeaf">The leaf's hash of a line too long to be kept; null of others.</param>
internal readonly record struct LogLine(
    LogLineKind Kind,
    string Path,
    long Offset,
    long Length,
    ReadOnlyMemory<byte> Bytes,
    byte[]? LongLeaf
)
{
    /// <summary>Whether it is too long for any record.</summary>
    public bool TooLong => Length > EntryBundle.MaxEntry;

    /// <summary>The first of some whole lines.</summary>
    /// <param name="path">The blob they are in.</param>
    /// <param name="offset">Where in it they begin.</param>
    /// <param name="lines">The lines, each with its line feed; not empty.</param>
    public static LogLine First(string path, long offset, ReadOnlyMemory<byte> lines)
    {
        var length = lines.Span.IndexOf((byte)'\n');
        return length <= EntryBundle.MaxEntry
            ? new(LogLineKind.Line, path, offset, length, lines[..length], null)
            : new(LogLineKind.Line, path, offset, length, lines[..EntryBundle.MaxEntry], LeafOf(lines.Span[..length]));
    }

    private static byte[] LeafOf(ReadOnlySpan<byte> bytes)
    {
        var leaf = new byte[MerkleHash.Size];
        MerkleHash.Leaf(bytes, leaf);
        return leaf;
    }

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

/// <summary>The next part of the log: whole lines side by side, or something else.</summary>
/// <param name="Path">The blob it is in.</param>
/// <param name="Offset">Where in the blob it begins.</param>
/// <param name="Lines">Whole lines with their line feeds, valid until the next part is asked for; empty when it is something else.</param>
/// <param name="Other">Else: the begin or end of a blob, its tail, or a line that is too long to be kept.</param>
internal readonly record struct LogPart(string Path, long Offset, ReadOnlyMemory<byte> Lines, LogLine Other)
{
    /// <summary>Something that is no whole line.</summary>
    public LogPart(LogLine other)
        : this(other.Path, other.Offset, default, other) { }

    /// <summary>Takes the first of the whole lines.</summary>
    /// <returns>False when none is left.</returns>
    public static bool TryTake(ref LogPart part, out LogLine line)
    {
        line = default;
        if (part.Lines.IsEmpty)
            return false;
        line = LogLine.First(part.Path, part.Offset, part.Lines);
        part = part.From((int)line.Length + 1);
        return true;
    }

    /// <summary>What follows some bytes of the lines.</summary>
    public LogPart From(int bytes) => this with { Offset = Offset + bytes, Lines = Lines[bytes..] };
}
