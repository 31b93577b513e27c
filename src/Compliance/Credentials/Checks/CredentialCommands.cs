using Compliance.Findings;
using Compliance.Text;
using static Compliance.Text.Shell;

namespace Compliance.Credentials;

/// <summary>
/// How next steps name credentials, and the arguments that their commands share. Objects are named with their ids, since display names are
/// not unique. Commands are those of the Azure CLI in a POSIX shell with GNU date (the Azure Cloud Shell); none contains a secret or puts
/// one on a command line.
/// </summary>
internal static class CredentialCommands
{
    /// <summary>An object with its id, for people.</summary>
    public static string ObjectOf(Credential c)
    {
        var name = Plain.Sentence(c.Subject.Name);
        return c.Subject.Type switch
        {
            SubjectTypes.Application => $"app {name} (appId {c.AppId})",
            SubjectTypes.ServicePrincipal => $"service principal {name} (object id {c.Subject.Id})",
            SubjectTypes.VaultSecret => $"secret {name} ({Plain.Sentence(c.Subject.Id)})",
            SubjectTypes.VaultKey => $"key {name} ({Plain.Sentence(c.Subject.Id)})",
            SubjectTypes.VaultCertificate => $"certificate {name} ({Plain.Sentence(c.Subject.Id)})",
            SubjectTypes.StorageAccount => $"storage account {name} ({Plain.Sentence(c.Subject.Id)})",
            _ => $"{name} ({Plain.Sentence(c.Subject.Id)})",
        };
    }

    /// <summary>One credential of an object, for people.</summary>
    public static string PartOf(Credential c)
    {
        var label = c.Label is { Length: > 0 } l ? $" ({Plain.Sentence(l)})" : "";
        return c.Kind switch
        {
            CredentialKind.ClientSecret when c.Part.Length == 0 => $"the old secret{label}",
            CredentialKind.ClientSecret => $"key id {Plain.Sentence(c.Part)}{label}",
            CredentialKind.ClientCertificate or CredentialKind.SamlCertificate when c.Part.Length == 0 => $"the old certificate{label}",
            CredentialKind.ClientCertificate or CredentialKind.SamlCertificate => $"certificate {Plain.Sentence(c.Part)}{label}",
            CredentialKind.StorageKey => Plain.Sentence(c.Part),
            _ => ObjectOf(c),
        };
    }

    /// <summary>The command that removes a secret or a certificate of an application.</summary>
    public static string GraphDelete(Credential c)
    {
        var cert = c.Kind == CredentialKind.ClientCertificate ? " --cert" : "";

        // A certificate may be known by its thumbprint only; the command wants its key id.
        return Guid.TryParse(c.Part, out _)
            ? $"`az ad {GraphNoun(c)} credential delete {GraphId(c)} {Option("--key-id", c.Part)}{cert}`"
            : $"find its key id with `az ad {GraphNoun(c)} credential list {GraphId(c)}{cert}` and remove it with `az ad "
                + $"{GraphNoun(c)} credential delete {GraphId(c)} --key-id KEY-ID{cert}`";
    }

    /// <summary>What the Azure CLI calls the kind of object in Entra.</summary>
    public static string GraphNoun(Credential c) => c.Subject.Type == SubjectTypes.ServicePrincipal ? "sp" : "app";

    /// <summary>The option that names an object in Entra.</summary>
    public static string GraphId(Credential c) =>
        Option("--id", c.Subject.Type == SubjectTypes.ServicePrincipal ? c.Subject.Id : c.AppId ?? c.Subject.Id);

    /// <summary>Whether it is an older version of an object in a vault. The newest version is the object itself and has no part.</summary>
    public static bool IsOlderVersion(Credential c) =>
        c is { Kind: CredentialKind.VaultSecret or CredentialKind.VaultKey or CredentialKind.VaultCertificate, Part.Length: > 0 };

    /// <summary>What the Azure CLI calls the kind of object in a vault.</summary>
    public static string VaultNoun(Credential c) =>
        c.Kind switch
        {
            CredentialKind.VaultSecret => "secret",
            CredentialKind.VaultKey => "key",
            _ => "certificate",
        };

    /// <summary>The options that name an object in a vault.</summary>
    public static string VaultName(Credential c) =>
        VaultObjectAddress.Parse(c.Subject.Id) is { } address
            ? $"{Option("--vault-name", address.Vault)} {Option("--name", address.Name)}"
            : Option("--id", c.Subject.Id);

    /// <summary>The options that name a resource: <c>/subscriptions/S/resourceGroups/G/providers/P/T/NAME</c>.</summary>
    public static string Resource(Credential c, string nameOption = "--name")
    {
        var id = c.ResourceId ?? c.Subject.Id;
        return id.Split('/') is ["", _, var subscription, _, var group, _, _, _, var name]
            ? $"{Option(nameOption, name)} {Option("--resource-group", group)} {Option("--subscription", subscription)}"
            : Option("--ids", id);
    }
}
