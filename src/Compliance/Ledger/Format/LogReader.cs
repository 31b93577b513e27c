using System.Runtime.CompilerServices;

namespace Compliance.Ledger.Format;

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
            var rest = part;
            while (LogPart.TryTake(ref rest, out var line))
                yield return line;
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
        var cutter = new LineCutter();
        await foreach (var block in new LogBlocks(source, files).ReadAsync(path, offset, cancellationToken))
        {
            try
            {
                switch (block.Kind)
                {
                    case LogLineKind.Begin:
                        cutter.Begin(block.Path, block.Offset);
                        yield return new(new LogLine(LogLineKind.Begin, block.Path, block.Offset, 0, default, null));
                        break;
                    case LogLineKind.End:
                        if (cutter.Tail() is { } tail)
                            yield return new(tail);
                        yield return new(new LogLine(LogLineKind.End, block.Path, block.Offset, 0, default, null));
                        break;
                    default:
                        var bytes = block.Buffer.AsMemory(LineCutter.Room, block.Count);
                        while (cutter.TryCut(block.Buffer!, ref bytes, out var part))
                            yield return part;
                        break;
                }
            }
            finally
            {
                block.Return();
            }
        }
    }
}
