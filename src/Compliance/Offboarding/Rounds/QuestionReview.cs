using Compliance.Changes.Approvals;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Cases;

namespace Compliance.Offboarding.Rounds;

/// <summary>Whether what two people are asked is still the question.</summary>
internal sealed class QuestionReview(LeaverRounds rounds, TakenAccess taken, NewOwners owners, LeaverMatch match, BlockGuards guards)
{
    /// <summary>
    /// Whether the case is as it was when they were asked: a newer event of HR, or a changed policy, makes it another question.
    /// </summary>
    public async Task<bool> IsAskedStillAsync(
        CaseRun run,
        LeaverCase known,
        ApprovalRequest request,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        if (!string.Equals(request.PolicySha256, policy.Sha256, StringComparison.Ordinal))
            return false;
        if (!RoundQuestions.IsUndo(request))
            return !CaseRules.IsSupersededOrLater(known, run.Round, rounds.Now);
        return CaseRules.IsUndoWanted(known, rounds.Now)
            && request.Id.StartsWith(RoundQuestions.UndoRequestPrefix(known), StringComparison.Ordinal)
            && !await taken.LeavesOtherwiseAsync(known, request.SubjectId, cancellationToken);
    }

    /// <summary>
    /// Whether what was asked for want of something that could not be read can be read by now: it is decided without people where nothing
    /// else holds. While it cannot be read the question stays, with its answers and its deadline.
    /// </summary>
    public async Task<bool> IsReadByNowAsync(
        CaseRun run,
        LeaverCase known,
        ApprovalRequest request,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        if (
            !request.Guards.Contains(GuardNames.Unreadable, StringComparer.Ordinal)
            || ApprovalRules.StateOf(request, rounds.Now) != ApprovalState.Open
        )
            return false;
        if ((await rounds.LoadPlanAsync(run, request.PlanId, cancellationToken)).Kind == Steps.Remove)
            return await owners.ManagerAsync(request.SubjectId, cancellationToken) is not { Unread: not null };
        // Other guards ask as well: their answers would be lost, and people are needed all the same.
        if (request.Guards.Any(g => g != GuardNames.Unreadable))
            return false;
        return (await match.LookUpAsync(known, policy, cancellationToken)).Facts is { } facts && guards.IsRead(facts, policy);
    }
}
