using Compliance.Changes.Flow;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Rounds;

namespace ComplianceFunctions;

/// <summary>A step that carries out one plan.</summary>
/// <param name="Run">The case.</param>
/// <param name="PlanId">The plan.</param>
public sealed record PlanRun(CaseRun Run, string PlanId);

/// <summary>A step that asks how a request for approval stands.</summary>
/// <param name="Run">The case.</param>
/// <param name="ApprovalId">The request.</param>
public sealed record ApprovalRun(CaseRun Run, string ApprovalId);

/// <summary>The activities of a leaver case. Each calls one step, which is safe to repeat.</summary>
public sealed class LeaverActivities(LeaverSteps steps, UndoSteps undo)
{
    /// <summary>How a request for approval stands.</summary>
    [Function(nameof(LeaverApprovalStanding))]
    public Task<ApprovalStatus> LeaverApprovalStanding([ActivityTrigger] ApprovalRun run, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        return steps.ApprovalStatusAsync(run.Run, run.ApprovalId, cancellationToken);
    }

    /// <summary>Disables the account and revokes its sessions, once it is due and no guard holds.</summary>
    [Function(nameof(LeaverBlock))]
    public Task<ChangeDecision> LeaverBlock([ActivityTrigger] CaseRun run, CancellationToken cancellationToken) =>
        steps.BlockAsync(run, cancellationToken);

    /// <summary>Reads all access and makes the removal plan.</summary>
    [Function(nameof(LeaverPlan))]
    public Task<ChangeDecision> LeaverPlan([ActivityTrigger] CaseRun run, CancellationToken cancellationToken) =>
        steps.PlanAsync(run, cancellationToken);

    /// <summary>Carries a removal plan out.</summary>
    [Function(nameof(LeaverRemove))]
    public Task<ChangePass> LeaverRemove([ActivityTrigger] PlanRun run, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        return steps.RemoveAsync(run.Run, run.PlanId, cancellationToken);
    }

    /// <summary>Reads all access again and compares.</summary>
    [Function(nameof(LeaverVerify))]
    public Task<CaseProgress> LeaverVerify([ActivityTrigger] CaseRun run, CancellationToken cancellationToken) =>
        steps.VerifyAsync(run, cancellationToken);

    /// <summary>Issues the certificate.</summary>
    [Function(nameof(LeaverCertify))]
    public Task<string> LeaverCertify([ActivityTrigger] CaseRun run, CancellationToken cancellationToken) =>
        steps.CertifyAsync(run, cancellationToken);

    /// <summary>Plans what is given back.</summary>
    [Function(nameof(LeaverPlanUndo))]
    public Task<ChangeDecision> LeaverPlanUndo([ActivityTrigger] CaseRun run, CancellationToken cancellationToken) =>
        undo.PlanUndoAsync(run, cancellationToken);

    /// <summary>Gives access back.</summary>
    [Function(nameof(LeaverRestore))]
    public Task<ChangePass> LeaverRestore([ActivityTrigger] PlanRun run, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(run);
        return undo.RestoreAsync(run.Run, run.PlanId, cancellationToken);
    }
}
