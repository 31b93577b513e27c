using Compliance.Changes.Approvals;
using Compliance.Changes.Flow;
using Compliance.Changes.Plans;
using Compliance.Offboarding.Cases;

namespace Compliance.Offboarding.Rounds;

/// <summary>A block that nothing holds.</summary>
/// <param name="Run">The round.</param>
/// <param name="Known">The case, as it was decided on.</param>
/// <param name="State">What the round did, as it was decided on.</param>
/// <param name="Facts">The person.</param>
/// <param name="Plan">The plan.</param>
/// <param name="Request">The request by which it was approved; null when it needed no approval.</param>
internal sealed record ReleasedBlock(
    CaseRun Run,
    LeaverCase Known,
    CaseState State,
    LeaverFacts Facts,
    ActionPlan Plan,
    ApprovalRequest? Request
);

/// <summary>Lets a block begin: from then on something may have been done to the person.</summary>
internal sealed class BlockBeginning(
    LeaverRounds rounds,
    CapPlaces places,
    RoundQuestions questions,
    TakenAccess taken,
    CaseFindings findings
)
{
    /// <summary>Keeps what the person was before, and that the block begins.</summary>
    /// <returns>
    /// <see cref="NextAction.Stop"/> when it is another round's; null when HR changed the case meanwhile, so that it is to be read again.
    /// </returns>
    public async Task<ChangeDecision?> BeginAsync(ReleasedBlock block, OffboardingPolicy policy, CancellationToken cancellationToken)
    {
        var (run, known, _, facts, plan, _) = block;
        if (await IsAnotherRoundsAsync(block, cancellationToken))
            return new(NextAction.Stop);
        await ReleaseAsync(block, cancellationToken);
        var others = known.IsTaken || known.IsTakenFromOther ? await taken.RoundsAsync(known, cancellationToken) : [];
        // It runs: whoever started it may have been cut off before that was noted.
        var now = rounds.Now;
        var begun = await rounds.ChangeAsync(
            run,
            c =>
                CaseRules.IsSupersededOrLater(c, run.Round, now)
                    ? c
                    : c with
                    {
                        UserId = facts.UserId,
                        PlanId = plan.Id(),
                        Note = null,
                        BegunAt = c.BegunAt ?? now,
                        Dispatched = true,
                        IsTaken = true,
                        IsTakenFromOther = others.Any(o => !Ids.Same(o.UserId, facts.UserId)),
                    },
            cancellationToken
        );
        if (CaseRules.IsSupersededOrLater(begun, run.Round, now))
            return null;
        if (known.Note is not null || run.Round > 1 || run.Attempt > 0)
            await findings.ReportAsync(known, [CasePhase.Match, CasePhase.Hold, CasePhase.Approval], [], rounds.Now, cancellationToken);
        // Also what an earlier round could not give back to a user who was deleted.
        if (known.IsNotGivenBack || run.Round > 1)
            await taken.ReportNotGivenBackAsync(begun, policy, cancellationToken);
        return new(NextAction.Proceed, plan.Id());
    }

    // Another person than this round began with is another round's.
    private async Task<bool> IsAnotherRoundsAsync(ReleasedBlock block, CancellationToken cancellationToken)
    {
        var (run, known, state, facts, _, _) = block;
        if (known.BegunAt is null || state.Facts is not { } before || Ids.Same(before.UserId, facts.UserId))
            return false;
        await rounds.ChangeAsync(
            run,
            c => CaseRules.IsSuperseded(c, run.Round) ? c : CaseRules.NextRound(c) with { UserId = facts.UserId },
            cancellationToken
        );
        return true;
    }

    private async Task ReleaseAsync(ReleasedBlock block, CancellationToken cancellationToken)
    {
        var (run, known, state, facts, plan, request) = block;
        if (request is not null)
        {
            await places.CountApprovedAsync(known, cancellationToken);
            await questions.BeginAsync(request.Id, cancellationToken);
        }
        // Begun and cut off: the account may be disabled by this very round, and an undo gives back what was before.
        var was = known.BegunAt is not null && state.Facts is { AccountEnabled: true } ? facts with { AccountEnabled = true } : facts;
        await rounds.ChangeStateAsync(
            run,
            s => s with { Facts = was, Plans = s.Plans.With(plan.Id()), Released = s.Released.With(plan.Id()) },
            cancellationToken
        );
    }
}
