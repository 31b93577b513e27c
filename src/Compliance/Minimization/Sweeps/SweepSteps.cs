using Compliance.Changes.Flow;

namespace Compliance.Minimization.Sweeps;

/// <summary>The steps of a sweep. Each is safe to repeat.</summary>
public sealed class SweepSteps
{
    private readonly SweepPlanning _planning;
    private readonly SweepCompletion _completion;
    private readonly SweepErasureCheck _erasure;
    private readonly ChangeFlow<SweepObservation> _flow;

    internal SweepSteps(SweepPlanning planning, ChangeFlow<SweepObservation> flow, SweepCompletion completion, SweepErasureCheck erasure) =>
        (_planning, _flow, _completion, _erasure) = (planning, flow, completion, erasure);

    /// <summary>Lists the containers, and returns how many pages of them there are.</summary>
    public Task<int> ListAsync(SweepRun run, CancellationToken cancellationToken) => _planning.ListAsync(run, cancellationToken);

    /// <summary>Plans the containers of a page.</summary>
    public Task PlanAsync(SweepRun run, int page, CancellationToken cancellationToken) => _planning.PlanAsync(run, page, cancellationToken);

    /// <summary>Puts together what was planned, and returns the cases to carry out.</summary>
    public Task<IReadOnlyList<ChangeRun>> PlannedAsync(SweepRun run, CancellationToken cancellationToken) =>
        _planning.CompleteAsync(run, cancellationToken);

    /// <summary>Decides whether the plan of a data set may be carried out.</summary>
    public Task<ChangeDecision> DecideAsync(ChangeRun run, CancellationToken cancellationToken) =>
        _flow.DecideAsync(run, cancellationToken);

    /// <summary>What came of a wait for approvals.</summary>
    public Task<ApprovalStatus> ApprovalStatusAsync(ChangeRun run, string requestId, CancellationToken cancellationToken) =>
        _flow.ApprovalStatusAsync(run, requestId, cancellationToken);

    /// <summary>Deletes what the plan has, as far as it comes in a few minutes.</summary>
    public Task<ChangePass> ActAsync(ChangeRun run, string planId, CancellationToken cancellationToken) =>
        _flow.ActAsync(run, planId, cancellationToken);

    /// <summary>Lists again what was deleted.</summary>
    public Task<ChangePass> VerifyAsync(ChangeRun run, CancellationToken cancellationToken) => _flow.VerifyAsync(run, cancellationToken);

    /// <summary>Issues the certificate of a data set.</summary>
    public Task<string> CertifyAsync(ChangeRun run, CancellationToken cancellationToken) => _flow.CertifyAsync(run, cancellationToken);

    /// <summary>Reports the sweep, and returns when storage keeps nothing of it any more (UTC); null where it keeps nothing.</summary>
    public Task<DateTime?> CompleteAsync(SweepRun run, CancellationToken cancellationToken) =>
        _completion.CompleteAsync(run, cancellationToken);

    /// <summary>Lists once more what was deleted, when storage keeps nothing of it.</summary>
    public Task VerifyErasureAsync(SweepRun run, CancellationToken cancellationToken) => _erasure.RunAsync(run, cancellationToken);
}
