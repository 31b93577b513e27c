using System.Globalization;
using Compliance.Ledger.Format;
using Compliance.Text;

namespace Compliance.Ledger.Verification;

/// <summary>
/// Looks at the log as its writer would have written it, line by line: closing records, times, ids. What it finds does not depend on any
/// key.
/// </summary>
/// <param name="report">Gets what is wrong.</param>
internal sealed class LogWalk(VerifyReport report) : ILogRules
{
    private const int MaxDoubles = 100;

    // A writer says so when its clock is behind the last record by more.
    private static readonly TimeSpan Allowed = TimeSpan.FromSeconds(2);

    private readonly IdSet _ids = new();
    private readonly List<Double> _doubles = [];
    private readonly byte[] _unescaped = new byte[EntryBundle.MaxEntry];
    private readonly List<SeenId> _unsettled = new(TilePath.Width);
    private DateTimeOffset? _last;
    private string? _closedBy;
    private string? _next;
    private string? _previous;
    private bool _saidAfter;

    /// <summary>Records of a version unknown here.</summary>
    public long UnknownVersions { get; private set; }

    /// <summary>Lines that a crash cut off.</summary>
    public long Torn { get; private set; }

    /// <summary>Records whose id had been seen, or shares its hash with one that had: to be looked at again.</summary>
    public IReadOnlyList<Double> Doubles => _doubles;

    /// <inheritdoc/>
    public void Begin(string path)
    {
        if (_previous is null)
        {
            if (LedgerLayout.TryParseLog(path, out var now) && now.Number > 1)
                Missing(LedgerLayout.Log(now.Year, now.Month, now.Number - 1), $"the log begins with {path}");
        }
        else if (_closedBy is null)
        {
            report.Add(
                new(
                    LedgerProblemKind.MissingLog,
                    LedgerVerdict.Tampered,
                    $"{_previous} has no closing record though {path} follows it: its end is missing"
                )
                {
                    Path = _previous,
                }
            );
        }
        else if (_next is not null && _next != path)
        {
            Missing(_next, $"{_previous} is closed by a record that names it, but {path} follows");
        }
        (_closedBy, _next, _previous, _saidAfter) = (null, null, path, false);
    }

    /// <summary>The log has ended.</summary>
    public void Ended()
    {
        if (_next is not null)
            report.Warn(
                $"{_previous} is closed and names {Plain.Text(_next, 100)}, which is not there: nothing was written since, or it is gone"
            );
    }

    /// <inheritdoc/>
    public void Tail(in LogLine tail)
    {
        report.Warn(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{tail.Path} ends with {tail.Length} bytes at byte {tail.Offset} without a line feed: a write was cut off; they count "
                    + $"as soon as the next record is written"
            )
        );
        AfterClosing(tail);
    }

    /// <inheritdoc/>
    public void Line(long index, in LogLine line)
    {
        AfterClosing(line);
        if (line.TooLong)
        {
            report.Add(
                At(
                    index,
                    line,
                    LedgerProblemKind.ForeignLine,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"the line has {line.Length} bytes, and no record has more than {EntryBundle.MaxEntry}"
                    ),
                    null
                )
            );
            return;
        }
        var facts = RecordFacts.Parse(line.Bytes.Span);
        if (facts.Form != LineForm.Record)
        {
            NoRecord(index, line, facts.Form);
            return;
        }
        if (!facts.Known)
            UnknownVersions++;
        _unsettled.Add(new(_ids.HashOf(Unescaped(facts)), index, line.Offset, (int)line.Length));
        if (!facts.Known)
            return;
        if (facts.LoggedAt is { } at)
            Time(index, line, at, facts);
        if (facts.Closing)
            (_closedBy, _next) = (facts.Id, RecordFacts.TextOf(line.Bytes.Span, "subject"u8));
    }

    /// <inheritdoc/>
    public void Settle(in LogPart part)
    {
        // All at once: each id is somewhere else in a large table, and this way the processor waits for many places at a time.
        foreach (var seen in _unsettled)
        {
            if (_ids.Add(seen.Hash) || _doubles.Count >= MaxDoubles)
                continue;
            var line = part.Lines.Span.Slice((int)(seen.Offset - part.Offset), seen.Length);
            _doubles.Add(new(new(seen.Index, part.Path, seen.Offset), RecordFacts.Parse(line).Id ?? ""));
        }
        _unsettled.Clear();
    }

    /// <summary>A problem with a record.</summary>
    public static LedgerProblem At(long index, in LogLine line, LedgerProblemKind kind, string how, string? id)
    {
        var shown = id is null ? null : Plain.Text(id, 200);
        return new(
            kind,
            LedgerVerdict.Tampered,
            string.Create(
                CultureInfo.InvariantCulture,
                $"record {index}{(shown is null ? "" : $" ({shown})")} at byte {line.Offset} of {line.Path}: {how}"
            )
        )
        {
            Index = index,
            Path = line.Path,
            Offset = line.Offset,
            RecordOffset = line.Offset,
            RecordId = shown,
        };
    }

    private void NoRecord(long index, in LogLine line, LineForm form)
    {
        if (form == LineForm.Torn)
        {
            Torn++;
            if (report.TakesWarnings)
                report.Warn(
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"line {index} at byte {line.Offset} of {line.Path} was cut off by a crash ({line.Length} bytes); it is hashed "
                            + $"like all others"
                    )
                );
            return;
        }
        if (!report.OnlyCounts(LedgerProblemKind.ForeignLine))
            report.Add(
                At(
                    index,
                    line,
                    LedgerProblemKind.ForeignLine,
                    $"this is no record, nor the begin of one: {Plain.Text(line.Bytes.Span, 60)}",
                    null
                )
            );
    }

    private void Time(long index, in LogLine line, DateTimeOffset at, in RecordFacts facts)
    {
        if (_last is { } last && last - at > Allowed && !facts.ClockBack && !report.OnlyCounts(LedgerProblemKind.TimeWentBack))
        {
            report.Add(
                At(
                    index,
                    line,
                    LedgerProblemKind.TimeWentBack,
                    string.Create(
                        CultureInfo.InvariantCulture,
                        $"it was logged at {at.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}, before the one that precedes it "
                            + $"({last.UtcDateTime:yyyy-MM-dd'T'HH:mm:ss.fff'Z'}), and no record states that the clock went back"
                    ),
                    facts.Id
                )
            );
        }
        _last = at;
    }

    private void AfterClosing(in LogLine line)
    {
        if (_closedBy is null || _saidAfter)
            return;
        _saidAfter = true;
        report.Add(
            new(
                LedgerProblemKind.RecordAfterClosing,
                LedgerVerdict.Tampered,
                string.Create(CultureInfo.InvariantCulture, $"{line.Path} continues at byte {line.Offset} after the record that closed it")
            )
            {
                Path = line.Path,
                Offset = line.Offset,
            }
        );
    }

    private void Missing(string path, string why) =>
        report.Add(
            new(LedgerProblemKind.MissingLog, LedgerVerdict.Tampered, $"{Plain.Text(path, 100)} is missing: {why}")
            {
                Path = LedgerLayout.TryParseLog(path, out _) ? path : null,
            }
        );

    private ReadOnlySpan<byte> Unescaped(in RecordFacts facts)
    {
        if (!facts.EscapedId)
            return facts.RawId;
        var id = facts.Id ?? "";
        return _unescaped.AsSpan(0, System.Text.Encoding.UTF8.GetBytes(id, _unescaped));
    }

    private readonly record struct SeenId(ulong Hash, long Index, long Offset, int Length);

    /// <summary>A record whose id may have been seen.</summary>
    /// <param name="Place">Where it is.</param>
    /// <param name="Id">Its id.</param>
    internal sealed record Double(LeafPlace Place, string Id);
}
