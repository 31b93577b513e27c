using System.Globalization;
using Compliance.Ledger;
using Compliance.Notifications.Messages;
using Compliance.Storage;

namespace Compliance.Notifications;

/// <summary>A message that arrived, until the ledger has it.</summary>
/// <param name="At">When (UTC).</param>
/// <param name="IsDigest">Whether it was a digest.</param>
/// <param name="Items">How many items it was about.</param>
/// <param name="About">Ids of the requests and findings that were urgent, as many as a record names.</param>
/// <param name="Cases">Cases of these requests: their ids are in those of the requests, and are those of people.</param>
/// <param name="MessageSha256">SHA-256 of the message as plain text, lower-case hex.</param>
/// <param name="PolicySha256">Policy in force, lower-case hex SHA-256.</param>
internal sealed record DeliveryNote(
    DateTimeOffset At,
    bool IsDigest,
    int Items,
    IReadOnlyList<string> About,
    IReadOnlyList<string> Cases,
    string MessageSha256,
    string PolicySha256
)
{
    /// <summary>What sets it apart from the others of its recipient.</summary>
    public string Id => string.Create(CultureInfo.InvariantCulture, $"{At.ToUnixTimeMilliseconds()}-{MessageSha256[..16]}");
}

/// <summary>Writes evidence of who was notified of what, and when, without what the message says.</summary>
internal sealed class DeliveryRecords(TenantId tenant, IEvidenceLog evidence)
{
    /// <summary>Action of a record.</summary>
    public const string Action = "notifications.deliver";

    /// <summary>So many requests and findings a record names; the rest is counted.</summary>
    public const int MaxAbout = 50;

    /// <summary>Writes the record of a message. Written twice it is kept once.</summary>
    /// <exception cref="Azure.RequestFailedException">It is not known to be kept.</exception>
    public async Task WriteAsync(Recipient to, DeliveryNote note, CancellationToken cancellationToken)
    {
        var isRoom = to.Channel != ChannelKind.Mail;
        // A mail address names a person as an object id does.
        var who = isRoom ? to.Address.ToLowerInvariant() : to.ObjectId?.ToLowerInvariant() ?? to.Key;
        await evidence.AppendAsync(
            new EvidenceRecord
            {
                Id = $"notification-{who}-{note.Id}",
                Time = note.At,
                Actor = Notifier.Name,
                Action = Action,
                TenantId = tenant.Value,
                PolicySha256 = note.PolicySha256,
                Controls = [.. NotificationControls.Catalogue.Ids],
                Outcome = "complete",
                Counts = new Dictionary<string, long> { [note.IsDigest ? "digest" : "urgent"] = note.Items },
                Subject = who,
                Reason = note.About.Count == 0 ? null : string.Join(", ", note.About),
                DetailsSha256 = new Dictionary<string, string> { ["message"] = note.MessageSha256 },
                CorrelationId = $"notification-{who}-{note.Id}",
                People = [.. isRoom ? [] : new[] { who }, .. note.Cases],
            },
            cancellationToken
        );
    }
}
