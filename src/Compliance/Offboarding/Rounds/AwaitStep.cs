using Compliance.Changes.Approvals;
using Compliance.Changes.Flow;
using Compliance.Offboarding.Cases;

namespace Compliance.Offboarding.Rounds;

/// <summary>How a request for approval is answered so far. Whoever was blocked stays blocked meanwhile.</summary>
internal sealed class AwaitStep(
    LeaverRounds rounds,
    RoundQuestions questions,
    QuestionReview review,
    ApprovalOutcomes outcomes,
    BlockAgain again
)
{
    /// <inheritdoc cref="LeaverSteps.ApprovalStatusAsync"/>
    public async Task<ApprovalStatus> ApprovalStatusAsync(CaseRun run, string approvalId, CancellationToken cancellationToken)
    {
        var known = await rounds.CaseAsync(run, cancellationToken);
        var policy = rounds.LoadPolicy();
        if (await questions.FindAsync(approvalId, cancellationToken) is not { } found)
            return ApprovalStatus.Void;
        var request = RoundQuestions.WithStarter(found, known);
        if (!await review.IsAskedStillAsync(run, known, request, policy, cancellationToken))
            return await VoidAsync(approvalId, cancellationToken);
        if (!RoundQuestions.IsUndo(request))
        {
            await again.IfNotBlockedAsync(run, known, policy, cancellationToken);
            await again.IfEnabledAsync(run, known, policy, cancellationToken);
        }
        if (await review.IsReadByNowAsync(run, known, request, policy, cancellationToken))
            return await VoidAsync(approvalId, cancellationToken);
        switch (ApprovalRules.StateOf(request, rounds.Now))
        {
            case ApprovalState.Approved:
                await outcomes.ApprovedAsync(run, known, request, cancellationToken);
                return ApprovalStatus.Approved;
            case ApprovalState.Refused:
                await outcomes.RefusedAsync(run, known, request, policy, cancellationToken);
                return ApprovalStatus.Refused;
            case ApprovalState.Open when request.Deadline <= rounds.Now:
                await outcomes.OverdueAsync(run, known, request, policy, cancellationToken);
                return ApprovalStatus.Open;
            default:
                return ApprovalStatus.Open;
        }
    }

    private async Task<ApprovalStatus> VoidAsync(string approvalId, CancellationToken cancellationToken)
    {
        await questions.VoidAsync(approvalId, cancellationToken);
        return ApprovalStatus.Void;
    }
}
