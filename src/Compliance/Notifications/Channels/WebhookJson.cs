using System.Text.Json;
using Compliance.Text;

namespace Compliance.Notifications.Channels;

/// <summary>How the bodies of webhooks are written: letters as themselves, for the services count bytes.</summary>
internal static class WebhookJson
{
    /// <summary>One line.</summary>
    public static JsonSerializerOptions Options { get; } = new(ComplianceJson.Readable) { WriteIndented = false };
}
