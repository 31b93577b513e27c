using System.Globalization;
using Compliance.Ledger.Format;

namespace Compliance.AuditPack;

/// <summary>Leaves side by side.</summary>
/// <param name="First">The first one's place in the log, from 0.</param>
/// <param name="Last">The last one's.</param>
internal readonly record struct LeafRun(long First, long Last)
{
    /// <summary>Adds a leaf behind all others.</summary>
    public static void Add(List<LeafRun> runs, long index)
    {
        if (runs.Count > 0 && runs[^1].Last == index - 1)
            runs[^1] = runs[^1] with { Last = index };
        else
            runs.Add(new(index, index));
    }

    /// <inheritdoc/>
    public override string ToString() =>
        First == Last ? First.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{First}-{Last}");
}

/// <summary>What the records of a range say of one control.</summary>
/// <param name="Records">How many serve it.</param>
/// <param name="Incomplete">How many of them show that something could not be read.</param>
/// <param name="Last">When the last of them was logged (UTC).</param>
internal sealed record ControlRecords(long Records, long Incomplete, DateTimeOffset Last);

/// <summary>
/// Finds the records that were logged in a range of time, and writes them verbatim, one a line. Memory depends on the number of controls
/// and of gaps alone.
/// </summary>
internal sealed class PackScan
{
    private readonly Dictionary<string, ControlRecords> _controls = new(StringComparer.Ordinal);

    /// <summary>Places of the records, in the log's order.</summary>
    public List<LeafRun> Runs { get; } = [];

    /// <summary>
    /// Places between the first and the last of them whose lines have no time: what a crash cut off. They are in no pack, but in the log.
    /// </summary>
    public List<LeafRun> Timeless { get; } = [];

    /// <summary>How many there are.</summary>
    public long Records { get; private set; }

    /// <summary>When the first one in the log's order was logged (UTC).</summary>
    public DateTimeOffset First { get; private set; }

    /// <summary>When the latest one was logged (UTC).</summary>
    public DateTimeOffset Latest { get; private set; }

    /// <summary>The place of the last one.</summary>
    public long LastIndex => Runs[^1].Last;

    /// <summary>What they say of each control that any of them serves, by id.</summary>
    public IReadOnlyDictionary<string, ControlRecords> Controls => _controls;

    /// <summary>Reads the whole log.</summary>
    /// <param name="source">The log.</param>
    /// <param name="from">Records logged at or after this instant.</param>
    /// <param name="to">Records logged before this instant.</param>
    /// <param name="records">Where they are written.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="IOException">The log cannot be read.</exception>
    public static async Task<PackScan> RunAsync(
        ILedgerSource source,
        DateTimeOffset from,
        DateTimeOffset to,
        Stream records,
        CancellationToken cancellationToken
    )
    {
        var scan = new PackScan();
        var pending = new List<LeafRun>();
        var index = -1L;
        await foreach (var line in new LogReader(source, await source.LogsAsync(cancellationToken)).ReadAsync(null, 0, cancellationToken))
        {
            if (line.Kind != LogLineKind.Line)
                continue;
            index++;
            if (line.TooLong || TimeOf(line.Bytes.Span) is not { } at)
            {
                if (scan.Records > 0)
                    LeafRun.Add(pending, index);
                continue;
            }
            if (at < from || at >= to)
                continue;
            // Between two records of the range after all.
            scan.Timeless.AddRange(pending);
            pending.Clear();
            scan.Add(index, at, line.Bytes.Span);
            await records.WriteAsync(line.Bytes, cancellationToken);
            records.WriteByte((byte)'\n');
        }
        return scan;
    }

    private static DateTimeOffset? TimeOf(ReadOnlySpan<byte> line)
    {
        var facts = RecordFacts.Parse(line);
        return facts.Form == LineForm.Record ? facts.LoggedAt : null;
    }

    private void Add(long index, DateTimeOffset at, ReadOnlySpan<byte> line)
    {
        LeafRun.Add(Runs, index);
        if (Records++ == 0)
            First = at;
        Latest = at > Latest ? at : Latest;
        var incomplete = RecordFacts.TextOf(line, "outcome"u8) == "incomplete";
        // Of the catalogue alone: a log of any length brings no more than these.
        foreach (var control in RecordFacts.TextsOf(line, "controls"u8).Distinct(StringComparer.Ordinal).Where(IsKnown))
        {
            var known = _controls.GetValueOrDefault(control) ?? new(0, 0, at);
            _controls[control] = new(known.Records + 1, known.Incomplete + (incomplete ? 1 : 0), at > known.Last ? at : known.Last);
        }
    }

    private static bool IsKnown(string id) => AllControls.Catalogue.All.Any(c => c.Id == id);
}
