using System.Globalization;
using Compliance.Changes.Approvals;
using Compliance.Changes.Caps;
using Compliance.Changes.Execution;
using Compliance.Changes.Guards;
using Compliance.Changes.Pauses;
using Compliance.Changes.Plans;
using Compliance.Ledger;
using Compliance.Storage;

namespace Compliance.Changes.Flow;

/// <summary>
/// The seven phases of every act that changes something: Observe, Plan, Guard, Approve, Act, Verify, Record. Each step is safe to repeat:
/// an orchestration calls them and may call any of them again after a crash, even after later ones.
/// </summary>
/// <param name="change">The capability.</param>
/// <param name="executor">Does its steps.</param>
/// <param name="documents">Keeps plans, states and certificates.</param>
/// <param name="caps">Counts plans under the capability's caps.</param>
/// <param name="policyActs">Remembers under which policies something was done.</param>
/// <param name="approvals">Keeps requests and answers.</param>
/// <param name="pause">Whether acts are paused: then nothing is let begin, and no step of what was begun is done.</param>
/// <param name="evidence">The ledger.</param>
/// <param name="time">The clock.</param>
internal sealed class ChangeFlow<TObservation>(
    IChange<TObservation> change,
    IPlanExecutor executor,
    IDocumentStore documents,
    ICapLedger caps,
    IPolicyActs policyActs,
    ApprovalBoard approvals,
    IPause pause,
    IEvidenceLog evidence,
    TimeProvider time
)
    where TObservation : class
{
    private DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Observes and plans, and changes nothing: a dry run ends here.</summary>
    public async Task<(ActionPlan Plan, IReadOnlyList<Hold> Holds)> PlanAsync(ChangeRun run, CancellationToken cancellationToken)
    {
        var policy = change.LoadPolicy();
        var observed = await change.ObserveAsync(run, cancellationToken);
        var plan = change.Plan(run, observed, policy);
        return (plan, await HoldsAsync(run, plan, observed, policy, cancellationToken));
    }

    /// <summary>
    /// Decides whether the round may act now: observes, plans, asks the guards, takes a place under the caps, and asks two people where
    /// something holds.
    /// </summary>
    /// <returns><see cref="NextAction.Proceed"/> with the plan that was let begin; else what it waits for, or that it is over.</returns>
    public async Task<ChangeDecision> DecideAsync(ChangeRun run, CancellationToken cancellationToken)
    {
        var lookedAt = Now;
        if (await NotDueAsync(run, cancellationToken) is { } waits)
            return waits;
        var state = await StateAsync(run, cancellationToken);
        // Begun and cut off: what was approved is carried out, not what a fresh look would plan of the half that is left.
        if (state.Begun is { } begun)
            return new(NextAction.Proceed, begun);
        var policy = change.LoadPolicy();
        var observed = await change.ObserveAsync(run, cancellationToken);
        var plan = change.Plan(run, observed, policy);
        var planId = plan.Id();
        var holds = (await HoldsAsync(run, plan, observed, policy, cancellationToken)).ToList();
        var requestId = RequestId(run, planId);
        var request = await approvals.FindAsync(run.TenantId, requestId, cancellationToken);
        if (request is not null && ApprovalBoard.Covers(request, holds.Select(h => h.Guard)))
        {
            var answered = ApprovalRules.StateOf(request, Now);
            if (answered == ApprovalState.Refused)
            {
                await approvals.RecordAsync(request, cancellationToken);
                return await EndAsync(run, cancellationToken);
            }
            if (answered != ApprovalState.Approved)
                request = null;
        }
        else
            request = null;
        // People may be asked meanwhile. What needs no approval, or has one, is decided once acts continue: an approval
        // that lapses before that is asked for again.
        if ((request is not null || holds.Count == 0) && await PausedUntilAsync(cancellationToken) is { } until)
            return new(NextAction.NotDue, Until: until);
        if (
            request is null
            && holds.Count == 0
            && plan.Steps.Count > 0
            && change.Limits(observed, policy) is { } limits
            && await caps.ReserveAsync(run.TenantId, run.InstanceId, Now, limits, cancellationToken) is { } full
        )
            holds.Add(full);
        await documents.SaveAsync(Name(run, $"plan-{planId}.json"), plan, cancellationToken);
        await documents.SaveAsync(Name(run, $"observed-{planId}.json"), observed, cancellationToken);
        if (holds.Count > 0 && request is null)
            return await AskAsync(run, plan, planId, holds, policy, lookedAt, cancellationToken);
        if (request is not null)
        {
            // An answer is on record before anything is done about it; who was let past a cap takes room from those who come after.
            await approvals.RecordAsync(request, cancellationToken);
            if (change.Limits(observed, policy) is not null)
                await caps.CountApprovedAsync(run.TenantId, run.InstanceId, Now, cancellationToken);
            await approvals.BeginAsync(run.TenantId, request.Id, Now, cancellationToken);
        }
        var now = Now;
        state = await ChangeStateAsync(
            run,
            s => s.Begun is not null || s.Ended ? s : s with { Begun = planId, BegunAt = now, ApprovedBy = request?.Id },
            cancellationToken
        );
        return state.Begun is { } let ? new(NextAction.Proceed, let) : new(NextAction.Stop);
    }

    /// <summary>What came of the wait for two approvals.</summary>
    public async Task<ApprovalStanding> StandingAsync(ChangeRun run, string requestId, CancellationToken cancellationToken)
    {
        if (await NotDueAsync(run, cancellationToken) is not null)
            return ApprovalStanding.Void;
        var request = await approvals.FindAsync(run.TenantId, requestId, cancellationToken);
        return request is null
            ? ApprovalStanding.Void
            : ApprovalRules.StateOf(request, Now) switch
            {
                ApprovalState.Approved => ApprovalStanding.Approved,
                ApprovalState.Refused => ApprovalStanding.Refused,
                _ => ApprovalStanding.Open,
            };
    }

    /// <summary>Carries out a pass of the plan that was let begin.</summary>
    /// <returns><see cref="NextAction.Proceed"/> once the whole plan was tried; <see cref="NextAction.Throttled"/> when another pass is
    /// due; <see cref="NextAction.Stop"/> when the round is over.</returns>
    public async Task<ChangePass> ActAsync(ChangeRun run, string planId, CancellationToken cancellationToken)
    {
        if (await NotDueAsync(run, cancellationToken) is { } waits)
            return new(waits.Outcome == NextAction.NotDue ? NextAction.Retry : waits.Outcome, waits.Until);
        var state = await StateAsync(run, cancellationToken);
        if (state.Begun != planId)
            return new(NextAction.Retry);
        // Where steps may have been done, the pass itself is held, so that what was done is still recorded.
        if (!state.Acting && await PausedUntilAsync(cancellationToken) is { } until)
            return new(NextAction.Throttled, until);
        var policy = change.LoadPolicy();
        var plan = await documents.LoadPlanAsync(Name(run, $"plan-{planId}.json"), planId, cancellationToken);
        var settled = state.Outcomes.Where(o => o.InEffect).Select(o => o.StepId).ToHashSet(StringComparer.Ordinal);
        // What happened in the world since the plan was made is looked at again right before the act.
        var observed = await change.ObserveAsync(run, cancellationToken);
        var holds = await HoldsAsync(run, plan, observed, policy, cancellationToken);
        var isCovered = holds.Count == 0 || await IsCoveredAsync(run, state, holds, cancellationToken);
        if (!isCovered && !state.Acting)
        {
            // Nothing was done yet: decided again, on what holds now.
            await ChangeStateAsync(
                run,
                s => s.Acting ? s : s with { Begun = null, BegunAt = null, ApprovedBy = null },
                cancellationToken
            );
            return new(NextAction.Retry);
        }
        // Intent is on record before the first step.
        var counts = new Dictionary<string, long> { ["steps"] = plan.Steps.Count };
        await RecordAsync(
            run,
            Record(run, plan, $"begun-{planId[..12]}-{Instant(state.BegunAt!.Value)}", "begun", state.BegunAt!.Value, counts),
            s => s with { Acting = true },
            cancellationToken
        );
        var unwanted = Unwanted(plan, change.Plan(run, observed, policy), settled, isCovered ? [] : holds);
        HashSet<string> tried = [.. run.Pass == 0 ? [] : state.Tried, .. unwanted.Select(u => u.StepId)];
        var (done, wait) = await PlanPasses.RunAsync(
            pause,
            executor,
            documents,
            Name(run, $"outcomes-{planId[..12]}-last.json"),
            $"{Text(run.Attempt)}-{Text(run.Pass)}",
            plan,
            settled,
            tried,
            cancellationToken
        );
        if (done is null)
            return new(NextAction.Throttled, (Now + wait).UtcDateTime);
        state = await ChangeStateAsync(
            run,
            s =>
                s with
                {
                    Outcomes = StepOutcomes.Merge(StepOutcomes.Merge(s.Outcomes, News(unwanted, s.Outcomes)), done.Outcomes),
                    Tried = done.Tried,
                },
            cancellationToken
        );
        await RecordOutcomesAsync(run, plan, state, cancellationToken);
        await policyActs.ActedAsync(run.TenantId, plan.PolicySha256, run.CaseId, Now, cancellationToken);
        return new(done.Whole ? NextAction.Proceed : NextAction.Throttled);
    }

    /// <summary>Reads the tenant afresh and compares. A step counts only when its effect was seen.</summary>
    /// <returns><see cref="NextAction.Proceed"/> when all is in effect or nothing more can be done; <see cref="NextAction.Retry"/> when
    /// trying again may help.</returns>
    public async Task<ChangePass> VerifyAsync(ChangeRun run, CancellationToken cancellationToken)
    {
        var state = await StateAsync(run, cancellationToken);
        var (plan, before) = await BegunAsync(run, state, cancellationToken);
        var at = Now;
        var verified = change.Compare(plan, before, await change.ObserveAsync(run, cancellationToken), at);
        // What is seen undone again is done again, whatever was answered before.
        var undone = verified.Steps.Where(s => s.State == StepState.NotInEffect).Select(s => s.StepId).ToHashSet(StringComparer.Ordinal);
        state = await ChangeStateAsync(
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
        var state = await StateAsync(run, cancellationToken);
        var (plan, _) = await BegunAsync(run, state, cancellationToken);
        var verified = state.Verified ?? throw new InvalidOperationException($"case {run.CaseId} was not verified: nothing to certify");
        var request = state.ApprovedBy is { } id ? await approvals.FindAsync(run.TenantId, id, cancellationToken) : null;
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
        var digest = await documents.SaveAsync(Name(run, "certificate.json"), certificate, cancellationToken);
        var counts = verified.Steps.CountBy(s => s.State).ToDictionary(c => c.Key, c => (long)c.Value);
        var record = Record(
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
        await RecordAsync(
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

    // When to ask again whether acts are paused (UTC); null when they are not.
    private async Task<DateTime?> PausedUntilAsync(CancellationToken cancellationToken) =>
        await pause.HoldingAsync(isBlocking: false, cancellationToken) is { } holding ? (Now + holding.Wait).UtcDateTime : null;

    // What the capability's guards hold, and the first act under a policy.
    private async Task<IReadOnlyList<Hold>> HoldsAsync(
        ChangeRun run,
        ActionPlan plan,
        TObservation observed,
        ChangePolicy policy,
        CancellationToken cancellationToken
    )
    {
        // A plan that does nothing is no act.
        if (plan.Steps.Count == 0)
            return [];
        var holds = change.Guard(plan, observed, policy).ToList();
        if (policy.ApproveFirstAct && await policyActs.IsFirstAsync(run.TenantId, policy.Sha256, cancellationToken))
            holds.Add(new(Hold.FirstActOfPolicy, $"the first plan under policy {policy.Sha256[..Math.Min(12, policy.Sha256.Length)]}"));
        return holds;
    }

    // Null when the round may act.
    private async Task<ChangeDecision?> NotDueAsync(ChangeRun run, CancellationToken cancellationToken)
    {
        var due = await change.IsDueAsync(run, cancellationToken);
        if (!due.IsWanted || (await StateAsync(run, cancellationToken)).Ended)
            return await EndAsync(run, cancellationToken);
        if (due.From is not { } from || from <= Now)
            return null;
        // Put off: what was asked about it, and its place, is for the day it is due.
        await LetGoAsync(run, cancellationToken);
        return new(NextAction.NotDue, Until: from.UtcDateTime);
    }

    // With the plan that was let begin before: what it did is verified and certified.
    private async Task<ChangeDecision> EndAsync(ChangeRun run, CancellationToken cancellationToken)
    {
        var state = await ChangeStateAsync(run, s => s with { Ended = true }, cancellationToken);
        await LetGoAsync(run, cancellationToken);
        return new(NextAction.Stop, state.Begun);
    }

    // Requests count no more, and a place under the caps is free again where nothing was done.
    private async Task LetGoAsync(ChangeRun run, CancellationToken cancellationToken)
    {
        var state = await StateAsync(run, cancellationToken);
        foreach (var id in state.Requests.Where(id => id != state.ApprovedBy))
            await approvals.VoidAsync(run.TenantId, id, Now, cancellationToken);
        if (state.Begun is null)
            await caps.ReleaseAsync(run.TenantId, run.InstanceId, cancellationToken);
    }

    private async Task<ChangeDecision> AskAsync(
        ChangeRun run,
        ActionPlan plan,
        string planId,
        List<Hold> holds,
        ChangePolicy policy,
        DateTimeOffset lookedAt,
        CancellationToken cancellationToken
    )
    {
        var request = await approvals.AskAsync(
            new ApprovalRequest
            {
                Id = RequestId(run, planId),
                TenantId = run.TenantId,
                PlanId = planId,
                CaseId = run.CaseId,
                SubjectId = run.SubjectId,
                Requesters = run.Requesters,
                Reasons = [.. holds.Select(h => h.Reason)],
                Guards = [.. holds.Select(h => h.Guard).Distinct(StringComparer.Ordinal)],
                Controls = change.Controls,
                PolicySha256 = policy.Sha256,
                AskedAt = lookedAt,
                Deadline = lookedAt + policy.ApprovalWithin,
                ValidFor = policy.ApprovalValidFor,
                InstanceId = run.InstanceId,
            },
            Now,
            cancellationToken
        );
        // One question at a time: an answer to an earlier plan would come to nothing.
        var state = await ChangeStateAsync(
            run,
            s => s.Requests.Contains(request.Id, StringComparer.Ordinal) ? s : s with { Requests = [.. s.Requests, request.Id] },
            cancellationToken
        );
        foreach (var earlier in state.Requests.Where(id => id != request.Id))
            await approvals.VoidAsync(run.TenantId, earlier, Now, cancellationToken);
        var counts = new Dictionary<string, long> { ["holds"] = request.Reasons.Count, ["steps"] = plan.Steps.Count };
        var record = Record(run, plan, $"held-{planId[..12]}-{Instant(request.AskedAt)}", "held", request.AskedAt, counts);
        await RecordAsync(run, record with { Reason = string.Join(",", request.Guards) }, s => s, cancellationToken);
        return new(NextAction.AskApproval, planId, request.Id, request.Deadline.UtcDateTime);
    }

    // Did two people let the begun plan past every guard that holds now?
    private async Task<bool> IsCoveredAsync(
        ChangeRun run,
        ChangeState state,
        IReadOnlyList<Hold> holds,
        CancellationToken cancellationToken
    ) =>
        state.ApprovedBy is { } id
        && await approvals.FindAsync(run.TenantId, id, cancellationToken) is { } request
        && ApprovalBoard.Covers(request, holds.Select(h => h.Guard));

    // Steps that a fresh look does not call for any more, or that a guard holds without an approval: not done in this round.
    private List<StepOutcome> Unwanted(ActionPlan plan, ActionPlan fresh, HashSet<string> settled, IReadOnlyList<Hold> holds)
    {
        var wanted = fresh.Steps.Select(s => s.Id).ToHashSet(StringComparer.Ordinal);
        var at = Now;
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
    private static IReadOnlyList<StepOutcome> News(IReadOnlyList<StepOutcome> outcomes, IReadOnlyList<StepOutcome> known) =>
        [.. outcomes.Where(o => !known.Any(k => k.StepId == o.StepId && k.Result == o.Result && k.Reason == o.Reason))];

    // Once for each change of it, not once a pass.
    private async Task RecordOutcomesAsync(ChangeRun run, ActionPlan plan, ChangeState state, CancellationToken cancellationToken)
    {
        var signature = StepOutcomes.SignatureOf(state.Outcomes);
        if (state.Recorded == signature)
            return;
        var isComplete = plan.Steps.All(s => state.Outcomes.Any(o => o.StepId == s.Id && o.InEffect));
        var at = state.Outcomes.Select(o => o.At).DefaultIfEmpty(state.BegunAt!.Value).Max();
        var record = Record(run, plan, $"act-{Text(state.Records)}", "act", at, StepOutcomes.Counts(state.Outcomes));
        await RecordAsync(
            run,
            record with
            {
                Outcome = isComplete ? "complete" : "incomplete",
            },
            s => s with { Recorded = signature, Records = state.Records + 1 },
            cancellationToken
        );
    }

    // At is the time of what is recorded, the same whenever it is sent again.
    private EvidenceRecord Record(
        ChangeRun run,
        ActionPlan plan,
        string part,
        string action,
        DateTimeOffset at,
        IReadOnlyDictionary<string, long> counts
    ) =>
        new()
        {
            Id = $"{run.CaseId}-{Text(run.Round)}-{part}",
            Time = at,
            Actor = change.Name,
            Action = $"{change.Name}.{action}",
            TenantId = run.TenantId,
            PolicySha256 = plan.PolicySha256,
            Controls = change.Controls,
            Outcome = action,
            Counts = counts,
            Subject = run.CaseId,
            PlanId = plan.Id(),
            CorrelationId = run.InstanceId,
            People = [run.CaseId],
        };

    // Appends, and notes in the state that it is on record: the certificate names the records it rests on.
    private async Task RecordAsync(
        ChangeRun run,
        EvidenceRecord record,
        Func<ChangeState, ChangeState> also,
        CancellationToken cancellationToken
    )
    {
        var id = (await evidence.AppendAsync(record, cancellationToken)).RecordId;
        await ChangeStateAsync(
            run,
            s => also(s.Evidence.Contains(id, StringComparer.Ordinal) ? s : s with { Evidence = [.. s.Evidence, id] }),
            cancellationToken
        );
    }

    private async Task<(ActionPlan Plan, TObservation Before)> BegunAsync(
        ChangeRun run,
        ChangeState state,
        CancellationToken cancellationToken
    )
    {
        var planId = state.Begun ?? throw new InvalidOperationException($"nothing of case {run.CaseId} was let begin");
        return (
            await documents.LoadPlanAsync(Name(run, $"plan-{planId}.json"), planId, cancellationToken),
            await documents.LoadAsync<TObservation>(Name(run, $"observed-{planId}.json"), cancellationToken)
                ?? throw new InvalidOperationException($"what plan {planId} was made from is not there")
        );
    }

    private async Task<ChangeState> StateAsync(ChangeRun run, CancellationToken cancellationToken) =>
        await documents.LoadAsync<ChangeState>(Name(run, "state.json"), cancellationToken) ?? new ChangeState();

    private Task<ChangeState> ChangeStateAsync(
        ChangeRun run,
        Func<ChangeState, ChangeState> apply,
        CancellationToken cancellationToken
    ) => documents.ChangeAsync<ChangeState>(Name(run, "state.json"), s => apply(s ?? new ChangeState()), cancellationToken);

    // An answer counts in its own round only, and two rounds may have the same plan.
    private static string RequestId(ChangeRun run, string planId) => $"{run.CaseId}-{Text(run.Round)}-{planId[..12]}";

    private static string Name(ChangeRun run, string document) => $"{run.CaseId}/{Text(run.Round)}/{document}";

    private static string Instant(DateTimeOffset at) => at.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
