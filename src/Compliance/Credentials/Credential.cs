using Compliance.Findings;

namespace Compliance.Credentials;

/// <summary>The kinds of credential; policy names them in camel case.</summary>
internal enum CredentialKind
{
    /// <summary>A client secret (<c>passwordCredentials</c>).</summary>
    ClientSecret,

    /// <summary>A certificate or key for client authentication (<c>keyCredentials</c>).</summary>
    ClientCertificate,

    /// <summary>A SAML token-signing certificate of a service principal.</summary>
    SamlCertificate,

    /// <summary>A secret in a Key Vault.</summary>
    VaultSecret,

    /// <summary>A key in a Key Vault.</summary>
    VaultKey,

    /// <summary>A certificate in a Key Vault.</summary>
    VaultCertificate,

    /// <summary>An access key of a storage account.</summary>
    StorageKey,

    /// <summary>The keys of a resource, whose age the service does not state; or of all resources of a type that no rule judges.</summary>
    ResourceKeys,
}

/// <summary>One credential as read from its service. Never holds the secret itself.</summary>
internal sealed record Credential
{
    /// <summary>What kind it is.</summary>
    public required CredentialKind Kind { get; init; }

    /// <summary>The object that carries it.</summary>
    public required Subject Subject { get; init; }

    /// <summary>Its stable id in the subject (key id, thumbprint, key name); empty where the subject is the credential.</summary>
    public string Part { get; init; } = "";

    /// <summary>Its own display name, for people; null when it has none. Never Graph's hint, which is the start of the secret.</summary>
    public string? Label { get; init; }

    /// <summary>The source it was read from, see <see cref="Sources"/>.</summary>
    public required string Source { get; init; }

    /// <summary>Resource Manager id of the resource; null for Graph objects.</summary>
    public string? ResourceId { get; init; }

    /// <summary>Client id of the application; null for anything but Graph objects.</summary>
    public string? AppId { get; init; }

    /// <summary>False when the service refuses to use it (a disabled vault object).</summary>
    public bool Enabled { get; init; } = true;

    /// <summary>
    /// From when it could be used (UTC): the start of its age. Null when the service does not state. Never what its holder can move: of an
    /// object in a Key Vault it is <c>created</c>, not <c>nbf</c>.
    /// </summary>
    public DateTimeOffset? Started { get; init; }

    /// <summary>
    /// When it ends (UTC), see <see cref="Ages.EndStops"/>; null when never. Years past 2200 mean never and are read as null.
    /// </summary>
    public DateTimeOffset? Expires { get; init; }

    /// <summary>
    /// Tags of the object over those of its vault, or else of its resource; see <see cref="VaultTags"/>. Keys compare without case.
    /// </summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = EmptyTags;

    /// <summary>
    /// For an object in a vault: the vault's tags, which who may write the object alone cannot change. Null for what is in nothing that has
    /// tags: its own are all there is.
    /// </summary>
    public IReadOnlyDictionary<string, string>? VaultTags { get; init; }

    /// <summary>
    /// For <see cref="CredentialKind.StorageKey"/>: days of the account's key-expiration policy; for others null.
    /// Null on a storage key means that the account has no such policy.
    /// </summary>
    public int? KeyExpirationDays { get; init; }

    /// <summary>
    /// For <see cref="CredentialKind.ResourceKeys"/>: the resource type, for example <c>Microsoft.DocumentDB/databaseAccounts</c>.
    /// </summary>
    public string? ResourceType { get; init; }

    /// <summary>The object that carries it, with nothing that is this one credential's own.</summary>
    public Credential Whole() => this with { Part = "", Label = null, Started = null, Expires = null };

    /// <summary>No tags.</summary>
    public static IReadOnlyDictionary<string, string> EmptyTags { get; } = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
}
