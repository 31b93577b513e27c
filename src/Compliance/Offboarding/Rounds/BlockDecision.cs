using Compliance.Changes.Approvals;
using Compliance.Changes.Flow;
using Compliance.Changes.Plans;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Planning;

namespace Compliance.Offboarding.Rounds;

/// <summary>Whether the person of a round may be blocked now. Nothing is changed in the tenant.</summary>
internal sealed class BlockDecision(
    LeaverRounds rounds,
    LeaverMatch match,
    BlockGuards guards,
    CapPlaces places,
    RoundQuestions questions,
    BlockBeginning beginning
)
{
    /// <summary>Finds the person, asks the guards and reserves room under the caps.</summary>
    /// <param name="run">The round.</param>
    /// <param name="known">The case, which is due.</param>
    /// <param name="policy">The policy in force.</param>
    /// <param name="readAt">When the case was read (UTC).</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    /// <returns>
    /// The plan with <see cref="NextAction.Proceed"/> alone; no answer when HR changed the case meanwhile, so that it is read again.
    /// </returns>
    public async Task<(ChangeDecision? Answer, ActionPlan? Plan)> DecideAsync(
        CaseRun run,
        LeaverCase known,
        OffboardingPolicy policy,
        DateTimeOffset readAt,
        CancellationToken cancellationToken
    )
    {
        var state = await rounds.StateAsync(run, cancellationToken);
        // Blocked before, in this round: what the person was before must not be forgotten.
        if (known.BlockedAt is not null && await rounds.FindBlockPlanAsync(run, state, cancellationToken) is { } blocked)
            return (new(NextAction.Proceed, blocked.Id()), blocked);
        var lookup = await match.LookUpAsync(known, policy, cancellationToken);
        if (lookup.Facts is not { } facts)
            return (await match.UnmatchedAsync(run, known, lookup, policy, cancellationToken), null);

        var plan = BlockPlanner.Plan(rounds.Tenant, run.CaseId, facts, policy);
        var holds = await guards.BeforeBlockingAsync(run, known, facts, policy, cancellationToken);
        // Approved for the guards that held then: one that holds only now asks again.
        var request = await ReleasedAsync(run, state, plan.Id(), cancellationToken);
        var isApproved =
            request is not null && questions.IsApproved(known, request) && ApprovalBoard.Covers(request, holds.Select(h => h.Guard));
        if (!isApproved && holds.Count == 0 && await places.ReserveAsync(known, policy, facts.Staff, cancellationToken) is { } full)
            holds.Add(full);
        await rounds.SavePlanAsync(run, plan, cancellationToken);
        if (holds.Count > 0 && !isApproved)
        {
            var question = new Question(run, plan, facts, holds, readAt, RoundQuestions.RequestId(run, plan.Id()), known.InstanceId);
            return (await AskAsync(question, known, policy, cancellationToken), null);
        }
        var answer = await beginning.BeginAsync(
            new(run, known, state, facts, plan, isApproved ? request : null),
            policy,
            cancellationToken
        );
        return (answer, answer?.Outcome == NextAction.Proceed ? plan : null);
    }

    private async Task<ApprovalRequest?> ReleasedAsync(CaseRun run, CaseState state, string planId, CancellationToken cancellationToken) =>
        state.Released.Contains(planId, StringComparer.Ordinal)
            ? await questions.FindAsync(RoundQuestions.RequestId(run, planId), cancellationToken)
            : null;

    private async Task<ChangeDecision> AskAsync(
        Question question,
        LeaverCase known,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        // While people are asked, no block that was let begin before is carried out, whichever plan it was.
        await rounds.WithdrawBlockAsync(question.Run, cancellationToken);
        return await questions.AskAsync(question, known, policy, StageChange.BlockHeld, cancellationToken);
    }
}
