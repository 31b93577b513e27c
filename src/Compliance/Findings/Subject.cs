namespace Compliance.Findings;

/// <summary>What a finding is about.</summary>
/// <param name="Type">One of <see cref="SubjectTypes"/>.</param>
/// <param name="Id">Stable id in its service: object id, resource id, or the object's URL for Key Vault.</param>
/// <param name="Name">Name as people see it; not unique.</param>
public sealed record Subject(string Type, string Id, string Name);

/// <summary>The kinds of subject, as stored and printed.</summary>
public static class SubjectTypes
{
    /// <summary>An app registration (Graph <c>application</c>).</summary>
    public const string Application = "application";

    /// <summary>A service principal (Graph <c>servicePrincipal</c>).</summary>
    public const string ServicePrincipal = "servicePrincipal";

    /// <summary>A Key Vault.</summary>
    public const string Vault = "vault";

    /// <summary>A secret in a Key Vault.</summary>
    public const string VaultSecret = "vaultSecret";

    /// <summary>A key in a Key Vault.</summary>
    public const string VaultKey = "vaultKey";

    /// <summary>A certificate in a Key Vault.</summary>
    public const string VaultCertificate = "vaultCertificate";

    /// <summary>A storage account.</summary>
    public const string StorageAccount = "storageAccount";

    /// <summary>Any other Azure resource with keys of its own.</summary>
    public const string Resource = "resource";

    /// <summary>An Azure subscription.</summary>
    public const string Subscription = "subscription";

    /// <summary>A source that is read as a whole, for example the list of app registrations.</summary>
    public const string Source = "source";

    /// <summary>A storage queue of this app.</summary>
    public const string Queue = "queue";

    /// <summary>A blob container of this app.</summary>
    public const string Container = "container";

    /// <summary>A control of this app.</summary>
    public const string Control = "control";

    /// <summary>The pause of what this app changes.</summary>
    public const string Pause = "pause";
}
