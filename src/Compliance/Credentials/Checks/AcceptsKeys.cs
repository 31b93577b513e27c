using System.Globalization;
using Compliance.Controls;
using static Compliance.Credentials.CredentialCommands;
using static Compliance.Text.Shell;

namespace Compliance.Credentials;

/// <summary>CRED-009: a resource accepts keys whose age its service does not state. Unknown where no rule judges its type.</summary>
internal sealed class AcceptsKeys : ICredentialCheck
{
    /// <summary>Id of the control.</summary>
    public const string Id = "CRED-009";

    /// <inheritdoc/>
    public Control Control { get; } =
        new(
            Id,
            "Resource accepts keys of unknown age",
            Severity.Medium,
            "Such a key names no person and no system, does not end, and cannot be shown to have been rotated.",
            [Clauses.CommonCriteriaAccess, Clauses.AuthenticationInformation, "ISO 27001 A.8.5", Clauses.EntityAuthentication]
        );

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

    /// <inheritdoc/>
    public string NextStep(Credential credential, in CredentialRules rules, DateTimeOffset now) => TurnOff(credential);

    /// <summary>How the keys of a resource are turned off; by hand where no rule judges its type.</summary>
    public static string TurnOff(Credential credential)
    {
        if (KeyedTypes.Find(credential.ResourceType ?? "") is not { } type)
        {
            var subscription = (credential.ResourceId ?? credential.Subject.Id).Split('/') is ["", _, var id, ..] ? id : "";
            return "check by hand who can use the keys of these resources and when they were last changed, and record it in a waiver: "
                + $"`az resource list {Option("--resource-type", credential.ResourceType!)} {Option("--subscription", subscription)}`";
        }
        var command = type.Command is { } own
            ? string.Format(CultureInfo.InvariantCulture, own, Resource(credential))
            : $"az resource update {Option("--ids", credential.ResourceId ?? credential.Subject.Id)} --set {Setting(type)}";
        return $"let what calls {ObjectOf(credential)} sign in with a managed identity, then turn its keys off: `{command}`";
    }

    // A plain name and value is one word as it is; a list has brackets and quotes.
    private static string Setting(KeyedType type)
    {
        var assignment = $"properties.{type.Setting}={type.Off}";
        return type.Off[0] == '[' ? Word(assignment) : assignment;
    }
}
