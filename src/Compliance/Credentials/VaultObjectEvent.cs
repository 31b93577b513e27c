using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Azure.Messaging;
using Compliance.Findings;

namespace Compliance.Credentials;

/// <summary>One Key Vault object that an event says has changed or will end; the message on the re-check queue.</summary>
/// <param name="Vault">Vault name.</param>
/// <param name="Collection"><c>secrets</c>, <c>keys</c> or <c>certificates</c>.</param>
/// <param name="ObjectName">Name of the object.</param>
/// <param name="EventType">For example <c>Microsoft.KeyVault.SecretNearExpiry</c>; <c>manual</c> when a person asked.</param>
/// <param name="RunId">Derived from the event's source and id, so that a redelivered event is the same run.</param>
public sealed partial record VaultObjectEvent(string Vault, string Collection, string ObjectName, string EventType, string RunId)
{
    /// <summary>The queue that carries these.</summary>
    public const string Queue = "keyvault-events";

    private static readonly Dictionary<string, string> Collections = new(StringComparer.Ordinal)
    {
        ["Secret"] = "secrets",
        ["Key"] = "keys",
        ["Certificate"] = "certificates",
    };

    /// <summary>
    /// Reads an event of a Key Vault system topic. Sample data:
    /// <c>{"Id":"https://v.vault.azure.net/secrets/db/1a","VaultName":"v","ObjectType":"Secret","ObjectName":"db","Version":"1a","NBF":1,"EXP":2}</c>.
    /// </summary>
    /// <returns>The object; null for a Key Vault event that is not about a secret, key or certificate.</returns>
    /// <exception cref="FormatException">The event is malformed; the message names the field and the rule.</exception>
    public static VaultObjectEvent? From(CloudEvent cloudEvent)
    {
        ArgumentNullException.ThrowIfNull(cloudEvent);
        var type = EventTypes().Match(cloudEvent.Type);
        if (!type.Success)
            return null;
        JsonElement data;
        try
        {
            data = JsonDocument.Parse(cloudEvent.Data ?? throw new FormatException("event data is missing")).RootElement;
        }
        catch (JsonException e)
        {
            throw new FormatException($"event data is not JSON: {e.Message}", e);
        }
        var collection = Collections[type.Groups["object"].Value];
        return Of(Text(data, "VaultName"), collection, Text(data, "ObjectName"), cloudEvent.Type, $"{cloudEvent.Source}\n{cloudEvent.Id}");
    }

    /// <summary>An object named by hand.</summary>
    /// <param name="vault">3 to 24 letters, digits and hyphens.</param>
    /// <param name="collection"><c>secrets</c>, <c>keys</c> or <c>certificates</c>.</param>
    /// <param name="objectName">1 to 127 letters, digits and hyphens.</param>
    /// <param name="eventType">What set it off.</param>
    /// <param name="seed">What the run id is derived from.</param>
    /// <exception cref="FormatException">A name breaks Key Vault's rule for names.</exception>
    public static VaultObjectEvent Of(string vault, string collection, string objectName, string eventType, string seed)
    {
        if (!VaultNames().IsMatch(vault))
            throw new FormatException("VaultName must be 3 to 24 letters, digits and hyphens");
        if (!Collections.ContainsValue(collection))
            throw new FormatException("the collection must be secrets, keys or certificates");
        if (!ObjectNames().IsMatch(objectName))
            throw new FormatException("ObjectName must be 1 to 127 letters, digits and hyphens");
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(seed)).AsSpan(0, 12));
        return new(vault, collection, objectName, eventType, $"kv-{hash}");
    }

    /// <summary>The message's text.</summary>
    public string ToMessage() => JsonSerializer.Serialize(this, ComplianceJson.Compact);

    /// <summary>Reads a message.</summary>
    /// <exception cref="FormatException">It is not one; the message goes to poison with this reason.</exception>
    public static VaultObjectEvent FromMessage(string message)
    {
        try
        {
            var read = JsonSerializer.Deserialize<VaultObjectEvent>(message, ComplianceJson.Compact) ?? throw new FormatException("the message is empty");
            return Of(read.Vault ?? "", read.Collection ?? "", read.ObjectName ?? "", read.EventType ?? "", "") with { RunId = read.RunId };
        }
        catch (JsonException e)
        {
            throw new FormatException($"the message is not a Key Vault object: {e.Message}", e);
        }
    }

    private static string Text(JsonElement data, string name) =>
        data.ValueKind == JsonValueKind.Object && data.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new FormatException($"event data.{name} must be a string");

    [GeneratedRegex(@"^Microsoft\.KeyVault\.(?<object>Secret|Key|Certificate)(NewVersionCreated|NearExpiry|Expired)\z", RegexOptions.CultureInvariant)]
    private static partial Regex EventTypes();

    [GeneratedRegex("^[A-Za-z0-9-]{3,24}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex VaultNames();

    [GeneratedRegex("^[A-Za-z0-9-]{1,127}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex ObjectNames();
}
