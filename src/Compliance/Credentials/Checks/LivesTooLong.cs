namespace Compliance.Credentials;

/// <summary>CRED-004: more time from start to end than allowed, or no end where policy requires one.</summary>
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
            return rules.RequireExpiry ? new($"It never ends; policy requires an end within {Ages.Days(rules.MaxLifetimeDays)} of its start.") : null;
        return credential.Started is { } started && end - started > TimeSpan.FromDays(rules.MaxLifetimeDays)
            ? new($"It lives from {Ages.Day(started)} to {Ages.Day(end)}, longer than the {Ages.Days(rules.MaxLifetimeDays)} that policy allows.")
            : null;
    }
}
