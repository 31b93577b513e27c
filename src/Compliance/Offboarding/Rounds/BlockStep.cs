using Compliance.Changes.Flow;
using Compliance.Changes.Plans;
using Compliance.Offboarding.Cases;

namespace Compliance.Offboarding.Rounds;

/// <summary>
/// Blocks the person of a round once the time of leaving has come and no guard holds. All in one step, so that nothing but the directory is
/// between the event and the block.
/// </summary>
internal sealed class BlockStep(
    LeaverRounds rounds,
    RoundGate gate,
    BlockDecision decision,
    Blocking blocking,
    RoundQuestions questions,
    BlockGroups groups,
    BlockingFirst urgent
)
{
    /// <inheritdoc cref="LeaverSteps.BlockAsync"/>
    public async Task<ChangeDecision> BlockAsync(CaseRun run, CancellationToken cancellationToken)
    {
        var policy = rounds.LoadPolicy();
        var (answer, plan) = await DecideAsync(run, policy, cancellationToken);
        if (plan is null)
            return answer;
        try
        {
            return new(await blocking.BlockAsync(run, plan, policy, cancellationToken), answer.PlanId);
        }
        finally
        {
            // Also when the block could not be recorded.
            urgent.End(run.CaseId);
            await groups.BlockGroupAsync(run, cancellationToken);
        }
    }

    /// <summary>Decides whether the person may be blocked now, and changes nothing in the tenant.</summary>
    public async Task<ChangeDecision> DecideAsync(CaseRun run, CancellationToken cancellationToken) =>
        (await DecideAsync(run, rounds.LoadPolicy(), cancellationToken)).Answer;

    // The plan comes with Proceed alone.
    private async Task<(ChangeDecision Answer, ActionPlan? Plan)> DecideAsync(
        CaseRun run,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        while (true)
        {
            var readAt = rounds.Now;
            var (notYet, known) = await LoadDueAsync(run, policy, readAt, cancellationToken);
            if (notYet is not null)
            {
                urgent.End(run.CaseId);
                return (notYet, null);
            }
            urgent.Begin(run.CaseId);
            var (answer, plan) = await decision.DecideAsync(run, known, policy, readAt, cancellationToken);
            if (answer is null)
                continue;
            if (plan is null)
                urgent.End(run.CaseId);
            return (answer, plan);
        }
    }

    private async Task<(ChangeDecision? NotYet, LeaverCase Known)> LoadDueAsync(
        CaseRun run,
        OffboardingPolicy policy,
        DateTimeOffset readAt,
        CancellationToken cancellationToken
    )
    {
        var (known, isSuperseded) = await gate.LoadAsync(run, policy, cancellationToken);
        if (isSuperseded)
            return (new(NextAction.Stop), known);
        if (CaseRules.IsLater(known, readAt))
        {
            await gate.ReleasePlaceAsync(run, cancellationToken);
            await questions.VoidBlockAsync(run, cancellationToken);
            return (new(NextAction.NotDue, Until: known.DueAt!.Value.UtcDateTime), known);
        }
        return known.BlockedAt is null && await blocking.PausedAsync(run, cancellationToken) is { } paused
            ? (paused, known)
            : (null, known);
    }
}
