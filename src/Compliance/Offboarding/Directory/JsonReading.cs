using System.Globalization;
using System.Text.Json;

namespace Compliance.Offboarding.Directory;

/// <summary>
/// Reads properties of an answer that may be missing, null or of another kind than expected: then there is no value, never a guess.
/// </summary>
internal static class JsonReading
{
    /// <summary>The property; null when it is missing or null.</summary>
    public static JsonElement? At(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null
            ? value
            : null;

    /// <summary>A property inside a property.</summary>
    public static JsonElement? At(this JsonElement element, string outer, string inner) => element.At(outer)?.At(inner);

    /// <summary>A text; null when it is missing, empty or no text.</summary>
    public static string? Text(this JsonElement element, string name) =>
        element.At(name) is { ValueKind: JsonValueKind.String } value && value.GetString() is { Length: > 0 } text ? text : null;

    /// <summary>A boolean; null when it was not given.</summary>
    public static bool? Flag(this JsonElement element, string name) =>
        element.At(name) is { ValueKind: JsonValueKind.True or JsonValueKind.False } value ? value.GetBoolean() : null;

    /// <summary>An instant (UTC); null when it is missing or no date.</summary>
    public static DateTimeOffset? Instant(this JsonElement element, string name) =>
        element.Text(name) is { } text
        && DateTimeOffset.TryParse(
            text,
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var at
        )
            ? at
            : null;

    /// <summary>The items of an array; none when it is missing.</summary>
    public static IEnumerable<JsonElement> Items(this JsonElement element, string name) =>
        element.At(name) is { ValueKind: JsonValueKind.Array } value ? value.EnumerateArray() : [];
}
