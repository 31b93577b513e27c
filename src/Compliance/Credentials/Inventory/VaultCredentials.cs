using System.Text.Json;
using Azure;
using Azure.Core;
using Azure.Security.KeyVault.Certificates;
using Azure.Security.KeyVault.Secrets;
using Compliance.Findings;
using Compliance.Tenants;
using Microsoft.Extensions.Logging;

namespace Compliance.Credentials.Inventory;

/// <summary>
/// Reads secrets, keys and certificates of vaults: attributes only, never a value. Vaults and their collections are read side by side.
/// </summary>
internal sealed partial class VaultCredentials(TenantConnection tenant, ILogger<VaultCredentials> log)
{
    private const int SideBySide = 16;
    private const string KeysVersion = "7.6";

    /// <summary>Reads the three collections of every vault.</summary>
    public Task ReadAsync(IReadOnlyCollection<ResourceRow> vaults, IInventorySink sink, CancellationToken cancellationToken)
    {
        var work = vaults.SelectMany(v => new[] { (v, "secrets"), (v, "keys"), (v, "certificates") });
        return Parallel.ForEachAsync(
            work,
            new ParallelOptions { MaxDegreeOfParallelism = SideBySide, CancellationToken = cancellationToken },
            async (item, token) =>
            {
                var (row, collection) = item;
                await ReadOneAsync(
                    row,
                    collection,
                    Sources.Vault(row.Id, collection),
                    sink,
                    count => CollectionAsync(row, collection, sink, count, token),
                    token
                );
            }
        );
    }

    /// <summary>Reads one object by its versions. An object that does not exist is a complete read of nothing.</summary>
    public Task ReadObjectAsync(
        ResourceRow row,
        string collection,
        string name,
        IInventorySink sink,
        CancellationToken cancellationToken
    ) =>
        ReadOneAsync(
            row,
            collection,
            $"{Sources.Vault(row.Id, collection)}/{name}",
            sink,
            count => ObjectAsync(row, collection, name, sink, count, cancellationToken),
            cancellationToken
        );

    private async Task ReadOneAsync(
        ResourceRow row,
        string collection,
        string source,
        IInventorySink sink,
        Func<Action, Task> read,
        CancellationToken cancellationToken
    )
    {
        long objects = 0;
        try
        {
            await read(() => objects++);
            sink.Read(new SourceOutcome(source, Complete: true, objects, ResourceId: row.Id));
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            var call = collection switch
            {
                "secrets" => DeclaredCall.Secrets,
                "keys" => DeclaredCall.Keys,
                _ => DeclaredCall.Certificates,
            };
            var failure = ReadFailure.From(e, call, row.Id, tenant.Options.ClientId);
            NotRead(log, source, failure.Reason);
            sink.Read(
                failure.Outcome(
                    source,
                    objects,
                    new Subject(SubjectTypes.Vault, row.Id.ToLowerInvariant(), $"{collection} of vault {row.Name}"),
                    row.Id
                )
            );
        }
    }

    private async Task CollectionAsync(
        ResourceRow row,
        string collection,
        IInventorySink sink,
        Action count,
        CancellationToken cancellationToken
    )
    {
        var vault = VaultOf(row);
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        switch (collection)
        {
            case "secrets":
                await foreach (var secret in Pages(vault.Secrets.GetPropertiesOfSecretsAsync(cancellationToken)))
                    if (First(secret.Name))
                        Observe(row, vault, secret, sink);
                break;
            case "certificates":
                await foreach (
                    var certificate in Pages(vault.Certificates.GetPropertiesOfCertificatesAsync(cancellationToken: cancellationToken))
                )
                    if (First(certificate.Name))
                        Observe(row, vault, certificate, sink);
                break;
            default:
                await foreach (var key in KeysAsync(vault, "/keys", cancellationToken))
                    if (First(key.Name))
                        Observe(row, vault, key, sink);
                break;
        }

        // A page delivered twice is one page.
        bool First(string name)
        {
            var first = names.Add(name);
            if (first)
                count();
            return first;
        }
    }

    private async Task ObjectAsync(
        ResourceRow row,
        string collection,
        string name,
        IInventorySink sink,
        Action count,
        CancellationToken cancellationToken
    )
    {
        var vault = VaultOf(row);
        try
        {
            switch (collection)
            {
                case "secrets":
                    if (
                        await NewestAsync(
                            Pages(vault.Secrets.GetPropertiesOfSecretVersionsAsync(name, cancellationToken)),
                            s => s.CreatedOn
                        ) is
                        { } secret
                    )
                    {
                        count();
                        Observe(row, vault, secret, sink);
                    }
                    break;
                case "certificates":
                    if (
                        await NewestAsync(
                            Pages(vault.Certificates.GetPropertiesOfCertificateVersionsAsync(name, cancellationToken)),
                            c => c.CreatedOn
                        ) is
                        { } certificate
                    )
                    {
                        count();
                        Observe(row, vault, certificate, sink);
                    }
                    break;
                default:
                    if (await NewestAsync(KeysAsync(vault, $"/keys/{name}/versions", cancellationToken), k => k.Created) is { } key)
                    {
                        count();
                        Observe(row, vault, key, sink);
                    }
                    break;
            }
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            // Gone: read, and nothing there.
        }
    }

    private static async Task<T?> NewestAsync<T>(IAsyncEnumerable<T> versions, Func<T, DateTimeOffset?> created)
        where T : class
    {
        T? newest = null;
        await foreach (var version in versions)
            if (newest is null || created(version) > created(newest))
                newest = version;
        return newest;
    }

    // The SDK follows a next link that repeats without end.
    private static async IAsyncEnumerable<T> Pages<T>(AsyncPageable<T> pageable)
        where T : notnull
    {
        var trail = new PageTrail();
        await foreach (var page in pageable.AsPages())
        {
            foreach (var item in page.Values)
                yield return item;
            trail.Next(page.ContinuationToken);
        }
    }

    // {"value":[{"kid":"https://v.vault.azure.net/keys/k","attributes":{"enabled":true,"created":1,"updated":1,"exp":2},"tags":{},"managed":true}],"nextLink":null}
    private static async IAsyncEnumerable<KeyItem> KeysAsync(
        Vault vault,
        string path,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var trail = new PageTrail();
        var next = $"{vault.Address.ToString().TrimEnd('/')}{path}?api-version={KeysVersion}";
        while (next is not null)
        {
            if (!Uri.TryCreate(next, UriKind.Absolute, out var uri) || uri.Host != vault.Address.Host || uri.Port != vault.Address.Port)
                throw ForeignHostException.From(next);
            trail.Next(next);
            using var answer = await GetAsync(vault, uri, cancellationToken);
            if (!answer.RootElement.TryGetProperty("value", out var items) || items.ValueKind != JsonValueKind.Array)
                throw new IncompleteReadException("the answer has no 'value' array");
            foreach (var item in items.EnumerateArray())
                yield return KeyItem.From(item);
            next =
                answer.RootElement.TryGetProperty("nextLink", out var link)
                && link.ValueKind == JsonValueKind.String
                && link.GetString() is { Length: > 0 } text
                    ? text
                    : null;
        }
    }

    /// <summary>One GET on a vault's pipeline.</summary>
    internal static async Task<JsonDocument> GetAsync(Vault vault, Uri uri, CancellationToken cancellationToken)
    {
        using var message = vault.Pipeline.CreateMessage();
        message.Request.Method = RequestMethod.Get;
        message.Request.Uri.Reset(uri);
        await vault.Pipeline.SendAsync(message, cancellationToken);
        return message.Response.IsError ? throw new RequestFailedException(message.Response) : JsonDocument.Parse(message.Response.Content);
    }

    private Vault VaultOf(ResourceRow row)
    {
        var address =
            row.Properties.ValueKind == JsonValueKind.Object && row.Properties.TryGetProperty("vaultUri", out var uri)
                ? uri.GetString()
                : null;
        return tenant.VaultAt(
            Uri.TryCreate(address, UriKind.Absolute, out var parsed)
                ? parsed
                : throw new IncompleteReadException($"vault {row.Name} was listed without its address (properties.vaultUri)")
        );
    }

    private static void Observe(ResourceRow row, Vault vault, SecretProperties secret, IInventorySink sink)
    {
        // Managed: the secret behind a certificate, which is counted as the certificate.
        if (!secret.Managed)
            Observe(
                row,
                vault,
                CredentialKind.VaultSecret,
                SubjectTypes.VaultSecret,
                "secrets",
                secret.Name,
                secret.Enabled,
                secret.CreatedOn,
                secret.NotBefore,
                secret.ExpiresOn,
                secret.Tags,
                sink
            );
    }

    private static void Observe(ResourceRow row, Vault vault, CertificateProperties certificate, IInventorySink sink) =>
        Observe(
            row,
            vault,
            CredentialKind.VaultCertificate,
            SubjectTypes.VaultCertificate,
            "certificates",
            certificate.Name,
            certificate.Enabled,
            certificate.CreatedOn,
            certificate.NotBefore,
            certificate.ExpiresOn,
            certificate.Tags,
            sink
        );

    private static void Observe(ResourceRow row, Vault vault, KeyItem key, IInventorySink sink)
    {
        if (!key.Managed)
            Observe(
                row,
                vault,
                CredentialKind.VaultKey,
                SubjectTypes.VaultKey,
                "keys",
                key.Name,
                key.Enabled,
                key.Created,
                key.NotBefore,
                key.Expires,
                key.Tags,
                sink
            );
    }

    private static void Observe(
        ResourceRow row,
        Vault vault,
        CredentialKind kind,
        string type,
        string collection,
        string name,
        bool? enabled,
        DateTimeOffset? created,
        DateTimeOffset? notBefore,
        DateTimeOffset? expires,
        IEnumerable<KeyValuePair<string, string>>? tags,
        IInventorySink sink
    )
    {
        var all = row.Tags;
        if (tags is not null && tags.Any())
        {
            // An object's own tags win over its vault's, where that is no advantage: the policy judges by both.
            var merged = new Dictionary<string, string>(row.Tags, StringComparer.OrdinalIgnoreCase);
            foreach (var (key, value) in tags)
                merged[key] = value;
            all = merged;
        }
        sink.Observed(
            new Credential
            {
                Kind = kind,
                // Without a port: the same object is the same finding wherever a sandbox listens.
                Subject = new Subject(type, $"https://{vault.Address.Host}/{collection}/{name}", $"{row.Name}/{name}"),
                Source = Sources.Vault(row.Id, collection),
                ResourceId = row.Id,
                Enabled = enabled ?? true,
                Started = Start(kind, created, notBefore),
                Expires = GraphCredentials.Ends(expires),
                Tags = all,
                VaultTags = row.Tags,
            }
        );
    }

    // Key Vault serves a version before its nbf, and whoever may update the object may move that: only created is the service's own. A
    // certificate's nbf is part of what its issuer signed, and an imported certificate can be older than its copy here.
    private static DateTimeOffset? Start(CredentialKind kind, DateTimeOffset? created, DateTimeOffset? notBefore) =>
        kind == CredentialKind.VaultCertificate && notBefore < created ? notBefore : created;

    private sealed record KeyItem(
        string Name,
        bool Enabled,
        bool Managed,
        DateTimeOffset? Created,
        DateTimeOffset? NotBefore,
        DateTimeOffset? Expires,
        Dictionary<string, string>? Tags
    )
    {
        public static KeyItem From(JsonElement item)
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

    [LoggerMessage(3120, LogLevel.Warning, "{Source} was not read to its end: {Reason}")]
    private static partial void NotRead(ILogger logger, string source, string reason);
}
