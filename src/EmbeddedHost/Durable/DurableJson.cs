using System.Text.Json;

namespace EmbeddedHost.Durable;

/// <summary>How inputs, outputs, events and statuses are written: the official worker's serializer settings.</summary>
internal static class DurableJson
{
    private static readonly JsonSerializerOptions Options = new() { PropertyNameCaseInsensitive = true };

    /// <summary>Null for null, else the JSON by the value's own type.</summary>
    public static string? Write(object? value) => value is null ? null : JsonSerializer.Serialize(value, value.GetType(), Options);

    /// <exception cref="JsonException">The text is not of that type.</exception>
    public static T? Read<T>(string? text) => text is null ? default : JsonSerializer.Deserialize<T>(text, Options);

    /// <exception cref="JsonException">The text is not of that type.</exception>
    public static object? Read(string? text, Type type) => text is null ? null : JsonSerializer.Deserialize(text, type, Options);
}
