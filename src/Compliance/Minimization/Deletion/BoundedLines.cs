using System.Buffers;
using System.Text;

namespace Compliance.Minimization.Deletion;

/// <summary>
/// Lines of a stream, one at a time, up to a number of bytes in all. A connection that breaks is an end. Of a long line only the
/// beginning is kept.
/// </summary>
internal sealed class BoundedLines(Stream stream, int maxBytes)
{
    private const int MaxLine = 16 * 1024;

    private readonly byte[] _buffer = new byte[16 * 1024];
    private readonly ArrayBufferWriter<byte> _line = new();
    private int _at;
    private int _end;
    private int _read;
    private bool _isOver;

    /// <summary>Whether it ended because it has more bytes than allowed.</summary>
    public bool IsTooLong { get; private set; }

    /// <summary>The next line without its end; null after the last one. The last one may lack its end.</summary>
    public async ValueTask<string?> ReadAsync(CancellationToken cancellationToken)
    {
        _line.ResetWrittenCount();
        var isEmpty = true;
        while (_at < _end || await FillAsync(cancellationToken))
        {
            isEmpty = false;
            var rest = _buffer.AsSpan(_at.._end);
            var length = rest.IndexOf((byte)'\n');
            Keep(length < 0 ? rest : rest[..length]);
            _at += length < 0 ? rest.Length : length + 1;
            if (length >= 0)
                return Line();
        }
        return isEmpty ? null : Line();
    }

    private void Keep(ReadOnlySpan<byte> bytes) => _line.Write(bytes[..Math.Min(bytes.Length, MaxLine - _line.WrittenCount)]);

    private string Line()
    {
        var line = _line.WrittenSpan;
        return Encoding.Latin1.GetString(line is [.. var inner, (byte)'\r'] ? inner : line);
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (_isOver)
            return false;
        (_at, _end) = (0, 0);
        try
        {
            _end = await stream.ReadAsync(_buffer, cancellationToken);
        }
        // Whatever a broken connection or a bad encoding throws: what was read until then counts, the rest is not known.
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            _end = 0;
        }
        _read += _end;
        IsTooLong = _read > maxBytes;
        if (IsTooLong)
            _end = 0;
        _isOver = _end == 0;
        return !_isOver;
    }
}
