using Azure;
using Azure.Storage.Queues;
using Compliance.Changes.Approvals;
using Compliance.Controls;
using Compliance.Findings;
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
        var queue = storage.Queues.GetQueueClient(NotificationQueues.Signal);
        try
        {
            await SendAsync(queue, cancellationToken);
        }
        catch (RequestFailedException e)
        {
            NotSent(e.Status, e.ErrorCode);
        }
    }

    private static async Task SendAsync(QueueClient queue, CancellationToken cancellationToken)
    {
        const string Message = "{}";
        try
        {
            await queue.SendMessageAsync(Message, timeToLive: Lifetime, cancellationToken: cancellationToken);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            await queue.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            await queue.SendMessageAsync(Message, timeToLive: Lifetime, cancellationToken: cancellationToken);
        }
    }

    [LoggerMessage(6102, LogLevel.Warning, "Notifications wait for their timer: the signal was not sent ({Status} {Code})")]
    private partial void NotSent(int status, string? code);
}

/// <summary>The findings, of which a critical one that is new sets off a sweep.</summary>
internal sealed class SignallingFindingStore(IFindingStore findings, NotificationSignal signal) : IFindingStore
{
    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<string, StoredFinding>> LoadAsync(
        string tenantId,
        IReadOnlyCollection<string> controlIds,
        CancellationToken cancellationToken
    ) => findings.LoadAsync(tenantId, controlIds, cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<string>> SaveAsync(
        string tenantId,
        IReadOnlyCollection<StoredFinding> changed,
        CancellationToken cancellationToken
    )
    {
        var lost = await findings.SaveAsync(tenantId, changed, cancellationToken);
        if (changed.Any(c => IsUrgent(c.Finding) && !lost.Contains(c.Finding.Id, StringComparer.Ordinal)))
            await signal.SendAsync(cancellationToken);
        return lost;
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<Finding> ListOpenAsync(string tenantId, CancellationToken cancellationToken) =>
        findings.ListOpenAsync(tenantId, cancellationToken);

    private static bool IsUrgent(Finding finding) => finding is { Status: FindingStatus.Open, Detection.Severity: Severity.Critical };
}
