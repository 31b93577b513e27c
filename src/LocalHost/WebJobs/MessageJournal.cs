using System.Collections.Concurrent;
using System.Text.Json;
using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Azure.WebJobs.Host.Executors;
using Microsoft.Azure.WebJobs.Host.Queues;
using Microsoft.Extensions.Logging;

namespace LocalHost.WebJobs;

/// <summary>
/// Writes down which queue messages are in work. The queue extension makes a message invisible for ten minutes, a time that cannot be set;
/// so a host that was killed would be missed for that long. The next host gives its messages back at once.
/// A limit: the extension renews a message after five minutes without saying so; one that was in work for longer comes back ten minutes
/// after its last renewal.
/// </summary>
internal sealed class MessageJournal(HostSlot slot, ILogger logger, CancellationToken draining) : IQueueProcessorFactory
{
    // A file that a fault of the machine cut off lacks something, or all.
    private static readonly JsonSerializerOptions Whole = new()
    {
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    private readonly ConcurrentDictionary<string, (QueueClient Queue, JournalEntry Entry)> _inWork = new();
    private readonly IReadOnlyList<JournalEntry> _left = [.. Load(slot.Folder, logger)];
    private readonly ConcurrentBag<Task> _releases = [];
    private readonly CancellationToken _draining = draining;

    /// <inheritdoc/>
    public QueueProcessor Create(QueueProcessorOptions queueProcessorOptions)
    {
        var queue = queueProcessorOptions.Queue;
        foreach (var entry in _left.Where(e => e.Account == queue.AccountName && e.Queue == queue.Name))
            _releases.Add(ReleaseAsync(queue, entry));
        return new Processor(this, queueProcessorOptions);
    }

    /// <summary>Waits until the messages of killed hosts are given back, as far as their queues are listened to.</summary>
    public async Task ReleaseLeftAsync()
    {
        await Task.WhenAll(_releases);
        // What is left belongs to queues that the app no longer listens to.
        foreach (var entry in _left)
            File.Delete(FileOf(entry));
    }

    /// <summary>Gives back what is still in work, or was taken after the host began to stop.</summary>
    public Task ReleaseInWorkAsync() => Task.WhenAll(_inWork.Values.Select(w => ReleaseAsync(w.Queue, w.Entry)));

    private static IEnumerable<JournalEntry> Load(string folder, ILogger logger)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*.json"))
        {
            if (TryRead(file) is { } entry)
            {
                yield return entry;
                continue;
            }

            // Its message comes back by itself, later; without it the host would never start again.
            logger.Unreadable(file);
            File.Delete(file);
        }
    }

    private static JournalEntry? TryRead(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<JournalEntry>(File.ReadAllText(file), Whole);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private string FileOf(JournalEntry entry) => Path.Combine(slot.Folder, $"{Uri.EscapeDataString(entry.Message)}.json");

    private void Begin(QueueClient queue, QueueMessage message)
    {
        var entry = new JournalEntry(queue.AccountName, queue.Name, message.MessageId, message.PopReceipt);
        var file = FileOf(entry);
        File.WriteAllText(file + ".new", JsonSerializer.Serialize(entry));
        File.Move(file + ".new", file, overwrite: true);
        _inWork[entry.Message] = (queue, entry);
    }

    private void End(QueueMessage message)
    {
        if (_inWork.TryRemove(message.MessageId, out var work))
            File.Delete(FileOf(work.Entry));
    }

    private async Task ReleaseAsync(QueueClient queue, JournalEntry entry)
    {
        try
        {
            await queue.UpdateMessageAsync(entry.Message, entry.Receipt, visibilityTimeout: TimeSpan.Zero);
            logger.Released(entry.Message, entry.Queue);
        }
        catch (RequestFailedException e) when (e.Status is 400 or 404)
        {
            // It was finished, or another host has it by now.
        }
        catch (RequestFailedException e)
        {
            logger.NotReleased(entry.Message, entry.Queue, e.Message);
            return;
        }

        _inWork.TryRemove(entry.Message, out _);
        File.Delete(FileOf(entry));
    }

    /// <summary>A message in work.</summary>
    /// <param name="Account">The storage account.</param>
    /// <param name="Queue">The queue.</param>
    /// <param name="Message">The message's id.</param>
    /// <param name="Receipt">What proves that it was received.</param>
    private sealed record JournalEntry(string Account, string Queue, string Message, string Receipt);

    private sealed class Processor(MessageJournal journal, QueueProcessorOptions options) : QueueProcessor(options)
    {
        private readonly QueueClient _queue = options.Queue;

        protected override async Task<bool> BeginProcessingMessageAsync(QueueMessage message, CancellationToken cancellationToken)
        {
            journal.Begin(_queue, message);
            // Taken while the host was about to stop: the journal gives it back.
            if (journal._draining.IsCancellationRequested)
                return false;
            if (await base.BeginProcessingMessageAsync(message, cancellationToken))
                return true;
            journal.End(message);
            return false;
        }

        protected override async Task CompleteProcessingMessageAsync(
            QueueMessage message,
            FunctionResult result,
            CancellationToken cancellationToken
        )
        {
            await base.CompleteProcessingMessageAsync(message, result, cancellationToken);
            journal.End(message);
        }
    }
}
