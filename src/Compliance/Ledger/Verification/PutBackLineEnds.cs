using Compliance.Ledger.Format;

namespace Compliance.Ledger.Verification;

/// <summary>
/// A log whose text files a tool has converted (CRLF where LF was written, a byte-order mark before the first line), read as it was before.
/// Says nothing about trust: it serves to name what happened to a copy that does not verify.
/// </summary>
/// <param name="source">The copy as it is.</param>
internal sealed class PutBackLineEnds(ILedgerSource source) : LedgerSource
{
    private readonly SortedDictionary<string, LineFeedStream> _read = new(StringComparer.Ordinal);

    /// <summary>The files whose line ends or begin were changed, of those that were read.</summary>
    public IReadOnlyList<string> Changed => [.. _read.Where(f => f.Value.IsChanged).Select(f => f.Key)];

    /// <summary>Whether a mark was put before a file.</summary>
    public bool HasMarks => _read.Values.Any(f => f.HasMark);

    /// <summary>Whether line ends were changed.</summary>
    public bool HasLineEnds => _read.Values.Any(f => f.CarriageReturns > 0);

    /// <summary>Whether each file was changed in all of its lines or in none: a tool leaves no line out.</summary>
    public bool IsThroughout => _read.Values.All(f => f.CarriageReturns == 0 || f.LineFeeds == 0);

    /// <summary>A small file as it was before.</summary>
    public static async Task<byte[]> RestoreAsync(byte[] file, CancellationToken cancellationToken)
    {
        using var before = new MemoryStream();
        await using var stream = new LineFeedStream(new MemoryStream(file));
        await stream.CopyToAsync(before, cancellationToken);
        return before.ToArray();
    }

    /// <summary>Whether any file begins as a converted one does, so that reading it all again may show more.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    public async Task<bool> IsLikelyAsync(CancellationToken cancellationToken)
    {
        var (logs, sizes) = (await LogsAsync(cancellationToken), await CheckpointsAsync(cancellationToken));
        // The longest first line there can be.
        var line = new byte[EntryBundle.MaxEntry + 1];
        foreach (var path in (string[])[.. logs.Select(f => f.Path), .. sizes.Select(LedgerLayout.Checkpoint), LedgerLayout.Head])
        {
            try
            {
                await using var file = await OpenAsync(path, 0, cancellationToken);
                await file.ReadAtLeastAsync(line, line.Length, throwOnEndOfStream: false, cancellationToken);
            }
            catch (FileNotFoundException)
            {
                continue;
            }
            if (_read[path].IsChanged)
                return true;
        }
        return false;
    }

    /// <inheritdoc/>
    public override bool IsNear => source.IsNear;

    /// <inheritdoc/>
    public override Task<IReadOnlyList<LedgerFile>> LogsAsync(CancellationToken cancellationToken) => source.LogsAsync(cancellationToken);

    /// <inheritdoc/>
    public override Task<IReadOnlyList<long>> CheckpointsAsync(CancellationToken cancellationToken) =>
        source.CheckpointsAsync(cancellationToken);

    /// <inheritdoc/>
    public override async Task<Stream> OpenAsync(string path, long offset, CancellationToken cancellationToken)
    {
        if (TilePath.TryParse(path, out _))
            return await source.OpenAsync(path, offset, cancellationToken);
        var file = new LineFeedStream(await source.OpenAsync(path, 0, cancellationToken));
        // The offset is one of the file as it was.
        var skipped = new byte[8 * 1024];
        for (var left = offset; left > 0;)
        {
            var count = await file.ReadAsync(skipped.AsMemory(0, (int)Math.Min(left, skipped.Length)), cancellationToken);
            if (count == 0)
                break;
            left -= count;
        }
        return _read[path] = file;
    }

    /// <summary>Reads bytes without a byte-order mark and with LF for CRLF, and counts both ends of lines.</summary>
    private sealed class LineFeedStream(Stream converted) : Stream
    {
        private static readonly byte[] Mark = [0xEF, 0xBB, 0xBF];

        private readonly byte[] _buffer = new byte[64 * 1024];
        private int _at;
        private int _filled;
        private bool _begun;

        public bool HasMark { get; private set; }

        public long CarriageReturns { get; private set; }

        public long LineFeeds { get; private set; }

        public bool IsChanged => HasMark || CarriageReturns > 0;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            if (!_begun)
            {
                _begun = true;
                await FillAsync(Mark.Length, cancellationToken);
                HasMark = _buffer.AsSpan(0, _filled).StartsWith(Mark);
                _at = HasMark ? Mark.Length : 0;
            }
            var written = 0;
            while (written < buffer.Length)
            {
                // A carriage return is judged by what follows it.
                if (_filled - _at < 2 && !await FillAsync(2, cancellationToken) && _at == _filled)
                    break;
                written += Take(buffer.Span[written..]);
            }
            return written;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override void Flush() { }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
                converted.Dispose();
            base.Dispose(disposing);
        }

        // False when the file has no more than is there already.
        private async ValueTask<bool> FillAsync(int least, CancellationToken cancellationToken)
        {
            _buffer.AsSpan(_at, _filled - _at).CopyTo(_buffer);
            (_at, _filled) = (0, _filled - _at);
            var rest = _buffer.AsMemory(_filled);
            _filled += await converted.ReadAtLeastAsync(rest, least - _filled, throwOnEndOfStream: false, cancellationToken);
            return _filled >= least;
        }

        // What can be judged of the buffer, without carriage returns before line feeds.
        private int Take(Span<byte> destination)
        {
            var written = 0;
            while (written < destination.Length && _at < _filled)
            {
                var next = _buffer[_at];
                if (next == '\r' && _at + 1 == _filled && written > 0)
                    break;
                if (next == '\r' && _at + 1 < _filled && _buffer[_at + 1] == '\n')
                {
                    CarriageReturns++;
                    _at++;
                    next = _buffer[_at];
                }
                else if (next == '\n')
                {
                    LineFeeds++;
                }
                destination[written++] = next;
                _at++;
            }
            return written;
        }
    }
}
