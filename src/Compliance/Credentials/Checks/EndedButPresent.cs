namespace Compliance.Credentials;

/// <summary>CRED-002: its end has passed and it is still there. Then no other check of its age speaks.</summary>
internal sealed class EndedButPresent : ICredentialCheck
{
    /// <summary>The control.</summary>
    public const string Id = "CRED-002";

    /// <inheritdoc/>
    public string ControlId => Id;

    /// <inheritdoc/>
    public CheckFailure? Evaluate(Credential credential, in CredentialRules rules, DateTimeOffset now) =>
        Ages.HasEnded(credential, now) ? new($"Ended on {Ages.Day(credential.Expires!.Value)} and is still there.") : null;
}
