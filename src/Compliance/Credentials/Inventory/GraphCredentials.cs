using System.Collections.Frozen;
using Compliance.Findings;
using Compliance.Tenants;
using Microsoft.Extensions.Logging;
using Microsoft.Graph.Models;

namespace Compliance.Credentials.Inventory;

/// <summary>Reads the credentials of app registrations and service principals: one request a page of 999, memory bound by a page.</summary>
internal sealed partial class GraphCredentials(TenantConnection tenant, ILogger<GraphCredentials> log)
{
    private const int PageSize = 999;

    // Microsoft's own tenant: the certificates of its applications are not ours to rotate.
    private static readonly Guid MicrosoftTenant = new("f8cdef31-a31e-4b4a-93e4-5f571e91255a");

    private static readonly string[] ApplicationFields = ["id", "appId", "displayName", "tags", "passwordCredentials", "keyCredentials"];

    private static readonly string[] PrincipalFields =
    [
        "id",
        "appId",
        "displayName",
        "tags",
        "servicePrincipalType",
        "appOwnerOrganizationId",
        "preferredSingleSignOnMode",
        "preferredTokenSigningKeyThumbprint",
        "passwordCredentials",
        "keyCredentials",
    ];

    /// <summary>Reads both collections side by side.</summary>
    public Task ReadAsync(IInventorySink sink, CancellationToken cancellationToken) =>
        Task.WhenAll(ApplicationsAsync(sink, cancellationToken), PrincipalsAsync(sink, cancellationToken));

    private Task ApplicationsAsync(IInventorySink sink, CancellationToken cancellationToken) =>
        PagesAsync(
            Sources.Applications,
            "app registrations",
            DeclaredCall.Applications,
            sink,
            async next =>
            {
                var page = next is null
                    ? await tenant.Graph.Applications.GetAsync(
                        r => (r.QueryParameters.Select, r.QueryParameters.Top) = (ApplicationFields, PageSize),
                        cancellationToken
                    )
                    : await tenant.Graph.Applications.WithUrl(next).GetAsync(cancellationToken: cancellationToken);
                return (page?.Value, page?.OdataNextLink);
            },
            application => application.Id,
            application =>
            {
                if (HasAny(application.PasswordCredentials, application.KeyCredentials))
                    Observe(
                        new(
                            Sources.Applications,
                            Named(SubjectTypes.Application, application.Id!, application.AppId, application.DisplayName),
                            application.AppId,
                            Tags(application.Tags),
                            SignsTokens: false
                        ),
                        application.PasswordCredentials,
                        application.KeyCredentials,
                        sink
                    );
            },
            cancellationToken
        );

    private Task PrincipalsAsync(IInventorySink sink, CancellationToken cancellationToken) =>
        PagesAsync(
            Sources.ServicePrincipals,
            "service principals",
            DeclaredCall.ServicePrincipals,
            sink,
            async next =>
            {
                var page = next is null
                    ? await tenant.Graph.ServicePrincipals.GetAsync(
                        r => (r.QueryParameters.Select, r.QueryParameters.Top) = (PrincipalFields, PageSize),
                        cancellationToken
                    )
                    : await tenant.Graph.ServicePrincipals.WithUrl(next).GetAsync(cancellationToken: cancellationToken);
                return (page?.Value, page?.OdataNextLink);
            },
            principal => principal.Id,
            principal => Observe(principal, sink),
            cancellationToken
        );

    private async Task PagesAsync<T>(
        string source,
        string what,
        DeclaredCall call,
        IInventorySink sink,
        Func<string?, Task<(List<T>? Items, string? Next)>> read,
        Func<T, string?> id,
        Action<T> observe,
        CancellationToken cancellationToken
    )
    {
        var seen = new HashSet<Guid>();
        var trail = new PageTrail();
        var twice = 0;
        try
        {
            string? next = null;
            do
            {
                var (items, link) = await read(next);
                foreach (var item in items ?? throw new IncompleteReadException("the answer has no 'value'"))
                    if (!Guid.TryParse(id(item), out var guid))
                        throw new IncompleteReadException($"an object without an id was read: '{id(item)}'");
                    else if (seen.Add(guid))
                        observe(item);
                    else
                        twice++;
                if (link is not null && !tenant.IsGraph(link))
                    throw ForeignHostException.From(link);
                trail.Next(link);
                next = link;
            } while (next is not null);
            if (twice > 0)
                ReadTwice(log, source, twice);
            sink.Read(new SourceOutcome(source, Complete: true, seen.Count));
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            var failure = ReadFailure.From(e, call, null, tenant.Options.ClientId);
            NotRead(log, source, failure.Reason);
            sink.Read(failure.Outcome(source, seen.Count, new Subject(SubjectTypes.Source, source, what), null));
        }
    }

    private static void Observe(ServicePrincipal principal, IInventorySink sink)
    {
        // Rotated by the platform: there is nothing for an owner to do.
        if (principal.ServicePrincipalType == "ManagedIdentity")
            return;
        // So are the certificates of Microsoft's applications. A secret there was added by somebody in this tenant, and opens what the
        // application may do.
        var keys = principal.AppOwnerOrganizationId == MicrosoftTenant ? null : principal.KeyCredentials;
        if (HasAny(principal.PasswordCredentials, keys))
            Observe(
                new(
                    Sources.ServicePrincipals,
                    Named(SubjectTypes.ServicePrincipal, principal.Id!, principal.AppId, principal.DisplayName),
                    principal.AppId,
                    Tags(principal.Tags),
                    SignsTokens: principal.PreferredSingleSignOnMode == "saml"
                        || principal.PreferredTokenSigningKeyThumbprint is { Length: > 0 }
                ),
                principal.PasswordCredentials,
                keys,
                sink
            );
    }

    private static void Observe(Carrier carrier, List<PasswordCredential>? passwords, List<KeyCredential>? keys, IInventorySink sink)
    {
        var certificates = new HashSet<string>(StringComparer.Ordinal);
        foreach (var key in keys ?? [])
        {
            // Sign and Verify entries of one certificate share its identifier: one credential.
            var part = key.CustomKeyIdentifier is { Length: > 0 } identifier
                ? Convert.ToHexString(identifier)
                : key.KeyId?.ToString() ?? "";
            if (!certificates.Add(part))
                continue;
            var kind =
                carrier.SignsTokens && keys!.Exists(k => k.Usage == "Sign" && SameCertificate(k, key))
                    ? CredentialKind.SamlCertificate
                    : CredentialKind.ClientCertificate;
            sink.Observed(carrier.Credential(kind, part, key.DisplayName, key.StartDateTime, key.EndDateTime));
        }
        foreach (var password in passwords ?? [])
        {
            // A signing certificate comes with a password for its private key: the same credential again.
            if (password.CustomKeyIdentifier is { Length: > 0 } identifier && certificates.Contains(Convert.ToHexString(identifier)))
                continue;
            var part = password.KeyId?.ToString() ?? "";
            sink.Observed(
                carrier.Credential(
                    CredentialKind.ClientSecret,
                    part,
                    password.DisplayName,
                    password.StartDateTime,
                    password.EndDateTime
                )
            );
        }
    }

    private static bool HasAny(List<PasswordCredential>? passwords, List<KeyCredential>? keys) =>
        passwords is { Count: > 0 } || keys is { Count: > 0 };

    private static Subject Named(string type, string id, string? appId, string? name) => new(type, id, name ?? appId ?? id);

    // An application or service principal, as its credentials show it.
    private sealed record Carrier(
        string Source,
        Subject Subject,
        string? AppId,
        IReadOnlyDictionary<string, string> Tags,
        bool SignsTokens
    )
    {
        public Credential Credential(CredentialKind kind, string part, string? label, DateTimeOffset? start, DateTimeOffset? end) =>
            new()
            {
                Kind = kind,
                Subject = Subject,
                Part = part,
                Label = label,
                Source = Source,
                AppId = AppId,
                Started = start?.ToUniversalTime(),
                Expires = Ends(end),
                Tags = Tags,
            };
    }

    /// <summary>An end past the year 2200 stands for "never".</summary>
    internal static DateTimeOffset? Ends(DateTimeOffset? end) => end is { Year: < 2200 } ? end.Value.ToUniversalTime() : null;

    private static bool SameCertificate(KeyCredential a, KeyCredential b) =>
        a.CustomKeyIdentifier is { Length: > 0 } x && b.CustomKeyIdentifier is { Length: > 0 } y
            ? x.AsSpan().SequenceEqual(y)
            : a.KeyId == b.KeyId;

    // Graph tags are words; "name:value" and "name=value" carry a value.
    private static IReadOnlyDictionary<string, string> Tags(List<string>? tags)
    {
        if (tags is not { Count: > 0 })
            return Credential.EmptyTags;
        var map = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var tag in tags)
        {
            var at = tag.AsSpan().IndexOfAny(':', '=');
            map[at < 0 ? tag : tag[..at].Trim()] = at < 0 ? "" : tag[(at + 1)..].Trim();
        }
        return map.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
    }

    [LoggerMessage(3100, LogLevel.Warning, "{Source} was not read to its end: {Reason}")]
    private static partial void NotRead(ILogger logger, string source, string reason);

    [LoggerMessage(3101, LogLevel.Warning, "{Source} delivered {Count} objects twice; each was counted once")]
    private static partial void ReadTwice(ILogger logger, string source, int count);
}
