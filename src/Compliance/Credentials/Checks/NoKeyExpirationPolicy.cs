using Compliance.Controls;
using static Compliance.Credentials.CredentialCommands;

namespace Compliance.Credentials;

/// <summary>
/// CRED-008: a storage account has no key-expiration policy, or one that is longer than the maximum age. Once an account.
/// </summary>
internal sealed class NoKeyExpirationPolicy : ICredentialCheck
{
    /// <summary>Id of the control.</summary>
    public const string Id = "CRED-008";

    /// <inheritdoc/>
    public Control Control { get; } =
        new(
            Id,
            "Storage account does not state when its keys are due",
            Severity.Low,
            "Without a key-expiration policy the account itself gives no warning.",
            [Clauses.CommonCriteriaAccess, Clauses.AuthenticationInformation]
        );

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

    /// <inheritdoc/>
    public string NextStep(Credential credential, in CredentialRules rules, DateTimeOffset now) =>
        $"set a key-expiration policy on {ObjectOf(credential)}, whose keys must have been renewed once: "
        + $"`az storage account update {Resource(credential)} --key-exp-days {rules.MaxAgeDays}`";
}
