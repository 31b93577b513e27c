using System.Globalization;
using Compliance.Changes.Approvals;
using Compliance.Minimization.Policy;
using Compliance.Storage;

namespace Compliance.Minimization.Sweeps;

/// <summary>What became of the wish to start a sweep.</summary>
/// <param name="Status">HTTP status: 202 with the sweep, else a refusal.</param>
/// <param name="Reason">Why it is refused; null when it is not.</param>
/// <param name="Sweep">The sweep that was started, or the one that is under way; null when refused.</param>
public sealed record SweepAnswer(int Status, string? Reason, Sweep? Sweep);

/// <summary>Where sweeps are started, cancelled and read.</summary>
public sealed class SweepDesk
{
    private readonly TenantId _tenant;
    private readonly Approvers _approvers;
    private readonly TableSweeps _sweeps;
    private readonly SweepDocuments _documents;
    private readonly SweepChange _change;
    private readonly IRetentionPolicySource _policies;
    private readonly TimeProvider _time;

    internal SweepDesk(
        TenantId tenant,
        Approvers approvers,
        TableSweeps sweeps,
        SweepDocuments documents,
        SweepChange change,
        IRetentionPolicySource policies,
        TimeProvider time
    ) =>
        (_tenant, _approvers, _sweeps, _documents, _change, _policies, _time) = (
            tenant,
            approvers,
            sweeps,
            documents,
            change,
            policies,
            time
        );

    /// <summary>The sweep of a quarter, which the timer starts.</summary>
    /// <returns>The sweep to run; null while another one is under way, which is started again by the timer of the next day.</returns>
    internal async Task<Sweep?> StartScheduledAsync(CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        var id = string.Create(CultureInfo.InvariantCulture, $"sweep-{now.Year}-q{((now.Month - 1) / 3) + 1}");
        while (await _sweeps.FindAsync(_tenant.Value, id, cancellationToken) is { } known)
        {
            // One that a change of the policy ended before it planned anything is none.
            if (!known.IsVoid)
                return known.IsOpen ? known : null;
            id += "-again";
        }
        var sweep = await _sweeps.BeginAsync(New(id, now, null, false), cancellationToken);
        return sweep.Id == id ? sweep : null;
    }

    /// <summary>Starts a sweep by hand.</summary>
    /// <param name="authorization">Header Authorization: an administrator or approver, whose own answer does not count.</param>
    /// <param name="isDryRun">True for one that ends with its plan.</param>
    /// <param name="cancellationToken">Gives up; call again.</param>
    public async Task<SweepAnswer> StartAsync(string? authorization, bool isDryRun, CancellationToken cancellationToken)
    {
        var signIn = await _approvers.SignInStarterAsync(authorization, cancellationToken);
        if (signIn.Identity is not { } person)
            return new(signIn.Status, signIn.Reason, null);
        var now = _time.GetUtcNow();
        var id = string.Create(CultureInfo.InvariantCulture, $"sweep-{now.UtcDateTime:yyyyMMdd't'HHmmssfff'z'}");
        var sweep = await _sweeps.BeginAsync(New(id, now, person.ObjectId, isDryRun), cancellationToken);
        return sweep.Id == id ? new(202, null, sweep) : new(409, $"sweep {sweep.Id} is under way: wait for its end, or cancel it", sweep);
    }

    /// <summary>Stops a sweep: what was not deleted by then stays.</summary>
    /// <param name="authorization">Header Authorization: an administrator or approver.</param>
    /// <param name="id">The sweep.</param>
    /// <param name="cancellationToken">Gives up; call again.</param>
    public async Task<SweepAnswer> CancelAsync(string? authorization, string id, CancellationToken cancellationToken)
    {
        var signIn = await _approvers.SignInStarterAsync(authorization, cancellationToken);
        if (signIn.Identity is null)
            return new(signIn.Status, signIn.Reason, null);
        if (await _sweeps.FindAsync(_tenant.Value, id, cancellationToken) is not { } known)
            return new(404, $"there is no sweep {id}", null);
        if (!known.IsOpen)
            return new(409, $"sweep {id} is over: {known.Stage}", known);
        return new(
            200,
            null,
            await _sweeps.ChangeAsync(
                _tenant.Value,
                id,
                s => s.IsOpen ? s with { Stage = SweepStage.Cancelled, EndedAt = _time.GetUtcNow() } : s,
                cancellationToken
            )
        );
    }

    /// <summary>All sweeps, the newest first.</summary>
    public Task<IReadOnlyList<Sweep>> AllAsync(CancellationToken cancellationToken) => _sweeps.AllAsync(_tenant.Value, cancellationToken);

    /// <inheritdoc cref="TableSweeps.ExpectedAsync"/>
    internal Task<IReadOnlyList<Sweep>> ExpectedAsync(CancellationToken cancellationToken) =>
        _sweeps.ExpectedAsync(_tenant.Value, cancellationToken);

    /// <summary>A sweep, and what it plans; null when there is none.</summary>
    internal async Task<SweepView?> FindAsync(string id, CancellationToken cancellationToken)
    {
        if (await _sweeps.FindAsync(_tenant.Value, id, cancellationToken) is not { } sweep)
            return null;
        var views = new List<DataSetView>();
        foreach (var set in sweep.DataSets)
            views.Add(await ViewAsync(sweep, set, cancellationToken));
        return new(sweep, views);
    }

    /// <summary>The report of a sweep; null while it is not done.</summary>
    internal Task<SweepReport?> ReportAsync(string id, CancellationToken cancellationToken) =>
        _documents.ReportAsync(id, cancellationToken);

    private async Task<DataSetView> ViewAsync(Sweep sweep, string dataSet, CancellationToken cancellationToken)
    {
        var caseId = DataSetPlan.CaseOf(sweep.Id, dataSet);
        var plan = await _documents.CaseAsync(caseId, cancellationToken);
        var observed = await _change.ObserveAsync(new(sweep.TenantId, caseId, 1, ""), cancellationToken);
        var set = _policies.Load().DataSets.FirstOrDefault(s => s.Id == dataSet);
        return new(
            caseId,
            dataSet,
            set?.Owner,
            plan.Totals(),
            plan.Slices.SelectMany(s => s.Due)
                .GroupBy(d => d.Key, StringComparer.Ordinal)
                .ToDictionary(g => g.Key, g => g.Aggregate(SliceTotal.None, (sum, d) => sum + d.Value), StringComparer.Ordinal),
            plan.Slices.Min(s => s.Oldest),
            plan.Slices.Max(s => s.Newest),
            [.. plan.Slices.SelectMany(s => s.Samples.Take(10).Select(n => $"{s.Place}/{n}")).Take(10)],
            [.. SweepPolicy.Holds(observed, set).Select(h => h.Reason)]
        );
    }

    private Sweep New(string id, DateTimeOffset now, string? by, bool isDryRun) =>
        new()
        {
            Id = id,
            TenantId = _tenant.Value,
            At = now,
            RequestedBy = by,
            PolicySha256 = _policies.Load().Sha256,
            IsDryRun = isDryRun,
        };
}
