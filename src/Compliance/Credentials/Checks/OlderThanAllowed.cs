using Compliance.Controls;

namespace Compliance.Credentials;

/// <summary>CRED-001: in use for the maximum age or longer. Due on that day and not before.</summary>
internal sealed class OlderThanAllowed : ICredentialCheck
{
    /// <summary>Id of the control.</summary>
    public const string Id = "CRED-001";

    /// <inheritdoc/>
    public Control Control { get; } =
        new(
            Id,
            "Credential is older than allowed",
            Severity.High,
            "The longer a credential is in use, the more copies of it exist and the longer a leaked one works.",
            [Clauses.CommonCriteriaAccess, Clauses.AuthenticationInformation, Clauses.EntityAuthentication, Clauses.SystemAccountSecrets]
        );

    /// <inheritdoc/>
    public CheckFailure? Evaluate(Credential credential, in CredentialRules rules, DateTimeOffset now)
    {
        if (!credential.Enabled || credential.Kind == CredentialKind.ResourceKeys || Ages.IsOver(credential, now))
            return null;
        if (credential.Started is not { } started)
            return null;
        var due = Ages.After(started, rules.MaxAgeDays);
        return now < due
            ? null
            : new(
                $"In use since {Ages.Day(started)}; rotation was due on {Ages.Day(due)}, after the {Ages.Days(rules.MaxAgeDays)} that "
                    + "policy allows."
            );
    }

    /// <inheritdoc/>
    public string NextStep(Credential credential, in CredentialRules rules, DateTimeOffset now) => Replacement.Step(credential, rules);
}
