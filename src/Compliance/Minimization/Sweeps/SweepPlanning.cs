using Azure;
using Compliance.Changes.Flow;
using Compliance.Ledger;
using Compliance.Minimization.Policy;
using Compliance.Text;

namespace Compliance.Minimization.Sweeps;

/// <summary>
/// The first half of a sweep: lists accounts and containers, plans them page by page, and puts together what each data set's owner is asked
/// about. Each step is safe to repeat. Nothing is changed but this app's own documents.
/// </summary>
/// <remarks>Reader and Storage Blob Data Reader at the subscriptions that are watched.</remarks>
internal sealed class SweepPlanning(
    ISweepStorage storage,
    ContainerPlanner planner,
    SweepDocuments documents,
    TableSweeps sweeps,
    IRetentionPolicySource policies,
    IEvidenceLog evidence
)
{
    private const string PolicyChanged = "The policy was changed while the sweep was planned: start another one.";

    // Containers of one activity.
    private const int PageSize = 40;
    private const int SideBySide = 4;

    /// <summary>Lists the containers. Made once.</summary>
    /// <returns>How many pages of them there are.</returns>
    public async Task<int> ListAsync(SweepRun run, CancellationToken cancellationToken)
    {
        var places = await documents.KeepPlacesAsync(run.SweepId, () => storage.PlacesAsync(cancellationToken), cancellationToken);
        return (places.Places.Count + PageSize - 1) / PageSize;
    }

    /// <summary>Plans the containers of a page.</summary>
    /// <exception cref="RequestFailedException">Some could not be read for now, or the plan could not be kept. Call again.</exception>
    public async Task PlanAsync(SweepRun run, int page, CancellationToken cancellationToken)
    {
        if (await PolicyAsync(run, cancellationToken) is not { } policy)
            return;
        var places = await documents.PlacesAsync(run.SweepId, cancellationToken);
        await Parallel.ForEachAsync(
            places.Places.Skip(page * PageSize).Take(PageSize),
            new ParallelOptions { MaxDegreeOfParallelism = SideBySide, CancellationToken = cancellationToken },
            async (place, stop) => await planner.PlanAsync(run, policy, place.Account, place.Container, stop)
        );
    }

    /// <summary>Puts together what was planned, and lets the acts begin.</summary>
    /// <returns>The cases to carry out: one for each data set that has something to delete.</returns>
    public async Task<IReadOnlyList<ChangeRun>> CompleteAsync(SweepRun run, CancellationToken cancellationToken)
    {
        var sweep = await SweepAsync(run, cancellationToken);
        if (await PolicyAsync(run, cancellationToken) is not { } policy)
            return [];
        var places = await documents.PlacesAsync(run.SweepId, cancellationToken);
        var plans = await documents.PlansAsync(run.SweepId, cancellationToken);
        var sets = new List<DataSetPlan>();
        foreach (var slices in plans.SelectMany(p => p.Slices).Where(s => s.DataSet is not null).GroupBy(s => s.DataSet!))
            sets.Add(
                await documents.KeepCaseAsync(
                    new(
                        run,
                        slices.Key,
                        sweep.PolicySha256,
                        Requesters(sweep),
                        await WithUndoAsync([.. slices], cancellationToken),
                        Unread(policy, slices.Key, plans, places)
                    ),
                    cancellationToken
                )
            );
        await RecordAsync(sweep, plans, sets, cancellationToken);
        var due = sets.Where(s => s.Totals().Due.Items > 0).ToList();
        await sweeps.ChangeAsync(
            run.TenantId,
            run.SweepId,
            s =>
                s.Stage != SweepStage.Planning
                    ? s
                    : s with
                    {
                        Stage = s.IsDryRun ? SweepStage.Complete : SweepStage.Acting,
                        Containers = plans.Count,
                        DataSets = [.. due.Select(d => d.DataSet).Order(StringComparer.Ordinal)],
                        Unread = [.. places.Unread, .. plans.Select(p => p.Unread).OfType<string>()],
                    },
            cancellationToken
        );
        return sweep.IsDryRun ? [] : [.. due.Select(d => new ChangeRun(run.TenantId, d.CaseId, 1, "") { Requesters = d.Requesters })];
    }

    // Null where the policy is no longer the one that the sweep began with: it is over then, and nothing was deleted.
    private async Task<RetentionPolicy?> PolicyAsync(SweepRun run, CancellationToken cancellationToken)
    {
        var policy = policies.Load();
        var sweep = await SweepAsync(run, cancellationToken);
        if (sweep.PolicySha256 == policy.Sha256)
            return sweep.IsOpen ? policy : null;
        await sweeps.ChangeAsync(
            run.TenantId,
            run.SweepId,
            s => s.IsOpen ? s with { Stage = SweepStage.Cancelled, Unread = [.. s.Unread, PolicyChanged] } : s,
            cancellationToken
        );
        return null;
    }

    private async Task<Sweep> SweepAsync(SweepRun run, CancellationToken cancellationToken) =>
        await sweeps.FindAsync(run.TenantId, run.SweepId, cancellationToken)
        ?? throw new KeyNotFoundException($"there is no sweep {run.SweepId}");

    private async Task<IReadOnlyList<Slice>> WithUndoAsync(IReadOnlyList<Slice> slices, CancellationToken cancellationToken)
    {
        var days = new Dictionary<string, int?>(StringComparer.OrdinalIgnoreCase);
        foreach (var account in slices.Select(s => s.Account).Distinct(StringComparer.OrdinalIgnoreCase))
            days[account] = await storage.UndoDaysAsync(account, cancellationToken);
        return [.. slices.Select(s => s with { UndoDays = days[s.Account] })];
    }

    private static IReadOnlyList<string> Requesters(Sweep sweep) => sweep.RequestedBy is { } by ? [by] : [];

    // What the share of a data set cannot be counted by.
    private static IReadOnlyList<string> Unread(
        RetentionPolicy policy,
        string dataSet,
        IReadOnlyList<ContainerPlan> plans,
        SweepPlaces places
    )
    {
        var place = policy.DataSets.First(s => s.Id == dataSet).Place;
        return
        [
            // Which accounts these have is not known.
            .. places.Unread,
            .. plans
                .Where(p =>
                    p.Unread is not null
                    && place.Accounts.Any(a => Glob.Matches(a, p.Account))
                    && place.Containers.Any(c => Glob.Matches(c, p.Container))
                )
                .Select(p => p.Unread!),
        ];
    }

    private Task<EvidenceReceipt> RecordAsync(
        Sweep sweep,
        IReadOnlyList<ContainerPlan> plans,
        List<DataSetPlan> sets,
        CancellationToken cancellationToken
    )
    {
        var totals = plans.SelectMany(p => p.Slices).Aggregate(SliceTotals.None, (sum, s) => sum + s.Totals);
        var roots = plans.SelectMany(p => p.Slices).Select(s => s.PlanId).Order(StringComparer.Ordinal);
        return evidence.AppendAsync(
            new EvidenceRecord
            {
                Id = $"{sweep.Id}-planned",
                Time = sweep.At,
                Actor = sweep.RequestedBy is { } by ? $"requester {by}" : "timer",
                Action = $"{SweepControls.Actor}.planned",
                TenantId = sweep.TenantId,
                PolicySha256 = sweep.PolicySha256,
                Controls = SweepControls.Evidenced,
                Outcome = plans.Any(p => p.Unread is not null) ? "incomplete" : "complete",
                Counts = new Dictionary<string, long>
                {
                    ["containers"] = plans.Count,
                    ["dataSets"] = sets.Count,
                    ["items"] = totals.All.Items,
                    ["due"] = totals.Due.Items,
                    ["dueBytes"] = totals.Due.Bytes,
                    ["held"] = totals.Held.Items,
                    ["unknown"] = totals.Unknown.Items,
                },
                DetailsSha256 = new Dictionary<string, string> { ["manifests"] = CanonicalJson.Sha256Of(roots.ToList()) },
                Subject = sweep.Id,
                CorrelationId = sweep.Id,
                People = sweep.RequestedBy is { } person ? [person] : [],
            },
            cancellationToken
        );
    }
}
