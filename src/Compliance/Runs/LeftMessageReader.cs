using Azure;
using Azure.Identity;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Compliance.Storage;
using Microsoft.Extensions.Logging;

namespace Compliance.Runs;

/// <summary>
/// Looks into every poison queue of this app and into the dead-letter container. The host gives a message seven days in a poison queue
/// (Azure/azure-webjobs-sdk-extensions#891), after which storage would delete it unseen; here it is put back into the poison queue without
/// an end.
/// </summary>
/// <param name="storage">The state account. Storage Queue Data Contributor; Storage Blob Data Reader for the container.</param>
/// <param name="queues">The queues that functions of this app read.</param>
/// <param name="deadLetters">The dead-letter container.</param>
/// <param name="logger">Gets what went wrong.</param>
internal sealed partial class LeftMessageReader(
    StateStorage storage,
    IEnumerable<WatchedQueue> queues,
    DeadLetterOptions deadLetters,
    ILogger<LeftMessageReader> logger
)
{
    /// <summary>Counting ends here: whoever has so many knows enough.</summary>
    public const int MaxCounted = 10_000;

    // What one request gives at most (Get Messages, numofmessages).
    private const int MaxAtOnce = 32;

    // Long enough for the two requests a message of a batch.
    private static readonly TimeSpan Hold = TimeSpan.FromMinutes(1);

    private readonly IReadOnlyList<WatchedQueue> _queues = [.. queues.DistinctBy(q => q.Name).OrderBy(q => q.Name, StringComparer.Ordinal)];

    /// <summary>Address of the queue service.</summary>
    public Uri QueueService => storage.Queues.Uri;

    /// <summary>Reads every place, each on its own: one that fails says so and keeps no other from being read.</summary>
    public async Task<IReadOnlyList<LeftMessages>> ReadAsync(CancellationToken cancellationToken)
    {
        var read = new List<LeftMessages>();
        foreach (var queue in _queues)
            read.Add(
                await GuardedAsync(new(queue.Poison, queue.Name), "Storage Queue Data Contributor", ReadQueueAsync, cancellationToken)
            );
        if (deadLetters.Container is { } container)
            read.Add(await GuardedAsync(new(container, Queue: null), "Storage Blob Data Reader", ReadContainerAsync, cancellationToken));
        return read;
    }

    private async Task<LeftMessages> ReadQueueAsync(LeftPlace place, CancellationToken cancellationToken)
    {
        var client = storage.Queues.GetQueueClient(place.Name);
        try
        {
            QueueProperties properties = await client.GetPropertiesAsync(cancellationToken);
            if (properties.ApproximateMessagesCount == 0)
                return new(place);
            PeekedMessage[] first = await client.PeekMessagesAsync(MaxAtOnce, cancellationToken);
            var left = new LeftMessages(place)
            {
                Count = Math.Max(properties.ApproximateMessagesCount, first.Length),
                Since = first.Min(m => m.InsertedOn)?.ToUniversalTime(),
            };
            var expires = first.Where(m => QueueMove.Expires(m.ExpiresOn)).Min(m => m.ExpiresOn)?.ToUniversalTime();
            // Behind those that are seen may be others.
            var mayExpire = expires is not null || left.Count > first.Length;
            return mayExpire && !await KeepAsync(client, left.Count, cancellationToken) ? left with { Expires = expires } : left;
        }
        catch (RequestFailedException e) when (e.ErrorCode == QueueErrorCode.QueueNotFound)
        {
            // The host makes it with the first message.
            return new(place);
        }
    }

    /// <summary>Replaces the messages that storage would delete one day by the same without an end.</summary>
    /// <returns>False when some may be left.</returns>
    private async Task<bool> KeepAsync(QueueClient client, long count, CancellationToken cancellationToken)
    {
        try
        {
            for (var seen = 0; seen < Math.Min(count, MaxCounted);)
            {
                QueueMessage[] held = await client.ReceiveMessagesAsync(MaxAtOnce, Hold, cancellationToken);
                if (held.Length == 0)
                    break;
                foreach (var message in held.Where(m => QueueMove.Expires(m.ExpiresOn)))
                    await QueueMove.MoveAsync(message, client, client, cancellationToken);
                seen += held.Length;
            }
            return count <= MaxCounted;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            NotKept(client.Name, Short(e));
            return false;
        }
    }

    private async Task<LeftMessages> ReadContainerAsync(LeftPlace place, CancellationToken cancellationToken)
    {
        var left = new LeftMessages(place);
        await foreach (var blob in storage.Blobs.GetBlobContainerClient(place.Name).GetBlobsAsync(cancellationToken: cancellationToken))
        {
            if (left.Count == MaxCounted)
                return left with { IsMore = true };
            var made = (blob.Properties.CreatedOn ?? blob.Properties.LastModified)?.ToUniversalTime();
            left = left with { Count = left.Count + 1, Since = left.Since is { } since && !(made < since) ? since : made };
        }
        return left;
    }

    private async Task<LeftMessages> GuardedAsync(
        LeftPlace place,
        string role,
        Func<LeftPlace, CancellationToken, Task<LeftMessages>> read,
        CancellationToken cancellationToken
    )
    {
        try
        {
            return await read(place, cancellationToken);
        }
        // Whatever it is, an answer that is no XML too: a place that was not read may hold anything.
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            NotRead(place.Name, Short(e));
            return new(place) { Unread = Short(e), Remedy = RemedyOf(e, place, role) };
        }
    }

    private static string RemedyOf(Exception e, LeftPlace place, string role) =>
        e switch
        {
            RequestFailedException { Status: 401 or 403 } or AuthenticationFailedException =>
                $"Grant the app's identity the role {role} on the account of {StorageOptions.StateKey}, "
                    + "and let its network through the account's firewall",
            RequestFailedException { Status: 404 } when place.Queue is null =>
                $"Create container {place.Name} in the account of {StorageOptions.StateKey}, or correct setting "
                    + DeadLetterOptions.Setting.Replace(":", "__", StringComparison.Ordinal),
            _ => $"Check the account of {StorageOptions.StateKey}; the next hourly run reads again",
        };

    // Without request ids and times, so that it stays the same from one watch to the next.
    private static string Short(Exception e) =>
        e switch
        {
            RequestFailedException { Status: > 0 } refused => $"{refused.Status} {refused.ErrorCode}".TrimEnd(),
            // Several tries that got no answer come as one AggregateException.
            RequestFailedException or AggregateException => "no answer",
            _ => e.GetType().Name,
        };

    [LoggerMessage(1301, LogLevel.Error, "{Place} could not be read: {Reason}")]
    private partial void NotRead(string place, string reason);

    [LoggerMessage(1302, LogLevel.Error, "Messages in queue {Queue} could not be kept from expiring: {Reason}")]
    private partial void NotKept(string queue, string reason);
}
