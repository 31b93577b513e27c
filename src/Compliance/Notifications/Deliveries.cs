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
    DeliveryRecords records,
    TimeProvider time,
    ILogger<Deliveries> log
)
{
    // Well within a claim: a service that makes this wait longer must not leave the message to a second run as well.
    private static readonly TimeSpan SendWithin = TimeSpan.FromMinutes(2);

    // A service that answers no one would otherwise hold the sweep until the host ends it, without a finding.
    private static readonly TimeSpan ServeWithin = TimeSpan.FromMinutes(10);

    private readonly Dictionary<ChannelKind, INotificationChannel> _channels = channels.ToDictionary(c => c.Kind);

    /// <summary>The channels that are set up.</summary>
    public IReadOnlyCollection<ChannelKind> Channels => _channels.Keys;

    /// <summary>What is kept of a recipient.</summary>
    public async Task<DeliveryState> LoadAsync(Recipient recipient, CancellationToken cancellationToken) =>
        await states.LoadAsync<DeliveryState>(NameOf(recipient), cancellationToken) ?? new();

    /// <summary>
    /// Sends what is due, forgets what is over, and writes evidence of what arrived. Nothing is sent once the sweep has taken as long as it
    /// may.
    /// </summary>
    /// <param name="recipient">The recipient.</param>
    /// <param name="state">What was kept of them when the sweep began.</param>
    /// <param name="open">Everything that is open.</param>
    /// <param name="cancellationToken">Stops between requests. What was claimed then is sent by a later run.</param>
    /// <returns>What is kept of the recipient then, and how many messages were sent.</returns>
    public async Task<(DeliveryState State, int Sent)> ServeAsync(
        Recipient recipient,
        DeliveryState state,
        OpenItems open,
        CancellationToken cancellationToken
    )
    {
        (state, var sent) = await SendDueAsync(recipient, state, open, cancellationToken);
        if (state.Unrecorded is not { Count: > 0 } notes)
            return (state, sent);
        foreach (var note in notes)
            await records.WriteAsync(recipient, note, cancellationToken);
        return (await ChangeAsync(recipient, s => s.Recorded(notes), cancellationToken), sent);
    }

    private async Task<(DeliveryState State, int Sent)> SendDueAsync(
        Recipient recipient,
        DeliveryState state,
        OpenItems open,
        CancellationToken cancellationToken
    )
    {
        // Not when the sweep began: others may have taken long.
        var now = time.GetUtcNow();
        if (now - open.ReadAt >= ServeWithin)
            return (state, 0);
        DeliveryState Pruned(DeliveryState s) => DeliveryPlanner.Prune(s, open, now);
        bool IsDue(DeliveryState s) => s.IsFree(now) && DeliveryPlanner.Due(recipient, Pruned(s), open.Items, now).Count > 0;
        if (!IsDue(state) && ReferenceEquals(Pruned(state), state))
            return (state, 0);
        // Another run may have been faster since, even one of the same instant and so of the same id.
        var claim = RandomNumberGenerator.GetHexString(16, lowercase: true);
        state = await ChangeAsync(recipient, s => IsDue(s) ? Pruned(s).Claim(claim, now) : Pruned(s), cancellationToken);
        if (state.ClaimedBy != claim)
            return (state, 0);
        var sent = 0;
        var due = DeliveryPlanner.Due(recipient, state, open.Items, now);
        foreach (var message in due)
        {
            // The claim holds until the last of them: another run would send the rest beside this one.
            var isLast = ReferenceEquals(message, due[^1]);
            var failure = await TrySendAsync(recipient, message.Message, cancellationToken);
            var at = time.GetUtcNow();
            state = await ChangeAsync(
                recipient,
                s =>
                {
                    var after = After(s, message, failure, at);
                    if (failure is null)
                        after = after.Note(Note(message, at, open.PolicySha256));
                    return isLast || failure is not null ? after.Release(claim) : after;
                },
                cancellationToken
            );
            if (failure is not null)
                break;
            sent++;
        }
        return (state, sent);
    }

    /// <summary>Sends a test message, and keeps whether it arrived.</summary>
    /// <returns>Why it did not arrive; null when it did.</returns>
    public async Task<string?> TestAsync(Recipient recipient, CancellationToken cancellationToken)
    {
        var failure = await TrySendAsync(recipient, NotificationMessage.Test, cancellationToken);
        var at = time.GetUtcNow();
        await ChangeAsync(recipient, s => After(s, new(NotificationMessage.Test, [], null, []), failure, at), cancellationToken);
        return failure?.Message;
    }

    private static DeliveryState After(DeliveryState state, DueMessage message, NotDeliveredException? failure, DateTimeOffset at) =>
        failure is null
            ? state.Delivered(message.Sent, message.DigestDay, at)
            : state.Failed(failure.Message, failure.IsPermanent, at);

    private static DeliveryNote Note(DueMessage message, DateTimeOffset at, string policySha256)
    {
        var isDigest = message.DigestDay is not null;
        // A digest is counted: it has the same items every day.
        List<NotificationItem> about = isDigest ? [] : [.. message.Items.DistinctBy(i => i.Id).Take(DeliveryRecords.MaxAbout)];
        var text = $"{message.Message.Subject}\n\n{PlainBody.Write(message.Message)}";
        return new(
            at,
            isDigest,
            message.Items.Count,
            [.. about.Select(i => i.Id)],
            [.. about.Select(i => i.CaseId).OfType<string>().Distinct(StringComparer.Ordinal)],
            Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))),
            policySha256
        );
    }

    private Task<DeliveryState> ChangeAsync(
        Recipient recipient,
        Func<DeliveryState, DeliveryState> change,
        CancellationToken cancellationToken
    ) => states.ChangeAsync<DeliveryState>(NameOf(recipient), s => change(s ?? new()), cancellationToken);

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
        // Nothing that one channel does keeps the others from their messages. Its text may hold the address of a webhook.
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            failure = new($"it failed in an unknown way ({e.GetType().Name})", isPermanent: false);
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
