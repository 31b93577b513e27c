using System.Security.Cryptography;

namespace Compliance.Ledger.Format;

/// <summary>
/// Cuts the bytes of a blob, which come block by block, into lines: the one place where that is done. Whole lines are given as they lie in
/// the block; of a line that is too long for any record the hash is given and only the first bytes are kept.
/// </summary>
internal sealed class LineCutter
{
    /// <summary>Bytes that a block has free before those it brings, for the begin of a line whose end they bring.</summary>
    public const int Room = EntryBundle.MaxEntry + 1;

    // Of a line that is too long.
    private IncrementalHash? _digest;

    // Of a line that is too long only the first bytes.
    private byte[] _begun = [];
    private string _path = "";

    /// <summary>Where the line begins whose end was not seen yet.</summary>
    public long Offset { get; private set; }

    /// <summary>How many bytes of that line were seen.</summary>
    public long Length { get; private set; }

    private bool IsTooLong => Length > EntryBundle.MaxEntry;

    /// <summary>Begins with a blob: nothing of a line was seen yet.</summary>
    /// <param name="path">The blob.</param>
    /// <param name="offset">Where in it the bytes begin: where a line does.</param>
    public void Begin(string path, long offset)
    {
        _digest?.Dispose();
        _digest = null;
        (_path, Offset, Length) = (path, offset, 0);
    }

    /// <summary>Cuts the bytes of a block, call by call until none is left.</summary>
    /// <param name="block">The block. Bytes before <see cref="Room"/> are overwritten.</param>
    /// <param name="bytes">Its bytes that follow those seen before, from <see cref="Room"/> on; then what is left to be cut.</param>
    /// <param name="part">Whole lines, or one that is too long; valid as long as the block is.</param>
    /// <returns>False when no line ended. What follows the last line feed is remembered.</returns>
    public bool TryCut(byte[] block, ref Memory<byte> bytes, out LogPart part)
    {
        part = default;
        if (IsTooLong && !bytes.IsEmpty)
        {
            if (!EndLong(ref bytes))
                return false;
            part = new(Take(LogLineKind.Line));
            return true;
        }
        var feed = bytes.Span.LastIndexOf((byte)'\n');
        if (feed >= 0)
        {
            part = new(_path, Offset, Lines(block, bytes[..(feed + 1)]), default);
            (Offset, Length) = (Offset + part.Lines.Length, 0);
        }
        Append(bytes.Span[(feed + 1)..]);
        bytes = default;
        return feed >= 0;
    }

    /// <summary>What follows the last line feed of a blob, once all its bytes were cut; nothing when a line feed ends it.</summary>
    public LogLine? Tail() => Length > 0 ? Take(LogLineKind.Tail) : null;

    // With the begin of the first line right before its end.
    private ReadOnlyMemory<byte> Lines(byte[] block, ReadOnlyMemory<byte> lines)
    {
        var begun = (int)Length;
        if (begun == 0)
            return lines;
        _begun.AsSpan(0, begun).CopyTo(block.AsSpan(Room - begun));
        return block.AsMemory(Room - begun, begun + lines.Length);
    }

    // The rest of a line that is too long, as far as the block has it.
    private bool EndLong(ref Memory<byte> bytes)
    {
        var feed = bytes.Span.IndexOf((byte)'\n');
        Append(feed < 0 ? bytes.Span : bytes.Span[..feed]);
        bytes = feed < 0 ? default : bytes[(feed + 1)..];
        return feed >= 0;
    }

    // The line or tail as it is now; behind it and a line feed the next begins.
    private LogLine Take(LogLineKind kind)
    {
        var line = IsTooLong
            ? new LogLine(kind, _path, Offset, Length, _begun.AsMemory(0, EntryBundle.MaxEntry), _digest!.GetHashAndReset())
            : new LogLine(kind, _path, Offset, Length, _begun.AsMemory(0, (int)Length), null);
        Begin(_path, Offset + Length + 1);
        return line;
    }

    private void Append(ReadOnlySpan<byte> more)
    {
        if (_begun.Length == 0 && !more.IsEmpty)
            _begun = new byte[Room];
        if (Length + more.Length <= EntryBundle.MaxEntry)
        {
            more.CopyTo(_begun.AsSpan((int)Length));
        }
        else
        {
            _digest ??= IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            if (!IsTooLong)
            {
                // RFC 6962: a zero byte before the entry.
                _digest.AppendData([0]);
                _digest.AppendData(_begun.AsSpan(0, (int)Length));
                more[..(int)Math.Min(more.Length, _begun.Length - Length)].CopyTo(_begun.AsSpan((int)Length));
            }
            _digest.AppendData(more);
        }
        Length += more.Length;
    }
}
