using Compliance.Ledger;
using Compliance.Offboarding.Cases;
using Compliance.Runs;
using Compliance.Storage;

namespace Compliance.Offboarding.Erasure;

/// <summary>Erases daily what names people where its time of keeping is over.</summary>
internal sealed class ExpiryErasure(TenantId tenant, ScheduledRuns runs, DetailErasure erasure, EvidencePolicy policy)
{
    /// <summary>What the watch over the controls expects of it.</summary>
    public static ScheduledControl Itself { get; } = DailyCheck.Expected("LeaverExpiryErasure");

    /// <summary>Erases it.</summary>
    public Task RunAsync(CancellationToken cancellationToken) =>
        runs.RunAsync(tenant.Value, Itself.Name, _ => erasure.EraseExpiredAsync(policy, cancellationToken), cancellationToken);
}
