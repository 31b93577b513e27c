using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace SandboxTenant.Data;

/// <summary>The little JSON work that is done on raw UTF-8.</summary>
internal static class Json
{
    /// <summary>Compact, and with only the characters escaped that JSON itself demands, as the services write it.</summary>
    public static readonly JsonWriterOptions Compact = new()
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        SkipValidation = true,
    };

    /// <summary>The same, indented: for files that people read.</summary>
    public static readonly JsonWriterOptions Indented = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Indented = true };

    /// <summary>An element as compact UTF-8.</summary>
    public static byte[] Bytes(JsonElement element)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, Compact))
            element.WriteTo(writer);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>A node as compact UTF-8.</summary>
    public static byte[] Bytes(JsonNode node)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, Compact))
            node.WriteTo(writer);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>What a writer wrote, as compact UTF-8.</summary>
    public static byte[] Bytes(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, Compact))
            write(writer);
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>The object as a node that can be changed.</summary>
    public static JsonObject Object(byte[] json) => JsonNode.Parse(json)!.AsObject();

    /// <summary>A top-level property that is a string; null where it is missing or something else.</summary>
    public static string? Text(byte[] json, string property)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var found = reader.ValueTextEquals(property);
            reader.Read();
            if (found)
                return reader.TokenType == JsonTokenType.String ? reader.GetString() : null;
            reader.Skip();
        }
        return null;
    }

    /// <summary>A property of an object that is a string; null where it is missing or something else.</summary>
    public static string? Text(JsonElement element, string property) =>
        element.ValueKind == JsonValueKind.Object
        && element.TryGetProperty(property, out var value)
        && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;

    /// <summary>
    /// Copies the top-level properties that <paramref name="keep"/> lets through, raw, into the object the writer stands in.
    /// </summary>
    public static void CopyProperties(Utf8JsonWriter writer, byte[] json, Keep keep)
    {
        var reader = new Utf8JsonReader(json);
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.ValueSpan;
            var wanted = keep.Wants(name);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            if (!wanted)
                continue;
            writer.WritePropertyName(name);
            writer.WriteRawValue(json.AsSpan(start, (int)reader.BytesConsumed - start), skipInputValidation: true);
        }
    }

    /// <summary>The object with these top-level properties changed; a null is kept, as Graph keeps it.</summary>
    public static byte[] Merge(byte[] json, JsonObject changes)
    {
        var target = Object(json);
        foreach (var (name, value) in changes)
            target[name] = value?.DeepClone();
        return Bytes(target);
    }
}
