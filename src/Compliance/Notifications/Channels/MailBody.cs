using System.Text;
using Compliance.Notifications.Messages;
using Compliance.Text;

namespace Compliance.Notifications.Channels;

/// <summary>
/// A message as the body of a mail: HTML that mail programs show without styles of their own, and nothing from elsewhere.
/// </summary>
internal static class MailBody
{
    /// <summary>The body.</summary>
    public static string Write(NotificationMessage message)
    {
        var html = new StringBuilder();
        html.Append("<div style=\"font-family:Segoe UI,Arial,sans-serif;font-size:14px;line-height:1.5;color:#1b1b1b;max-width:640px\">\n");
        html.Append($"<p>{Escape(message.Introduction)}</p>\n");
        foreach (var entry in message.Entries)
        {
            html.Append($"<div style=\"border-left:4px solid {Colour(entry.Severity)};padding:2px 0 2px 12px;margin:0 0 14px\">\n");
            html.Append($"<strong>{Escape(entry.Title)}</strong> <span style=\"color:#5a5a5a\">({Escape(entry.Severity)})</span><br>\n");
            if (entry.Detail.Length > 0)
                html.Append($"{Escape(entry.Detail)}<br>\n");
            html.Append($"<code style=\"font-family:Consolas,monospace;font-size:13px\">{Escape(entry.Next)}</code>\n</div>\n");
        }
        if (message.Rest is { } rest)
            html.Append($"<p>{Escape(rest)}</p>\n");
        return html.Append($"<p style=\"color:#5a5a5a\">{Escape(NotificationMessage.Closing)}</p>\n</div>\n").ToString();
    }

    private static string Escape(string text) => HtmlPage.Escape(text);

    // The word is beside it: colour alone says nothing to some.
    private static string Colour(string severity) =>
        severity switch
        {
            "critical" => "#a4262c",
            "high" => "#c35a00",
            "medium" => "#8a6d00",
            _ => "#605e5c",
        };
}
