using Compliance.Changes.Execution;
using Compliance.Changes.Flow;
using Compliance.Changes.Plans;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Certificates;

namespace Compliance.Offboarding.Rounds;

/// <summary>Carries a removal plan out.</summary>
internal sealed class RemoveStep(
    LeaverRounds rounds,
    RoundOpening opening,
    NewOwners owners,
    RoundQuestions questions,
    RoundPasses passes,
    RemovalRecords records
)
{
    // From this pass on, what was removed and is still seen is removed again: before, it is taken for the directory's own delay.
    private const int AgainAfter = 3;

    /// <inheritdoc cref="LeaverSteps.RemoveAsync"/>
    public async Task<ChangePass> RemoveAsync(CaseRun run, string planId, CancellationToken cancellationToken)
    {
        var opened = await opening.OpenAsync(run, cancellationToken);
        var (policy, known, isSuperseded) = opened;
        if (isSuperseded)
        {
            await opening.RecordCutOffAsync(run, opened, cancellationToken);
            return new(NextAction.Stop);
        }
        if (opened.MustDecideAgain)
        {
            await opening.RecordCutOffAsync(run, opened, cancellationToken);
            return new(NextAction.Retry);
        }
        var state = await rounds.StateAsync(run, cancellationToken);
        if (!state.Released.Contains(planId, StringComparer.Ordinal))
            return new(NextAction.Retry);
        var plan = await rounds.LoadPlanAsync(run, planId, cancellationToken);
        if (plan.PolicySha256 != policy.Sha256 || await questions.HasLapsedAsync(run, known, planId, cancellationToken))
        {
            await opening.RecordCutOffAsync(run, opened, cancellationToken);
            return new(NextAction.Retry);
        }
        if (!await owners.CanTakeOverAsync(plan, state, cancellationToken))
            return new(NextAction.Retry);
        var isBegun = state.Begun.Contains(planId, StringComparer.Ordinal);
        if (!isBegun && await passes.PausedAsync(run, cancellationToken) is { } paused)
            return paused;
        await rounds.NoteRemovingAsync(run, planId, cancellationToken);
        if (!isBegun)
            state = await BeginAsync(run, planId, cancellationToken);
        return await PassAsync(run, state, plan, policy, cancellationToken);
    }

    private async Task<CaseState> BeginAsync(CaseRun run, string planId, CancellationToken cancellationToken)
    {
        await questions.BeginAsync(RoundQuestions.RequestId(run, planId), cancellationToken);
        return await rounds.ChangeStateAsync(
            run,
            s => s with { Begun = s.Begun.With(planId), Pending = s.Pending == planId ? null : s.Pending },
            cancellationToken
        );
    }

    private async Task<ChangePass> PassAsync(
        CaseRun run,
        CaseState state,
        ActionPlan plan,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var settled = Settled(run, state, plan);
        var (done, until) = await passes.RunAsync(run, RoundOutcomes.Removed, plan, settled, state.Tried, cancellationToken);
        if (done is null)
            return await passes.PausedAsync(run, cancellationToken) ?? new(NextAction.Throttled, until);
        state = await rounds.ChangeStateAsync(
            run,
            s => s with { Outcomes = StepOutcomes.Merge(s.Outcomes, done.Outcomes), Tried = done.Tried },
            cancellationToken
        );
        await records.RecordAsync(run, state, plan, done, policy, cancellationToken);
        return new(done.Whole ? NextAction.Proceed : NextAction.Throttled);
    }

    // What was done and is seen again was given back by somebody: it is done again.
    private static HashSet<string> Settled(CaseRun run, CaseState state, ActionPlan plan)
    {
        var back = state
            .Verified?.Accesses.Where(a => a.State == AccessState.StillThere)
            .Select(a => a.Access.Key)
            .ToHashSet(StringComparer.Ordinal)
            ?? [];
        bool IsBack(PlanStep step) =>
            run.Attempt >= AgainAfter && step.Arguments.TryGetValue(StepArguments.Access, out var key) && back.Contains(key);
        var again = plan.Steps.Where(IsBack).Select(s => s.Id).ToHashSet(StringComparer.Ordinal);
        return state.Outcomes.Where(o => o.InEffect && !again.Contains(o.StepId)).Select(o => o.StepId).ToHashSet(StringComparer.Ordinal);
    }
}
