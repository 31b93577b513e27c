namespace Compliance.Credentials;

/// <summary>CRED-009: a resource accepts keys (local authentication is enabled) and its service does not tell their age.</summary>
internal sealed class AcceptsKeys : ICredentialCheck
{
    /// <summary>The control.</summary>
    public const string Id = "CRED-009";

    /// <inheritdoc/>
    public string ControlId => Id;

    /// <inheritdoc/>
    public CheckFailure? Evaluate(Credential credential, in CredentialRules rules, DateTimeOffset now) =>
        credential.Kind == CredentialKind.ResourceKeys && credential.Enabled
            ? new("Local authentication is enabled, so the resource's keys are accepted; its service does not tell their age.", WholeSubject: true)
            : null;
}
