using System.Globalization;
using Compliance.Ledger.Format;

namespace Compliance.Ledger.Checkpoints;

/// <summary>A place in the log: behind a line feed, or the begin of a blob.</summary>
/// <param name="Path">The append blob, see <see cref="LedgerLayout"/>.</param>
/// <param name="Offset">Bytes before it in that blob.</param>
internal sealed record LogPosition(string Path, long Offset);

/// <summary>
/// Reads the log's lines one after the other, across its append blobs, in constant memory. A line is a leaf, whatever it says; what follows
/// the last line feed is none yet.
/// </summary>
/// <param name="source">The log.</param>
/// <param name="logs">Its append blobs in their order, as listed before the reading: all but the last have got their last byte.</param>
/// <param name="from">Where to begin; null for the log's begin.</param>
internal sealed class LogLines(ILedgerSource source, IReadOnlyList<LedgerFile> logs, LogPosition? from = null) : IAsyncDisposable
{
    /// <summary>The most bytes a line has with its line feed.</summary>
    public const int MaxBytes = EntryBundle.MaxEntry + 1;

    private readonly byte[] _buffer = new byte[4 * MaxBytes];
    private int _log = from is null ? 0 : Find(logs, from.Path);
    private Stream? _stream;
    private int _start;
    private int _end;
    private long _offset = from?.Offset ?? 0;

    /// <summary>The line last read, without its line feed; until the next read.</summary>
    public ReadOnlyMemory<byte> Line { get; private set; }

    /// <summary>The place behind the line last read; where the reading began before the first; null for a log without blobs.</summary>
    public LogPosition? Position => _log < logs.Count ? new(logs[_log].Path, _offset) : null;

    /// <summary>Reads the next line.</summary>
    /// <returns>False at the log's end, also when a line without its line feed is there.</returns>
    /// <exception cref="CheckpointProblemException">What is there, this app does not write.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public async ValueTask<bool> ReadAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var length = _buffer.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            if (length > EntryBundle.MaxEntry || (length < 0 && _end - _start > EntryBundle.MaxEntry))
                throw Bad($"has a line of more than {EntryBundle.MaxEntry} bytes");
            if (length >= 0)
            {
                Line = _buffer.AsMemory(_start, length);
                _start += length + 1;
                _offset += length + 1;
                return true;
            }
            if (_log >= logs.Count)
                return false;
            if (await FillAsync(cancellationToken))
                continue;
            if (_log == logs.Count - 1)
                return false;
            if (_end > _start)
                throw Bad("does not end with a line feed although another blob follows it");
            await NextAsync();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_stream is not null)
            await _stream.DisposeAsync();
        _stream = null;
    }

    private static int Find(IReadOnlyList<LedgerFile> logs, string path)
    {
        for (var i = 0; i < logs.Count; i++)
            if (logs[i].Path == path)
                return i;
        throw new ArgumentException($"there is no {path}", nameof(path));
    }

    private async ValueTask<bool> FillAsync(CancellationToken cancellationToken)
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
        _stream ??= await source.OpenAsync(logs[_log].Path, _offset, cancellationToken);
        var read = await _stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
        _end += read;
        return read > 0;
    }

    private async ValueTask NextAsync()
    {
        await DisposeAsync();
        _log++;
        (_start, _end, _offset) = (0, 0, 0);
    }

    private CheckpointProblemException Bad(string what) =>
        new(
            CheckpointProblem.In(
                CheckpointProblem.Log,
                string.Create(CultureInfo.InvariantCulture, $"{logs[_log].Path} {what}, from byte {_offset} on: this app never writes that")
            )
        );
}
