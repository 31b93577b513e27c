using System.Text.Encodings.Web;
using System.Text.Json;

namespace EmbeddedHost.Durable;

/// <summary>Inputs and outputs as the official worker writes them: System.Text.Json, names as they stand, fields included, names read without case.</summary>
internal static class DurableJson
{
    private static readonly JsonSerializerOptions Options = new() { IncludeFields = true, PropertyNameCaseInsensitive = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string? Write(object? value) => value is null ? null : JsonSerializer.Serialize(value, value.GetType(), Options);

    public static T? Read<T>(string? json) => json is null ? default : JsonSerializer.Deserialize<T>(json, Options);

    public static object? Read(string? json, Type type) =>
        json is null ? type.IsValueType ? Activator.CreateInstance(type) : null : JsonSerializer.Deserialize(json, type, Options);
}
