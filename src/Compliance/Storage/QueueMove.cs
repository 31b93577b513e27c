using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;

namespace Compliance.Storage;

/// <summary>
/// Moves a queue message so that it is never lost: it is sent first and deleted afterwards. Whoever is cut off in between leaves it in both
/// places, and every message of this app may be processed twice.
/// </summary>
internal static class QueueMove
{
    /// <summary>
    /// Time to live of a message that stays until it is processed. Without it storage deletes a message after seven days (Put Message,
    /// messagettl).
    /// </summary>
    public static readonly TimeSpan NeverExpires = TimeSpan.FromSeconds(-1);

    /// <summary>Moves one message, as it is, to the end of a queue, where it stays until it is processed.</summary>
    /// <param name="message">The message, received with a visibility timeout that is long enough for both requests.</param>
    /// <param name="from">Where it was received.</param>
    /// <param name="to">Where it goes; may be the queue it comes from.</param>
    /// <param name="cancellationToken">Stops before it is sent.</param>
    /// <returns>False when it was sent but somebody else had received it meanwhile: it may be processed twice.</returns>
    /// <exception cref="RequestFailedException">Storage failed; the message is still where it was.</exception>
    public static async Task<bool> MoveAsync(QueueMessage message, QueueClient from, QueueClient to, CancellationToken cancellationToken)
    {
        await to.SendMessageAsync(message.Body, timeToLive: NeverExpires, cancellationToken: cancellationToken);
        try
        {
            // Once it is sent, stopping here would only double it.
            await from.DeleteMessageAsync(message.MessageId, message.PopReceipt, CancellationToken.None);
            return true;
        }
        catch (RequestFailedException e) when (e.Status == 404 || e.ErrorCode == QueueErrorCode.PopReceiptMismatch)
        {
            return false;
        }
    }

    /// <summary>Whether storage deletes the message by itself one day.</summary>
    /// <param name="expires">Its expiry; year 9999 for one that stays.</param>
    public static bool Expires(DateTimeOffset? expires) => expires is { Year: < 9999 };
}
