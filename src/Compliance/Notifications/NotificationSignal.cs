using Azure;
using Azure.Identity;
using Compliance.Changes.Approvals;
using Compliance.Storage;
using Microsoft.Extensions.Logging;

namespace Compliance.Notifications;

/// <summary>Sets off a sweep at once, by a message. One that is lost is harmless: the timer sweeps soon.</summary>
internal sealed partial class NotificationSignal(StateStorage storage, ILogger<NotificationSignal> log) : IRequestSignal
{
    // By then the timer has swept.
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    /// <inheritdoc/>
    public Task AskedAsync(ApprovalRequest request, CancellationToken cancellationToken) => SendAsync(cancellationToken);

    /// <summary>Something urgent is new.</summary>
    public async Task SendAsync(CancellationToken cancellationToken)
    {
        try
        {
            await storage.Queues.GetQueueClient(NotificationQueues.Signal).SendOrMakeAsync("{}", Lifetime, cancellationToken);
        }
        // Several attempts without an answer come as one AggregateException.
        catch (Exception e) when (e is RequestFailedException or AggregateException or AuthenticationFailedException)
        {
            var failure = e as RequestFailedException;
            NotSent(failure?.Status ?? 0, failure?.ErrorCode ?? e.GetType().Name);
        }
    }

    [LoggerMessage(6102, LogLevel.Warning, "Notifications wait for their timer: the signal was not sent ({Status} {Code})")]
    private partial void NotSent(int status, string? code);
}
