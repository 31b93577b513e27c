using System.Text.Json;
using Azure;
using Azure.Core;
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
        var disabled = new List<string>();
        await foreach (var item in ItemsAsync(vault, collection, cancellationToken))
        {
            // A page delivered twice is one page.
            if (!names.Add(item.Name))
                continue;
            count();
            Observe(row, vault, collection, item, "", sink);
            if (!item.Enabled && !item.Managed)
                disabled.Add(item.Name);
        }
        foreach (var name in disabled)
            ObserveServed(row, vault, collection, await VersionsAsync(vault, collection, name, cancellationToken), sink);
    }

    private static async Task<List<VaultItem>> VersionsAsync(
        Vault vault,
        string collection,
        string name,
        CancellationToken cancellationToken
    )
    {
        var versions = new List<VaultItem>();
        try
        {
            await foreach (var version in ItemsAsync(vault, collection, cancellationToken, name))
                versions.Add(version);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            // Gone: read, and nothing there.
        }
        return versions;
    }

    // A request that names no version gets the newest one, or a refusal when that is disabled: then whoever names an older version that is
    // enabled still gets it, so each of those is a credential of its own.
    private static void ObserveServed(ResourceRow row, Vault vault, string collection, List<VaultItem> versions, IInventorySink sink)
    {
        foreach (var version in versions.Where(v => v.Enabled).DistinctBy(v => v.Version, StringComparer.OrdinalIgnoreCase))
            Observe(row, vault, collection, version, version.Version, sink);
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
        var versions = await VersionsAsync(vault, collection, name, cancellationToken);
        if (versions.MaxBy(v => v.Created ?? DateTimeOffset.MinValue) is not { } newest)
            return;
        count();
        Observe(row, vault, collection, newest, "", sink);
        if (!newest.Enabled)
            ObserveServed(row, vault, collection, versions, sink);
    }

    // The objects of a collection as their newest versions; with a name the versions of that object.
    private static IAsyncEnumerable<VaultItem> ItemsAsync(
        Vault vault,
        string collection,
        CancellationToken cancellationToken,
        string? name = null
    ) =>
        collection switch
        {
            "secrets" => Pages(
                    name is null
                        ? vault.Secrets.GetPropertiesOfSecretsAsync(cancellationToken)
                        : vault.Secrets.GetPropertiesOfSecretVersionsAsync(name, cancellationToken)
                )
                .Select(VaultItem.From),
            "certificates" => Pages(
                    name is null
                        ? vault.Certificates.GetPropertiesOfCertificatesAsync(cancellationToken: cancellationToken)
                        : vault.Certificates.GetPropertiesOfCertificateVersionsAsync(name, cancellationToken)
                )
                .Select(VaultItem.From),
            _ => KeysAsync(vault, name is null ? "/keys" : $"/keys/{name}/versions", cancellationToken),
        };

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

    // {"value":[{"kid":"https://v.vault.azure.net/keys/k","attributes":{"enabled":true,"created":1,"updated":1,"exp":2},"tags":{},
    // "managed":true}],"nextLink":null}
    private static async IAsyncEnumerable<VaultItem> KeysAsync(
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
                yield return VaultItem.From(item);
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

    // Part: the version, where it is not the newest that is judged.
    private static void Observe(ResourceRow row, Vault vault, string collection, VaultItem item, string part, IInventorySink sink)
    {
        // Managed: the secret and the key behind a certificate, which are counted as the certificate.
        if (item.Managed)
            return;
        var (kind, type) = collection switch
        {
            "secrets" => (CredentialKind.VaultSecret, SubjectTypes.VaultSecret),
            "certificates" => (CredentialKind.VaultCertificate, SubjectTypes.VaultCertificate),
            _ => (CredentialKind.VaultKey, SubjectTypes.VaultKey),
        };
        var all = row.Tags;
        if (item.Tags is { Count: > 0 } tags)
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
                Subject = new Subject(type, $"https://{vault.Address.Host}/{collection}/{item.Name}", $"{row.Name}/{item.Name}"),
                Part = part,
                Label = part.Length > 0 ? $"version {part}" : null,
                Source = Sources.Vault(row.Id, collection),
                ResourceId = row.Id,
                Enabled = item.Enabled,
                Started = Start(kind, item.Created, item.NotBefore),
                Expires = GraphCredentials.Ends(item.Expires),
                Tags = all,
                VaultTags = row.Tags,
            }
        );
    }

    // Key Vault serves a version before its nbf, and whoever may update the object may move that: only created is the service's own. A
    // certificate's nbf is part of what its issuer signed, and an imported certificate can be older than its copy here.
    private static DateTimeOffset? Start(CredentialKind kind, DateTimeOffset? created, DateTimeOffset? notBefore) =>
        kind == CredentialKind.VaultCertificate && notBefore < created ? notBefore : created;

    [LoggerMessage(3120, LogLevel.Warning, "{Source} was not read to its end: {Reason}")]
    private static partial void NotRead(ILogger logger, string source, string reason);
}
