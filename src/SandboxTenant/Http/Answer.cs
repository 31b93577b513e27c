using System.Buffers;
using System.Text.Json;
using SandboxTenant.Data;

namespace SandboxTenant.Http;

/// <summary>What a service answers.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">The body; empty for none.</param>
internal sealed record Answer(int Status, ReadOnlyMemory<byte> Body)
{
    /// <summary>Headers beside the content type and length.</summary>
    public List<(string Name, string Value)> Headers { get; } = [];

    /// <summary>No body.</summary>
    public static Answer Empty(int status) => new(status, default);

    /// <summary>A JSON body.</summary>
    public static Answer Create(int status, Action<Utf8JsonWriter> write, int sizeHint = 1024)
    {
        var buffer = new ArrayBufferWriter<byte>(sizeHint);
        using (var writer = new Utf8JsonWriter(buffer, Json.Compact))
            write(writer);
        return new Answer(status, buffer.WrittenMemory);
    }

    /// <summary>Adds a header.</summary>
    public Answer With(string name, string value)
    {
        Headers.Add((name, value));
        return this;
    }
}
