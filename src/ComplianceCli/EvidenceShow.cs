using System.CommandLine;
using System.Globalization;
using System.Text;
using Compliance.Ledger.Format;
using Compliance.Text;

namespace ComplianceCli;

/// <summary>Shows records.</summary>
internal static class EvidenceShow
{
    /// <summary>Adds the command.</summary>
    /// <param name="make">Makes a command.</param>
    /// <param name="place">Which ledger.</param>
    /// <param name="json">The option that asks for JSON.</param>
    /// <param name="output">For the records.</param>
    /// <param name="errors">For lines that are no JSON where JSON is asked for.</param>
    public static void Add(
        Func<string, string, Func<ParseResult, CancellationToken, Task<int>>, Symbol[], Command> make,
        EvidencePlace place,
        Option<bool> json,
        TextWriter output,
        TextWriter errors
    )
    {
        var from = new Option<DateTimeOffset?>("--from")
        {
            Description = "Logged then or later (ISO 8601, UTC unless given)",
            HelpName = "TIME",
            CustomParser = Time,
        };
        var to = new Option<DateTimeOffset?>("--to")
        {
            Description = "Logged before",
            HelpName = "TIME",
            CustomParser = Time,
        };
        var texts = new (Option<string?> Option, string Property, bool Begin)[]
        {
            (new("--id") { Description = "Id", HelpName = "ID" }, "id", false),
            (
                new("--action") { Description = "Action, or its first words: offboarding fits offboarding.block", HelpName = "ACTION" },
                "action",
                true
            ),
            (new("--subject") { Description = "Subject: a pseudonym", HelpName = "ID" }, "subject", false),
            (new("--actor") { Description = "Actor, or how it begins", HelpName = "ACTOR" }, "actor", true),
            (new("--plan") { Description = "Plan id, or how it begins", HelpName = "ID" }, "planId", true),
            (new("--outcome") { Description = "Outcome", HelpName = "OUTCOME" }, "outcome", false),
        };
        var limit = new Option<long>("--limit")
        {
            Description = "Records at most",
            HelpName = "N",
            DefaultValueFactory = _ => long.MaxValue,
        };
        limit.Validators.Add(result =>
        {
            if (
                result.Tokens is [var only]
                && !(long.TryParse(only.Value, NumberStyles.None, CultureInfo.InvariantCulture, out var most) && most > 0)
            )
                result.AddError($"--limit must be a whole number from 1, not {only.Value}");
        });
        make(
            "show",
            "Show records, the oldest first. What is shown is not verified: evidence verify does that",
            async (parsed, cancellationToken) =>
            {
                var source = place.Source(parsed);
                var wanted = texts
                    .Select(t => (Value: parsed.GetValue(t.Option), Name: Encoding.UTF8.GetBytes(t.Property), t.Begin))
                    .Where(t => t.Value is not null)
                    .ToList();
                var (after, before, left) = (parsed.GetValue(from), parsed.GetValue(to), parsed.GetValue(limit));
                await foreach (
                    var line in new LogReader(source, await source.LogsAsync(cancellationToken)).ReadAsync(null, 0, cancellationToken)
                )
                {
                    if (left <= 0)
                        break;
                    if (line.Kind != LogLineKind.Line || !Fits(line.Bytes.Span))
                        continue;
                    left--;
                    // What a crash cut off would spoil the JSON for whoever reads it.
                    if (!parsed.GetValue(json))
                        await output.WriteLineAsync(Text(line));
                    else if (RecordFacts.Of(line.Bytes.Span).Form == LineForm.Record)
                        await output.WriteLineAsync(Encoding.UTF8.GetString(line.Bytes.Span));
                    else
                        await errors.WriteLineAsync(Text(line));
                }
                return 0;

                bool Fits(ReadOnlySpan<byte> bytes)
                {
                    if ((after ?? before) is not null && (RecordFacts.Of(bytes).LoggedAt is not { } at || at < after || at >= before))
                        return false;
                    foreach (var (value, name, begin) in wanted)
                        if (
                            RecordFacts.TextOf(bytes, name) is not { } text
                            || !(begin ? text.StartsWith(value!, StringComparison.Ordinal) : text == value)
                        )
                            return false;
                    return true;
                }
            },
            [from, to, .. texts.Select(t => t.Option), limit]
        );
    }

    // One line a record. What is of no version known here, or no record at all, is shown as it stands.
    private static string Text(LogLine line)
    {
        var bytes = line.Bytes.Span;
        var facts = RecordFacts.Of(bytes);
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
}
