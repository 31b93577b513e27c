using Compliance.Changes.Plans;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Planning;

namespace Compliance.Offboarding.Rounds;

/// <summary>Puts one person into the block group of the policy.</summary>
internal sealed class BlockGroupAct(LeaverRounds rounds, RoundPasses passes, ILeaverDirectory directory, TimeProvider time)
{
    private const string Again = "It is tried again every five minutes.";

    // Whoever does not answer by then is asked again by the sweep: the removal does not wait.
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(10);

    /// <inheritdoc cref="RoundPasses.IsBlockingHeldAsync"/>
    public Task<bool> IsHeldAsync(CancellationToken cancellationToken) => passes.IsBlockingHeldAsync(cancellationToken);

    /// <summary>Tries it, unless it is known to be in effect.</summary>
    public async Task<(string PlanId, StepOutcome Outcome)> PutAsync(
        CaseRun run,
        LeaverFacts facts,
        string id,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        using var limit = new CancellationTokenSource(Within, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        var group = await ReadAsync(id, facts.UserId, either.Token, cancellationToken);
        var plan = BlockPlanner.Group(rounds.Tenant, run.CaseId, facts, group, policy);
        var stepId = PlanStep.IdOf(AddToBlockGroup.Id, group.Target);
        await rounds.SavePlanAsync(run, plan, cancellationToken);
        var state = await KeepBeforeAsync(run, id, group, plan.Id(), cancellationToken);
        var outcome = group switch
        {
            { Unread: { } why } => new StepOutcome(stepId, StepResult.Failed, rounds.Now, why, Remedy: Again),
            { Problem: { } why } => new StepOutcome(stepId, StepResult.Refused, rounds.Now, why, Remedy: BlockPlanner.OtherGroup),
            _ when state.Group!.WasMember == true => new(stepId, StepResult.AlreadySo, rounds.Now, "was a member before"),
            _ => await ActAsync(plan, stepId, either.Token, cancellationToken),
        };
        state = await KeepAsync(run, plan.Id(), outcome, cancellationToken);
        return (state.Group!.PlanId, state.Group.Outcome!);
    }

    private async Task<BlockGroup> ReadAsync(string id, string userId, CancellationToken either, CancellationToken cancellationToken)
    {
        try
        {
            return await directory.BlockGroupAsync(id, userId, either);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return BlockGroup.NotRead(id, "the directory did not answer");
        }
    }

    // Kept before the act: who was a member already was not put there by this program, and an undo leaves them there.
    private Task<CaseState> KeepBeforeAsync(CaseRun run, string id, BlockGroup group, string planId, CancellationToken cancellationToken)
    {
        var isRead = group is { Problem: null, Unread: null };
        return rounds.ChangeStateAsync(
            run,
            s =>
                s with
                {
                    Group =
                        s.Group is { } kept && Ids.Same(kept.Id, id) && kept.WasMember is not null
                            ? kept
                            : new(id, planId, isRead ? group.IsMember : null, null),
                    Plans = s.Plans.With(planId),
                },
            cancellationToken
        );
    }

    private Task<CaseState> KeepAsync(CaseRun run, string planId, StepOutcome outcome, CancellationToken cancellationToken) =>
        rounds.ChangeStateAsync(
            run,
            s =>
                s.Group is { Outcome.InEffect: true }
                    ? s
                    : s with
                    {
                        Group = s.Group! with { PlanId = planId, Outcome = outcome },
                        // What was not put in by this program is not taken out by it.
                        Begun = s.Group!.WasMember == true ? s.Begun : s.Begun.With(planId),
                    },
            cancellationToken
        );

    private async Task<StepOutcome> ActAsync(ActionPlan plan, string stepId, CancellationToken either, CancellationToken cancellationToken)
    {
        try
        {
            const string paused = "acts are paused, blocking included";
            return await passes.BlockAsync(plan, settled: null, either) is { } outcomes
                ? outcomes[0]
                : new(stepId, StepResult.Failed, rounds.Now, paused, Remedy: Again);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new(stepId, StepResult.Failed, rounds.Now, "the directory did not answer", Remedy: Again);
        }
    }
}
