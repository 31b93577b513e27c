namespace Compliance.Credentials;

/// <summary>CRED-005: the service does not state since when it has been in use, so it is not known whether it is due.</summary>
internal sealed class AgeUnknown : ICredentialCheck
{
    /// <summary>The control.</summary>
    public const string Id = "CRED-005";

    /// <inheritdoc/>
    public string ControlId => Id;

    /// <inheritdoc/>
    public CheckFailure? Evaluate(Credential credential, in CredentialRules rules, DateTimeOffset now) =>
        credential.Started is null && credential.Enabled && credential.Kind != CredentialKind.ResourceKeys && !Ages.IsOver(credential, now)
            ? new("The service does not state when it was made, so its age is unknown.", Unknown: true)
            : null;
}
