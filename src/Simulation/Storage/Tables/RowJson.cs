using System.Buffers;
using System.Globalization;
using System.Text.Json;

namespace Simulation.Storage.Tables;

/// <summary>
/// Rows as the clients write them and the service answers them:
/// <c>{"odata.etag":"W/\"0x1\"","PartitionKey":"t","RowKey":"r","Timestamp":"2026-03-01T06:00:00Z","Count":3,</c>
/// <c>"At@odata.type":"Edm.DateTime","At":"2026-03-01T06:00:00Z"}</c>.
/// </summary>
internal static class RowJson
{
    private const string TypeSuffix = "@odata.type";

    /// <summary>Reads a row as a client wrote it. Properties that are null are none.</summary>
    /// <exception cref="FormatException">It is not of this form.</exception>
    public static NewRow Read(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        var row = new NewRow();
        var types = new Dictionary<string, string>(StringComparer.Ordinal);
        var raw = new List<(string Name, JsonTokenType Token, object? Value)>();
        Next(ref reader, JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (name.EndsWith(TypeSuffix, StringComparison.Ordinal))
                types[name[..^TypeSuffix.Length]] = reader.GetString()!;
            else if (!name.StartsWith("odata.", StringComparison.Ordinal))
                raw.Add((name, reader.TokenType, Raw(ref reader)));
        }
        foreach (var (name, token, value) in raw)
        {
            if (name == "PartitionKey")
                row.PartitionKey = (string?)value;
            else if (name == "RowKey")
                row.RowKey = (string?)value;
            else if (name != "Timestamp" && value is not null)
                row.Properties.Add(Property(name, token, value, types.GetValueOrDefault(name)));
        }
        return row;
    }

    /// <summary>Writes a row.</summary>
    /// <param name="row">The row.</param>
    /// <param name="select">The names that are asked for; null for all.</param>
    /// <returns>The members, without the braces around.</returns>
    public static byte[] Write(TableRow row, IReadOnlyList<string>? select)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer))
        {
            writer.WriteStartObject();
            writer.WriteString("odata.etag", row.ETag);
            if (Selected(select, "PartitionKey"))
                writer.WriteString("PartitionKey", row.PartitionKey);
            if (Selected(select, "RowKey"))
                writer.WriteString("RowKey", row.RowKey);
            if (Selected(select, "Timestamp"))
                writer.WriteString("Timestamp", Time(row.Timestamp));
            foreach (var property in row.Properties)
                if (Selected(select, property.Name))
                    Write(writer, property);
            foreach (var missing in select ?? [])
                if (row[missing] is null)
                    writer.WriteNull(missing);
            writer.WriteEndObject();
        }
        return buffer.WrittenSpan[1..^1].ToArray();
    }

    private static bool Selected(IReadOnlyList<string>? select, string name) => select is null || select.Contains(name);

    private static void Write(Utf8JsonWriter writer, TableProperty property)
    {
        if (Annotation(property) is { } type)
            writer.WriteString(property.Name + TypeSuffix, type);
        writer.WritePropertyName(property.Name);
        switch (property.Value)
        {
            case string text:
                writer.WriteStringValue(text);
                break;
            case bool yes:
                writer.WriteBooleanValue(yes);
                break;
            case int number:
                writer.WriteNumberValue(number);
                break;
            case long number:
                writer.WriteStringValue(number.ToString(CultureInfo.InvariantCulture));
                break;
            case double number when double.IsFinite(number):
                writer.WriteRawValue(Whole(number));
                break;
            case double number:
                writer.WriteStringValue(number.ToString(CultureInfo.InvariantCulture));
                break;
            case DateTimeOffset at:
                writer.WriteStringValue(Time(at));
                break;
            case Guid id:
                writer.WriteStringValue(id);
                break;
            case byte[] bytes:
                writer.WriteBase64StringValue(bytes);
                break;
            default:
                throw new NotSupportedException($"{property.Name} is a {property.Value.GetType()}");
        }
    }

    private static string? Annotation(TableProperty property) =>
        property.Type switch
        {
            PropertyType.String or PropertyType.Boolean or PropertyType.Int32 => null,
            PropertyType.Double => property.Value is double number && double.IsFinite(number) ? null : "Edm.Double",
            var type => $"Edm.{type}",
        };

    // A double shows by its point that it is none of the whole-number types.
    private static string Whole(double number)
    {
        var text = number.ToString("R", CultureInfo.InvariantCulture);
        return text.AsSpan().IndexOfAny('.', 'E') < 0 ? $"{text}.0" : text;
    }

    private static string Time(DateTimeOffset at) => at.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ss.FFFFFFFZ", CultureInfo.InvariantCulture);

    private static object? Raw(ref Utf8JsonReader reader) =>
        reader.TokenType switch
        {
            JsonTokenType.String => reader.GetString(),
            JsonTokenType.True => true,
            JsonTokenType.False => false,
            JsonTokenType.Null => null,
            JsonTokenType.Number when reader.TryGetInt32(out var number) => number,
            JsonTokenType.Number => reader.GetDouble(),
            var other => throw new FormatException($"a {other} where a property's value is expected"),
        };

    private static TableProperty Property(string name, JsonTokenType token, object value, string? type) =>
        (type, value) switch
        {
            (null or "Edm.String", string) => new(name, PropertyType.String, value),
            (null or "Edm.Boolean", bool) => new(name, PropertyType.Boolean, value),
            (null or "Edm.Int32", int) => new(name, PropertyType.Int32, value),
            ("Edm.Int64", string text) => new(name, PropertyType.Int64, long.Parse(text, CultureInfo.InvariantCulture)),
            ("Edm.Double", int number) => new(name, PropertyType.Double, (double)number),
            (null or "Edm.Double", double) => new(name, PropertyType.Double, value),
            ("Edm.Double", string text) => new(name, PropertyType.Double, double.Parse(text, CultureInfo.InvariantCulture)),
            ("Edm.DateTime", string text) => new(name, PropertyType.DateTime, TimeIn(text)),
            ("Edm.Guid", string text) => new(name, PropertyType.Guid, Guid.Parse(text)),
            ("Edm.Binary", string text) => new(name, PropertyType.Binary, Convert.FromBase64String(text)),
            _ => throw new FormatException($"{name} is a {token} of type {type}"),
        };

    private static DateTimeOffset TimeIn(string text) =>
        DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal).ToUniversalTime();

    private static void Next(ref Utf8JsonReader reader, JsonTokenType token)
    {
        if (!reader.Read() || reader.TokenType != token)
            throw new FormatException($"{reader.TokenType} where {token} is expected");
    }
}

/// <summary>A row as a client wrote it.</summary>
internal sealed class NewRow
{
    /// <summary>Partition key; null when it is left out.</summary>
    public string? PartitionKey { get; set; }

    /// <summary>Row key; null when it is left out.</summary>
    public string? RowKey { get; set; }

    /// <summary>The other properties.</summary>
    public List<TableProperty> Properties { get; } = [];

    /// <summary>The code of the service's bound that it breaks; null when it keeps all.</summary>
    public (int Status, string Code)? Bound(int keys)
    {
        const int MaxProperties = 252;
        const int MaxValueBytes = 64 << 10;
        const int MaxBytes = 1 << 20;
        if (Properties.Count > MaxProperties)
            return (400, "TooManyProperties");
        if (Properties.Exists(p => p.ValueWeight - 4 > MaxValueBytes))
            return (400, "PropertyValueTooLarge");
        return 4 + (2 * keys) + Properties.Sum(p => p.Weight) > MaxBytes ? (400, "EntityTooLarge") : null;
    }
}
