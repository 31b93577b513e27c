using System.Text.Json;

namespace Compliance.Text;

/// <summary>What names a CloudEvents 1.0 event in structured JSON, and its data.</summary>
/// <param name="Id">With <paramref name="Source"/>, which event it is; the same two again are the same event.</param>
/// <param name="Source">Where it comes from.</param>
/// <param name="Type">For example <c>Microsoft.KeyVault.SecretNearExpiry</c>.</param>
/// <param name="Data">Its JSON data; undefined when it has none.</param>
internal sealed record CloudEventEnvelope(string Id, string Source, string Type, JsonElement Data)
{
    /// <summary>Why an event in Event Grid's own schema is refused, and what to do.</summary>
    public const string EventGridSchemaRefused =
        "the event is in the Event Grid schema, and only CloudEvents 1.0 are taken in: "
        + "replace the event subscription by one with --event-delivery-schema cloudeventschemav1_0";

    /// <summary>
    /// Whether it is an event in Event Grid's own schema. Sample:
    /// <c>{"id":"7","topic":"/t","subject":"db","eventType":"Microsoft.KeyVault.SecretExpired","eventTime":"2026-11-20T08:00:00Z",
    /// "data":{},"dataVersion":"1","metadataVersion":"1"}</c>.
    /// </summary>
    public static bool IsEventGridSchema(JsonElement root) =>
        !root.TryGetProperty("specversion", out _)
        && root.TryGetProperty("eventType", out _)
        && (root.TryGetProperty("eventTime", out _) || root.TryGetProperty("dataVersion", out _) || root.TryGetProperty("topic", out _));

    /// <summary>Reads what every event has.</summary>
    /// <param name="root">The event; an object.</param>
    /// <param name="problems">Each problem found, as attribute and rule.</param>
    /// <returns>The event; where there are problems, what could be read of it.</returns>
    public static CloudEventEnvelope Read(JsonElement root, ICollection<string> problems)
    {
        var read = new CloudEventEnvelope(
            JsonMessage.Text(root, "id") ?? "",
            JsonMessage.Text(root, "source") ?? "",
            JsonMessage.Text(root, "type") ?? "",
            root.TryGetProperty("data", out var data) ? data : default
        );
        if (IsEventGridSchema(root))
        {
            problems.Add(EventGridSchemaRefused);
            return read;
        }
        if (JsonMessage.Text(root, "specversion") != "1.0")
            problems.Add(Has("specversion") ? "specversion: allowed: 1.0" : "specversion: missing");
        foreach (var (name, text) in new[] { ("id", read.Id), ("source", read.Source), ("type", read.Type) })
            if (text.Length == 0)
                problems.Add(Has(name) ? $"{name}: must be text that is not empty" : $"{name}: missing");
        return read;

        bool Has(string name) => root.TryGetProperty(name, out _);
    }
}
