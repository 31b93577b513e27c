using Compliance.Changes.Approvals;
using Compliance.Changes.Plans;
using Compliance.Offboarding.Cases;

namespace Compliance.Offboarding.Rounds;

/// <summary>Whether a block that was let begin, and was not done, may be done still.</summary>
internal sealed class BlockReview(BlockGuards guards, LeaverMatch match, RoundQuestions questions)
{
    /// <summary>
    /// Whether HR's event still fits the person of the plan, and no guard holds now but those that two people approved under the policy in
    /// force.
    /// </summary>
    public async Task<bool> MayBlockAsync(
        CaseRun run,
        LeaverCase known,
        ActionPlan plan,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var lookup = await match.LookUpAsync(known, policy, cancellationToken);
        if (lookup.Facts is not { } facts || !Ids.Same(facts.UserId, plan.SubjectId))
            return false;
        var holds = await guards.BeforeBlockingAsync(run, known, facts, policy, cancellationToken);
        return holds.Count == 0
            || (
                await questions.FindAsync(RoundQuestions.RequestId(run, plan.Id()), cancellationToken) is { } request
                && string.Equals(request.PolicySha256, policy.Sha256, StringComparison.Ordinal)
                && questions.IsApproved(known, request)
                && ApprovalBoard.Covers(request, holds.Select(h => h.Guard))
            );
    }
}
