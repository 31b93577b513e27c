using System.Security.Cryptography;
using System.Text;
using Compliance.Notifications.Channels;
using Compliance.Notifications.Messages;
using Compliance.Storage;
using Microsoft.Extensions.Logging;

namespace Compliance.Notifications;

/// <summary>Sends one recipient what is due, and keeps what was sent.</summary>
internal sealed partial class Deliveries(
    IEnumerable<INotificationChannel> channels,
    BlobDocumentStore states,
    TimeProvider time,
    ILogger<Deliveries> log
)
{
    // Well within a claim: a service that makes this wait longer must not leave the message to a second run as well.
    private static readonly TimeSpan SendWithin = TimeSpan.FromMinutes(2);

    private readonly Dictionary<ChannelKind, INotificationChannel> _channels = channels.ToDictionary(c => c.Kind);

    /// <summary>The channels that are set up.</summary>
    public IReadOnlyCollection<ChannelKind> Channels => _channels.Keys;

    /// <summary>Sends what is due.</summary>
    /// <param name="recipient">The recipient.</param>
    /// <param name="items">Everything that is open.</param>
    /// <param name="cancellationToken">Stops between requests. What was claimed then is sent by a later run.</param>
    /// <returns>What is kept of the recipient then, and how many messages were sent.</returns>
    public async Task<(DeliveryState State, int Sent)> ServeAsync(
        Recipient recipient,
        IReadOnlyList<NotificationItem> items,
        CancellationToken cancellationToken
    )
    {
        var name = NameOf(recipient);
        // Not when the sweep began: others may have taken long.
        var now = time.GetUtcNow();
        var state = await states.LoadAsync<DeliveryState>(name, cancellationToken) ?? new();
        bool IsDue(DeliveryState s) => s.IsFree(now) && DeliveryPlanner.Due(recipient, s, items, now).Count > 0;
        if (!IsDue(state))
            return (state, 0);
        // Another run may have been faster since, even one of the same instant and so of the same id.
        var claim = RandomNumberGenerator.GetHexString(16, lowercase: true);
        state = await states.ChangeAsync<DeliveryState>(
            name,
            s => IsDue(s ?? new()) ? DeliveryPlanner.Prune(s ?? new(), items).Claim(claim, now) : s ?? new(),
            cancellationToken
        );
        if (state.ClaimedBy != claim)
            return (state, 0);
        var sent = 0;
        foreach (var due in DeliveryPlanner.Due(recipient, state, items, now))
        {
            (state, var arrived) = await SendAsync(recipient, due, cancellationToken);
            if (!arrived)
                break;
            sent++;
        }
        return (state, sent);
    }

    /// <summary>Sends a test message, and keeps whether it arrived.</summary>
    /// <returns>Why it did not arrive; null when it did.</returns>
    public async Task<string?> TestAsync(Recipient recipient, CancellationToken cancellationToken)
    {
        var (state, _) = await SendAsync(recipient, new(NotificationMessage.Test, [], null), cancellationToken);
        return state.Failure;
    }

    private async Task<(DeliveryState State, bool Arrived)> SendAsync(
        Recipient recipient,
        DueMessage due,
        CancellationToken cancellationToken
    )
    {
        var failure = await TrySendAsync(recipient, due.Message, cancellationToken);
        var state = await states.ChangeAsync<DeliveryState>(
            NameOf(recipient),
            s =>
                failure is null
                    ? (s ?? new()).Delivered(due.Sent, due.DigestDay)
                    : (s ?? new()).Failed(failure.Message, failure.IsPermanent, time.GetUtcNow()),
            cancellationToken
        );
        return (state, failure is null);
    }

    private async Task<NotDeliveredException?> TrySendAsync(
        Recipient recipient,
        NotificationMessage message,
        CancellationToken cancellationToken
    )
    {
        using var late = new CancellationTokenSource(SendWithin, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        NotDeliveredException failure;
        try
        {
            await _channels[recipient.Channel].SendAsync(recipient, message, either.Token);
            return null;
        }
        catch (NotDeliveredException e)
        {
            failure = e;
        }
        catch (Exception) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            failure = new($"it was not taken within {SendWithin.TotalMinutes} minutes", isPermanent: false);
        }
        NotDelivered(recipient.Channel, failure.Message);
        return failure;
    }

    // No address in the name of a blob.
    private static string NameOf(Recipient recipient) =>
        $"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(recipient.Key)).AsSpan(0, 16))}.json";

    [LoggerMessage(6101, LogLevel.Warning, "A message by {Channel} did not arrive: {Reason}")]
    private partial void NotDelivered(ChannelKind channel, string reason);
}
