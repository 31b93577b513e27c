using Compliance.Changes.Approvals;
using Compliance.Changes.Execution;
using Compliance.Changes.Flow;
using Compliance.Changes.Guards;
using Compliance.Changes.Plans;
using Compliance.Controls;
using Compliance.Findings;
using Compliance.Ledger;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Directory;
using Microsoft.Extensions.Logging;

namespace Compliance.Offboarding.Cases;

public sealed partial class LeaverSteps
{
    /// <summary>Name of a document of one round of a case.</summary>
    internal static string Name(CaseRun run, string document) => $"{run.CaseId}/{run.Round}/{document}";

    // Over for this orchestration: HR took it back, the person is employed again, or another round of the case goes on in its place.
    private static bool Over(LeaverCase known, CaseRun run) =>
        CaseRules.IsTakenBack(known) || known.EmployedIn is not null || known.Round != run.Round;

    // A change to a case that is over would say of the next round what is true of this one.
    private bool CaseIsOver(LeaverCase known, CaseRun run) => Over(known, run) || CaseRules.IsLater(known, Now);

    private async Task<LeaverCase> CaseAsync(CaseRun run, CancellationToken cancellationToken) =>
        await _parts.Cases.FindAsync(Tenant, run.CaseId, cancellationToken)
        ?? throw new KeyNotFoundException($"there is no case {run.CaseId}");

    private Task<LeaverCase> ChangeAsync(CaseRun run, Func<LeaverCase, LeaverCase> change, CancellationToken cancellationToken) =>
        _parts.Cases.ChangeAsync(Tenant, run.CaseId, change, cancellationToken);

    // The case, and whether this round of it is over. One that HR took back or put off comes to rest here: nothing of it acts from then on,
    // and what it did can be given back. An event that says otherwise comes before that, and the round goes on, or after it and begins
    // another round.
    private async Task<(LeaverCase Known, bool Over)> LookAsync(CaseRun run, OffboardingPolicy policy, CancellationToken cancellationToken)
    {
        var (known, over) = await RestIfOverAsync(run, policy, cancellationToken);
        if (over)
            await ReleasePlaceAsync(run, cancellationToken);
        return (known, over);
    }

    // A round that did nothing to the person leaves its place under the caps to others.
    private async Task ReleasePlaceAsync(CaseRun run, CancellationToken cancellationToken)
    {
        var state = await StateAsync(run, cancellationToken);
        if (state.Blocked.Any(o => o.InEffect))
            return;
        // Let begin, and its answer not kept or not had: the directory shows whether it was done.
        var isKnown = state.Released.Count == 0 || (state.Blocked.Count > 0 && state.Blocked.All(o => o.Result is not StepResult.Failed));
        if (
            isKnown
            || state.Facts is not { AccountEnabled: true } facts
            || (await _parts.Directory.LookUpAsync(facts.UserId, _parts.Policy.Load(), cancellationToken)).Facts is { AccountEnabled: true }
        )
            await _parts.Caps.ReleaseAsync(Tenant, LeaverCase.InstanceIdOf(run.CaseId, run.Round), cancellationToken);
    }

    private async Task<(LeaverCase Known, bool Over)> RestIfOverAsync(
        CaseRun run,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var known = await WithOtherEmploymentAsync(run, await CaseAsync(run, cancellationToken), policy, cancellationToken);
        var now = Now;
        if (known.Round != run.Round || known.RestedAt is not null)
            return (known, Over(known, run));
        if (Rested(known, now) == known)
            return (known, false);
        await RecordCutOffAsync(run, known, policy, cancellationToken);
        CasePhase[] kept = [CasePhase.Undo, CasePhase.NotGivenBack, CasePhase.Rest, CasePhase.LockedOut, CasePhase.Confirmation];
        await ReportAsync(known, [.. CaseFindings.Phases.Except(kept)], [], cancellationToken);
        known = await ChangeAsync(run, c => c.Round == run.Round && c.RestedAt is null ? Rested(c, now) : c, cancellationToken);
        return (known, Over(known, run));
    }

    // HR's event of another employment may be stored, and whoever took it in cut off before this case heard of it. A start for cause
    // outweighs what HR reported before, and when that was is the intake's to judge.
    private async Task<LeaverCase> WithOtherEmploymentAsync(
        CaseRun run,
        LeaverCase known,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        if (!IsOpen(known))
            return known;
        var (all, now) = (await _parts.Cases.OfPersonAsync(Tenant, known.EmployeeId, cancellationToken), Now);
        if (CaseRules.EmployedIn(known, all, now) is null)
            return known;
        known = await ChangeAsync(run, c => IsOpen(c) ? c with { EmployedIn = CaseRules.EmployedIn(c, all, now) } : c, cancellationToken);
        if (CaseCourse.WorksOn(known, all, policy, now) is { } detection)
            await _parts.Findings.OpenAsync(Tenant, known.Id, [LeaverControls.Stalled], [detection], now, cancellationToken);
        return known;

        bool IsOpen(LeaverCase c) =>
            c.Round == run.Round && c.EmployedIn is null && CaseRules.IsActing(c) && !CaseRules.IsForCause(c);
    }

    // The same when the round goes on.
    private static LeaverCase Rested(LeaverCase known, DateTimeOffset now)
    {
        if (CaseRules.IsTakenBack(known))
            return known is { BegunAt: null, BlockedAt: null } && known.Stage != LeaverStage.Cancelled
                ? known with
                {
                    RestedAt = now,
                    Stage = LeaverStage.Cancelled,
                    Note = $"{WhyTakenBack(known)} before anything was done",
                }
                : known with
                {
                    RestedAt = now,
                };
        if (known.EmployedIn is not null)
            return CaseRules.AtRest(known, now);
        return known.BegunAt is not null && CaseRules.IsLater(known, now) ? CaseRules.NextRound(known) : known;
    }

    private static string WhyTakenBack(LeaverCase known) =>
        known.Cause is { Outcome: ForCauseOutcome.Refused } && known.Sequence < 0
            ? "a second person refused the start for cause"
            : "HR took the leaving back";

    private async Task<CaseState> StateAsync(CaseRun run, CancellationToken cancellationToken) =>
        await _parts.Documents.LoadAsync<CaseState>(Name(run, "state.json"), cancellationToken) ?? new CaseState();

    private Task<CaseState> ChangeStateAsync(CaseRun run, Func<CaseState, CaseState> change, CancellationToken cancellationToken) =>
        _parts.Documents.ChangeAsync<CaseState>(Name(run, "state.json"), s => change(s ?? new CaseState()), cancellationToken);

    private bool IsApproved(LeaverCase known, ApprovalRequest request) =>
        ApprovalRules.StateOf(WithStarter(request, known), Now) == ApprovalState.Approved;

    /// <summary>
    /// The request, asked for by who started the case for cause as well: it may have been asked before that. Their answers do not count.
    /// </summary>
    internal static ApprovalRequest WithStarter(ApprovalRequest request, LeaverCase known) =>
        known.Cause is { Holds: true } cause ? ApprovalRules.WithRequester(request, cause.StartedBy) : request;

    private static IReadOnlyList<string> With(IReadOnlyList<string> list, string item) =>
        list.Contains(item, StringComparer.Ordinal) ? list : [.. list, item];

    // An answer counts in its own round only, and two rounds may have the same plan. Requests of a first round keep the form in which they
    // are stored.
    private static string RequestId(CaseRun run, string planId) =>
        run.Round == 1 ? $"{run.CaseId}-{planId[..12]}" : $"{run.CaseId}-{run.Round}-{planId[..12]}";

    // Asks two people. The case stands where it stood when no stage is given.
    private async Task<ChangeDecision> HoldAsync(
        Question asked,
        LeaverCase known,
        OffboardingPolicy policy,
        LeaverStage? stage,
        CancellationToken cancellationToken
    )
    {
        var (run, plan, planId, facts, holds, lookedAt, requestId, instanceId) = asked;
        var request = await _parts.Approvals.AskAsync(
            new ApprovalRequest
            {
                Id = requestId,
                TenantId = Tenant,
                PlanId = planId,
                CaseId = run.CaseId,
                SubjectId = facts.UserId,
                Requesters = known.Cause is { Holds: true } cause ? [cause.StartedBy] : [],
                Reasons = [.. holds.Select(h => h.Reason)],
                Guards = [.. holds.Select(h => h.Guard).Distinct(StringComparer.Ordinal)],
                Controls = [LeaverControls.Overdue, LeaverControls.Held],
                PolicySha256 = policy.Sha256,
                AskedAt = lookedAt,
                Deadline = lookedAt + policy.ApprovalWithin,
                ValidFor = policy.ApprovalValidFor,
                InstanceId = instanceId,
            },
            Now,
            cancellationToken
        );
        var isUndo = IsUndo(request);
        // One question at a time to one orchestration: an answer to an earlier one would come to nothing.
        foreach (var earlier in await _parts.Approvals.OpenAsync(Tenant, Now, cancellationToken))
            if (earlier.CaseId == run.CaseId && earlier.Id != request.Id && IsUndo(earlier) == isUndo && !ForCauseStarts.Asks(earlier))
                await _parts.Approvals.VoidAsync(Tenant, earlier.Id, Now, cancellationToken);
        await ChangeStateAsync(
            run,
            s =>
                s with
                {
                    Facts = s.Begun.Count > 0 || s.Released.Count > 0 ? s.Facts : facts,
                    Plans = With(s.Plans, planId),
                    Approvals = With(s.Approvals, request.Id),
                },
            cancellationToken
        );
        if (stage is { } held)
            await ChangeAsync(
                run,
                c =>
                {
                    if (isUndo ? UndoRequestPrefix(c) != UndoRequestPrefix(known) : CaseIsOver(c, run))
                        return c;
                    // That the account could not be blocked yet is what has to be seen first.
                    return c.Stage == LeaverStage.Blocking && !isUndo
                        ? c with
                        {
                            PlanId = planId,
                        }
                        : c with
                        {
                            UserId = c.UserId ?? facts.UserId,
                            PlanId = planId,
                            Stage = held,
                            Note = string.Join("; ", holds.Select(h => h.Reason)),
                        };
                },
                cancellationToken
            );
        var phase = isUndo ? CasePhase.Undo : CasePhase.Hold;
        await ReportAsync(
            known,
            [phase],
            [
                .. holds.Select(h =>
                    CaseFindings.Create(
                        known,
                        policy,
                        phase,
                        LeaverControls.Held,
                        h.Reason,
                        $"Two approvers read plan {planId[..12]} and answer: compliance approvals answer {request.Id} --plan {planId}.",
                        part: h.Guard
                    )
                ),
            ],
            cancellationToken
        );
        await RecordAsync(
            run,
            request.AskedAt,
            policy,
            [LeaverControls.Held],
            $"held-{requestId[^12..]}",
            "offboarding.held",
            "held",
            planId,
            new Dictionary<string, long> { ["holds"] = holds.Count, ["steps"] = plan.Steps.Count },
            reason: string.Join(",", holds.Select(h => h.Guard)),
            cancellationToken: cancellationToken
        );
        Held(_log, run.CaseId, planId, string.Join(",", holds.Select(h => h.Guard)));
        return new(NextAction.AskApproval, planId, request.Id, request.Deadline.UtcDateTime);
    }

    private static bool IsUndo(ApprovalRequest request) => request.Guards.Contains(GuardNames.Restore, StringComparer.Ordinal);

    private async Task<Heir?> HeirAsync(string userId, CancellationToken cancellationToken) =>
        await _parts.Directory.HeirAsync(userId, await LeavingAsync(cancellationToken), cancellationToken);

    // Others who leave at the same time are no heirs, nor is anybody who left not long ago.
    private async Task<IReadOnlySet<string>> LeavingAsync(CancellationToken cancellationToken) =>
        (await _parts.Cases.OpenAsync(Tenant, Now - CaseRules.Remembered, cancellationToken))
            .Where(c => c.UserId is not null && c.Stage is not (LeaverStage.Cancelled or LeaverStage.Restored))
            .Select(c => c.UserId!)
            .ToHashSet(StringComparer.OrdinalIgnoreCase);

    // Whoever policy names may have left as well.
    private static OffboardingPolicy WithoutLeavers(OffboardingPolicy policy, IReadOnlySet<string> leaving) =>
        policy with
        {
            PrivilegedOwner = policy.PrivilegedOwner is { } owner && leaving.Contains(owner) ? null : policy.PrivilegedOwner,
            FallbackOwner = policy.FallbackOwner is { } fallback && leaving.Contains(fallback) ? null : policy.FallbackOwner,
        };

    private async Task<AccessSnapshot> SnapshotAsync(CaseRun run, CancellationToken cancellationToken) =>
        await _parts.Documents.LoadAsync<AccessSnapshot>(Name(run, "snapshot.json"), cancellationToken)
        ?? throw new InvalidOperationException($"case {run.CaseId} has no snapshot");

    private Task<ActionPlan> PlanAsync(CaseRun run, string planId, CancellationToken cancellationToken) =>
        _parts.Documents.LoadPlanAsync(Name(run, $"plan-{planId}.json"), planId, cancellationToken);

    // The plan that blocking was let begin with; null when it never was.
    private async Task<ActionPlan?> BlockPlanAsync(CaseRun run, CaseState state, CancellationToken cancellationToken)
    {
        foreach (var id in state.Released.Reverse())
            if (await PlanAsync(run, id, cancellationToken) is { Kind: Steps.Block } plan)
                return plan;
        return null;
    }

    private async Task<IReadOnlyList<ActionPlan>> PlansAsync(CaseRun run, CaseState state, CancellationToken cancellationToken)
    {
        var plans = new List<ActionPlan>();
        foreach (var id in state.Begun)
            plans.Add(await PlanAsync(run, id, cancellationToken));
        return plans;
    }

    // The credential capability receives what the leaver could read; those findings have a source of their own and stay until what they
    // name was rotated.
    private async Task ReportSecretsAsync(
        LeaverCase known,
        AccessSnapshot before,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        if (known.BlockedAt is { } blocked && LeaverSecrets.Detections(before, known.Id, blocked, policy) is { Count: > 0 } secrets)
            await _parts.Findings.OpenAsync(Tenant, known.Id, [ControlCatalogue.KnownByLeaver], secrets, Now, cancellationToken);
    }

    private Task ReportAsync(
        LeaverCase known,
        IReadOnlyList<CasePhase> phases,
        IReadOnlyCollection<Detection> detections,
        CancellationToken cancellationToken
    ) => _parts.Findings.SetAsync(Tenant, known.Id, phases, detections, Now, cancellationToken);

    // Records what a phase came to, once for each change of it: what stays as it is for months is reported once.
    private async Task<bool> RecordChangeAsync(
        CaseRun run,
        string phase,
        string planId,
        IReadOnlyCollection<StepOutcome> outcomes,
        bool isLast,
        Func<RecordedChange, Task> recordAsync,
        CancellationToken cancellationToken
    )
    {
        var key = $"{phase}-{planId[..12]}";
        var signature = StepOutcomes.SignatureOf(outcomes);
        var state = await StateAsync(run, cancellationToken);
        if (state.Recorded.GetValueOrDefault(key) == signature)
            return false;
        var number = state.Evidence.Count(e => e.Contains($"-{run.Round}-{key}-", StringComparison.Ordinal));
        await recordAsync(
            new(
                isLast ? $"{key}-done" : $"{key}-{Invariantly(number)}",
                outcomes.Select(o => o.At).DefaultIfEmpty(Now).Max(),
                s => s with { Recorded = new Dictionary<string, string>(s.Recorded, StringComparer.Ordinal) { [key] = signature } }
            )
        );
        return true;
    }

    // At is the time of what is reported, the same whenever it is sent: an id is looked for in the log from that time on.
    private async Task<CaseState> RecordAsync(
        CaseRun run,
        DateTimeOffset at,
        OffboardingPolicy policy,
        IReadOnlyList<string> controls,
        string phase,
        string action,
        string outcome,
        string? planId,
        IReadOnlyDictionary<string, long>? counts = null,
        IReadOnlyDictionary<string, string>? details = null,
        string? reason = null,
        Func<CaseState, CaseState>? also = null,
        CancellationToken cancellationToken = default
    )
    {
        var receipt = await _parts.Evidence.AppendAsync(
            new EvidenceRecord
            {
                Id = $"{run.CaseId}-{run.Round}-{phase}",
                Time = at,
                Actor = "LeaverCase (HR event)",
                Action = action,
                TenantId = Tenant,
                PolicySha256 = policy.Sha256,
                Controls = controls,
                Outcome = outcome,
                Counts = counts ?? new Dictionary<string, long>(),
                Subject = run.CaseId,
                Reason = reason,
                PlanId = planId,
                DetailsSha256 = details,
                CorrelationId = run.CorrelationId,
                People = [run.CaseId],
            },
            cancellationToken
        );
        // The certificate names the records it rests on.
        return await ChangeStateAsync(
            run,
            s => (also ?? (same => same))(s with { Evidence = With(s.Evidence, receipt.RecordId) }),
            cancellationToken
        );
    }

    // Records go by the person's pseudonym, so that only the rest of their ids is known here.
    private static bool IsRecorded(CaseState state, CaseRun run, string phase) =>
        state.Evidence.Any(e => e.EndsWith($"-{run.Round}-{phase}", StringComparison.Ordinal));

    private static bool IsBlockRecorded(CaseState state, CaseRun run) =>
        state.Evidence.Any(e =>
            e.Contains($"-{run.Round}-block-", StringComparison.Ordinal) && e.EndsWith("-done", StringComparison.Ordinal)
        );

    /// <summary>What is recorded of a change.</summary>
    /// <param name="Phase">The part of the record's id after case and round.</param>
    /// <param name="At">When it was so (UTC).</param>
    /// <param name="Also">Notes, together with the record's id, that it was recorded.</param>
    private sealed record RecordedChange(string Phase, DateTimeOffset At, Func<CaseState, CaseState> Also);

    /// <summary>What two people are asked.</summary>
    /// <param name="Run">The round that its documents belong to.</param>
    /// <param name="Plan">The plan.</param>
    /// <param name="PlanId">Its id.</param>
    /// <param name="Facts">The person.</param>
    /// <param name="Holds">Why they are asked.</param>
    /// <param name="LookedAt">When what is asked about was looked at (UTC).</param>
    /// <param name="RequestId">Id of the request.</param>
    /// <param name="InstanceId">The orchestration that waits.</param>
    private sealed record Question(
        CaseRun Run,
        ActionPlan Plan,
        string PlanId,
        LeaverFacts Facts,
        IReadOnlyList<Hold> Holds,
        DateTimeOffset LookedAt,
        string RequestId,
        string InstanceId
    );

    [LoggerMessage(5000, LogLevel.Information, "Case {CaseId}: blocked {Seconds:0.0} s after the event arrived")]
    private static partial void Blocked(ILogger logger, string caseId, double seconds);

    [LoggerMessage(5001, LogLevel.Warning, "Case {CaseId}: plan {PlanId} waits for two approvals ({Guards})")]
    private static partial void Held(ILogger logger, string caseId, string planId, string guards);

    [LoggerMessage(5002, LogLevel.Information, "Case {CaseId}: certificate issued, clear {Clear}; {Removed} accesses removed, {Left} not")]
    private static partial void Certified(ILogger logger, string caseId, bool clear, int removed, int left);
}
