using Compliance.Findings;

namespace Compliance.Offboarding;

/// <summary>The kinds of access a leaver may have, as stored and printed.</summary>
public enum AccessKind
{
    /// <summary>The account itself can sign in.</summary>
    Account,

    /// <summary>Member of a group.</summary>
    GroupMember,

    /// <summary>A sign-in method, for example a phone or a passkey.</summary>
    SignInMethod,

    /// <summary>An app role assigned to the user.</summary>
    AppRole,

    /// <summary>A delegated permission grant for this user alone.</summary>
    DelegatedGrant,

    /// <summary>An Entra directory role, active.</summary>
    DirectoryRole,

    /// <summary>An Entra directory role the user may activate (PIM).</summary>
    EligibleDirectoryRole,

    /// <summary>An Azure role assignment of the user's own.</summary>
    AzureRole,

    /// <summary>An Azure role the user may activate (PIM).</summary>
    EligibleAzureRole,

    /// <summary>An entry in a Key Vault's access policies.</summary>
    VaultAccessPolicy,

    /// <summary>Owner of an app registration.</summary>
    OwnedApplication,

    /// <summary>Owner of a service principal.</summary>
    OwnedServicePrincipal,

    /// <summary>Owner of a group.</summary>
    OwnedGroup,

    /// <summary>An Azure resource, such as a machine-learning workspace, whose owner tag names the user.</summary>
    OwnedResource,

    /// <summary>A registered device.</summary>
    Device,

    /// <summary>A device under management (Intune).</summary>
    ManagedDevice,

    /// <summary>A licence.</summary>
    Licence,

    /// <summary>A storage account's local user (SFTP) or shared keys the leaver could use: flagged, since it names no person.</summary>
    SharedSecret,
}

/// <summary>What an Azure scope holds, by tag; the most sensitive is removed first.</summary>
public enum AssetClass
{
    /// <summary>Nothing that policy names.</summary>
    Other,

    /// <summary>Training data.</summary>
    TrainingData,

    /// <summary>A production model.</summary>
    ProductionModel,
}

/// <summary>One thing the leaver can do, and how it is taken away.</summary>
public sealed record Access
{
    /// <summary>The kind.</summary>
    public required AccessKind Kind { get; init; }

    /// <summary>
    /// Id of what is removed, unique within the kind: the group's id, the assignment's id (a Resource Manager id for Azure roles and access
    /// policies), the method's id prefixed by its collection (<c>phoneMethods/…</c>), the owned object's id, the licence's SKU id.
    /// </summary>
    public required string Id { get; init; }

    /// <summary>Name as people see it: group, role, app, resource.</summary>
    public required string Name { get; init; }

    /// <summary>Where it holds: a Resource Manager scope, <c>/</c> or an administrative unit for directory roles, else empty.</summary>
    public string Scope { get; init; } = "";

    /// <summary>What the scope holds.</summary>
    public AssetClass Asset { get; init; }

    /// <summary>
    /// True when it gives administrative power (a directory role, a role-assignable group, an app with privileged permissions): never
    /// restored by an undo.
    /// </summary>
    public bool Privileged { get; init; }

    /// <summary>Why this program cannot remove it (dynamic or synchronised group, password, inherited licence); null when it can.</summary>
    public string? NotRemovable { get; init; }

    /// <summary>What a person should do instead; null when it can be removed here.</summary>
    public string? WhatToDo { get; init; }

    /// <summary>For what is owned: how many other living owners there are; null when not owned or not known.</summary>
    public int? OtherOwners { get; init; }

    /// <summary>
    /// What is needed to remove or restore it, by the service's own property names (<c>resourceId</c>, <c>appRoleId</c>,
    /// <c>roleDefinitionId</c>, …). No secrets.
    /// </summary>
    public IReadOnlyDictionary<string, string> Details { get; init; } = Empty;

    /// <summary>Two reads of the same access have the same key.</summary>
    public string Key => $"{Kind}:{Id}".ToLowerInvariant();

    private static readonly IReadOnlyDictionary<string, string> Empty = new Dictionary<string, string>(StringComparer.Ordinal);
}

/// <summary>All access of one person at one time: evidence, and what an undo restores from.</summary>
/// <param name="TenantId">Entra tenant id.</param>
/// <param name="UserId">Object id of the user.</param>
/// <param name="TakenAt">When reading began (UTC).</param>
/// <param name="Accesses">By kind, then id.</param>
/// <param name="Sources">How the read of each source went: what is not complete was not seen, and is never called clear.</param>
public sealed record AccessSnapshot(
    string TenantId,
    string UserId,
    DateTimeOffset TakenAt,
    IReadOnlyList<Access> Accesses,
    IReadOnlyList<SourceOutcome> Sources
)
{
    /// <summary>True when every source was read to its end.</summary>
    public bool Complete => Sources.All(s => s.Complete);

    /// <summary>With what another read shows beside it: an access, and a source, that both name stays as this one has it.</summary>
    internal AccessSnapshot With(AccessSnapshot? other) =>
        other is null
            ? this
            : this with
            {
                Accesses = [.. Accesses, .. other.Without(this).Accesses],
                Sources =
                [
                    .. Sources,
                    .. other.Sources.ExceptBy(Sources.Select(s => s.Source), s => s.Source, StringComparer.OrdinalIgnoreCase),
                ],
            };

    /// <summary>But for the accesses that another read has.</summary>
    internal AccessSnapshot Without(AccessSnapshot other) =>
        this with
        {
            Accesses = [.. Accesses.ExceptBy(other.Accesses.Select(a => a.Key), a => a.Key, StringComparer.Ordinal)],
        };
}
