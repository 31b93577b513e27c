using Compliance.Controls;
using static Compliance.Credentials.CredentialCommands;

namespace Compliance.Credentials;

/// <summary>
/// CRED-004: more time from start to end than allowed, or no end where policy requires one. Whoever adds a credential to an application
/// chooses its start: one that still lies ahead shortens nothing, since the credential is there already.
/// </summary>
internal sealed class LivesTooLong : ICredentialCheck
{
    /// <summary>Id of the control.</summary>
    public const string Id = "CRED-004";

    /// <inheritdoc/>
    public Control Control { get; } =
        new(
            Id,
            "Credential lives longer than allowed, or never ends",
            Severity.Medium,
            "An end date is the only thing that stops a credential which everybody forgot.",
            [Clauses.CommonCriteriaAccess, Clauses.AuthenticationInformation, Clauses.SystemAccountSecrets]
        );

    /// <inheritdoc/>
    public CheckFailure? Evaluate(Credential credential, in CredentialRules rules, DateTimeOffset now)
    {
        if (!credential.Enabled || !Ages.CanEnd(credential.Kind) || Ages.HasEnded(credential, now))
            return null;
        if (credential.Expires is not { } end)
            return rules.RequireExpiry
                ? new($"It never ends; policy requires an end within {Ages.Days(rules.MaxLifetimeDays)} of its start.")
                : null;
        if (credential.Started is not { } started)
            return null;
        var longest = TimeSpan.FromDays(rules.MaxLifetimeDays);
        var allowed = $"longer than the {Ages.Days(rules.MaxLifetimeDays)} that policy allows";
        if (end - started > longest)
            return new($"It lives from {Ages.Day(started)} to {Ages.Day(end)}, {allowed}.");
        return started > now && end - now > longest
            ? new($"It is there already, starts on {Ages.Day(started)} and ends on {Ages.Day(end)}: {allowed}.")
            : null;
    }

    /// <inheritdoc/>
    /// <remarks>
    /// An end that policy allows is counted from the start. One so near that it would be warned of at once is of no use.
    /// </remarks>
    public string NextStep(Credential credential, in CredentialRules rules, DateTimeOffset now)
    {
        if (credential.Kind is not (CredentialKind.VaultSecret or CredentialKind.VaultKey) || credential.Started is not { } started)
            return Replacement.Step(credential, rules);
        var end = Ages.After(started, rules.MaxLifetimeDays);
        if (end - now <= TimeSpan.FromDays(rules.WarnBeforeDays.FirstOrDefault(0) + 1) || now >= Ages.After(started, rules.MaxAgeDays))
            return Replacement.Step(credential, rules);
        return $"give {ObjectOf(credential)} an end that policy allows: "
            + $"`az keyvault {VaultNoun(credential)} set-attributes {VaultName(credential)} --expires {Ages.Day(end)}T00:00:00Z`";
    }
}
