using System.Globalization;
using System.Text;
using Azure.Data.Tables;

namespace EmbeddedHost.Durable;

/// <summary>
/// Cuts a commit's events into table rows. A property holds 32,000 characters (the service's limit is 64 KiB of UTF-16), a row 14 of them:
/// below 1 MiB as the service counts and, whatever the characters, below the 4 MiB of a transaction as it is sent.
/// </summary>
internal static class HistoryRows
{
    public const int InProperty = 32_000;

    public const int Properties = 14;

    public static IReadOnlyList<TableEntity> Cut(string partition, int generation, int firstRow, IReadOnlyList<HistoryEvent> events)
    {
        var text = HistoryEvent.Write(events);
        var rows = new List<TableEntity>();
        for (var at = 0; at < text.Length;)
        {
            var row = new TableEntity(partition, Keys.Row(generation, firstRow + rows.Count));
            for (var property = 0; property < Properties && at < text.Length; property++)
            {
                var length = Math.Min(InProperty, text.Length - at);
                // Half a surrogate pair is no text.
                if (length == InProperty && char.IsHighSurrogate(text[at + length - 1]))
                    length--;
                row[Property(property)] = text.Substring(at, length);
                at += length;
            }

            row["Last"] = at == text.Length;
            rows.Add(row);
        }

        return rows;
    }

    /// <exception cref="InvalidDataException">A row that counts is not there.</exception>
    public static IReadOnlyList<HistoryEvent> Join(InstanceRecord record, IReadOnlyDictionary<string, TableEntity> rows)
    {
        var events = new List<HistoryEvent>();
        var text = new StringBuilder();
        for (var number = 0; number < record.Rows; number++)
        {
            if (!rows.TryGetValue(Keys.Row(record.Generation, number), out var row))
                throw new InvalidDataException($"instance '{record.Id}': row {number} of its history is missing");
            for (var property = 0; property < Properties && row.GetString(Property(property)) is { } part; property++)
                text.Append(part);
            if (row.GetBoolean("Last") != true)
                continue;
            events.AddRange(HistoryEvent.Read(text.ToString()));
            text.Clear();
        }

        return events;
    }

    private static string Property(int number) => string.Create(CultureInfo.InvariantCulture, $"Events{number:D2}");
}
