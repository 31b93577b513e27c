using System.Text.Json;
using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using EmbeddedHost.Configuration;
using EmbeddedHost.Hosting;
using EmbeddedHost.Invocation;
using Microsoft.Extensions.Logging;

namespace EmbeddedHost.Queues;

/// <summary>
/// Polls one queue and runs its function for each message. A message is deleted only after its run and its output succeeded; until then it is
/// invisible, renewed at half its lease. Each message may come more than once: that is the service's promise, not this host's.
/// </summary>
internal sealed class QueueListener(
    Function function,
    QueueClient queue,
    QueueClient poison,
    QueueRules rules,
    TimeSpan lease,
    TimeProvider time,
    FunctionInvoker invoker,
    QueueSignals signals,
    Workload workload,
    ILogger<QueueListener> logger) : IListener
{
    private readonly CancellationTokenSource _stop = new();
    private readonly WakeUp _wake = new();
    private readonly List<Task> _processing = [];

    public Task Stopped { get; private set; } = Task.CompletedTask;

    public void Start()
    {
        signals.Listen(queue.Uri, _wake);
        workload.Enter();
        Stopped = Task.Run(async () =>
        {
            try
            {
                await PollAsync(_stop.Token);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                // Stopped while waiting: messages in work are awaited below.
            }
            catch (Exception e)
            {
                logger.Broken(e, function.Name, queue.Name);
            }
            finally
            {
                workload.Exit();
            }

            await Task.WhenAll(_processing);
        });
    }

    public void BeginStop() => _stop.Cancel();

    public void Dispose() => _stop.Dispose();

    private async Task PollAsync(CancellationToken stop)
    {
        var delay = Periods.FirstRetry;
        var exists = false;
        while (true)
        {
            stop.ThrowIfCancellationRequested();
            QueueMessage[] batch = [];
            var atMost = rules.MaxPollingInterval;
            try
            {
                if (!exists)
                    await queue.CreateIfNotExistsAsync(cancellationToken: stop);
                exists = true;

                // Not cancelled: a batch the service has handed out would stay invisible for its whole lease.
                batch = (await queue.ReceiveMessagesAsync(rules.BatchSize, lease, CancellationToken.None)).Value;
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                exists = false;
                atMost = Periods.LongestRetry;
                logger.StorageDown(e, function.Name, queue.Name);
            }

            if (batch.Length == 0)
            {
                await workload.ParkAsync(time, delay, _wake, stop);
                delay = Periods.Twice(delay, atMost);
                _processing.RemoveAll(t => t.IsCompleted);
                continue;
            }

            delay = Periods.FirstRetry;
            foreach (var message in batch)
            {
                // Counted here: the loop may come to rest before the task has begun.
                workload.Enter();
                _processing.Add(Task.Run(() => ProcessAsync(message), CancellationToken.None));
            }

            await BelowThresholdAsync(stop);
        }
    }

    private async Task BelowThresholdAsync(CancellationToken stop)
    {
        _processing.RemoveAll(t => t.IsCompleted);
        while (_processing.Count > rules.NewBatchThreshold)
        {
            await Task.WhenAny(_processing).WaitAsync(stop);
            _processing.RemoveAll(t => t.IsCompleted);
        }
    }

    private async Task ProcessAsync(QueueMessage message)
    {
        try
        {
            if (message.DequeueCount > rules.MaxDequeueCount)
            {
                await PoisonAsync(message.MessageText, message.MessageId, message.PopReceipt, $"it was tried {message.DequeueCount - 1} times and never ended");
                return;
            }

            if (!QueueText.TryDecode(message.MessageText, rules.Base64, out var text, out var problem))
            {
                await PoisonAsync(message.MessageText, message.MessageId, message.PopReceipt, problem);
                return;
            }

            var renewal = new QueueLease(queue, message, lease, time, logger);
            Outcome outcome;
            await using (renewal)
                outcome = await RunAsync(text, message);
            if (outcome.Succeeded)
                await DeleteAsync(message.MessageId, renewal.PopReceipt);
            else if (message.DequeueCount >= rules.MaxDequeueCount)
                await PoisonAsync(message.MessageText, message.MessageId, renewal.PopReceipt, $"it failed {message.DequeueCount} times, host.json's maxDequeueCount");
            else
                await ReleaseAsync(message.MessageId, renewal.PopReceipt);
        }
        catch (Exception e)
        {
            // The message is still in the queue and comes back when its lease ends.
            logger.NotPutAway(e, message.MessageId, queue.Name);
        }
        finally
        {
            workload.Exit();
        }
    }

    private async Task<Outcome> RunAsync(string text, QueueMessage message)
    {
        TriggerEvent trigger;
        try
        {
            trigger = QueueTriggerBinding.Event(function.Method.Trigger.ParameterType, text, message);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            logger.DoesNotFit(e, message.MessageId, queue.Name, function.Name);
            return new Outcome("", e);
        }

        return await invoker.InvokeAsync(function, trigger, CancellationToken.None);
    }

    private async Task PoisonAsync(string body, string id, string popReceipt, string reason)
    {
        logger.Poisoned(id, queue.Name, poison.Name, reason);
        await QueueOutputs.SendAsync(poison, body, CancellationToken.None);
        signals.Ring(poison.Uri);
        await DeleteAsync(id, popReceipt);
    }

    private async Task DeleteAsync(string id, string popReceipt)
    {
        try
        {
            await queue.DeleteMessageAsync(id, popReceipt);
        }
        catch (RequestFailedException e) when (QueueLease.IsLost(e))
        {
            logger.TakenOver(id, queue.Name);
        }
    }

    private async Task ReleaseAsync(string id, string popReceipt)
    {
        try
        {
            await queue.UpdateMessageAsync(id, popReceipt, visibilityTimeout: rules.VisibilityTimeout);
            if (rules.VisibilityTimeout == TimeSpan.Zero)
                _wake.Ring();
        }
        catch (RequestFailedException e) when (QueueLease.IsLost(e))
        {
            logger.TakenOver(id, queue.Name);
        }
    }
}
