using Compliance.Changes.Flow;
using Compliance.Offboarding.Cases;

namespace Compliance.Offboarding.Rounds;

/// <summary>
/// The steps of a leaver case, each safe to repeat: an orchestration calls them and may call any of them again after a crash, even after
/// later ones. What a step learns is kept in the case's documents before it returns.
/// </summary>
public sealed class LeaverSteps
{
    private readonly BlockStep _block;
    private readonly AwaitStep _await;
    private readonly RemovalPlanning _planning;
    private readonly RemoveStep _remove;
    private readonly VerifyStep _verify;
    private readonly CertifyStep _certify;

    internal LeaverSteps(
        BlockStep block,
        AwaitStep await,
        RemovalPlanning planning,
        RemoveStep remove,
        VerifyStep verify,
        CertifyStep certify
    )
    {
        (_block, _await, _planning) = (block, await, planning);
        (_remove, _verify, _certify) = (remove, verify, certify);
    }

    /// <summary>
    /// Blocks the person once the time of leaving has come and no guard holds: disables the account and revokes its sessions. All in one
    /// step, so that nothing but the directory is between the event and the block.
    /// </summary>
    /// <returns>
    /// <see cref="NextAction.Proceed"/> when both were done, or when trying again soon does not help: the later steps try again as well;
    /// <see cref="NextAction.NotDue"/> when it is too early; else what it waits for, or that the case is over.
    /// </returns>
    public Task<ChangeDecision> BlockAsync(CaseRun run, CancellationToken cancellationToken) => _block.BlockAsync(run, cancellationToken);

    /// <summary>Decides whether the person may be blocked now, and changes nothing in the tenant.</summary>
    internal Task<ChangeDecision> DecideAsync(CaseRun run, CancellationToken cancellationToken) =>
        _block.DecideAsync(run, cancellationToken);

    /// <summary>How a request for approval is answered so far; past its deadline it is escalated once.</summary>
    public Task<ApprovalStatus> ApprovalStatusAsync(CaseRun run, string approvalId, CancellationToken cancellationToken) =>
        _await.ApprovalStatusAsync(run, approvalId, cancellationToken);

    /// <summary>Reads all access, keeps the snapshot, and makes the removal plan.</summary>
    /// <returns><see cref="NextAction.Throttled"/> when others are being blocked: it yields to them a few times.</returns>
    public Task<ChangeDecision> PlanAsync(CaseRun run, CancellationToken cancellationToken) => _planning.PlanAsync(run, cancellationToken);

    /// <summary>Carries the plan out, as far as Graph's quota of writes has room; steps that were in effect are not done again.</summary>
    public Task<ChangePass> RemoveAsync(CaseRun run, string planId, CancellationToken cancellationToken) =>
        _remove.RemoveAsync(run, planId, cancellationToken);

    /// <summary>Reads all access again and compares. A step counts only when its effect was seen.</summary>
    public Task<CaseProgress> VerifyAsync(CaseRun run, CancellationToken cancellationToken) => _verify.VerifyAsync(run, cancellationToken);

    /// <summary>
    /// Issues the revocation certificate from the last fresh read: JSON and HTML, its digest in an evidence record. One that would say the
    /// same as the last is issued once a day.
    /// </summary>
    /// <returns>
    /// SHA-256 of the certificate's canonical JSON, lower-case hex; empty when another round of the case goes on: what is known of the case
    /// is that round's.
    /// </returns>
    public Task<string> CertifyAsync(CaseRun run, CancellationToken cancellationToken) => _certify.CertifyAsync(run, cancellationToken);
}

/// <summary>The steps of giving access back, each safe to repeat like those of <see cref="LeaverSteps"/>.</summary>
public sealed class UndoSteps
{
    private readonly UndoPlanning _planning;
    private readonly RestoreStep _restore;

    internal UndoSteps(UndoPlanning planning, RestoreStep restore) => (_planning, _restore) = (planning, restore);

    /// <summary>
    /// Plans what is given back: all that the case's rounds took from one person since it was given back last. It always waits for two
    /// approvals, given after the event of HR that holds now.
    /// </summary>
    /// <returns>
    /// <see cref="NextAction.Retry"/> while the case still acts, or while it cannot be read whether an act that was cut off was done;
    /// <see cref="NextAction.Stop"/> when nothing is to be given back.
    /// </returns>
    public Task<ChangeDecision> PlanUndoAsync(CaseRun run, CancellationToken cancellationToken) =>
        _planning.PlanUndoAsync(run, cancellationToken);

    /// <summary>Gives access back as planned and approved, as far as Graph's quota of writes has room.</summary>
    public Task<ChangePass> RestoreAsync(CaseRun run, string planId, CancellationToken cancellationToken) =>
        _restore.RestoreAsync(run, planId, cancellationToken);
}
