using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Compliance.Evidence.Ledger;

namespace Compliance.Evidence.Verify;

/// <summary>A line of the log for people.</summary>
/// <param name="Index">Which leaf, from 0.</param>
/// <param name="Form">What it is.</param>
/// <param name="Json">The line as it stands, where it is a record; null otherwise.</param>
/// <param name="Text">The line in words, harmless on a terminal.</param>
internal sealed record ShownRecord(long Index, LineForm Form, string? Json, string Text)
{
    private const int MostOfNoRecord = 500;

    /// <summary>Reads the records that are wanted, in the log's order. Nothing is verified.</summary>
    /// <param name="source">The log.</param>
    /// <param name="filter">Which are wanted.</param>
    /// <param name="stop">Stops the reading.</param>
    /// <exception cref="IOException">The log cannot be read.</exception>
    public static async IAsyncEnumerable<ShownRecord> ReadAsync(ILedgerSource source, RecordFilter filter, [EnumeratorCancellation] CancellationToken stop)
    {
        var index = 0L;
        await foreach (var line in new LogReader(source, await source.LogsAsync(stop)).ReadAsync(null, 0, stop))
        {
            if (line.Kind == LogLineKind.Tail && filter.All)
                yield return new(index, LineForm.Torn, null, $"(not yet a record: {line.Length} bytes without a line feed) {Plain.Text(line.Bytes.Span, MostOfNoRecord)}");
            if (line.Kind != LogLineKind.Line)
                continue;
            if (Of(index++, line, filter) is { } shown)
                yield return shown;
        }
    }

    private static ShownRecord? Of(long index, in LogLine line, RecordFilter filter)
    {
        var facts = line.TooLong ? default : RecordFacts.Of(line.Bytes.Span);
        if (line.TooLong || facts.Form != LineForm.Record)
        {
            var form = line.TooLong ? LineForm.Foreign : facts.Form;
            var what = form == LineForm.Torn ? "cut off by a crash" : "no record";
            return filter.All ? new(index, form, null, string.Create(CultureInfo.InvariantCulture, $"#{index}  ({what}, {line.Length} bytes) {Plain.Text(line.Bytes.Span, MostOfNoRecord)}")) : null;
        }
        using var record = JsonDocument.Parse(line.Bytes);
        if (!filter.Matches(record.RootElement))
            return null;
        var json = Encoding.UTF8.GetString(line.Bytes.Span);
        var text = facts.Known ? InWords(record.RootElement) : $"(a version that is unknown here) {Plain.Text(json)}";
        return new(index, LineForm.Record, json, string.Create(CultureInfo.InvariantCulture, $"#{index}  {text}"));
    }

    private static string InWords(JsonElement record)
    {
        var text = new StringBuilder();
        // What most readers look for first, then whatever else it says.
        string[] first = ["time", "action", "outcome", "subject"];
        foreach (var name in first)
        {
            if (RecordFilter.Text(record, name) is { } value)
                text.Append(Plain.Text(value)).Append("  ");
        }
        foreach (var property in record.EnumerateObject())
        {
            if (first.Contains(property.Name, StringComparer.Ordinal) && property.Value.ValueKind == JsonValueKind.String || property.NameEquals("version"u8) || property.NameEquals("tenantId"u8))
                continue;
            var value = RecordFilter.Text(record, property.Name) ?? property.Value.GetRawText();
            text.Append(CultureInfo.InvariantCulture, $"{Plain.Text(property.Name)}={Plain.Text(value)} ");
        }
        return text.ToString().TrimEnd();
    }
}
