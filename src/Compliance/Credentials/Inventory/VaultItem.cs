using System.Text.Json;
using Azure.Security.KeyVault.Certificates;
using Azure.Security.KeyVault.Secrets;
using Compliance.Tenants;

namespace Compliance.Credentials.Inventory;

/// <summary>A secret, key or certificate in one version, as a list gives it.</summary>
internal sealed record VaultItem(
    string Name,
    string Version,
    bool Enabled,
    bool Managed,
    DateTimeOffset? Created,
    DateTimeOffset? NotBefore,
    DateTimeOffset? Expires,
    IDictionary<string, string>? Tags
)
{
    /// <summary>A secret.</summary>
    public static VaultItem From(SecretProperties secret) =>
        new(
            secret.Name,
            secret.Version ?? "",
            secret.Enabled ?? true,
            secret.Managed,
            secret.CreatedOn,
            secret.NotBefore,
            secret.ExpiresOn,
            secret.Tags
        );

    /// <summary>A certificate.</summary>
    public static VaultItem From(CertificateProperties certificate) =>
        new(
            certificate.Name,
            certificate.Version ?? "",
            certificate.Enabled ?? true,
            Managed: false,
            certificate.CreatedOn,
            certificate.NotBefore,
            certificate.ExpiresOn,
            certificate.Tags
        );

    /// <summary>A key, as the REST API lists it.</summary>
    public static VaultItem From(JsonElement item)
    {
        if (
            !item.TryGetProperty("kid", out var kid)
            || !Uri.TryCreate(kid.GetString(), UriKind.Absolute, out var id)
            || id.Segments.Length < 3
        )
            throw new IncompleteReadException("a key without an id was read");
        var attributes = item.TryGetProperty("attributes", out var a) && a.ValueKind == JsonValueKind.Object ? a : default;
        DateTimeOffset? Time(string name) =>
            attributes.ValueKind == JsonValueKind.Object && attributes.TryGetProperty(name, out var t) && t.TryGetInt64(out var seconds)
                ? DateTimeOffset.FromUnixTimeSeconds(seconds)
                : null;
        return new(
            id.Segments[2].Trim('/'),
            id.Segments.ElementAtOrDefault(3)?.Trim('/') ?? "",
            attributes.ValueKind != JsonValueKind.Object
                || !attributes.TryGetProperty("enabled", out var enabled)
                || enabled.ValueKind != JsonValueKind.False,
            item.TryGetProperty("managed", out var managed) && managed.ValueKind == JsonValueKind.True,
            Time("created"),
            Time("nbf"),
            Time("exp"),
            item.TryGetProperty("tags", out var tags) && tags.ValueKind == JsonValueKind.Object
                ? tags.EnumerateObject().ToDictionary(t => t.Name, t => t.Value.ToString())
                : null
        );
    }
}
