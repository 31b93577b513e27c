using Compliance.Controls;
using static Compliance.Credentials.CredentialCommands;

namespace Compliance.Credentials;

/// <summary>CRED-002: its end has passed and it is still there. Where the end stops it, no check of its age speaks then.</summary>
internal sealed class EndedButPresent : ICredentialCheck
{
    /// <summary>Id of the control.</summary>
    public const string Id = "CRED-002";

    /// <inheritdoc/>
    public Control Control { get; } =
        new(
            Id,
            "Credential has ended and is still there",
            Severity.Medium,
            "What is never removed hides what still matters, and shows that the object has no active owner.",
            [Clauses.CommonCriteriaAccess, Clauses.AuthenticationInformation]
        );

    /// <inheritdoc/>
    public CheckFailure? Evaluate(Credential credential, in CredentialRules rules, DateTimeOffset now)
    {
        if (!Ages.HasEnded(credential, now))
            return null;
        var works = credential.Enabled && !Ages.EndStops(credential.Kind);
        var still = works ? "still works: Key Vault does not stop it at its end" : "is still there";
        return new($"Ended on {Ages.Day(credential.Expires!.Value)} and {still}.");
    }

    /// <inheritdoc/>
    public string NextStep(Credential credential, in CredentialRules rules, DateTimeOffset now)
    {
        var named = ObjectOf(credential);
        return credential.Kind switch
        {
            CredentialKind.ClientSecret or CredentialKind.ClientCertificate =>
                $"check that nothing still presents it, then remove {PartOf(credential)} from {named}: {GraphDelete(credential)}",
            CredentialKind.SamlCertificate =>
                $"remove {PartOf(credential)} from {named} (Entra admin center, Enterprise applications, Single sign-on)",
            CredentialKind.VaultSecret => $"delete {named} if nothing needs it: `az keyvault secret delete {VaultName(credential)}`; "
                + $"else write a new value to new-value.txt and set it: {Replacement.NewValue(credential, rules)}",
            CredentialKind.VaultKey => $"delete {named} if it protects no data any more: `az keyvault key delete {VaultName(credential)}`; "
                + $"else rotate it: {Replacement.Rotate(credential, rules)}",
            CredentialKind.VaultCertificate =>
                $"delete {named} if nothing needs it: `az keyvault certificate delete {VaultName(credential)}`; "
                    + $"else {Replacement.Step(credential, rules)}",
            _ => $"remove {PartOf(credential)} from {named}",
        };
    }
}
