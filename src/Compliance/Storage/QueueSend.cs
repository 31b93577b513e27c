using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;

namespace Compliance.Storage;

/// <summary>The one way to send a message to a queue of this app, which the first one of all makes.</summary>
internal static class QueueSend
{
    /// <summary>Sends a message.</summary>
    /// <param name="queue">The queue.</param>
    /// <param name="message">The message.</param>
    /// <param name="lifetime">After how long storage deletes it; null for seven days.</param>
    /// <param name="cancellationToken">Stops before it is sent.</param>
    /// <exception cref="RequestFailedException">Storage did not take it.</exception>
    public static async Task SendOrMakeAsync(
        this QueueClient queue,
        string message,
        TimeSpan? lifetime,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await queue.SendMessageAsync(message, timeToLive: lifetime, cancellationToken: cancellationToken);
        }
        catch (RequestFailedException e) when (e.ErrorCode == QueueErrorCode.QueueNotFound)
        {
            await queue.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            await queue.SendMessageAsync(message, timeToLive: lifetime, cancellationToken: cancellationToken);
        }
    }
}
