using System.Globalization;
using System.Text.Json;
using EmbeddedHost.Hosting;

namespace EmbeddedHost.Configuration;

/// <summary>Reads one JSON object and says file, path and rule when a value does not fit. Keys match whatever their case, as in the real host.</summary>
internal sealed class JsonNodeReader(JsonElement node, string path, string file)
{
    public StartupException Wrong(string key, string rule) => new($"{file}: {path}.{key}: {rule}");

    public JsonNodeReader? Object(string key) => Find(key) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } value => new JsonNodeReader(value, $"{path}.{key}", file),
        _ => throw Wrong(key, "must be an object"),
    };

    public string? Text(string key) => Find(key) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value => value.GetString(),
        _ => throw Wrong(key, "must be a string"),
    };

    public int? Whole(string key, int atLeast, int atMost) => Find(key) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt32(out var number) && number >= atLeast && number <= atMost => number,
        _ => throw Wrong(key, string.Create(CultureInfo.InvariantCulture, $"must be a whole number from {atLeast} to {atMost}")),
    };

    public TimeSpan? Period(string key, TimeSpan atLeast, TimeSpan atMost) => Find(key) switch
    {
        null => null,
        { ValueKind: JsonValueKind.String } value
            when TimeSpan.TryParse(value.GetString(), CultureInfo.InvariantCulture, out var period) && period >= atLeast && period <= atMost => period,
        _ => throw Wrong(key, $"must be a time span hh:mm:ss from {atLeast:c} to {atMost:c}"),
    };

    public Dictionary<string, string> Texts() =>
        node.EnumerateObject().ToDictionary(
            p => p.Name, p => p.Value.ValueKind == JsonValueKind.String ? p.Value.GetString()! : throw Wrong(p.Name, "must be a string"));

    public void AllowOnly(params ReadOnlySpan<string> keys)
    {
        foreach (var property in node.EnumerateObject())
        {
            var known = false;
            foreach (var key in keys)
                known |= key.Equals(property.Name, StringComparison.OrdinalIgnoreCase);
            if (!known)
                throw Wrong(property.Name, "is not a setting of this section");
        }
    }

    private JsonElement? Find(string key)
    {
        foreach (var property in node.EnumerateObject())
        {
            if (property.Name.Equals(key, StringComparison.OrdinalIgnoreCase))
                return property.Value;
        }

        return null;
    }
}
