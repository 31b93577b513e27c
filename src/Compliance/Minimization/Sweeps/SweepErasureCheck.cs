using Compliance.Ledger;
using Compliance.Minimization.Policy;
using Compliance.Runs;

namespace Compliance.Minimization.Sweeps;

/// <summary>What a sweep deleted is seen to be gone, when storage keeps nothing of it any more.</summary>
internal sealed class SweepErasureCheck(
    SweepDocuments documents,
    TableSweeps sweeps,
    IRetentionPolicySource policies,
    SliceVerification verification,
    ScheduledRuns runs,
    IEvidenceLog evidence,
    TimeProvider time
)
{
    /// <summary>
    /// Lists once more what was deleted, once storage keeps nothing of it: what is there again is a finding. The same again changes
    /// nothing.
    /// </summary>
    public async Task RunAsync(SweepRun run, CancellationToken cancellationToken)
    {
        var back = new List<string>();
        long there = 0;
        foreach (var plan in await documents.PlansAsync(run.SweepId, cancellationToken))
            foreach (var slice in plan.Slices.Where(s => s.DataSet is not null && s.Totals.Due.Items > 0))
            {
                var left = await verification.VerifyAsync(slice, cancellationToken);
                if (left.Unread is { } unread)
                    back.Add(unread);
                else if (left.StillThere > 0)
                    back.Add($"{left.StillThere} items that were deleted from {slice.Place} are there.");
                there += left.StillThere;
            }
        await runs.RunAsync(
            run.TenantId,
            "DataMinimizationErasure",
            async r =>
            {
                await r.ReconcileAsync(
                    [MinimizationControls.FoundAgain],
                    _ => MinimizationDetections.FoundAgain(run.SweepId, back),
                    MinimizationDetections.Coverage(isComplete: true),
                    cancellationToken
                );
                return there;
            },
            cancellationToken
        );
        await evidence.AppendAsync(
            SweepRecords.Create(run, "erased", time.GetUtcNow(), policies.Load().Sha256) with
            {
                Outcome = back.Count == 0 ? "complete" : "incomplete",
                Counts = new Dictionary<string, long> { ["stillThere"] = there },
            },
            cancellationToken
        );
        await sweeps.ChangeAsync(
            run.TenantId,
            run.SweepId,
            s => s.Stage == SweepStage.Retained ? s with { Stage = SweepStage.Complete } : s,
            cancellationToken
        );
    }
}
