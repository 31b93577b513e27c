using Compliance.Changes.Approvals;
using Compliance.Changes.Execution;
using Compliance.Changes.Guards;
using Compliance.Changes.Plans;

namespace Compliance.Changes.Flow;

/// <summary>
/// The seven phases of every act that changes something: Observe, Plan, Guard, Approve, Act, Verify, Record. Each step is safe to repeat:
/// an orchestration calls them and may call any of them again after a crash, even after later ones.
/// </summary>
/// <param name="change">The capability.</param>
/// <param name="store">Keeps plans, states, certificates and evidence.</param>
/// <param name="guards">What may hold a plan.</param>
/// <param name="questions">Asks people.</param>
/// <param name="passes">Carries plans out, unless acts are paused: then nothing is let begin, and no step of what was begun is
/// done.</param>
internal sealed class ChangeFlow<TObservation>(
    IChange<TObservation> change,
    ChangeStore<TObservation> store,
    ChangeGuards<TObservation> guards,
    ChangeQuestions<TObservation> questions,
    PlanPasses passes
)
    where TObservation : class
{
    /// <summary>Observes and plans, and changes nothing: a dry run ends here.</summary>
    public async Task<(ActionPlan Plan, IReadOnlyList<Hold> Holds)> PlanAsync(ChangeRun run, CancellationToken cancellationToken)
    {
        var policy = change.LoadPolicy();
        var observed = await change.ObserveAsync(run, cancellationToken);
        var plan = change.Plan(run, observed, policy);
        return (plan, await guards.HoldsAsync(run, plan, observed, policy, cancellationToken));
    }

    /// <summary>
    /// Decides whether the round may act now: observes, plans, asks the guards, takes a place under the caps, and asks two people where
    /// something holds.
    /// </summary>
    /// <returns><see cref="NextAction.Proceed"/> with the plan that was let begin; else what it waits for, or that it is over.</returns>
    public async Task<ChangeDecision> DecideAsync(ChangeRun run, CancellationToken cancellationToken)
    {
        var readAt = store.Now;
        if (await NotDueAsync(run, cancellationToken) is { } waits)
            return waits;
        // Begun and cut off: what was approved is carried out, not what a fresh read would plan of the half that is left.
        if ((await store.StateAsync(run, cancellationToken)).Begun is { } begun)
            return new(NextAction.Proceed, begun);
        var policy = change.LoadPolicy();
        var observed = await change.ObserveAsync(run, cancellationToken);
        var plan = change.Plan(run, observed, policy);
        var holds = (await guards.HoldsAsync(run, plan, observed, policy, cancellationToken)).ToList();
        var requestId = ChangeStore<TObservation>.RequestId(run, plan.Id());
        var answered = await questions.CoveringAsync(run, requestId, holds, cancellationToken);
        if (answered is { State: ApprovalState.Refused } no)
        {
            await questions.RecordAnswersAsync(no.Request, cancellationToken);
            return await EndAsync(run, cancellationToken);
        }
        var request = answered is { State: ApprovalState.Approved } yes ? yes.Request : null;
        // People may be asked meanwhile. What needs no approval, or has one, is decided once acts continue: an approval
        // that lapses before that is asked for again.
        if ((request is not null || holds.Count == 0) && await passes.PausedUntilAsync(store.Now, cancellationToken) is { } until)
            return new(NextAction.NotDue, Until: until);
        if (request is null && holds.Count == 0 && await guards.ReserveAsync(run, plan, observed, policy, cancellationToken) is { } full)
            holds.Add(full);
        await store.SavePlanAsync(run, plan, observed, cancellationToken);
        if (holds.Count > 0 && request is null)
            return await AskAsync(run, plan, observed, holds, readAt, cancellationToken);
        if (request is not null)
        {
            // An answer is on record before anything is done about it; who was let past a cap takes room from those who come after.
            await questions.RecordAnswersAsync(request, cancellationToken);
            await guards.CountApprovedAsync(run, observed, policy, cancellationToken);
            await questions.BeginAsync(request, cancellationToken);
        }
        return await BeginAsync(run, plan.Id(), request?.Id, cancellationToken);
    }

    /// <summary>What came of the wait for two approvals.</summary>
    public async Task<ApprovalStatus> ApprovalStatusAsync(ChangeRun run, string requestId, CancellationToken cancellationToken) =>
        await NotDueAsync(run, cancellationToken) is null
            ? await questions.ApprovalStatusAsync(run, requestId, cancellationToken)
            : ApprovalStatus.Void;

    /// <summary>Carries out a pass of the plan that was let begin.</summary>
    /// <returns><see cref="NextAction.Proceed"/> once the whole plan was tried; <see cref="NextAction.Throttled"/> when another pass is
    /// due; <see cref="NextAction.Stop"/> when the round is over.</returns>
    public async Task<ChangePass> ActAsync(ChangeRun run, string planId, CancellationToken cancellationToken)
    {
        if (await NotDueAsync(run, cancellationToken) is { } waits)
            return new(waits.Outcome == NextAction.NotDue ? NextAction.Retry : waits.Outcome, waits.Until);
        var state = await store.StateAsync(run, cancellationToken);
        if (state.Begun != planId)
            return new(NextAction.Retry);
        // Where steps may have been done, the pass itself is held, so that what was done is still recorded.
        if (!state.Acting && await passes.PausedUntilAsync(store.Now, cancellationToken) is { } until)
            return new(NextAction.Throttled, until);
        var policy = change.LoadPolicy();
        var plan = await store.LoadPlanAsync(run, planId, cancellationToken);
        // What happened in the world since the plan was made is read again right before the act.
        var observed = await change.ObserveAsync(run, cancellationToken);
        var holds = await guards.HoldsAsync(run, plan, observed, policy, cancellationToken);
        var isCovered = holds.Count == 0 || await IsCoveredAsync(run, state, holds, cancellationToken);
        if (!isCovered && !state.Acting)
            return await DecideAgainAsync(run, cancellationToken);
        await RecordBegunAsync(run, plan, state, cancellationToken);
        var fresh = change.Plan(run, observed, policy);
        return await PassAsync(run, plan, state, Unwanted(plan, fresh, state, isCovered ? [] : holds), cancellationToken);
    }

    /// <summary>Reads the tenant afresh and compares. A step counts only when its effect was seen.</summary>
    /// <returns><see cref="NextAction.Proceed"/> when all is in effect or nothing more can be done; <see cref="NextAction.Retry"/> when
    /// trying again may help.</returns>
    public async Task<ChangePass> VerifyAsync(ChangeRun run, CancellationToken cancellationToken)
    {
        var state = await store.StateAsync(run, cancellationToken);
        var (plan, before) = await store.BegunAsync(run, state, cancellationToken);
        var at = store.Now;
        var verified = change.Compare(plan, before, await change.ObserveAfterAsync(run, plan, cancellationToken), at);
        // What is seen undone again is done again, whatever was answered before.
        var undone = verified.Steps.Where(s => s.State == StepState.NotInEffect).Select(s => s.StepId).ToHashSet(StringComparer.Ordinal);
        state = await store.ChangeStateAsync(
            run,
            s =>
                s with
                {
                    Verified = verified,
                    Outcomes =
                    [
                        .. s.Outcomes.Select(o =>
                            o.InEffect && undone.Contains(o.StepId)
                                ? o with
                                {
                                    Result = StepResult.Failed,
                                    Reason = "it was answered as done and not seen in effect",
                                }
                                : o
                        ),
                    ],
                },
            cancellationToken
        );
        if (verified.Clear)
            return new(NextAction.Proceed);
        var last = state.Outcomes.ToDictionary(o => o.StepId, StringComparer.Ordinal);
        var isHopeless =
            verified.Unread.Count == 0
            && verified.Steps.All(s =>
                s.State == StepState.InEffect
                || s.State == StepState.NotInEffect
                    && last.GetValueOrDefault(s.StepId)?.Result is StepResult.NotPermitted or StepResult.Refused
            );
        return new(isHopeless ? NextAction.Proceed : NextAction.Retry);
    }

    /// <summary>Issues the certificate of the last fresh read, and its evidence record. The same again changes nothing.</summary>
    /// <returns>SHA-256 of the certificate's canonical JSON, lower-case hex.</returns>
    public async Task<string> CertifyAsync(ChangeRun run, CancellationToken cancellationToken)
    {
        var state = await store.StateAsync(run, cancellationToken);
        var (plan, _) = await store.BegunAsync(run, state, cancellationToken);
        var verified = state.Verified ?? throw new InvalidOperationException($"case {run.CaseId} was not verified: nothing to certify");
        var request = state.ApprovedBy is { } id ? await questions.FindAsync(run, id, cancellationToken) : null;
        var certificate = new ChangeCertificate(
            run.CaseId,
            run.Round,
            plan,
            state.Begun!,
            request?.Answers ?? [],
            state.Outcomes,
            verified,
            [.. state.Evidence.Where(e => !e.Contains("-certificate-", StringComparison.Ordinal))]
        );
        var digest = await store.SaveCertificateAsync(run, certificate, cancellationToken);
        var counts = verified.Steps.CountBy(s => s.State).ToDictionary(c => c.Key, c => (long)c.Value);
        var record = store.Record(
            run,
            plan,
            $"certificate-{digest[..12]}",
            "certificate",
            verified.At,
            new Dictionary<string, long>
            {
                ["inEffect"] = counts.GetValueOrDefault(StepState.InEffect),
                ["notInEffect"] = counts.GetValueOrDefault(StepState.NotInEffect),
                ["unknown"] = counts.GetValueOrDefault(StepState.Unknown),
            }
        );
        await store.RecordAsync(
            run,
            record with
            {
                Outcome = verified.Clear ? "complete" : "incomplete",
                DetailsSha256 = new Dictionary<string, string> { ["certificate.json"] = digest },
            },
            s => s,
            cancellationToken
        );
        return digest;
    }

    private async Task<ChangeDecision> AskAsync(
        ChangeRun run,
        ActionPlan plan,
        TObservation observed,
        IReadOnlyList<Hold> holds,
        DateTimeOffset readAt,
        CancellationToken cancellationToken
    )
    {
        var owner = await change.OwnerAsync(run, observed, cancellationToken);
        var question = new ChangeQuestion(plan, holds, change.Describe(plan, observed), owner, readAt);
        return await questions.AskAsync(run, question, change.LoadPolicy(), cancellationToken);
    }

    // Null when the round may act.
    private async Task<ChangeDecision?> NotDueAsync(ChangeRun run, CancellationToken cancellationToken)
    {
        var due = await change.IsDueAsync(run, cancellationToken);
        if (!due.IsWanted || (await store.StateAsync(run, cancellationToken)).Ended)
            return await EndAsync(run, cancellationToken);
        if (due.From is not { } from || from <= store.Now)
            return null;
        // Put off: what was asked about it, and its place, is for the day it is due.
        await ReleaseAsync(run, cancellationToken);
        return new(NextAction.NotDue, Until: from.UtcDateTime);
    }

    // With the plan that was let begin before: what it did is verified and certified.
    private async Task<ChangeDecision> EndAsync(ChangeRun run, CancellationToken cancellationToken)
    {
        var state = await store.ChangeStateAsync(run, s => s with { Ended = true }, cancellationToken);
        await ReleaseAsync(run, cancellationToken);
        return new(NextAction.Stop, state.Begun);
    }

    // Requests count no more, and a place under the caps is free again where nothing was done.
    private async Task ReleaseAsync(ChangeRun run, CancellationToken cancellationToken)
    {
        var state = await store.StateAsync(run, cancellationToken);
        await questions.VoidAsync(run, state.Requests.Where(id => id != state.ApprovedBy), cancellationToken);
        if (state.Begun is null)
            await guards.ReleaseAsync(run, cancellationToken);
    }

    private async Task<ChangeDecision> BeginAsync(ChangeRun run, string planId, string? approvedBy, CancellationToken cancellationToken)
    {
        var now = store.Now;
        var state = await store.ChangeStateAsync(
            run,
            s => s.Begun is not null || s.Ended ? s : s with { Begun = planId, BegunAt = now, ApprovedBy = approvedBy },
            cancellationToken
        );
        // What was asked about another plan is nothing to answer any more.
        await questions.VoidAsync(run, state.Requests.Where(id => id != state.ApprovedBy), cancellationToken);
        return state.Begun is { } begun ? new(NextAction.Proceed, begun) : new(NextAction.Stop);
    }

    // Nothing was done yet: decided again, on what holds now.
    private async Task<ChangePass> DecideAgainAsync(ChangeRun run, CancellationToken cancellationToken)
    {
        await store.ChangeStateAsync(
            run,
            s => s.Acting ? s : s with { Begun = null, BegunAt = null, ApprovedBy = null },
            cancellationToken
        );
        return new(NextAction.Retry);
    }

    // Did two people let the begun plan past every guard that holds now?
    private async Task<bool> IsCoveredAsync(
        ChangeRun run,
        ChangeState state,
        IReadOnlyList<Hold> holds,
        CancellationToken cancellationToken
    ) => state.ApprovedBy is { } id && await questions.CoveringAsync(run, id, holds, cancellationToken) is not null;

    // Intent is on record before the first step.
    private Task RecordBegunAsync(ChangeRun run, ActionPlan plan, ChangeState state, CancellationToken cancellationToken)
    {
        var at = state.BegunAt!.Value;
        var part = $"begun-{plan.Id()[..12]}-{ChangeStore<TObservation>.Instant(at)}";
        var counts = new Dictionary<string, long> { ["steps"] = plan.Steps.Count };
        return store.RecordAsync(run, store.Record(run, plan, part, "begun", at, counts), s => s with { Acting = true }, cancellationToken);
    }

    private async Task<ChangePass> PassAsync(
        ChangeRun run,
        ActionPlan plan,
        ChangeState state,
        List<StepOutcome> unwanted,
        CancellationToken cancellationToken
    )
    {
        HashSet<string> tried = [.. run.Pass == 0 ? [] : state.Tried, .. unwanted.Select(u => u.StepId)];
        var (done, wait) = await passes.RunAsync(
            ChangeStore<TObservation>.Name(run, $"outcomes-{plan.Id()[..12]}-last.json"),
            $"{ChangeStore<TObservation>.Text(run.Attempt)}-{ChangeStore<TObservation>.Text(run.Pass)}",
            plan,
            Settled(state),
            tried,
            cancellationToken
        );
        if (done is null)
            return new(NextAction.Throttled, (store.Now + wait).UtcDateTime);
        state = await store.ChangeStateAsync(
            run,
            s =>
                s with
                {
                    Outcomes = StepOutcomes.Merge(StepOutcomes.Merge(s.Outcomes, Changed(unwanted, s.Outcomes)), done.Outcomes),
                    Tried = done.Tried,
                },
            cancellationToken
        );
        await RecordOutcomesAsync(run, plan, state, cancellationToken);
        if (StepOutcomes.IsActed(plan, state.Outcomes))
            await guards.ActedAsync(run, plan, cancellationToken);
        return new(done.Whole ? NextAction.Proceed : NextAction.Throttled);
    }

    private static HashSet<string> Settled(ChangeState state) =>
        state.Outcomes.Where(o => o.InEffect).Select(o => o.StepId).ToHashSet(StringComparer.Ordinal);

    // Steps that a fresh read does not call for any more, or that a guard holds without an approval: not done in this round.
    private List<StepOutcome> Unwanted(ActionPlan plan, ActionPlan fresh, ChangeState state, IReadOnlyList<Hold> holds)
    {
        var wanted = fresh.Steps.Select(s => s.Id).ToHashSet(StringComparer.Ordinal);
        var (settled, at) = (Settled(state), store.Now);
        return
        [
            .. plan
                .Steps.Where(s => !settled.Contains(s.Id) && (holds.Count > 0 || !wanted.Contains(s.Id)))
                .Select(s => new StepOutcome(
                    s.Id,
                    StepResult.Refused,
                    at,
                    holds.Count > 0 ? holds[0].Reason : "what was seen right before the act does not call for it any more",
                    Remedy: "a later round plans afresh"
                )),
        ];
    }

    // Those that differ from what is known in more than their time.
    private static IReadOnlyList<StepOutcome> Changed(IReadOnlyList<StepOutcome> outcomes, IReadOnlyList<StepOutcome> known) =>
        [.. outcomes.Where(o => !known.Any(k => k.StepId == o.StepId && k.Result == o.Result && k.Reason == o.Reason))];

    // Once for each change of it, not once a pass.
    private async Task RecordOutcomesAsync(ChangeRun run, ActionPlan plan, ChangeState state, CancellationToken cancellationToken)
    {
        var signature = StepOutcomes.SignatureOf(state.Outcomes);
        if (state.Recorded == signature)
            return;
        var isComplete = plan.Steps.All(s => state.Outcomes.Any(o => o.StepId == s.Id && o.InEffect));
        var at = state.Outcomes.Select(o => o.At).DefaultIfEmpty(state.BegunAt!.Value).Max();
        // With what it came to: were the record written and the state not, another outcome would be taken for that record.
        var part = $"act-{ChangeStore<TObservation>.Text(state.Records)}-{signature}";
        var record = store.Record(run, plan, part, "act", at, StepOutcomes.Counts(state.Outcomes));
        await store.RecordAsync(
            run,
            record with
            {
                Outcome = isComplete ? "complete" : "incomplete",
            },
            s => s with { Recorded = signature, Records = state.Records + 1 },
            cancellationToken
        );
    }
}
