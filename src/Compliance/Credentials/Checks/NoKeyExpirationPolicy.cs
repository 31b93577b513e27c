namespace Compliance.Credentials;

/// <summary>
/// CRED-008: a storage account has no key-expiration policy, or one that is longer than the maximum age. Once an account.
/// </summary>
internal sealed class NoKeyExpirationPolicy : ICredentialCheck
{
    /// <summary>The control.</summary>
    public const string Id = "CRED-008";

    /// <inheritdoc/>
    public string ControlId => Id;

    /// <inheritdoc/>
    public CheckFailure? Evaluate(Credential credential, in CredentialRules rules, DateTimeOffset now)
    {
        if (!credential.Enabled || credential.Kind != CredentialKind.StorageKey)
            return null;
        if (credential.KeyExpirationDays is not (> 0 and var days))
            return new("The account has no key-expiration policy.", WholeSubject: true);
        return days > rules.MaxAgeDays
            ? new(
                $"The account's key-expiration policy of {Ages.Days(days)} is longer than the {Ages.Days(rules.MaxAgeDays)} that policy "
                    + "allows.",
                WholeSubject: true
            )
            : null;
    }
}
