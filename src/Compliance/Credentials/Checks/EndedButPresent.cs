namespace Compliance.Credentials;

/// <summary>CRED-002: its end has passed and it is still there. Where the end stops it, no check of its age speaks then.</summary>
internal sealed class EndedButPresent : ICredentialCheck
{
    /// <summary>The control.</summary>
    public const string Id = "CRED-002";

    /// <inheritdoc/>
    public string ControlId => Id;

    /// <inheritdoc/>
    public CheckFailure? Evaluate(Credential credential, in CredentialRules rules, DateTimeOffset now)
    {
        if (!Ages.HasEnded(credential, now))
            return null;
        var works = credential.Enabled && !Ages.EndStops(credential.Kind);
        var still = works ? "still works: Key Vault does not stop it at its end" : "is still there";
        return new($"Ended on {Ages.Day(credential.Expires!.Value)} and {still}.");
    }
}
