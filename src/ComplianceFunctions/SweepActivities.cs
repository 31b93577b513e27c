using Compliance.Changes.Flow;
using Compliance.Minimization.Sweeps;

namespace ComplianceFunctions;

/// <summary>A page of containers of a sweep.</summary>
/// <param name="Run">The sweep.</param>
/// <param name="Page">Number of the page, from 0.</param>
public sealed record SweepPage(SweepRun Run, int Page);

/// <summary>The activities of a sweep. Each calls one step, which is safe to repeat.</summary>
public sealed class SweepActivities(SweepSteps steps)
{
    /// <summary>Lists the containers, and returns how many pages of them there are.</summary>
    [Function(nameof(SweepList))]
    public Task<int> SweepList([ActivityTrigger] SweepRun run, CancellationToken cancellationToken) =>
        steps.ListAsync(run, cancellationToken);

    /// <summary>Plans the containers of a page.</summary>
    [Function(nameof(SweepPlan))]
    public Task SweepPlan([ActivityTrigger] SweepPage page, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(page);
        return steps.PlanAsync(page.Run, page.Page, cancellationToken);
    }

    /// <summary>Puts together what was planned, and returns the cases to carry out.</summary>
    [Function(nameof(SweepPlanned))]
    public Task<IReadOnlyList<ChangeRun>> SweepPlanned([ActivityTrigger] SweepRun run, CancellationToken cancellationToken) =>
        steps.PlannedAsync(run, cancellationToken);

    /// <summary>Decides whether the plan of a data set may be carried out.</summary>
    [Function(nameof(SweepDecide))]
    public Task<ChangeDecision> SweepDecide([ActivityTrigger] ChangeRun run, CancellationToken cancellationToken) =>
        steps.DecideAsync(run, cancellationToken);

    /// <summary>What came of a wait for approvals.</summary>
    [Function(nameof(SweepApprovalStatus))]
    public Task<ApprovalStatus> SweepApprovalStatus([ActivityTrigger] ChangeApprovalRun run, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        return steps.ApprovalStatusAsync(run.Run, run.RequestId, cancellationToken);
    }

    /// <summary>Deletes what the plan has, as far as it comes in a few minutes.</summary>
    [Function(nameof(SweepAct))]
    public Task<ChangePass> SweepAct([ActivityTrigger] ChangePlanRun run, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        return steps.ActAsync(run.Run, run.PlanId, cancellationToken);
    }

    /// <summary>Lists again what was deleted.</summary>
    [Function(nameof(SweepVerify))]
    public Task<ChangePass> SweepVerify([ActivityTrigger] ChangeRun run, CancellationToken cancellationToken) =>
        steps.VerifyAsync(run, cancellationToken);

    /// <summary>Issues the certificate of a data set.</summary>
    [Function(nameof(SweepCertify))]
    public Task<string> SweepCertify([ActivityTrigger] ChangeRun run, CancellationToken cancellationToken) =>
        steps.CertifyAsync(run, cancellationToken);

    /// <summary>Reports the sweep, and returns when storage keeps nothing of it any more.</summary>
    [Function(nameof(SweepComplete))]
    public Task<DateTime?> SweepComplete([ActivityTrigger] SweepRun run, CancellationToken cancellationToken) =>
        steps.CompleteAsync(run, cancellationToken);

    /// <summary>Lists once more what was deleted, when storage keeps nothing of it.</summary>
    [Function(nameof(SweepVerifyErasure))]
    public Task SweepVerifyErasure([ActivityTrigger] SweepRun run, CancellationToken cancellationToken) =>
        steps.VerifyErasureAsync(run, cancellationToken);
}
