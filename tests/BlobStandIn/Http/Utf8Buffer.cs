using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;

namespace BlobStandIn.Http;

/// <summary>Text of an answer, written in UTF-8 as it is made, in one rented array.</summary>
internal sealed class Utf8Buffer(int capacity) : IDisposable
{
    private static readonly SearchValues<char> Plain = SearchValues.Create(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 !#$%()*+,-./:;=?@[]^_`{|}~"
    );

    private byte[] _bytes = ArrayPool<byte>.Shared.Rent(capacity);

    /// <summary>Bytes that were written.</summary>
    public int Length { get; private set; }

    /// <summary>What was written.</summary>
    public ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, Length);

    /// <summary>Begins again.</summary>
    public void Clear() => Length = 0;

    /// <inheritdoc/>
    public void Dispose() => ArrayPool<byte>.Shared.Return(_bytes);

    /// <summary>Adds bytes as they are.</summary>
    public Utf8Buffer Raw(ReadOnlySpan<byte> text)
    {
        text.CopyTo(Room(text.Length));
        Length += text.Length;
        return this;
    }

    /// <summary>Adds a text as it is.</summary>
    public Utf8Buffer Raw(ReadOnlySpan<char> text)
    {
        Length += Encoding.UTF8.GetBytes(text, Room(text.Length * 3));
        return this;
    }

    /// <summary>Adds a text for XML.</summary>
    public Utf8Buffer Xml(ReadOnlySpan<char> text)
    {
        while (text.IndexOfAnyExcept(Plain) is var at and >= 0)
        {
            Raw(text[..at]);
            var c = text[at];
            switch (c)
            {
                case '<':
                    Raw("&lt;"u8);
                    break;
                case '>':
                    Raw("&gt;"u8);
                    break;
                case '&':
                    Raw("&amp;"u8);
                    break;
                case '"':
                    Raw("&quot;"u8);
                    break;
                case < '\u0080':
                    Raw(text.Slice(at, 1));
                    break;
                default:
                    // The rest of the characters outside of ASCII in one piece: pairs stay together.
                    var end = text[at..].IndexOfAnyInRange('\0', '\u007F');
                    Raw(text.Slice(at, end < 0 ? text.Length - at : end));
                    text = end < 0 ? [] : text[(at + end)..];
                    continue;
            }
            text = text[(at + 1)..];
        }
        return Raw(text);
    }

    /// <summary>Adds a number.</summary>
    public Utf8Buffer Number(long number)
    {
        Utf8Formatter.TryFormat(number, Room(20), out var written);
        Length += written;
        return this;
    }

    /// <summary>Adds an ETag without quotation marks.</summary>
    public Utf8Buffer ETag(long tag)
    {
        Raw("0x"u8);
        tag.TryFormat(Room(16), out var written, "X", CultureInfo.InvariantCulture);
        Length += written;
        return this;
    }

    /// <summary>Adds a time as ids have it, as in <c>2027-04-01T06:00:00.0000000Z</c>.</summary>
    public Utf8Buffer Id(DateTime time)
    {
        Utf8Formatter.TryFormat(time, Room(33), out var written, 'O');
        Length += written;
        return this;
    }

    /// <summary>Adds a time as headers have it, as in <c>Thu, 01 Apr 2027 06:00:00 GMT</c>.</summary>
    public Utf8Buffer Date(DateTime time)
    {
        Utf8Formatter.TryFormat(time, Room(29), out var written, 'R');
        Length += written;
        return this;
    }

    private Span<byte> Room(int count)
    {
        if (_bytes.Length - Length < count)
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(_bytes.Length * 2, Length + count));
            _bytes.AsSpan(0, Length).CopyTo(larger);
            ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = larger;
        }
        return _bytes.AsSpan(Length);
    }
}
