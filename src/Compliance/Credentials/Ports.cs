using Compliance.Findings;

namespace Compliance.Credentials;

/// <summary>Takes what the inventory reads. Every member may be called from several threads at once.</summary>
internal interface IInventorySink
{
    /// <summary>A credential was read.</summary>
    void Observed(Credential credential);

    /// <summary>A Resource Manager resource was seen in a listing, whether or not it carries credentials.</summary>
    void SeenResource(string resourceId);

    /// <summary>A subscription was seen.</summary>
    void SeenSubscription(string subscriptionId, string name);

    /// <summary>A source was read to its end, or not. Called exactly once a source.</summary>
    void Read(SourceOutcome outcome);
}

/// <summary>Reads every credential of the tenant, page by page.</summary>
internal interface ICredentialInventory
{
    /// <summary>
    /// Reads all sources side by side. What cannot be read becomes an incomplete <see cref="SourceOutcome"/>; this throws only when
    /// stopped.
    /// </summary>
    Task ReadAsync(IInventorySink sink, CancellationToken cancellationToken);

    /// <summary>
    /// Reads again one Key Vault object, by its vault host and kind (<c>secrets</c>, <c>keys</c>, <c>certificates</c>) and name.
    /// </summary>
    Task ReadVaultObjectAsync(
        string vaultName,
        string collection,
        string objectName,
        IInventorySink sink,
        CancellationToken cancellationToken
    );
}

/// <summary>Finds the people behind objects. Reads in <c>$batch</c>es of 20.</summary>
internal interface IOwnerDirectory
{
    /// <summary>The owners of applications and service principals, by subject id. Each subject asked for is in the answer.</summary>
    Task<IReadOnlyDictionary<string, OwnerAnswer>> OwnersAsync(IReadOnlyCollection<Subject> subjects, CancellationToken cancellationToken);

    /// <summary>
    /// The users behind user principal names, mail addresses or object ids, by what was asked for. An unknown user is an empty answer.
    /// </summary>
    Task<IReadOnlyDictionary<string, OwnerAnswer>> PeopleAsync(IReadOnlyCollection<string> addresses, CancellationToken cancellationToken);

    /// <summary>Object ids of the applications and service principals a user owns, for policy overrides by owner.</summary>
    Task<OwnedAnswer> OwnedByAsync(string address, CancellationToken cancellationToken);
}

/// <summary>Owners of one object, or why they could not be read.</summary>
/// <param name="Owners">As read; empty when there are none.</param>
/// <param name="Unread">Why they could not be read; null when they were.</param>
/// <param name="Permission">The permission that seems to be missing; null when that is not the reason.</param>
/// <param name="Remedy">What to do so that they can be read; null when they were.</param>
internal sealed record OwnerAnswer(IReadOnlyList<OwnerEntry> Owners, string? Unread, string? Permission = null, string? Remedy = null);

/// <summary>One owner as the directory gives it.</summary>
/// <param name="Id">Object id.</param>
/// <param name="IsUser">False for a service principal.</param>
/// <param name="Name">Display name.</param>
/// <param name="Address">User principal name, else mail; null for a service principal.</param>
/// <param name="Enabled">Whether the account can sign in; null when the directory does not say.</param>
internal sealed record OwnerEntry(string Id, bool IsUser, string Name, string? Address, bool? Enabled)
{
    /// <summary>Whether it is a person with an address whose account is known to be able to sign in: what is not known is no yes.</summary>
    public bool IsLiving => IsUser && Enabled == true && !string.IsNullOrWhiteSpace(Address);
}

/// <summary>What a user owns, or why that could not be read.</summary>
internal sealed record OwnedAnswer(IReadOnlySet<string> ObjectIds, string? Unread);

/// <summary>Shows whether keys rotate by themselves. Asked only for keys that are due.</summary>
internal interface IRotationPolicies
{
    /// <summary>
    /// By key URL: true when a rotation action is set, false when not, null (with a reason in the second map) when it could not be read.
    /// </summary>
    Task<IReadOnlyDictionary<string, RotationPolicyAnswer>> ReadAsync(
        IReadOnlyCollection<Credential> keys,
        CancellationToken cancellationToken
    );
}

/// <summary>Whether a key rotates by itself.</summary>
/// <param name="Rotates">True, false, or null when it could not be read.</param>
/// <param name="Unread">Why it could not be read; null when it was.</param>
/// <param name="Permission">The permission that seems to be missing; null when that is not the reason.</param>
/// <param name="Remedy">What to do so that it can be read; null when it was.</param>
internal sealed record RotationPolicyAnswer(bool? Rotates, string? Unread, string? Permission = null, string? Remedy = null);

/// <summary>Asks Resource Manager about something that is no longer listed: a list leaves out what the caller may not read.</summary>
internal interface IResourceLookup
{
    /// <summary>Whether a resource or subscription exists. Throws only when stopped.</summary>
    Task<ResourceAnswer> FindAsync(string resourceId, CancellationToken cancellationToken);
}

/// <summary>Whether something exists, asked of the service itself.</summary>
/// <param name="Exists">False only when the service answered that it does not exist (404); null when it could not be asked.</param>
/// <param name="Reason">Why it is not known to be gone; null when it is.</param>
/// <param name="Permission">The permission that seems to be missing; null when that is not the reason.</param>
/// <param name="Remedy">What to do so that it is listed again; null when it is gone.</param>
internal sealed record ResourceAnswer(bool? Exists, string? Reason, string? Permission, string? Remedy)
{
    /// <summary>It does not exist.</summary>
    public static ResourceAnswer Gone { get; } = new(false, null, null, null);
}

/// <summary>Which tenant this is.</summary>
internal interface ITenantIdentity
{
    /// <summary>Tenant id, and its display name when it can be read.</summary>
    Task<(string Id, string? Name)> WhoAsync(CancellationToken cancellationToken);
}
