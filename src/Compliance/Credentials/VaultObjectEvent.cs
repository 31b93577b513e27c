using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Compliance.Runs;
using Compliance.Text;

namespace Compliance.Credentials;

/// <summary>One Key Vault object that, by an event, has changed or will end.</summary>
/// <param name="Vault">Vault name.</param>
/// <param name="Collection"><c>secrets</c>, <c>keys</c> or <c>certificates</c>.</param>
/// <param name="ObjectName">Name of the object.</param>
/// <param name="EventType">For example <c>Microsoft.KeyVault.SecretNearExpiry</c>; <see cref="ByHand"/> when a person asked.</param>
/// <param name="RunId">Derived from the event's source and id, so that a redelivered event is the same run.</param>
public sealed partial record VaultObjectEvent(string Vault, string Collection, string ObjectName, string EventType, string RunId)
{
    /// <summary>The queue that Event Grid delivers Key Vault's events to.</summary>
    public const string Queue = "vault-events";

    /// <summary>The queue that an earlier version put these records in; nothing is written to it any more.</summary>
    public const string EarlierQueue = "keyvault-events";

    /// <summary>The event type when a person asked.</summary>
    public const string ByHand = "manual";

    /// <summary>What the types of all events of Key Vault begin with.</summary>
    internal const string TypePrefix = "Microsoft.KeyVault.";

    private static readonly Dictionary<string, string> Collections = new(StringComparer.Ordinal)
    {
        ["Secret"] = "secrets",
        ["Key"] = "keys",
        ["Certificate"] = "certificates",
    };

    /// <summary>
    /// Reads the text of a queue message, as it is or in Base64: an event of a Key Vault system topic in CloudEvents 1.0, or what an
    /// earlier version made of one. Samples:
    /// <c>{"specversion":"1.0","id":"7","source":"/subscriptions/…/vaults/v","type":"Microsoft.KeyVault.SecretNearExpiry",
    /// "subject":"db","time":"2026-11-20T08:00:00Z","data":{"Id":"https://v.vault.azure.net/secrets/db/1a","VaultName":"v",
    /// "ObjectType":"Secret","ObjectName":"db","Version":"1a","NBF":1,"EXP":2}}</c> and
    /// <c>{"vault":"v","collection":"secrets","objectName":"db","eventType":"Microsoft.KeyVault.SecretNearExpiry",
    /// "runId":"kv-0123456789abcdef01234567"}</c>.
    /// </summary>
    /// <param name="message">The message's text.</param>
    /// <param name="type">The event's type, also when there is no object.</param>
    /// <returns>The object; null for an event of Key Vault that is not about a secret, key or certificate.</returns>
    /// <exception cref="VaultEventException">It cannot be taken in; every problem found is listed.</exception>
    public static VaultObjectEvent? Read(string message, out string type)
    {
        ArgumentNullException.ThrowIfNull(message);
        var unread = $"kv-unread-{Hash(message)}";
        try
        {
            return Read(JsonMessage.FromQueue(message), unread, out type);
        }
        catch (JsonMessageException e)
        {
            throw new VaultEventException([e.Message], unread, e);
        }
    }

    /// <summary>An object named by hand.</summary>
    /// <param name="vault">3 to 24 letters, digits and hyphens.</param>
    /// <param name="collection"><c>secrets</c>, <c>keys</c> or <c>certificates</c>.</param>
    /// <param name="objectName">1 to 127 letters, digits and hyphens.</param>
    /// <param name="eventType">What set it off.</param>
    /// <param name="seed">What the run id is derived from.</param>
    /// <exception cref="FormatException">A name breaks Key Vault's rule for names.</exception>
    public static VaultObjectEvent From(string vault, string collection, string objectName, string eventType, string seed)
    {
        var problems = new List<string>();
        Check(vault, collection, objectName, "", problems);
        return problems.Count == 0
            ? new(vault, collection, objectName, eventType, $"kv-{Hash(seed)}")
            : throw new FormatException(string.Join("; ", problems));
    }

    private static VaultObjectEvent? Read(ReadOnlyMemory<byte> utf8, string unread, out string type)
    {
        var root = JsonMessage.Parse(utf8, "the message");
        if (root.TryGetProperty("vault", out _) && !root.TryGetProperty("specversion", out _))
        {
            var stored = Stored(root, unread);
            type = stored.EventType;
            return stored;
        }
        var problems = new List<string>();
        var read = CloudEventEnvelope.Read(root, problems);
        type = read.Type;
        if (read.Type.Length > 0 && !read.Type.StartsWith(TypePrefix, StringComparison.Ordinal))
            problems.Add($"type: must begin with {TypePrefix}");
        var key = read.Id.Length > 0 && read.Source.Length > 0 ? $"kv-{Hash($"{read.Source}\n{read.Id}")}" : unread;
        var match = EventTypes().Match(read.Type);
        var (vault, name) = ("", "");
        var collection = match.Success ? Collections[match.Groups["object"].Value] : "";
        if (match.Success)
        {
            (vault, name) = (JsonMessage.Text(read.Data, "VaultName") ?? "", JsonMessage.Text(read.Data, "ObjectName") ?? "");
            Check(vault, collection, name, "data.", problems);
        }
        if (problems.Count > 0)
            throw new VaultEventException(problems, key);
        return match.Success ? new(vault, collection, name, read.Type, key) : null;
    }

    // What queue keyvault-events held; its names are stored ones and stay.
    private static VaultObjectEvent Stored(JsonElement root, string unread)
    {
        VaultObjectEvent? read;
        try
        {
            read = root.Deserialize<VaultObjectEvent>(ComplianceJson.Compact);
        }
        catch (JsonException e)
        {
            throw new VaultEventException(["the message is not a Key Vault object: a value of it is no text"], unread, e);
        }
        var problems = new List<string>();
        Check(read?.Vault, read?.Collection, read?.ObjectName, "", problems);
        if (read?.EventType is not { } type || !EventTypes().IsMatch(type))
            problems.Add("eventType: must be the type of an event about a secret, key or certificate");
        if (!RunRequest.IsRunId(read?.RunId))
            problems.Add("runId: must be 1 to 64 letters, digits and hyphens");
        return problems.Count == 0 ? read! : throw new VaultEventException(problems, unread);
    }

    private static void Check(string? vault, string? collection, string? objectName, string path, List<string> problems)
    {
        if (vault is null || !VaultNames().IsMatch(vault))
            problems.Add($"{path}VaultName must be 3 to 24 letters, digits and hyphens");
        if (collection is null || !Collections.ContainsValue(collection))
            problems.Add("the collection must be secrets, keys or certificates");
        if (objectName is null || !ObjectNames().IsMatch(objectName))
            problems.Add($"{path}ObjectName must be 1 to 127 letters, digits and hyphens");
    }

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 12));

    [GeneratedRegex(
        @"^Microsoft\.KeyVault\.(?<object>Secret|Key|Certificate)(NewVersionCreated|NearExpiry|Expired)\z",
        RegexOptions.CultureInvariant
    )]
    private static partial Regex EventTypes();

    [GeneratedRegex("^[A-Za-z0-9-]{3,24}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex VaultNames();

    [GeneratedRegex("^[A-Za-z0-9-]{1,127}\\z", RegexOptions.CultureInvariant)]
    private static partial Regex ObjectNames();
}
