using System.CommandLine;
using System.Globalization;
using System.Text;
using Compliance.Ledger.Format;
using Compliance.Text;

namespace ComplianceCli;

/// <summary><c>compliance evidence show</c>: records, one line each.</summary>
internal sealed class EvidenceShow(LedgerCommands commands)
{
    private readonly Option<DateTimeOffset?> _from = new("--from")
    {
        Description = "Logged then or later (ISO 8601, UTC unless given)",
        HelpName = "TIME",
        CustomParser = Time,
    };
    private readonly Option<DateTimeOffset?> _to = new("--to")
    {
        Description = "Logged before",
        HelpName = "TIME",
        CustomParser = Time,
    };
    private readonly Option<long> _limit = new("--limit")
    {
        Description = "Records at most",
        HelpName = "N",
        DefaultValueFactory = _ => long.MaxValue,
    };
    private readonly IReadOnlyList<TextOption> _texts =
    [
        new(new("--id") { Description = "Id", HelpName = "ID" }, "id", IsPrefix: false),
        new(
            new("--action") { Description = "Action, or its first words: offboarding fits offboarding.block", HelpName = "ACTION" },
            "action",
            IsPrefix: true
        ),
        new(new("--subject") { Description = "Subject: a pseudonym", HelpName = "ID" }, "subject", IsPrefix: false),
        new(new("--actor") { Description = "Actor, or how it begins", HelpName = "ACTOR" }, "actor", IsPrefix: true),
        new(new("--plan") { Description = "Plan id, or how it begins", HelpName = "ID" }, "planId", IsPrefix: true),
        new(new("--outcome") { Description = "Outcome", HelpName = "OUTCOME" }, "outcome", IsPrefix: false),
    ];

    /// <summary>The command.</summary>
    public Command Create()
    {
        _limit.Validators.Add(result =>
        {
            if (
                result.Tokens is [var only]
                && !(long.TryParse(only.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit > 0)
            )
                result.AddError($"--limit must be a whole number from 1, not {only.Value}");
        });
        return commands.Make(
            "show",
            "Show records, the oldest first. What is shown is not verified: evidence verify does that",
            RunAsync,
            [_from, _to, .. _texts.Select(t => t.Option), _limit]
        );
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var source = commands.Place.Source(parsed);
        var filter = new RecordFilter(
            parsed.GetValue(_from),
            parsed.GetValue(_to),
            [
                .. _texts
                    .Where(t => parsed.GetValue(t.Option) is not null)
                    .Select(t => new WantedText(Encoding.UTF8.GetBytes(t.Property), parsed.GetValue(t.Option)!, t.IsPrefix)),
            ]
        );
        var left = parsed.GetValue(_limit);
        await foreach (
            var line in new LogReader(source, await source.LogsAsync(cancellationToken)).ReadAsync(null, 0, cancellationToken)
        )
        {
            if (left <= 0)
                break;
            if (line.Kind != LogLineKind.Line || !filter.Fits(line.Bytes.Span))
                continue;
            left--;
            await PrintAsync(line, commands.IsJson(parsed));
        }
        return 0;
    }

    private async Task PrintAsync(LogLine line, bool isJson)
    {
        // What a crash cut off would spoil the JSON for whoever reads it.
        if (!isJson)
            await commands.Output.WriteLineAsync(Text(line));
        else if (RecordFacts.Parse(line.Bytes.Span).Form == LineForm.Record)
            await commands.Output.WriteLineAsync(Encoding.UTF8.GetString(line.Bytes.Span));
        else
            await commands.Errors.WriteLineAsync(Text(line));
    }

    // One line a record. What is of no version known here, or no record at all, is shown as it is.
    private static string Text(LogLine line)
    {
        var bytes = line.Bytes.Span;
        var facts = RecordFacts.Parse(bytes);
        if (facts.Form != LineForm.Record || !facts.Known)
            return $"{(facts.Form == LineForm.Record ? "unknown version" : "no record")}  {Plain.Text(bytes, 500)}";
        var text = new StringBuilder();
        text.Append(
            facts.LoggedAt?.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture) ?? "no time             "
        );
        text.Append("  ")
            .Append(Value(bytes, "action"u8).PadRight(24))
            .Append("  ")
            .Append(Value(bytes, "outcome"u8).PadRight(10))
            .Append("  ")
            .Append(Value(bytes, "subject"u8).PadRight(34));
        text.Append("  ").Append(Value(bytes, "actor"u8)).Append("  ").Append(Plain.Text(facts.Id ?? ""));
        if (Value(bytes, "reason"u8) is { Length: > 0 } reason)
            text.Append("\n    ").Append(reason);
        return text.ToString();
    }

    private static string Value(ReadOnlySpan<byte> line, ReadOnlySpan<byte> name) =>
        RecordFacts.TextOf(line, name) is { } text ? Plain.Text(text) : "";

    private static DateTimeOffset? Time(System.CommandLine.Parsing.ArgumentResult result)
    {
        var text = result.Tokens is [var only] ? only.Value : "";
        if (
            DateTimeOffset.TryParse(
                text,
                CultureInfo.InvariantCulture,
                DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                out var time
            )
        )
            return time;
        result.AddError($"'{text}' is no time: give one such as 2026-11-23 or 2026-11-23T06:00:00Z");
        return null;
    }
    /// <summary>An option that filters by a text of the record.</summary>
    /// <param name="Option">The option.</param>
    /// <param name="Property">The record's property.</param>
    /// <param name="IsPrefix">Whether the text only has to begin with it.</param>
    private sealed record TextOption(Option<string?> Option, string Property, bool IsPrefix);

    private sealed record WantedText(byte[] Property, string Value, bool IsPrefix);

    // The records that are asked for.
    private sealed record RecordFilter(DateTimeOffset? From, DateTimeOffset? To, IReadOnlyList<WantedText> Texts)
    {
        public bool Fits(ReadOnlySpan<byte> line)
        {
            if ((From ?? To) is not null && (RecordFacts.Parse(line).LoggedAt is not { } at || at < From || at >= To))
                return false;
            foreach (var wanted in Texts)
                if (
                    RecordFacts.TextOf(line, wanted.Property) is not { } text
                    || !(wanted.IsPrefix ? text.StartsWith(wanted.Value, StringComparison.Ordinal) : text == wanted.Value)
                )
                    return false;
            return true;
        }
    }
}
