using System.Text.Json;
using Compliance.Changes.Flow;
using Compliance.Ledger;
using Compliance.Minimization.Policy;
using Compliance.Runs;

namespace Compliance.Minimization.Sweeps;

/// <summary>
/// The last part of a sweep: its report, its findings, and the record of what it came to.
/// </summary>
internal sealed class SweepCompletion(
    ISweepStorage storage,
    SweepDocuments documents,
    TableSweeps sweeps,
    IRetentionPolicySource policies,
    ScheduledRuns runs,
    IEvidenceLog evidence,
    TimeProvider time
)
{
    /// <summary>The name under which its runs are remembered.</summary>
    public const string ControlName = "DataMinimizationSweep";

    /// <summary>What the watch over the controls expects of it: a sweep a quarter, done within a month.</summary>
    public static ScheduledControl Itself { get; } = new(ControlName, TimeSpan.FromDays(92), TimeSpan.FromDays(31), "SweepSchedule");

    /// <summary>Reports what the sweep came to. The same again changes nothing.</summary>
    /// <returns>When to verify that storage keeps nothing of it any more (UTC); null where it keeps nothing, or it was over.</returns>
    public async Task<DateTime?> CompleteAsync(SweepRun run, CancellationToken cancellationToken)
    {
        var sweep = await sweeps.FindAsync(run.TenantId, run.SweepId, cancellationToken);
        // One that was cancelled may have deleted something before.
        if (sweep is not { Stage: SweepStage.Acting or SweepStage.Cancelled, IsDryRun: false, Containers: > 0 })
            return null;
        var report = await documents.KeepReportAsync(run.SweepId, () => ReportAsync(sweep, cancellationToken), cancellationToken);
        await runs.RunAsync(run.TenantId, ControlName, r => FindAsync(r, report, cancellationToken), cancellationToken);
        await RecordAsync(sweep, report, cancellationToken);
        await sweeps.ChangeAsync(
            run.TenantId,
            run.SweepId,
            s =>
                s.Stage is not (SweepStage.Acting or SweepStage.Cancelled)
                    ? s
                    : s with
                    {
                        Stage = StageAfter(s, report),
                        EndedAt = report.EndedAt,
                        RetainedUntil = report.RetainedUntil,
                    },
            cancellationToken
        );
        return report.RetainedUntil?.UtcDateTime;
    }

    private static SweepStage StageAfter(Sweep sweep, SweepReport report)
    {
        if (sweep.Stage == SweepStage.Cancelled)
            return SweepStage.Cancelled;
        return report.RetainedUntil is null ? SweepStage.Complete : SweepStage.Retained;
    }

    private async Task<SweepReport> ReportAsync(Sweep sweep, CancellationToken cancellationToken)
    {
        var policy = policies.Load();
        var plans = await documents.PlansAsync(sweep.Id, cancellationToken);
        var slices = plans.SelectMany(p => p.Slices).ToList();
        var development = await storage.DevelopmentAccountsAsync(cancellationToken);
        var sets = new List<DataSetReport>();
        foreach (var set in policy.DataSets)
        {
            var own = slices.Where(s => s.DataSet == set.Id).ToList();
            var of = await ReportAsync(sweep, set, own, cancellationToken);
            sets.Add(of with { Development = [.. own.Select(s => s.Account).Where(development.Contains).Distinct().Order()] });
        }
        var unclassified = Sum(slices.Where(s => s.DataSet is null)).All;
        var coverage = sets.GroupBy(s => s.Classification)
            .ToDictionary(g => g.Key, g => g.Aggregate(SliceTotal.None, (sum, s) => sum + s.Totals.All), StringComparer.Ordinal);
        coverage["unclassified"] = unclassified;
        return new(
            sweep.Id,
            sweep.At,
            time.GetUtcNow(),
            sweep.PolicySha256,
            plans.Count,
            sets,
            unclassified,
            coverage,
            sweep.Unread,
            await RetainedUntilAsync(slices, cancellationToken)
        );
    }

    private async Task<DataSetReport> ReportAsync(Sweep sweep, DataSet set, List<Slice> slices, CancellationToken cancellationToken)
    {
        var totals = Sum(slices);
        var progress = new List<SliceProgress>();
        foreach (var slice in slices)
            progress.Add(await documents.ProgressAsync(slice, cancellationToken));
        var parts = progress.SelectMany(p => p.Parts).ToList();
        var certificate = await documents.CertificateAsync(DataSetPlan.CaseOf(sweep.Id, set.Id), cancellationToken);
        var (state, note) = set.Tables is null
            ? StateOf(totals, certificate?.Certificate, policies.Load().Sha256 == sweep.PolicySha256)
            : (DataSetState.NotDone, "This version deletes blobs only: rows of tables stay.");
        return new(
            set.Id,
            set.Classification.ToString().ToLowerInvariant(),
            set.Owner,
            set.Purpose,
            state,
            totals,
            new SliceProgress(parts).Results(),
            certificate?.Certificate.Approvals.Where(a => a.Approve).DistinctBy(a => a.ApproverId).Count() ?? 0,
            certificate?.Certificate.PlanId,
            certificate?.Sha256,
            parts.Min(p => p.StartedAt),
            parts.Max(p => p.EndedAt),
            note,
            [],
            set.PurposeEnds
        );
    }

    private static (DataSetState State, string? Note) StateOf(SliceTotals totals, ChangeCertificate? certificate, bool isPolicyInForce)
    {
        if (totals.Moved.Items > 0)
            return (DataSetState.Incomplete, "This version moves nothing to a colder tier: what is due for that stays where it is.");
        if (totals.Due.Items == 0)
            return (DataSetState.NothingDue, null);
        if (certificate is not { Clear: true } && !isPolicyInForce)
            return (DataSetState.NotDone, "The policy was changed after the plan was made: what is due stays until the next sweep.");
        if (certificate is null)
            return (DataSetState.NotDone, "It was refused, cancelled or not decided on in time: what is due stays.");
        return certificate.Clear
            ? (DataSetState.Done, null)
            : (DataSetState.Incomplete, string.Join(" ", certificate.Verified.Steps.Select(s => s.Reason).OfType<string>().Distinct()));
    }

    private static SliceTotals Sum(IEnumerable<Slice> slices) => slices.Aggregate(SliceTotals.None, (sum, s) => sum + s.Totals);

    // The latest day of all containers that something was deleted from.
    private async Task<DateTimeOffset?> RetainedUntilAsync(IReadOnlyList<Slice> slices, CancellationToken cancellationToken)
    {
        DateTimeOffset? latest = null;
        foreach (var (account, container) in slices.Where(s => s.Totals.Due.Items > 0).Select(s => (s.Account, s.Container)).Distinct())
        {
            var until = await storage.RetainedUntilAsync(account, container, cancellationToken);
            latest = latest is null || until > latest ? until : latest;
        }
        return latest;
    }

    private static async Task<SweepReport> FindAsync(ScheduledRun run, SweepReport report, CancellationToken cancellationToken)
    {
        run.IsComplete = report.IsComplete;
        await run.ReconcileAsync(
            MinimizationControls.OfSweep,
            _ => MinimizationDetections.Evaluate(report),
            MinimizationDetections.Coverage(report.Unread.Count == 0),
            cancellationToken
        );
        return report;
    }

    private async Task RecordAsync(Sweep sweep, SweepReport report, CancellationToken cancellationToken)
    {
        var results = report
            .DataSets.SelectMany(d => d.Results)
            .GroupBy(r => r.Key)
            .ToDictionary(g => JsonNamingPolicy.CamelCase.ConvertName($"{g.Key}"), g => g.Sum(r => r.Value.Items), StringComparer.Ordinal);
        results["bytesDeleted"] = report.DataSets.Sum(d => d.Deleted.Bytes);
        results["unclassified"] = report.Unclassified.Items;
        await evidence.AppendAsync(
            SweepRecords.Create(sweep.Run, "complete", report.EndedAt, sweep.PolicySha256) with
            {
                Outcome = report.IsComplete ? "complete" : "incomplete",
                Counts = results,
                DetailsSha256 = new Dictionary<string, string>
                {
                    ["report.json"] = await documents.ReportSha256Async(sweep.Id, cancellationToken),
                },
            },
            cancellationToken
        );
    }
}
