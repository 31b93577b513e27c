using System.Globalization;
using System.Runtime.CompilerServices;
using Compliance.Ledger.Format;
using Compliance.Ledger.Verification;

namespace Compliance.Ledger.Checkpoints;

/// <summary>Holds the log's lines to what this app writes: anything else is a problem, and nothing is signed over it.</summary>
/// <param name="logs">The log's append blobs in their order, as listed before the reading: all but the last have got their last
/// byte.</param>
internal sealed class OwnLines(IReadOnlyList<LedgerFile> logs) : ILogRules
{
    /// <summary>Reads the lines one after the other. What follows the last line feed of the last blob is no line yet.</summary>
    /// <param name="source">The log.</param>
    /// <param name="from">Where to begin; null for the log's begin.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="CheckpointProblemException">What is there, this app does not write.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public async IAsyncEnumerable<LogLine> ReadAsync(
        ILedgerSource source,
        LedgerProgress? from,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await foreach (var line in new LogReader(source, logs).ReadAsync(from?.Path, from?.Offset ?? 0, cancellationToken))
        {
            Hold(line);
            if (line.Kind == LogLineKind.Line)
                yield return line;
        }
    }

    /// <inheritdoc/>
    public void Begin(string path) { }

    /// <inheritdoc/>
    public void Line(long index, in LogLine line) => Hold(line);

    /// <inheritdoc/>
    public void Settle(in LogPart part) { }

    /// <inheritdoc/>
    public void Tail(in LogLine tail) => Hold(tail);

    private void Hold(in LogLine line)
    {
        if (line.TooLong)
            throw Bad(line, $"has a line of more than {EntryBundle.MaxEntry} bytes");
        if (line.Kind == LogLineKind.Tail && line.Path != logs[^1].Path)
            throw Bad(line, "does not end with a line feed although another blob follows it");
    }

    private static CheckpointProblemException Bad(in LogLine line, string what) =>
        new(
            CheckpointProblem.In(
                CheckpointProblem.Log,
                string.Create(CultureInfo.InvariantCulture, $"{line.Path} {what}, from byte {line.Offset} on: this app never writes that")
            )
        );
}
