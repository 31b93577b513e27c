using Compliance.Controls;
using Compliance.Findings;

namespace Compliance.Notifications;

/// <summary>The findings, of which a critical one that is opened or changed sets off a sweep.</summary>
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
