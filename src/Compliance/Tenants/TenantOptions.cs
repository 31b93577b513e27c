using System.Globalization;
using Microsoft.Extensions.Configuration;

namespace Compliance.Tenants;

/// <summary>A tenant setting that is missing or cannot be used. The message names key and rule, never a secret's value.</summary>
internal sealed class TenantSettingException(string key, string problem) : Exception($"setting {key} {problem}")
{
    /// <summary>The setting's key.</summary>
    public string Key { get; } = key;
}

/// <summary>Where the tenant is and how to sign in. Configuration section <c>Tenant</c>.</summary>
internal sealed record TenantOptions
{
    /// <summary>Entra tenant id (a GUID).</summary>
    public required string Id { get; init; }

    /// <summary>Microsoft Graph with its version. Default <c>https://graph.microsoft.com/v1.0</c>.</summary>
    public required Uri Graph { get; init; }

    /// <summary>Azure Resource Manager. Default <c>https://management.azure.com</c>.</summary>
    public required Uri ResourceManager { get; init; }

    /// <summary>Entra sign-in. Default <c>https://login.microsoftonline.com</c>.</summary>
    public required Uri Authority { get; init; }

    /// <summary>Client id of an app or user-assigned identity; null for the system-assigned identity or the Azure CLI's user.</summary>
    public string? ClientId { get; init; }

    /// <summary>Client secret; null to sign in as a managed identity (in Azure) or as the Azure CLI's user.</summary>
    public string? ClientSecret { get; init; }

    /// <summary>
    /// SHA-256 thumbprint (hex) of the sandbox's certificate; loopback endpoints only. Null checks certificates as usual.
    /// </summary>
    public string? PinnedThumbprint { get; init; }

    /// <summary>The longest Retry-After that is waited for. Default 300 s, 1 to 3600 s; beyond it the source counts as unread.</summary>
    public TimeSpan MaxRetryWait { get; init; } = TimeSpan.FromSeconds(300);

    /// <summary>
    /// Writes Graph takes from this application in 150 s. Default 3000, what Graph documents; 300 to 1,000,000. Less where others write
    /// with the same identity.
    /// </summary>
    public int GraphWriteLimit { get; init; } = 3_000;

    /// <summary>Where, not how: the secret is left out.</summary>
    public override string ToString() => $"tenant {Id} at {Graph}, {ResourceManager}";

    /// <summary>Reads and checks the settings.</summary>
    /// <exception cref="TenantSettingException">A setting is missing or cannot be used.</exception>
    public static TenantOptions Read(IConfiguration configuration)
    {
        var section = configuration.GetSection("Tenant");
        var options = new TenantOptions
        {
            Id = Guid.TryParse(section["Id"], out var id)
                ? id.ToString("D")
                : throw new TenantSettingException(
                    "Tenant:Id",
                    $"is '{section["Id"]}': give the Entra tenant id, a GUID (`az account show --query tenantId`)"
                ),
            Graph = Endpoint(section, "GraphEndpoint", "https://graph.microsoft.com/v1.0"),
            ResourceManager = Endpoint(section, "ResourceManagerEndpoint", "https://management.azure.com"),
            Authority = Endpoint(section, "AuthorityHost", "https://login.microsoftonline.com"),
            ClientId = Optional(section["ClientId"]),
            ClientSecret = Optional(section["ClientSecret"]),
            PinnedThumbprint = Optional(section["PinnedThumbprint"])?.Replace(":", "", StringComparison.Ordinal).ToUpperInvariant(),
            MaxRetryWait = TimeSpan.FromSeconds(Whole(section, "MaxRetryWaitSeconds", 300, 1, 3600)),
            GraphWriteLimit = Whole(section, "GraphWriteLimit", 3_000, 300, 1_000_000),
        };
        if (options.ClientSecret is not null && options.ClientId is null)
            throw new TenantSettingException(
                "Tenant:ClientId",
                "is missing: Tenant:ClientSecret is given, so the client id is needed as well"
            );
        if (options.PinnedThumbprint is { } pin)
        {
            if (pin.Length != 64 || !pin.All(char.IsAsciiHexDigit))
                throw new TenantSettingException("Tenant:PinnedThumbprint", "must be a SHA-256 thumbprint: 64 hex digits");
            foreach (
                var (key, uri) in new[]
                {
                    ("GraphEndpoint", options.Graph),
                    ("ResourceManagerEndpoint", options.ResourceManager),
                    ("AuthorityHost", options.Authority),
                }
            )
                if (!IsLoopback(uri))
                    throw new TenantSettingException(
                        "Tenant:PinnedThumbprint",
                        $"is for a sandbox on this machine only, but Tenant:{key} is {uri}: remove one of the two"
                    );
        }
        return options;
    }

    /// <summary>True for localhost, names below it, 127.0.0.0/8 and ::1.</summary>
    public static bool IsLoopback(Uri uri) => uri.IsLoopback || uri.Host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);

    private static Uri Endpoint(IConfigurationSection section, string key, string otherwise)
    {
        var text = Optional(section[key]) ?? otherwise;
        return Uri.TryCreate(text.TrimEnd('/'), UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps && uri.Query.Length == 0
            ? uri
            : throw new TenantSettingException($"Tenant:{key}", $"is '{text}': give an absolute https address");
    }

    private static int Whole(IConfigurationSection section, string key, int otherwise, int least, int max)
    {
        var text = section[key];
        if (string.IsNullOrEmpty(text))
            return otherwise;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= max
            ? value
            : throw new TenantSettingException($"Tenant:{key}", $"is '{text}': give a whole number from {least} to {max}");
    }

    private static string? Optional(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();
}
