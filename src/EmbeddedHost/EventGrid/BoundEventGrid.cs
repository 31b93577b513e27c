using System.Text.Json;
using Azure.Messaging;
using EmbeddedHost.Hosting;
using EmbeddedHost.Invocation;

namespace EmbeddedHost.EventGrid;

/// <summary>How an Event Grid function takes its events.</summary>
internal sealed class BoundEventGrid(bool batched, bool asCloudEvents) : IBoundTrigger
{
    private static readonly HashSet<string> Metadata = new(StringComparer.OrdinalIgnoreCase) { "data" };

    public string Type => "eventGridTrigger";

    public IReadOnlySet<string> Names => Metadata;

    public IListener? CreateListener(Function function) => null;

    public TriggerEvent FromAdmin(Function function, string? input) =>
        Events(Encoded(input)) is [var one] ? one : throw new FormatException("\"input\" must be one event for a function that is not batched");

    /// <summary>One run an event, or one for all of them when batched.</summary>
    /// <exception cref="FormatException">An event cannot be what the function takes; the message says which and why.</exception>
    public IReadOnlyList<TriggerEvent> Events(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            var root = document.RootElement;
            var events = root.ValueKind switch
            {
                JsonValueKind.Array => root.EnumerateArray().ToList(),
                JsonValueKind.Object => [root],
                _ => throw new FormatException("the body must be one event or an array of events"),
            };
            var values = events.Select(Value).ToList();
            if (!batched)
                return [.. events.Zip(values, (e, v) => new TriggerEvent(v) { BindingData = Data(e) })];
            return [new TriggerEvent(asCloudEvents ? values.Cast<CloudEvent>().ToArray() : values.Cast<string>().ToArray())];
        }
        catch (JsonException e)
        {
            throw new FormatException($"the body is not JSON: {e.Message}", e);
        }
    }

    private object Value(JsonElement item, int index)
    {
        if (item.ValueKind != JsonValueKind.Object)
            throw new FormatException($"event {index} is not a JSON object");
        if (!asCloudEvents)
            return item.GetRawText();
        if (!item.TryGetProperty("specversion", out var version) || version.ValueKind != JsonValueKind.String || version.GetString() != "1.0")
        {
            throw new FormatException(
                $"event {index} has no specversion \"1.0\": the function takes CloudEvents 1.0, so the subscription's delivery schema must be CloudEventSchemaV1_0");
        }

        try
        {
            return CloudEvent.Parse(BinaryData.FromString(item.GetRawText()))!;
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or FormatException or JsonException)
        {
            throw new FormatException($"event {index} is not a CloudEvent: {e.Message}", e);
        }
    }

    private static Dictionary<string, object?> Data(JsonElement item) =>
        item.TryGetProperty("data", out var data) ? new() { ["data"] = data.GetRawText() } : [];

    private static byte[] Encoded(string? input) =>
        System.Text.Encoding.UTF8.GetBytes(input ?? throw new FormatException("\"input\" must be the event's JSON"));
}
