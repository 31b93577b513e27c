using Compliance.Tenants;

namespace Compliance.Notifications.Channels;

/// <summary>The requests that notifications make, each with its least permission.</summary>
internal static class NotificationCalls
{
    /// <summary>Secret with the address of the Teams webhook.</summary>
    public const string TeamsSecret = "teams-webhook";

    /// <summary>Secret with the address of the Slack webhook.</summary>
    public const string SlackSecret = "slack-webhook";

    /// <summary>
    /// A mail from the one mailbox. Given in Exchange for this mailbox alone, never in Graph: there it would mean every mailbox.
    /// </summary>
    public static readonly DeclaredCall SendMail = DeclaredCall.Change(
        "POST",
        "/users/{id}/sendMail",
        "Mail.Send",
        "notifications from one mailbox; given in Exchange for that mailbox alone"
    );

    /// <summary>The address of the Teams webhook.</summary>
    public static readonly DeclaredCall TeamsWebhook = Secret(TeamsSecret, "where notifications of the Teams channel are posted");

    /// <summary>The address of the Slack webhook.</summary>
    public static readonly DeclaredCall SlackWebhook = Secret(SlackSecret, "where notifications of the Slack channel are posted");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<DeclaredCall> All { get; } = [SendMail, TeamsWebhook, SlackWebhook];

    private static DeclaredCall Secret(string name, string what) =>
        new("keyvault", "GET", $"/secrets/{name}/{{*version}}", "Key Vault Secrets User", what);
}
