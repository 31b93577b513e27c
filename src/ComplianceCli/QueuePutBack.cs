using System.Globalization;
using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Compliance.Runs;
using Compliance.Storage;
using Compliance.Text;

namespace ComplianceCli;

/// <summary>A message in a poison queue.</summary>
/// <param name="Id">The queue's id of it.</param>
/// <param name="Since">Since when it lies there (UTC).</param>
/// <param name="Bytes">Its size.</param>
/// <param name="What">Type and id of the event, as far as it is one.</param>
internal sealed record GivenUp(string Id, DateTimeOffset? Since, long Bytes, string What);

/// <summary>What was put back, or would be.</summary>
/// <param name="Queue">The queue.</param>
/// <param name="Poison">Its poison queue.</param>
/// <param name="Confirmed">False for a dry run.</param>
/// <param name="Found">How many messages lay in the poison queue.</param>
/// <param name="PutBack">How many are back on the queue.</param>
/// <param name="Messages">Those that were put back; in a dry run the first of them.</param>
internal sealed record PutBackResult(
    string Queue,
    string Poison,
    bool Confirmed,
    long Found,
    long PutBack,
    IReadOnlyList<GivenUp> Messages
);

/// <summary>A message that was deleted, or would be.</summary>
/// <param name="Poison">The poison queue.</param>
/// <param name="Confirmed">False for a dry run.</param>
/// <param name="Message">The message.</param>
internal sealed record DiscardResult(string Poison, bool Confirmed, GivenUp Message);

/// <summary>
/// Moves the messages of a poison queue back to their queue, one by one and each sent before it is deleted: cut off anywhere, none is lost.
/// </summary>
/// <param name="queues">The account's queues.</param>
/// <param name="queue">The queue that the app reads.</param>
internal sealed class QueuePutBack(QueueServiceClient queues, string queue)
{
    /// <summary>What a dry run says at its end, before what the option does.</summary>
    public const string DryRun = "Nothing was changed: add --confirm to";

    // What one request shows at most.
    private const int MaxShown = 32;

    // Long enough for both requests with their retries; after it a message that an interruption left behind can be received again.
    private static readonly TimeSpan Hold = TimeSpan.FromMinutes(1);

    private readonly string _poison = new WatchedQueue(queue).Poison;
    private readonly List<GivenUp> _moved = [];

    /// <summary>Lists the messages, or moves them.</summary>
    /// <param name="confirm">Moves them.</param>
    /// <param name="report">Gets a line for each message, and the result.</param>
    /// <param name="cancellationToken">Stops between two messages.</param>
    /// <exception cref="CliException">There is no such queue, or storage failed; what is left still lies there.</exception>
    public async Task<PutBackResult> RunAsync(bool confirm, Func<string, Task> report, CancellationToken cancellationToken)
    {
        try
        {
            var poison = queues.GetQueueClient(_poison);
            var found =
                await CountAsync(poison, cancellationToken)
                ?? throw new CliException(
                    $"there is no queue {_poison}, so nothing of queue {queue} was given up; {await OthersAsync(cancellationToken)}"
                );
            if (found == 0)
            {
                await report($"Queue {_poison} is empty.");
                return new(queue, _poison, confirm, 0, 0, []);
            }
            return confirm
                ? await MoveAsync(poison, found, report, cancellationToken)
                : await ListAsync(poison, found, report, cancellationToken);
        }
        catch (Exception e) when (StateAccount.IsFailure(e) && !cancellationToken.IsCancellationRequested)
        {
            throw new CliException($"{StateAccount.Failed(e)}. {Left()}", e);
        }
    }

    /// <summary>Deletes one message that will never be processed, such as an event that its sender corrected and sent again.</summary>
    /// <param name="id">The queue's id of it.</param>
    /// <param name="confirm">Deletes it.</param>
    /// <param name="report">Gets the result.</param>
    /// <param name="cancellationToken">Stops before it is deleted.</param>
    /// <exception cref="CliException">There is no such message, or storage failed.</exception>
    public async Task<DiscardResult> DiscardAsync(string id, bool confirm, Func<string, Task> report, CancellationToken cancellationToken)
    {
        try
        {
            var poison = queues.GetQueueClient(_poison);
            var message =
                await FindAsync(poison, id, confirm, cancellationToken)
                ?? throw new CliException(
                    $"no message {Plain.Text(id, 100)} was found in queue {_poison}: list them with queue put-back {queue}"
                );
            await report(Line(message));
            await report(
                confirm ? $"It is deleted from queue {_poison}." : $"It would be deleted, and is kept nowhere else. {DryRun} delete it."
            );
            return new(_poison, confirm, message);
        }
        catch (Exception e) when (StateAccount.IsFailure(e) && !cancellationToken.IsCancellationRequested)
        {
            throw new CliException(StateAccount.Failed(e), e);
        }
    }

    private static async Task<GivenUp?> FindAsync(QueueClient poison, string id, bool delete, CancellationToken cancellationToken)
    {
        if (!delete)
        {
            PeekedMessage[] first = await poison.PeekMessagesAsync(MaxShown, cancellationToken);
            return first.Where(m => m.MessageId == id).Select(m => From(m.MessageId, m.InsertedOn, m.Body)).FirstOrDefault();
        }
        var count = await CountAsync(poison, cancellationToken) ?? 0;
        for (var seen = 0; seen < count;)
        {
            QueueMessage[] held = await poison.ReceiveMessagesAsync(MaxShown, Hold, cancellationToken);
            if (held.Length == 0)
                break;
            if (Array.Find(held, m => m.MessageId == id) is { } message)
            {
                await poison.DeleteMessageAsync(message.MessageId, message.PopReceipt, cancellationToken);
                return From(message.MessageId, message.InsertedOn, message.Body);
            }
            seen += held.Length;
        }
        return null;
    }

    private async Task<PutBackResult> ListAsync(
        QueueClient poison,
        long found,
        Func<string, Task> report,
        CancellationToken cancellationToken
    )
    {
        PeekedMessage[] seen = await poison.PeekMessagesAsync(MaxShown, cancellationToken);
        var shown = seen.Select(m => From(m.MessageId, m.InsertedOn, m.Body)).ToList();
        foreach (var message in shown)
            await report(Line(message));
        if (found > shown.Count)
            await report(Text($"... and {found - shown.Count} more, which are behind these or held by another command."));
        await report(Text($"{found} would be put back on queue {queue}. {DryRun} put them back."));
        return new(queue, _poison, Confirmed: false, found, 0, shown);
    }

    private async Task<PutBackResult> MoveAsync(
        QueueClient poison,
        long found,
        Func<string, Task> report,
        CancellationToken cancellationToken
    )
    {
        var target = queues.GetQueueClient(queue);
        await target.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
        // As many as there were: what fails again meanwhile comes to the poison queue again, and would go round for ever.
        for (var i = 0L; i < found; i++)
        {
            if ((await poison.ReceiveMessageAsync(Hold, cancellationToken)).Value is not { } message)
                break;
            var once = await QueueMove.MoveAsync(message, poison, target, cancellationToken);
            var moved = From(message.MessageId, message.InsertedOn, message.Body);
            _moved.Add(moved);
            await report(Line(moved) + (once ? "" : "  (another command took it too: it may be processed twice)"));
        }
        var left = await CountAsync(poison, cancellationToken) ?? 0;
        await report(Text($"{_moved.Count} of {found} are back on queue {queue}."));
        if (left > 0)
            await report(
                Text($"{left} lie in queue {_poison}: they came there again, or another command holds them for {Hold.TotalMinutes:0} min.")
            );
        return new(queue, _poison, Confirmed: true, found, _moved.Count, [.. _moved]);
    }

    private static async Task<long?> CountAsync(QueueClient client, CancellationToken cancellationToken)
    {
        try
        {
            return (await client.GetPropertiesAsync(cancellationToken)).Value.ApproximateMessagesCount;
        }
        catch (RequestFailedException e) when (e.ErrorCode == QueueErrorCode.QueueNotFound)
        {
            return null;
        }
    }

    private async Task<string> OthersAsync(CancellationToken cancellationToken)
    {
        var names = new List<string>();
        await foreach (var other in queues.GetQueuesAsync(cancellationToken: cancellationToken))
            if (other.Name.EndsWith(WatchedQueue.PoisonSuffix, StringComparison.Ordinal))
                names.Add(other.Name);
        return names.Count == 0 ? "the account has no poison queue" : $"the account has {string.Join(", ", names)}";
    }

    private string Left() =>
        Text($"{_moved.Count} messages were put back; all others still lie in queue {_poison}. ")
        + Text($"One that was under way can be received again after {Hold.TotalMinutes:0} min");

    private static GivenUp From(string id, DateTimeOffset? since, BinaryData body) =>
        new(id, since?.ToUniversalTime(), body.ToMemory().Length, Describe(body.ToString()));

    private static string Line(GivenUp message) =>
        Text($"{message.Id}  since {message.Since?.UtcDateTime:yyyy-MM-dd HH:mm:ss}Z  {message.Bytes} bytes  {message.What}");

    // Names no person: an event of HR has one in its data.
    private static string Describe(string text)
    {
        try
        {
            var read = CloudEventEnvelope.Read(JsonMessage.Parse(JsonMessage.FromQueue(text), "the message"), []);
            return read.Type.Length > 0 ? Plain.Text($"{read.Type} {read.Id}", 200) : "no event";
        }
        catch (JsonMessageException e)
        {
            return Plain.Text(e.Message, 200);
        }
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
