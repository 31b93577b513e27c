using Compliance.Changes.Execution;
using Compliance.Changes.Flow;
using Compliance.Changes.Plans;
using Compliance.Offboarding.Cases;

namespace Compliance.Offboarding.Rounds;

/// <summary>Gives access back as planned and approved, as far as Graph's quota of writes has room.</summary>
internal sealed class RestoreStep(
    LeaverRounds rounds,
    TakenAccess taken,
    RoundQuestions questions,
    RoundPasses passes,
    RoundOutcomes outcomes,
    UndoEnding ending
)
{
    private const int MaxAttempts = 20;

    /// <inheritdoc cref="UndoSteps.RestoreAsync"/>
    public async Task<ChangePass> RestoreAsync(CaseRun run, string planId, CancellationToken cancellationToken)
    {
        var known = await rounds.CaseAsync(run, cancellationToken);
        var policy = rounds.LoadPolicy();
        if (!CaseRules.IsUndoWanted(known, rounds.Now) || await taken.ToGiveBackAsync(known, cancellationToken) is not { } person)
            return await NotNowAsync(NextAction.Stop);
        var acted = person.Last.Run;
        if (await taken.LeavesOtherwiseAsync(known, person.Facts.UserId, cancellationToken))
            return await NotNowAsync(NextAction.Retry);
        if (
            await questions.FindAsync(RoundQuestions.UndoRequestId(known, planId), cancellationToken) is not { } request
            || !questions.IsApproved(known, request)
        )
            return await NotNowAsync(NextAction.Retry);
        var plan = await rounds.LoadPlanAsync(acted, planId, cancellationToken);
        if (plan.PolicySha256 != policy.Sha256 || !Ids.Same(plan.SubjectId, person.Facts.UserId))
            return await NotNowAsync(NextAction.Retry);
        if (request.BegunAt is null && await passes.PausedAsync(acted, cancellationToken) is { } paused)
            return paused;
        await questions.BeginAsync(request.Id, cancellationToken);
        return await PassAsync(run, known, person, plan, policy, cancellationToken);

        async Task<ChangePass> NotNowAsync(NextAction next)
        {
            await outcomes.RecordCutOffAsync(run, known, policy, cancellationToken);
            return new(next);
        }
    }

    private async Task<ChangePass> PassAsync(
        CaseRun run,
        LeaverCase known,
        TakenFromPerson person,
        ActionPlan plan,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var (acted, state) = person.Last;
        var settled = state.Restored.Where(o => o.InEffect).Select(o => o.StepId).ToHashSet(StringComparer.Ordinal);
        var (done, until) = await passes.RunAsync(
            run with
            {
                Round = acted.Round,
            },
            RoundOutcomes.Restored,
            plan,
            settled,
            state.Tried,
            cancellationToken
        );
        if (done is null)
            return new(NextAction.Throttled, until);
        state = await KeepAsync(acted, plan.Id(), done, cancellationToken);
        var left = plan
            .Steps.Select(s => state.Restored.LastOrDefault(o => o.StepId == s.Id))
            .Where(o => o is { InEffect: false })
            .Select(o => o!)
            .ToList();
        var isComplete = done.Whole && left.Count == 0;
        await outcomes.RecordRestoredAsync(acted, state, plan, done with { Whole = isComplete }, policy, cancellationToken);
        if (!done.Whole)
            return new(NextAction.Throttled);
        // What a missing permission or the service's refusal keeps back is reported, and not tried for ever.
        if (left.Exists(o => o.Result == StepResult.Failed) && state.Restores!.Count < MaxAttempts)
            return new(NextAction.Retry);
        var note = plan.Manual.Count == 0 ? null : $"{plan.Manual.Count} things could not be given back by this program";
        await ending.LeaveAsync(known, acted, plan, left, policy, cancellationToken);
        await ending.GivenBackAsync(known, person.Rounds, note, cancellationToken);
        // Of another person, whom another round took for the leaver, there may be more.
        var isMore = CaseRules.IsUndoWanted(await rounds.CaseAsync(run, cancellationToken), rounds.Now);
        return new(isMore ? NextAction.Retry : NextAction.Proceed);
    }

    private Task<CaseState> KeepAsync(CaseRun acted, string planId, DonePass done, CancellationToken cancellationToken) =>
        rounds.ChangeStateAsync(
            acted,
            s =>
                s with
                {
                    Restored = StepOutcomes.Merge(s.Restored, done.Outcomes),
                    Tried = done.Tried,
                    Restores = done.Whole ? Counted(s.Restores, planId) : s.Restores,
                },
            cancellationToken
        );

    private static RestoreCount Counted(RestoreCount? restores, string planId) =>
        restores is not null && restores.PlanId == planId ? restores with { Count = restores.Count + 1 } : new(planId, 1);
}
