using System.Collections.Concurrent;

namespace SandboxTenant.Data;

/// <summary>
/// One kind of object in a vault. Ids are left out of the JSON kept here: they hold the host and port, and are written when served.
/// </summary>
internal sealed class VaultObjects(string vault, string kind)
{
    /// <summary><c>secrets</c>, <c>keys</c> or <c>certificates</c>.</summary>
    public string Kind => kind;

    /// <summary>Each object in its newest version; the id is its name.</summary>
    public EntitySet Current { get; } = new($"vaults/{vault}/{kind}");

    /// <summary>Every version, oldest first as given; the id is <c>name/version</c>.</summary>
    public EntitySet Versions { get; } = new($"vaults/{vault}/{kind}");

    /// <summary>The version that <see cref="Current"/> shows, by name.</summary>
    public ConcurrentDictionary<string, string> CurrentVersion { get; } = new(StringComparer.OrdinalIgnoreCase);
}

/// <summary>What one key vault holds.</summary>
internal sealed class VaultData(string name)
{
    /// <summary>The vault's name, the first label of its host.</summary>
    public string Name => name;

    /// <summary>Secrets.</summary>
    public VaultObjects Secrets { get; } = new(name, "secrets");

    /// <summary>Keys.</summary>
    public VaultObjects Keys { get; } = new(name, "keys");

    /// <summary>Certificates.</summary>
    public VaultObjects Certificates { get; } = new(name, "certificates");

    /// <summary>Rotation policies, by the key's name.</summary>
    public EntitySet RotationPolicies { get; } = new($"vaults/{name}/keys/rotationpolicy");

    /// <summary>The objects of a kind; null for a kind there is not.</summary>
    public VaultObjects? Of(string kind) =>
        kind switch
        {
            "secrets" => Secrets,
            "keys" => Keys,
            "certificates" => Certificates,
            _ => null,
        };
}
