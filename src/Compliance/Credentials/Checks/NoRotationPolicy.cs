using Compliance.Controls;
using Compliance.Text;
using static Compliance.Credentials.CredentialCommands;

namespace Compliance.Credentials;

/// <summary>CRED-007: a key that is due does not rotate by itself. Once a key, whichever of its versions is due.</summary>
internal sealed class NoRotationPolicy : ICredentialControl
{
    /// <summary>Id of the control.</summary>
    public const string Id = "CRED-007";

    // Key Vault's own limits for a rotation policy, in days.
    private const int LeastRotation = 7;
    private const int LeastExpiry = 28;

    /// <inheritdoc/>
    public Control Control { get; } =
        new(
            Id,
            "Key is due and does not rotate by itself",
            Severity.Medium,
            "A key that waits for somebody to remember it is rotated late.",
            [Clauses.CommonCriteriaAccess, Clauses.Cryptography, "PCI DSS 3.7.4"]
        );

    /// <summary>What is wrong with the rotation policy of a key that is due; null when it rotates the key.</summary>
    public static CheckFailure? Evaluate(RotationPolicyAnswer answer) =>
        answer.Rotates switch
        {
            true => null,
            false => new("It is due and its rotation policy does not rotate it."),
            null => new(
                "It is due, and whether it rotates by itself could not be read: "
                    + $"{Plain.Sentence(answer.Unread ?? DetectionAnswers.NotAsked)}.",
                Unknown: true
            ),
        };

    /// <inheritdoc/>
    public string NextStep(Credential credential, in CredentialRules rules, DateTimeOffset now) =>
        $"let {ObjectOf(credential)} rotate by itself: "
        + $"`az keyvault key rotation-policy update {VaultName(credential)} --value '{RotationPolicy(rules)}'`";

    // Rotates a week before the key is due and before the first warning of its end, as far as Key Vault's limits allow.
    private static string RotationPolicy(in CredentialRules rules)
    {
        var expiry = Math.Max(rules.MaxLifetimeDays, LeastExpiry);
        var warned = expiry - rules.WarnBeforeDays.FirstOrDefault(0);
        var after = Math.Max(Math.Min(rules.MaxAgeDays, warned) - LeastRotation, LeastRotation);
        var action = $$$"""{"trigger":{"timeAfterCreate":"P{{{after}}}D"},"action":{"type":"Rotate"}}""";
        return $$$"""{"lifetimeActions":[{{{action}}}],"attributes":{"expiryTime":"P{{{expiry}}}D"}}""";
    }
}
