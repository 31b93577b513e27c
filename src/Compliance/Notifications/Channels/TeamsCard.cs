using System.Text.Json.Nodes;
using Compliance.Notifications.Messages;

namespace Compliance.Notifications.Channels;

/// <summary>
/// A message as an Adaptive Card for a Teams workflow. Its texts are runs of a RichTextBlock, which shows them as they are: a TextBlock
/// would take them for Markdown, and a name could become a link.
/// </summary>
internal static class TeamsCard
{
    /// <summary>The body of the request.</summary>
    public static string Write(NotificationMessage message)
    {
        var body = new JsonArray { Block(Run(message.Subject, "Large", isBold: true)), Block(Run(message.Introduction)) };
        foreach (var entry in message.Entries)
            body.Add(
                Block(
                    [Run($"{entry.Title} ({entry.Severity})\n", isBold: true), .. Details(entry), Run(entry.Next, isCode: true)],
                    isApart: true
                )
            );
        if (message.Rest is { } rest)
            body.Add(Block(Run(rest)));
        body.Add(Block([Run(NotificationMessage.Closing, isSubtle: true)], isApart: true));
        var card = new JsonObject
        {
            ["$schema"] = "http://adaptivecards.io/schemas/adaptive-card.json",
            ["type"] = "AdaptiveCard",
            ["version"] = "1.2",
            ["body"] = body,
        };
        var attachment = new JsonObject { ["contentType"] = "application/vnd.microsoft.card.adaptive", ["content"] = card };
        return new JsonObject
        {
            ["type"] = "message",
            ["attachments"] = new JsonArray { attachment },
        }.ToJsonString(WebhookJson.Options);
    }

    private static IEnumerable<JsonNode> Details(NotificationEntry entry) => entry.Detail.Length > 0 ? [Run($"{entry.Detail}\n")] : [];

    private static JsonObject Block(JsonNode run) => Block([run]);

    private static JsonObject Block(IEnumerable<JsonNode> runs, bool isApart = false)
    {
        var block = new JsonObject { ["type"] = "RichTextBlock", ["inlines"] = new JsonArray([.. runs]) };
        if (isApart)
            block["separator"] = true;
        return block;
    }

    private static JsonObject Run(string text, string? size = null, bool isBold = false, bool isCode = false, bool isSubtle = false)
    {
        var run = new JsonObject { ["type"] = "TextRun", ["text"] = text };
        if (size is not null)
            run["size"] = size;
        if (isBold)
            run["weight"] = "Bolder";
        if (isCode)
            run["fontType"] = "Monospace";
        if (isSubtle)
            run["isSubtle"] = true;
        return run;
    }
}
