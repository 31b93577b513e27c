using Compliance.Changes.Flow;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Planning;

namespace Compliance.Offboarding.Rounds;

/// <summary>Reads all access of a leaver, keeps the snapshot, and makes the removal plan.</summary>
internal sealed class RemovalPlanning(
    LeaverRounds rounds,
    RoundOpening opening,
    AccessReads access,
    NewOwners owners,
    RemovalGuards guards,
    RoundQuestions questions
)
{
    /// <inheritdoc cref="LeaverSteps.PlanAsync"/>
    public async Task<ChangeDecision> PlanAsync(CaseRun run, CancellationToken cancellationToken)
    {
        if (opening.Yields(run))
            return new(NextAction.Throttled);
        var readAt = rounds.Now;
        var opened = await opening.OpenAsync(run, cancellationToken);
        if (opened.IsSuperseded)
            return new(NextAction.Stop);
        await opening.RecordCutOffAsync(run, opened, cancellationToken);
        if (opened.MustDecideAgain)
            return new(NextAction.Retry);
        var (policy, known, _) = opened;
        var state = await rounds.StateAsync(run, cancellationToken);
        if (await ApprovedAsync(run, known, state, policy, cancellationToken) is { } approved)
            return new(NextAction.Proceed, approved);
        var facts = state.Facts!;
        var snapshot = await access.ReadForPlanAsync(run, state, policy, cancellationToken);
        var (manager, fit) = await owners.ReadAsync(facts.UserId, policy, cancellationToken);
        var plan = RemovalPlanner.Plan(run.CaseId, facts, snapshot, manager, fit);
        var planId = plan.Id();
        await rounds.SavePlanAsync(run, plan, cancellationToken);
        state = await rounds.ChangeStateAsync(
            run,
            s => s with { Plans = s.Plans.With(planId), Pending = s.Begun.Contains(planId, StringComparer.Ordinal) ? null : planId },
            cancellationToken
        );
        if (
            state.Released.Contains(planId, StringComparer.Ordinal)
            && !await questions.HasLapsedAsync(run, known, planId, cancellationToken)
        )
            return new(NextAction.Proceed, planId);
        var holds = await guards.BeforeAsync(plan, snapshot, facts, manager, fit, cancellationToken);
        if (holds.Count > 0)
        {
            var requestId = RoundQuestions.RequestId(run, planId);
            var question = new Question(run, plan, facts, holds, readAt, requestId, known.InstanceId);
            return await questions.AskAsync(question, known, policy, StageChange.RemovalHeld, cancellationToken);
        }
        await rounds.ChangeStateAsync(run, s => s with { Released = s.Released.With(planId) }, cancellationToken);
        await rounds.NoteRemovingAsync(run, planId, cancellationToken);
        return new(NextAction.Proceed, planId);
    }

    // What was approved is what is done, whatever could be planned by now; a changed policy asks again, and so does an approval of long
    // ago.
    private async Task<string?> ApprovedAsync(
        CaseRun run,
        LeaverCase known,
        CaseState state,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        if (state.Pending is not { } pending || !state.Released.Contains(pending, StringComparer.Ordinal))
            return null;
        var plan = await rounds.LoadPlanAsync(run, pending, cancellationToken);
        var holds =
            plan.PolicySha256 == policy.Sha256
            && !await questions.HasLapsedAsync(run, known, pending, cancellationToken)
            && await owners.CanTakeOverAsync(plan, state, cancellationToken);
        return holds ? pending : null;
    }
}
