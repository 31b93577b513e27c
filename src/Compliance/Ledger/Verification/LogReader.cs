using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using Compliance.Ledger.Format;

namespace Compliance.Ledger.Verification;

/// <summary>
/// Reads the lines of a log from its first blob to its last. Memory is what <see cref="LogBlocks"/> fetches ahead and one line, whatever
/// the log has: a line of any length is hashed and not kept.
/// </summary>
/// <param name="source">The log.</param>
/// <param name="files">Its blobs in their order.</param>
internal sealed class LogReader(ILedgerSource source, IReadOnlyList<LedgerFile> files)
{
    /// <summary>Reads from a place in the log to its end, line by line.</summary>
    /// <param name="path">The blob to begin with; null for the first.</param>
    /// <param name="offset">Where in that blob: the begin of a line.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="IOException">The log cannot be read, or a blob that was listed is gone.</exception>
    public async IAsyncEnumerable<LogLine> ReadAsync(
        string? path,
        long offset,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await foreach (var part in PartsAsync(path, offset, cancellationToken))
        {
            if (part.Lines.IsEmpty)
                yield return part.Other;
            for (var rest = part; !rest.Lines.IsEmpty;)
            {
                var line = LogLine.First(rest.Path, rest.Offset, rest.Lines);
                yield return line;
                rest = rest.From((int)line.Length + 1);
            }
        }
    }

    /// <summary>Reads from a place in the log to its end, many lines at a time: for whoever reads all of it.</summary>
    /// <inheritdoc cref="ReadAsync"/>
    public async IAsyncEnumerable<LogPart> PartsAsync(
        string? path,
        long offset,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        using var begun = new BegunLine();
        await foreach (var block in new LogBlocks(source, files).ReadAsync(path, offset, cancellationToken))
        {
            try
            {
                switch (block.Kind)
                {
                    case LogLineKind.Begin:
                        begun.At(block.Offset);
                        yield return new(new LogLine(LogLineKind.Begin, block.Path, block.Offset, 0, default, null));
                        break;
                    case LogLineKind.End:
                        if (begun.Length > 0)
                            yield return new(begun.Take(LogLineKind.Tail, block.Path));
                        yield return new(new LogLine(LogLineKind.End, block.Path, block.Offset, 0, default, null));
                        break;
                    default:
                        var fetched = block.Buffer.AsMemory(LogBlocks.Room, block.Count);
                        if (begun.IsTooLong)
                        {
                            fetched = begun.Continue(fetched, out var ended);
                            if (!ended)
                                break;
                            yield return new(begun.Take(LogLineKind.Line, block.Path));
                        }
                        var lines = begun.Complete(block.Buffer!, fetched, out var at);
                        if (!lines.IsEmpty)
                            yield return new(block.Path, at, lines, default);
                        break;
                }
            }
            finally
            {
                block.Return();
            }
        }
    }

    /// <summary>The begin of a line that continues in the next block.</summary>
    private sealed class BegunLine : IDisposable
    {
        private readonly IncrementalHash _digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);

        // Of a line that is too long only the first bytes.
        private readonly byte[] _bytes = new byte[LogBlocks.Room];
        private long _offset;

        public long Length { get; private set; }

        public bool IsTooLong => Length > EntryBundle.MaxEntry;

        // A blob begins: nothing of a line was read yet.
        public void At(long offset) => (_offset, Length) = (offset, 0);

        // The whole lines that a block ends or has, and where they begin. What follows them is kept.
        public ReadOnlyMemory<byte> Complete(byte[] block, Memory<byte> fetched, out long offset)
        {
            offset = _offset;
            var feed = fetched.Span.LastIndexOf((byte)'\n');
            if (feed < 0)
            {
                Append(fetched.Span);
                return default;
            }
            // Only what was fetched first can be the end of a line that was begun, and there is room before that.
            var (begun, start) = ((int)Length, LogBlocks.Room - (int)Length);
            var lines = fetched[..(feed + 1)];
            if (begun > 0)
            {
                _bytes.AsSpan(0, begun).CopyTo(block.AsSpan(start));
                lines = block.AsMemory(start, begun + feed + 1);
            }
            At(offset + lines.Length);
            Append(fetched.Span[(feed + 1)..]);
            return lines;
        }

        // The rest of a line that is too long, as far as the block has it.
        public Memory<byte> Continue(Memory<byte> fetched, out bool ended)
        {
            var feed = fetched.Span.IndexOf((byte)'\n');
            ended = feed >= 0;
            Append(ended ? fetched.Span[..feed] : fetched.Span);
            return ended ? fetched[(feed + 1)..] : default;
        }

        // The line or tail as it is now; behind it and a line feed the next begins.
        public LogLine Take(LogLineKind kind, string path)
        {
            var line = IsTooLong
                ? new LogLine(kind, path, _offset, Length, _bytes.AsMemory(0, EntryBundle.MaxEntry), _digest.GetHashAndReset())
                : new LogLine(kind, path, _offset, Length, _bytes.AsMemory(0, (int)Length), null);
            At(_offset + Length + 1);
            return line;
        }

        public void Dispose() => _digest.Dispose();

        private void Append(ReadOnlySpan<byte> more)
        {
            if (Length + more.Length <= EntryBundle.MaxEntry)
            {
                more.CopyTo(_bytes.AsSpan((int)Length));
            }
            else
            {
                if (Length <= EntryBundle.MaxEntry)
                {
                    // RFC 6962: a zero byte before the entry.
                    _digest.AppendData([0]);
                    _digest.AppendData(_bytes.AsSpan(0, (int)Length));
                    more[..(int)Math.Min(more.Length, _bytes.Length - Length)].CopyTo(_bytes.AsSpan((int)Length));
                }
                _digest.AppendData(more);
            }
            Length += more.Length;
        }
    }
}
