using Compliance.Controls;
using static Compliance.Credentials.CredentialCommands;

namespace Compliance.Credentials;

/// <summary>CRED-005: the service does not state since when it has been in use, so it is not known whether it is due.</summary>
internal sealed class AgeUnknown : ICredentialCheck
{
    /// <summary>Id of the control.</summary>
    public const string Id = "CRED-005";

    /// <inheritdoc/>
    public Control Control { get; } =
        new(
            Id,
            "Age of a credential is not known",
            Severity.Medium,
            "What cannot be aged cannot be shown to have been rotated.",
            [Clauses.CommonCriteriaAccess, Clauses.AuthenticationInformation, Clauses.SystemAccountSecrets]
        );

    /// <inheritdoc/>
    public CheckFailure? Evaluate(Credential credential, in CredentialRules rules, DateTimeOffset now) =>
        credential.Started is null && credential.Enabled && credential.Kind != CredentialKind.ResourceKeys && !Ages.IsOver(credential, now)
            ? new("The service does not state when it was made, so its age is unknown.", Unknown: true)
            : null;

    /// <inheritdoc/>
    public string NextStep(Credential credential, in CredentialRules rules, DateTimeOffset now) =>
        $"find out when {PartOf(credential)} was made, or replace it so that its age is known: {Replacement.Step(credential, rules)}";
}
