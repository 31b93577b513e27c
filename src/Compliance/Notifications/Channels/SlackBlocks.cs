using System.Text.Json.Nodes;
using Compliance.Notifications.Messages;

namespace Compliance.Notifications.Channels;

/// <summary>
/// A message as Slack's Block Kit. Every text is a <c>plain_text</c> object, which Slack shows as it is: in <c>mrkdwn</c> a name could
/// mention a whole channel or become a link. Emoji codes stay letters.
/// </summary>
internal static class SlackBlocks
{
    /// <summary>The body of the request.</summary>
    public static string Write(NotificationMessage message)
    {
        var blocks = new JsonArray { Block("header", message.Subject), Block("section", message.Introduction) };
        foreach (var entry in message.Entries)
        {
            string[] lines = [$"{entry.Title} ({entry.Severity})", entry.Detail, entry.Next];
            blocks.Add(Block("section", string.Join('\n', lines.Where(l => l.Length > 0))));
        }
        if (message.Rest is { } rest)
            blocks.Add(Block("section", rest));
        blocks.Add(
            new JsonObject
            {
                ["type"] = "context",
                ["elements"] = new JsonArray { Text(NotificationMessage.Closing) },
            }
        );
        // What a telephone shows before the message is opened; Slack would read it as mrkdwn, so it holds nothing from elsewhere.
        return new JsonObject { ["text"] = "Compliance notification", ["blocks"] = blocks }.ToJsonString(WebhookJson.Options);
    }

    private static JsonObject Block(string type, string text) => new() { ["type"] = type, ["text"] = Text(text) };

    private static JsonObject Text(string text) =>
        new()
        {
            ["type"] = "plain_text",
            ["text"] = text,
            ["emoji"] = false,
        };
}
