using Azure;
using Azure.Storage.Queues;
using Azure.Storage.Queues.Models;
using Microsoft.Extensions.Logging;

namespace EmbeddedHost.Queues;

/// <summary>
/// Keeps a message invisible while it is in work: renewed at half its lease, on the app's clock, until disposed. Each renewal gives a new
/// receipt; read <see cref="PopReceipt"/> only after disposal.
/// </summary>
internal sealed class QueueLease : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _loop;

    public QueueLease(QueueClient queue, QueueMessage message, TimeSpan lease, TimeProvider time, ILogger logger)
    {
        PopReceipt = message.PopReceipt;
        _loop = RenewAsync(queue, message.MessageId, lease, time, logger);
    }

    public string PopReceipt { get; private set; }

    /// <summary>Whether the message is no longer ours: someone else has it, or it or its queue is gone.</summary>
    public static bool IsLost(RequestFailedException e) =>
        e.Status == 404 || e.ErrorCode == QueueErrorCode.PopReceiptMismatch || e.ErrorCode == QueueErrorCode.QueueBeingDeleted;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _loop;
        _stop.Dispose();
    }

    private async Task RenewAsync(QueueClient queue, string id, TimeSpan lease, TimeProvider time, ILogger logger)
    {
        var wait = lease / 2;
        while (true)
        {
            await Task.Delay(wait, time, _stop.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_stop.IsCancellationRequested)
                return;
            try
            {
                // Not cancelled: half a renewal would leave us with a receipt that is no longer good.
                PopReceipt = (await queue.UpdateMessageAsync(id, PopReceipt, visibilityTimeout: lease)).Value.PopReceipt;
                wait = lease / 2;
                logger.Renewed(id, queue.Name);
            }
            catch (RequestFailedException e) when (IsLost(e))
            {
                logger.TakenOver(id, queue.Name);
                return;
            }
            catch (Exception e)
            {
                logger.NotRenewed(e, id, queue.Name);
                wait = wait / 2 > lease / 20 ? wait / 2 : lease / 20;
            }
        }
    }
}
