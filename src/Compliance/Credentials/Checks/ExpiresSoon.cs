using Compliance.Controls;

namespace Compliance.Credentials;

/// <summary>CRED-003: its end is no further away than a warning step. The nearest step that was reached decides how bad that is.</summary>
internal sealed class ExpiresSoon : ICredentialCheck
{
    /// <summary>Id of the control.</summary>
    public const string Id = "CRED-003";

    /// <inheritdoc/>
    public Control Control { get; } =
        new(
            Id,
            "Credential ends soon",
            Severity.Low,
            "A credential that ends before it is replaced takes a system down.",
            [Clauses.CommonCriteriaAccess, "SOC 2 A1.2", Clauses.AuthenticationInformation]
        );

    /// <inheritdoc/>
    public CheckFailure? Evaluate(Credential credential, in CredentialRules rules, DateTimeOffset now)
    {
        if (!credential.Enabled || credential.Expires is not { } end || now >= end)
            return null;
        var left = end - now;
        int? step = null;

        // From far to near: the last step that was reached is the nearest.
        for (var i = 0; i < rules.WarnBeforeDays.Count && left <= TimeSpan.FromDays(rules.WarnBeforeDays[i]); i++)
            step = rules.WarnBeforeDays[i];
        return step is { } days ? new($"Ends on {Ages.Day(end)}; policy warns {Ages.Days(days)} before.", StepDays: days) : null;
    }

    /// <inheritdoc/>
    public string NextStep(Credential credential, in CredentialRules rules, DateTimeOffset now) =>
        $"before {Ages.Day(credential.Expires!.Value)}, {Replacement.Step(credential, rules)}";
}
