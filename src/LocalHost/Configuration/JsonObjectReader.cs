using System.Globalization;
using System.Text.Json;
using LocalHost.Hosting;

namespace LocalHost.Configuration;

/// <summary>
/// Reads one JSON object; what does not fit is refused with file, path and rule. Keys match whatever their case, as in the real host.
/// </summary>
internal sealed class JsonObjectReader(JsonElement node, string path, string file)
{
    /// <summary>The refusal of a value.</summary>
    public StartupException Wrong(string key, string rule) => new($"{file}: {path}.{key}: {rule}");

    /// <summary>Whether the key is there, whatever its value.</summary>
    public bool Has(string key) => Find(key) is not null;

    /// <summary>Whether the value is <c>true</c>.</summary>
    public bool IsTrue(string key) => Find(key) is { ValueKind: JsonValueKind.True };

    /// <summary>An object; null where it is absent.</summary>
    public JsonObjectReader? Object(string key) =>
        Find(key) switch
        {
            null => null,
            { ValueKind: JsonValueKind.Object } value => new JsonObjectReader(value, $"{path}.{key}", file),
            _ => throw Wrong(key, "must be an object"),
        };

    /// <summary>A string; null where it is absent.</summary>
    public string? Text(string key) =>
        Find(key) switch
        {
            null => null,
            { ValueKind: JsonValueKind.String } value => value.GetString(),
            _ => throw Wrong(key, "must be a string"),
        };

    /// <summary>A whole number within limits; null where it is absent.</summary>
    public int? Whole(string key, int min, int max) =>
        Find(key) switch
        {
            null => null,
            { ValueKind: JsonValueKind.Number } value when value.TryGetInt32(out var number) && number >= min && number <= max => number,
            _ => throw Wrong(key, string.Create(CultureInfo.InvariantCulture, $"must be a whole number from {min} to {max}")),
        };

    /// <summary>A time span within limits; null where it is absent.</summary>
    public TimeSpan? Period(string key, TimeSpan min, TimeSpan max) =>
        Find(key) switch
        {
            null => null,
            { ValueKind: JsonValueKind.String } value
                when TimeSpan.TryParse(value.GetString(), CultureInfo.InvariantCulture, out var period) && period >= min && period <= max =>
                period,
            _ => throw Wrong(key, $"must be a time span hh:mm:ss from {min:c} to {max:c}"),
        };

    /// <summary>One of some texts, whatever their case; null where it is absent.</summary>
    public string? OneOf(string key, params string[] allowed)
    {
        var text = Text(key);
        return text is null || allowed.Contains(text, StringComparer.OrdinalIgnoreCase)
            ? text
            : throw Wrong(key, $"must be {string.Join(" or ", allowed.Select(a => $"\"{a}\""))}");
    }

    /// <summary>All keys with their texts.</summary>
    public Dictionary<string, string> Texts() => node.EnumerateObject().ToDictionary(p => p.Name, p => Text(p.Name)!);

    /// <summary>Refuses every other key.</summary>
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
