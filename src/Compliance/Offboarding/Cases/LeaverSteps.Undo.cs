using Compliance.Changes.Execution;
using Compliance.Changes.Flow;
using Compliance.Changes.Guards;
using Compliance.Changes.Plans;
using Compliance.Offboarding.Planning;

namespace Compliance.Offboarding.Cases;

public sealed partial class LeaverSteps
{
    private const int MaxRestoreAttempts = 20;

    // With the orchestration's back-off, some seven hours.
    private const int MaxWaitsForRest = 30;

    /// <summary>
    /// Plans what is given back: all that the case's rounds took from one person since it was given back last. It always waits for two
    /// approvals, given after the event of HR that holds now.
    /// </summary>
    /// <returns>
    /// <see cref="NextAction.Retry"/> while the case still acts, or while it cannot be read whether an act that was cut off was done;
    /// <see cref="NextAction.Stop"/> when nothing is to be given back.
    /// </returns>
    public async Task<ChangeDecision> PlanUndoAsync(CaseRun run, CancellationToken cancellationToken)
    {
        var lookedAt = Now;
        var known = await CaseAsync(run, cancellationToken);
        var policy = _parts.Policy.Load();
        await RecordCutOffAsync(run, known, policy, cancellationToken);
        if (!CaseRules.IsUndoWanted(known, Now))
            return new(NextAction.Stop);
        if (await ToGiveBackAsync(known, cancellationToken) is not { } taken)
            return await GivenBackAsync(known, [], null, cancellationToken);
        // What is taken away after the plan was made would not be given back. An orchestration that never comes to rest has failed.
        if (known is { RestedAt: null, BegunAt: not null } && taken.Last.Run.Round == known.Round && run.Attempt < MaxWaitsForRest)
            return new(NextAction.Retry);
        if (await LeavesOtherwiseAsync(known, taken.Facts.UserId, cancellationToken))
        {
            await ChangeAsync(
                new CaseRun(known.Id, known.Round, ""),
                c => !CaseRules.IsTakenBack(c) ? c : c with { Note = "nothing is given back while the person leaves by another case" },
                cancellationToken
            );
            return new(NextAction.Retry);
        }
        if (!taken.IsSeen)
        {
            // Cut off before its outcome was kept: the directory shows whether it was done.
            var lookup = await _parts.Directory.LookUpAsync(taken.Facts.UserId, policy, cancellationToken);
            if (lookup is { Facts: null, Unreadable: false })
                return await DeletedAsync(known, taken, policy, cancellationToken);
            if (lookup.Facts?.AccountEnabled is not { } enabled)
                return new(NextAction.Retry);
            if (enabled || taken.Facts.AccountEnabled != true)
                return await GivenBackAsync(known, taken.Rounds, null, cancellationToken);
            var (cutOff, state) = taken.Last;
            var block = (await BlockPlanAsync(cutOff, state, cancellationToken))!;
            var at = known.BegunAt ?? known.ReceivedAt;
            state = await ChangeStateAsync(
                cutOff,
                s =>
                    s with
                    {
                        Begun = With(s.Begun, block.Id()),
                        Blocked =
                        [
                            .. block.Steps.Select(s => new StepOutcome(
                                s.Id,
                                StepResult.AlreadySo,
                                at,
                                "seen in effect after it was cut off"
                            )),
                        ],
                    },
                cancellationToken
            );
            taken = taken with { Rounds = [.. taken.Rounds.SkipLast(1), new(cutOff, state)] };
        }

        var (acted, last) = taken.Last;
        var plan = await UndoPlanAsync(known, taken, policy, cancellationToken);
        var planId = plan.Id();
        await _parts.Documents.SaveAsync(Name(acted, $"plan-{planId}.json"), plan, cancellationToken);
        var requestId = UndoRequestPrefix(known) + planId[..12];
        if (await _parts.Approvals.FindAsync(Tenant, requestId, cancellationToken) is { } request && IsApproved(known, request))
            return new(NextAction.Proceed, planId);
        var hold = new Hold(
            GuardNames.Restore,
            CaseRules.IsStaying(known, Now)
                ? $"Access is to be given back, because {(CaseRules.IsTakenBack(known) ? WhyTakenBack(known) : "HR put the leaving off")}."
                : $"Access is to be given back to {taken.Facts.PrincipalName}, whom an earlier round took for the leaver."
        );
        var question = new Question(acted, plan, planId, taken.Facts, [hold], lookedAt, requestId, known.UndoInstanceId);
        return await HoldAsync(question, known, policy, CaseRules.IsTakenBack(known) ? LeaverStage.Restoring : null, cancellationToken);
    }

    /// <summary>Gives access back as planned and approved, as far as Graph's quota of writes has room.</summary>
    public async Task<ChangePass> RestoreAsync(CaseRun run, string planId, CancellationToken cancellationToken)
    {
        var known = await CaseAsync(run, cancellationToken);
        var policy = _parts.Policy.Load();
        if (!CaseRules.IsUndoWanted(known, Now) || await ToGiveBackAsync(known, cancellationToken) is not { } taken)
            return await NotNowAsync(NextAction.Stop);
        var acted = taken.Last.Run;
        if (await LeavesOtherwiseAsync(known, taken.Facts.UserId, cancellationToken))
            return await NotNowAsync(NextAction.Retry);
        if (
            await _parts.Approvals.FindAsync(Tenant, UndoRequestPrefix(known) + planId[..12], cancellationToken) is not { } request
            || !IsApproved(known, request)
        )
            return await NotNowAsync(NextAction.Retry);
        var plan = await PlanAsync(acted, planId, cancellationToken);
        if (plan.PolicySha256 != policy.Sha256 || !Same(plan.SubjectId, taken.Facts.UserId))
            return await NotNowAsync(NextAction.Retry);
        if (request.BegunAt is null && await PausedAsync(acted, cancellationToken) is { } paused)
            return paused;
        await _parts.Approvals.BeginAsync(Tenant, request.Id, Now, cancellationToken);
        var state = taken.Last.State;
        var settled = state.Restored.Where(o => o.InEffect).Select(o => o.StepId).ToHashSet(StringComparer.Ordinal);
        var (done, until) = await PassAsync(run with { Round = acted.Round }, GivenBack, plan, settled, state.Tried, cancellationToken);
        if (done is null)
            return new(NextAction.Throttled, until);
        state = await ChangeStateAsync(
            acted,
            s =>
                s with
                {
                    Restored = StepOutcomes.Merge(s.Restored, done.Outcomes),
                    Tried = done.Tried,
                    Restores =
                        !done.Whole ? s.Restores
                        : s.Restores is { } restores && restores.PlanId == planId ? restores with { Count = restores.Count + 1 }
                        : new(planId, 1),
                },
            cancellationToken
        );
        var left = plan
            .Steps.Select(s => state.Restored.LastOrDefault(o => o.StepId == s.Id))
            .Where(o => o is { InEffect: false })
            .Select(o => o!)
            .ToList();
        await RecordRestoredAsync(acted, plan, state, done.Outcomes, done.Whole && left.Count == 0, policy, cancellationToken);
        if (!done.Whole)
            return new(NextAction.Throttled);
        // What a missing permission or the service's refusal keeps back is reported, and not tried for ever.
        if (left.Exists(o => o.Result == StepResult.Failed) && state.Restores!.Count < MaxRestoreAttempts)
            return new(NextAction.Retry);
        var note = plan.Manual.Count == 0 ? null : $"{plan.Manual.Count} things could not be given back by this program";
        await LeaveAsync(known, acted, plan, left, policy, cancellationToken);
        await GivenBackAsync(known, taken.Rounds, note, cancellationToken);
        // Of another person, whom another round took for the leaver, there may be more.
        return new(CaseRules.IsUndoWanted(await CaseAsync(run, cancellationToken), Now) ? NextAction.Retry : NextAction.Proceed);

        async Task<ChangePass> NotNowAsync(NextAction next)
        {
            await RecordCutOffAsync(run, known, policy, cancellationToken);
            return new(next);
        }
    }

    private Task<bool> RecordRestoredAsync(
        CaseRun acted,
        ActionPlan plan,
        CaseState state,
        IReadOnlyList<StepOutcome> outcomes,
        bool isComplete,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var planId = plan.Id();
        return RecordChangeAsync(
            acted,
            "restore",
            planId,
            state.Restored,
            isLast: false,
            async change =>
            {
                var digest = await _parts.Documents.SaveAsync(
                    Name(acted, $"restored-{change.Phase["restore-".Length..]}.json"),
                    outcomes,
                    cancellationToken
                );
                await RecordAsync(
                    acted,
                    change.At,
                    policy with
                    {
                        Sha256 = plan.PolicySha256,
                    },
                    [LeaverControls.Held, LeaverControls.StepStuck],
                    change.Phase,
                    "offboarding.restore",
                    isComplete ? "complete" : "incomplete",
                    planId,
                    StepOutcomes.Counts(outcomes),
                    new Dictionary<string, string> { ["restored.json"] = digest },
                    also: change.Also,
                    cancellationToken: cancellationToken
                );
            },
            cancellationToken
        );
    }

    // Of several employments one may be taken back while another has ended: what that one took is not given back by this one.
    private async Task<bool> LeavesOtherwiseAsync(LeaverCase known, string userId, CancellationToken cancellationToken)
    {
        var now = Now;
        return (await _parts.Cases.OpenAsync(Tenant, now - CaseRules.Remembered, cancellationToken)).Any(c =>
            c.Id != known.Id
            && c is { BegunAt: not null, EmployedIn: null, UserId: { } other }
            && Same(other, userId)
            && !CaseRules.IsTakenBack(c)
            && !CaseRules.IsLater(c, now)
        );
    }

    private async Task<ActionPlan> UndoPlanAsync(
        LeaverCase known,
        Taken taken,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var plans = new List<ActionPlan>();
        var accesses = new List<Access>();
        foreach (var (run, state) in taken.Rounds)
        {
            plans.AddRange(await PlansAsync(run, state, cancellationToken));
            if (await _parts.Documents.LoadAsync<AccessSnapshot>(Name(run, "snapshot.json"), cancellationToken) is { } snapshot)
                accesses.AddRange(snapshot.Accesses);
        }
        var before = new AccessSnapshot(Tenant, taken.Facts.UserId, known.BegunAt ?? known.ReceivedAt, accesses, []);
        var outcomes = taken.Rounds.SelectMany(r => r.State.Blocked.Concat(GroupOutcome(r.State)).Concat(r.State.Outcomes)).ToList();
        // Put into the block group as far as is known: its answer was not kept, or not had. Who is not in it is not taken out.
        foreach (var (run, state) in taken.Rounds)
            if (state.Group is { WasMember: false, PlanId: var put, Outcome: null or { Result: StepResult.Failed } })
            {
                plans.Add(await PlanAsync(run, put, cancellationToken));
                outcomes.AddRange(
                    plans[^1]
                        .Steps.Select(s => new StepOutcome(
                            s.Id,
                            StepResult.AlreadySo,
                            before.TakenAt,
                            "taken for done, because its answer was cut off"
                        ))
                );
            }
        var earlier = (await NotGivenBackAsync(known, cancellationToken))
            .Where(r => Same(r.State.Facts!.UserId, taken.Facts.UserId))
            .SelectMany(r => r.State.NotGivenBack)
            .Select(l => l.Step);
        return UndoPlanner.Plan(known.Id, taken.Facts, before, plans, outcomes, [.. earlier], policy);
    }

    // The rounds that may have taken something and did not give it back, the oldest first.
    private async Task<IReadOnlyList<ActedRound>> TakenRoundsAsync(LeaverCase known, CancellationToken cancellationToken)
    {
        var rounds = new List<ActedRound>();
        for (var round = 1; round <= known.Round; round++)
        {
            var run = new CaseRun(known.Id, round, "");
            if (await StateAsync(run, cancellationToken) is { Facts: not null, GivenBack: false, Released: [_, ..] } state)
                rounds.Add(new(run, state));
        }
        return rounds;
    }

    // The rounds of the one person whose turn it is; null when nothing is to be given back.
    private async Task<Taken?> ToGiveBackAsync(LeaverCase known, CancellationToken cancellationToken)
    {
        var rounds = await TakenRoundsAsync(known, cancellationToken);
        var staying = CaseRules.IsStaying(known, Now);
        var first = rounds.FirstOrDefault(r => staying || known.UserId is not { } leaver || !Same(r.State.Facts!.UserId, leaver));
        return first is null
            ? null
            : new(first.State.Facts!, [.. rounds.Where(r => Same(r.State.Facts!.UserId, first.State.Facts!.UserId))]);
    }

    // What these rounds took is given back, as far as it can be.
    private async Task<ChangeDecision> GivenBackAsync(
        LeaverCase known,
        IReadOnlyList<ActedRound> rounds,
        string? note,
        CancellationToken cancellationToken
    )
    {
        foreach (var (round, _) in rounds)
            await ChangeStateAsync(round, s => s with { GivenBack = true }, cancellationToken);
        var others = await TakenRoundsAsync(known, cancellationToken);
        var restored = false;
        for (var round = 1; round <= known.Round && !restored; round++)
            restored = (await StateAsync(new CaseRun(known.Id, round, ""), cancellationToken)).Restored.Count > 0;
        await ChangeAsync(
            new CaseRun(known.Id, known.Round, ""),
            c =>
            {
                // A round that has begun meanwhile has taken something again.
                var acts = c.BegunAt is not null && c.RestedAt is null;
                c = c with
                {
                    IsTaken = acts || others.Any(o => c.UserId is { } leaver && Same(o.State.Facts!.UserId, leaver)),
                    IsTakenFromOther = others.Any(o => c.UserId is not { } leaver || !Same(o.State.Facts!.UserId, leaver)),
                };
                if (!CaseRules.IsTakenBack(c) || c.IsTaken || c.IsTakenFromOther)
                    return c;
                return restored
                    ? c with
                    {
                        Stage = LeaverStage.Restored,
                        Note = note,
                    }
                    : c with
                    {
                        Stage = LeaverStage.Cancelled,
                        Note = note ?? "nothing was done that could be given back",
                    };
            },
            cancellationToken
        );
        await ReportAsync(known, [CasePhase.Undo], [], cancellationToken);
        return new(NextAction.Stop);
    }

    // Whether the account was disabled before the user was deleted is not known, and nothing can be given back.
    private async Task<ChangeDecision> DeletedAsync(
        LeaverCase known,
        Taken taken,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var name = taken.Facts.PrincipalName;
        var decision = await GivenBackAsync(known, taken.Rounds, $"{name} was deleted: nothing could be given back", cancellationToken);
        await ReportAsync(
            known,
            [CasePhase.Undo],
            [
                CaseFindings.Create(
                    known,
                    policy,
                    CasePhase.Undo,
                    LeaverControls.StepStuck,
                    $"The person may stay, and the user {name} was deleted: nothing could be given back, "
                        + "and whether this case had disabled the account is not known.",
                    "If the person is to use this account, restore the user within 30 days of the deletion and see that it can sign in: "
                        + "az rest --method post --url "
                        + $"https://graph.microsoft.com/v1.0/directory/deletedItems/{taken.Facts.UserId}/restore",
                    part: "deleted"
                ),
            ],
            cancellationToken
        );
        return decision;
    }

    // An answer counts for the event, or the start for cause, that holds when it is given: a later one asks again.
    private static string UndoRequestPrefix(LeaverCase known) =>
        known.Cause is { Number: var start } ? $"{known.Id}-undo-{known.Sequence}-c{start}-" : $"{known.Id}-undo-{known.Sequence}-";

    /// <summary>A round that took something.</summary>
    /// <param name="Run">Names its documents.</param>
    /// <param name="State">What it did.</param>
    private sealed record ActedRound(CaseRun Run, CaseState State);

    /// <summary>What was taken from one person.</summary>
    /// <param name="Facts">The person, before the first of the rounds.</param>
    /// <param name="Rounds">The rounds that took it, the oldest first.</param>
    private sealed record Taken(LeaverFacts Facts, IReadOnlyList<ActedRound> Rounds)
    {
        public ActedRound Last => Rounds[^1];

        /// <summary>Whether the program knows that something is in effect.</summary>
        public bool IsSeen => Rounds.Any(r => r.State.Blocked.Any(o => o.InEffect) || r.State.Outcomes.Any(o => o.InEffect));
    }
}
