namespace Compliance.Credentials;

/// <summary>CRED-009: a resource accepts keys whose age its service does not state. Unknown where no rule judges its type.</summary>
internal sealed class AcceptsKeys : ICredentialCheck
{
    /// <summary>The control.</summary>
    public const string Id = "CRED-009";

    /// <inheritdoc/>
    public string ControlId => Id;

    /// <inheritdoc/>
    public CheckFailure? Evaluate(Credential credential, in CredentialRules rules, DateTimeOffset now)
    {
        if (credential.Kind != CredentialKind.ResourceKeys || !credential.Enabled)
            return null;
        var type = credential.ResourceType ?? "";
        return KeyedTypes.Find(type) is { } judged
            ? new($"{judged.Accepts}; its service does not state their age.", WholeSubject: true)
            : new($"Resources of type {type} have keys, tokens or passwords, and no rule of this check judges them.", Unknown: true);
    }
}
