using Compliance.Changes.Flow;
using Compliance.Changes.Guards;
using Compliance.Changes.Plans;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Planning;

namespace Compliance.Offboarding.Rounds;

/// <summary>Plans what is given back: all that the case's rounds took from one person since it was given back last.</summary>
internal sealed class UndoPlanning(
    LeaverRounds rounds,
    RoundOutcomes outcomes,
    TakenAccess taken,
    ILeaverDirectory directory,
    RoundQuestions questions,
    UndoEnding ending
)
{
    // With the orchestration's back-off, some seven hours.
    private const int MaxWaitsForRest = 30;

    /// <inheritdoc cref="UndoSteps.PlanUndoAsync"/>
    public async Task<ChangeDecision> PlanUndoAsync(CaseRun run, CancellationToken cancellationToken)
    {
        var readAt = rounds.Now;
        var known = await rounds.CaseAsync(run, cancellationToken);
        var policy = rounds.LoadPolicy();
        await outcomes.RecordCutOffAsync(run, known, policy, cancellationToken);
        if (!CaseRules.IsUndoWanted(known, rounds.Now))
            return new(NextAction.Stop);
        if (await taken.ToGiveBackAsync(known, cancellationToken) is not { } person)
            return await ending.GivenBackAsync(known, [], null, cancellationToken);
        // What is taken away after the plan was made would not be given back. An orchestration that never comes to rest has failed.
        if (known is { RestedAt: null, BegunAt: not null } && person.Last.Run.Round == known.Round && run.Attempt < MaxWaitsForRest)
            return new(NextAction.Retry);
        if (await taken.LeavesOtherwiseAsync(known, person.Facts.UserId, cancellationToken))
            return await WaitForOtherCaseAsync(known, cancellationToken);
        if (!person.IsSeen)
        {
            if (await EndUnlessSeenAsync(known, person, policy, cancellationToken) is { } ended)
                return ended;
            person = await WithCutOffBlockAsync(known, person, cancellationToken);
        }
        var plan = await CreatePlanAsync(known, person, policy, cancellationToken);
        await rounds.SavePlanAsync(person.Last.Run, plan, cancellationToken);
        var requestId = RoundQuestions.UndoRequestId(known, plan.Id());
        if (await questions.FindAsync(requestId, cancellationToken) is { } request && questions.IsApproved(known, request))
            return new(NextAction.Proceed, plan.Id());
        var holds = new[] { new Hold(GuardNames.Restore, WhyGivenBack(known, person)) };
        var question = new Question(person.Last.Run, plan, person.Facts, holds, readAt, requestId, known.UndoInstanceId);
        StageChange? change = CaseRules.IsTakenBack(known) ? StageChange.UndoHeld : null;
        return await questions.AskAsync(question, known, policy, change, cancellationToken);
    }

    private async Task<ChangeDecision> WaitForOtherCaseAsync(LeaverCase known, CancellationToken cancellationToken)
    {
        await rounds.ChangeAsync(
            new CaseRun(known.Id, known.Round, ""),
            c => !CaseRules.IsTakenBack(c) ? c : c with { Note = "nothing is given back while the person leaves by another case" },
            cancellationToken
        );
        return new(NextAction.Retry);
    }

    private string WhyGivenBack(LeaverCase known, TakenFromPerson person)
    {
        if (!CaseRules.IsStaying(known, rounds.Now))
            return $"Access is to be given back to {person.Facts.PrincipalName}, whom an earlier round took for the leaver.";
        var why = CaseRules.IsTakenBack(known) ? CaseRules.WhyTakenBack(known) : "HR put the leaving off";
        return $"Access is to be given back, because {why}.";
    }

    // Cut off before its outcome was kept: the directory shows whether it was done. Null when it was.
    private async Task<ChangeDecision?> EndUnlessSeenAsync(
        LeaverCase known,
        TakenFromPerson person,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var lookup = await directory.LookUpAsync(person.Facts.UserId, policy, cancellationToken);
        if (lookup is { Facts: null, Unreadable: false })
            return await ending.DeletedAsync(known, person, policy, cancellationToken);
        if (lookup.Facts?.AccountEnabled is not { } enabled)
            return new(NextAction.Retry);
        return enabled || person.Facts.AccountEnabled != true
            ? await ending.GivenBackAsync(known, person.Rounds, null, cancellationToken)
            : null;
    }

    private async Task<TakenFromPerson> WithCutOffBlockAsync(LeaverCase known, TakenFromPerson person, CancellationToken cancellationToken)
    {
        var (cutOff, state) = person.Last;
        var block = (await rounds.FindBlockPlanAsync(cutOff, state, person.Facts.UserId, cancellationToken))!;
        var at = known.BegunAt ?? known.ReceivedAt;
        state = await rounds.ChangeStateAsync(
            cutOff,
            s =>
                s with
                {
                    Begun = s.Begun.With(block.Id()),
                    Blocked =
                    [
                        .. block.Steps.Select(s => new StepOutcome(s.Id, StepResult.AlreadySo, at, "seen in effect after it was cut off")),
                    ],
                },
            cancellationToken
        );
        return person with { Rounds = [.. person.Rounds.SkipLast(1), new(cutOff, state)] };
    }

    private async Task<ActionPlan> CreatePlanAsync(
        LeaverCase known,
        TakenFromPerson person,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var plans = new List<ActionPlan>();
        var accesses = new List<Access>();
        foreach (var (run, state) in person.Rounds)
        {
            plans.AddRange(await rounds.LoadBegunPlansAsync(run, state, cancellationToken));
            if (await rounds.FindSeenAsync(run, cancellationToken) is { } seen)
                accesses.AddRange(seen.Accesses);
        }
        var before = new AccessSnapshot(rounds.Tenant, person.Facts.UserId, known.BegunAt ?? known.ReceivedAt, accesses, []);
        var done = person
            .Rounds.SelectMany(r => r.State.Blocked.Concat(CertifyStep.GroupOutcome(r.State)).Concat(r.State.Outcomes))
            .ToList();
        // Put into the block group as far as is known: its answer was not kept, or not had. Who is not in it is not taken out.
        foreach (var (run, state) in person.Rounds)
            if (state.Group is { WasMember: false, PlanId: var put, Outcome: null or { Result: StepResult.Failed } })
            {
                plans.Add(await rounds.LoadPlanAsync(run, put, cancellationToken));
                done.AddRange(plans[^1].Steps.Select(s => TakenForDone(s, before.TakenAt)));
            }
        var earlier = (await taken.NotGivenBackAsync(known, cancellationToken))
            .Where(r => Ids.Same(r.UserId, person.Facts.UserId))
            .SelectMany(r => r.State.NotGivenBack)
            .Select(l => l.Step);
        return UndoPlanner.Plan(known.Id, person.Facts, before, new CarriedOut(plans, done, [.. earlier]), policy);
    }

    private static StepOutcome TakenForDone(PlanStep step, DateTimeOffset at) =>
        new(step.Id, StepResult.AlreadySo, at, "taken for done, because its answer was cut off");
}
