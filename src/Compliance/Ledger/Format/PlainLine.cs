using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Text.Unicode;

namespace Compliance.Ledger.Format;

/// <summary>
/// Reads a line as the log's writer writes it: one object without escapes, white space between values, fractions or anything nested
/// deeper than a list of texts or an object of plain values. It finds the quotation marks of 64 bytes at a time and takes half as long as
/// a reader of any JSON. Every other line, right or wrong, it leaves to that.
/// Sample, cut off: <c>{"action":"credentials.check","controls":["CRED-001"],"counts":{"done":3},"id":"cred-1/check",...,"version":1}</c>
/// </summary>
internal ref struct PlainLine
{
    /// <summary>Bytes that are looked through at once, and the least that a line has.</summary>
    public const int Block = 64;

    private readonly ReadOnlySpan<byte> _line;
    private ulong _quotes;
    private int _block;
    private int _next;
    private int _at;
    private bool _other;
    private bool _wide;

    /// <summary>Begins to read a line.</summary>
    /// <param name="line">The line, <see cref="Block"/> bytes or more.</param>
    public PlainLine(ReadOnlySpan<byte> line)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(line.Length, Block);
        _line = line;
    }

    /// <summary>The name of the property that was read.</summary>
    public ReadOnlySpan<byte> Name { get; private set; }

    /// <summary>Its value as it is in the line; of a text what is between the quotation marks.</summary>
    public ReadOnlySpan<byte> Value { get; private set; }

    /// <summary>The first byte of its value, which shows what it is.</summary>
    public byte Kind { get; private set; }

    /// <summary>Reads the next property.</summary>
    /// <returns>False at the end, and when the line is not of the kind that is read here: see <see cref="IsWhole"/>.</returns>
    public bool Read()
    {
        if (!Take(_at == 0 ? '{' : ','))
            return false;
        if (!Text(out var name) || !Take(':'))
            return Fail();
        var (kind, start) = (Peek(), _at);
        ReadOnlySpan<byte> value = default;
        var whole = kind switch
        {
            (byte)'"' => Text(out value),
            (byte)'[' => List(),
            (byte)'{' => Object(),
            _ => Number(),
        };
        Name = name;
        Kind = kind;
        Value = kind == '"' ? value : _line[start.._at];
        return whole || Fail();
    }

    /// <summary>Whether the line ends behind the last property that was read, and was read to its end.</summary>
    public bool IsWhole() => !_other && Take('}') && _at == _line.Length && (!_wide || Utf8.IsValid(_line));

    private bool Fail()
    {
        _other = true;
        return false;
    }

    private readonly byte Peek() => (uint)_at < (uint)_line.Length ? _line[_at] : (byte)0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private bool Take(char expected)
    {
        if (Peek() != expected)
            return false;
        _at++;
        return true;
    }

    private bool Text(out ReadOnlySpan<byte> text)
    {
        text = default;
        if (Quote() != _at)
            return false;
        var end = Quote();
        if (end < 0)
            return false;
        text = _line[(_at + 1)..end];
        _at = end + 1;
        return true;
    }

    private bool List()
    {
        _at++;
        if (Take(']'))
            return true;
        do
        {
            if (!Text(out _))
                return false;
        } while (Take(','));
        return Take(']');
    }

    private bool Object()
    {
        _at++;
        if (Take('}'))
            return true;
        do
        {
            if (!Text(out _) || !Take(':') || !(Peek() == '"' ? Text(out _) : Number()))
                return false;
        } while (Take(','));
        return Take('}');
    }

    // Whole numbers without a sign.
    private bool Number()
    {
        var start = _at;
        while (Peek() is >= (byte)'0' and <= (byte)'9')
            _at++;
        return _at == start + 1 || (_at > start && _line[start] != '0');
    }

    // Where the next quotation mark is; -1 when there is none, or the line is of another kind.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private int Quote()
    {
        while (_quotes == 0)
        {
            if (!NextBlock())
                return -1;
        }
        var at = _block + BitOperations.TrailingZeroCount(_quotes);
        _quotes &= _quotes - 1;
        return at;
    }

    private bool NextBlock()
    {
        if (_next >= _line.Length || _other)
            return false;
        // The last block overlaps the one before it; what was seen already is shifted out.
        _block = Math.Min(_next, _line.Length - Block);
        var low = Vector256.Create(_line.Slice(_block, Block / 2));
        var high = Vector256.Create(_line.Slice(_block + (Block / 2), Block / 2));
        var quote = Vector256.Create((byte)'"');
        _quotes =
            Vector256.Equals(low, quote).ExtractMostSignificantBits()
            | ((ulong)Vector256.Equals(high, quote).ExtractMostSignificantBits() << (Block / 2));
        _other |= (Others(low) | Others(high)) != Vector256<byte>.Zero;
        _wide |= (low | high).ExtractMostSignificantBits() != 0;
        _quotes &= ulong.MaxValue << (_next - _block);
        _next = _block + Block;
        return !_other;
    }

    // Escapes, and what may not be in a text as it is.
    private static Vector256<byte> Others(Vector256<byte> bytes) =>
        Vector256.Equals(bytes, Vector256.Create((byte)'\\')) | Vector256.LessThan(bytes, Vector256.Create((byte)' '));
}
