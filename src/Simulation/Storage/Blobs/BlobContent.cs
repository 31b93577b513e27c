using System.Collections.Immutable;

namespace Simulation.Storage.Blobs;

/// <summary>Bytes in pieces, as they were put or appended. Never changed.</summary>
internal sealed class BlobContent
{
    /// <summary>No bytes.</summary>
    public static readonly BlobContent Empty = new([], 0);

    private readonly ImmutableList<Piece> _pieces;

    private BlobContent(ImmutableList<Piece> pieces, long length)
    {
        _pieces = pieces;
        Length = length;
    }

    /// <summary>How many bytes.</summary>
    public long Length { get; }

    /// <summary>With more at the end.</summary>
    public BlobContent With(byte[] more) => more.Length == 0 ? this : new(_pieces.Add(new(Length, more)), Length + more.Length);

    /// <summary>All bytes.</summary>
    public byte[] ToArray() => Read(0, Length);

    /// <summary>Some bytes.</summary>
    /// <param name="offset">Where they begin.</param>
    /// <param name="length">How many at most.</param>
    public byte[] Read(long offset, long length)
    {
        var bytes = new byte[Math.Max(0, Math.Min(length, Length - offset))];
        var done = 0;
        for (var i = PieceAt(offset); done < bytes.Length; i++)
        {
            var from = _pieces[i].Bytes.AsSpan((int)(offset + done - _pieces[i].Offset));
            from = from[..Math.Min(from.Length, bytes.Length - done)];
            from.CopyTo(bytes.AsSpan(done));
            done += from.Length;
        }
        return bytes;
    }

    private int PieceAt(long offset)
    {
        var (low, high) = (0, _pieces.Count - 1);
        while (low < high)
        {
            var middle = (low + high + 1) >>> 1;
            (low, high) = _pieces[middle].Offset <= offset ? (middle, high) : (low, middle - 1);
        }
        return low;
    }

    private readonly record struct Piece(long Offset, byte[] Bytes);
}
