namespace Compliance.Credentials;

/// <summary>
/// CRED-004: more time from start to end than allowed, or no end where policy requires one. Whoever adds a credential to an application
/// chooses its start: one that still lies ahead shortens nothing, since the credential is there already.
/// </summary>
internal sealed class LivesTooLong : ICredentialCheck
{
    /// <summary>The control.</summary>
    public const string Id = "CRED-004";

    /// <inheritdoc/>
    public string ControlId => Id;

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
}
