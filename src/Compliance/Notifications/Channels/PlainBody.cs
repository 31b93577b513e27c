using System.Text;
using Compliance.Notifications.Messages;

namespace Compliance.Notifications.Channels;

/// <summary>A message as plain text.</summary>
internal static class PlainBody
{
    /// <summary>The text, with a line break at its end.</summary>
    public static string Write(NotificationMessage message)
    {
        var text = new StringBuilder().Append(message.Introduction).Append("\n\n");
        foreach (var entry in message.Entries)
        {
            text.Append($"{entry.Severity}: {entry.Title}\n");
            if (entry.Detail.Length > 0)
                text.Append($"  {entry.Detail}\n");
            text.Append($"  {entry.Next}\n\n");
        }
        if (message.Rest is { } rest)
            text.Append(rest).Append("\n\n");
        return text.Append(NotificationMessage.Closing).Append('\n').ToString();
    }
}
