using Compliance.Changes.Approvals;
using Compliance.Changes.Flow;
using Compliance.Changes.Guards;
using Compliance.Changes.Plans;
using Compliance.Offboarding.Cases;
using Microsoft.Extensions.Logging;

namespace Compliance.Offboarding.Rounds;

/// <summary>
/// Asks two people about a plan of a round. An answer counts in its own round only; that of an undo counts for the event of HR, or the
/// start for cause, that holds when it is given.
/// </summary>
internal sealed partial class RoundQuestions(
    LeaverRounds rounds,
    ApprovalBoard approvals,
    CaseFindings findings,
    ILogger<RoundQuestions> log
)
{
    /// <summary>Id of the request about a plan. Requests of a first round keep the form in which they are stored.</summary>
    public static string RequestId(CaseRun run, string planId) =>
        run.Round == 1 ? $"{run.CaseId}-{planId[..12]}" : $"{run.CaseId}-{run.Round}-{planId[..12]}";

    /// <summary>Id of the request about an undo plan: a later event or start asks again.</summary>
    public static string UndoRequestId(LeaverCase known, string planId) => UndoRequestPrefix(known) + planId[..12];

    /// <summary>What the ids of all requests begin with that ask about an undo after the event, or the start, that holds now.</summary>
    public static string UndoRequestPrefix(LeaverCase known) =>
        known.Cause is { Number: var start } ? $"{known.Id}-undo-{known.Sequence}-c{start}-" : $"{known.Id}-undo-{known.Sequence}-";

    /// <summary>Whether a request asks to give access back.</summary>
    public static bool IsUndo(ApprovalRequest request) => request.Guards.Contains(GuardNames.Restore, StringComparer.Ordinal);

    /// <summary>
    /// The request, asked for by who started the case for cause as well: it may have been asked before that. Their answers do not count.
    /// </summary>
    public static ApprovalRequest WithStarter(ApprovalRequest request, LeaverCase known) =>
        known.Cause is { Holds: true } cause ? ApprovalRules.WithRequester(request, cause.StartedBy) : request;

    /// <summary>The request as it is now; null when it was never made.</summary>
    public Task<ApprovalRequest?> FindAsync(string requestId, CancellationToken cancellationToken) =>
        approvals.FindAsync(rounds.Tenant, requestId, cancellationToken);

    /// <summary>Whether two people whose answers count approved, and not too long ago.</summary>
    public bool IsApproved(LeaverCase known, ApprovalRequest request) =>
        ApprovalRules.StateOf(WithStarter(request, known), rounds.Now) == ApprovalState.Approved;

    /// <summary>
    /// Whether a plan was asked about and is not approved: what two people approved and was not begun in time is asked again.
    /// </summary>
    public async Task<bool> HasLapsedAsync(CaseRun run, LeaverCase known, string planId, CancellationToken cancellationToken) =>
        await FindAsync(RequestId(run, planId), cancellationToken) is { } request && !IsApproved(known, request);

    /// <summary>What was approved is carried out from now on: its answers do not lapse any more.</summary>
    public Task BeginAsync(string requestId, CancellationToken cancellationToken) =>
        approvals.BeginAsync(rounds.Tenant, requestId, rounds.Now, cancellationToken);

    /// <summary>Its answers count no more.</summary>
    public Task VoidAsync(string requestId, CancellationToken cancellationToken) =>
        approvals.VoidAsync(rounds.Tenant, requestId, rounds.Now, cancellationToken);

    /// <summary>
    /// Voids what was asked about blocking, also what was approved, and takes back that it may begin: the day of leaving is another one.
    /// </summary>
    public async Task VoidBlockAsync(CaseRun run, CancellationToken cancellationToken)
    {
        foreach (var id in (await rounds.StateAsync(run, cancellationToken)).Approvals)
            await VoidAsync(id, cancellationToken);
        await rounds.WithdrawBlockAsync(run, cancellationToken);
    }

    /// <summary>Records the answers to a request.</summary>
    public Task RecordAnswersAsync(ApprovalRequest request, CancellationToken cancellationToken) =>
        approvals.RecordAsync(request, cancellationToken);

    /// <summary>Asks two people, and voids what was asked before.</summary>
    /// <param name="asked">What is asked.</param>
    /// <param name="known">The case.</param>
    /// <param name="policy">The policy in force.</param>
    /// <param name="change">What becomes of the case's stage; null when it stays.</param>
    /// <param name="cancellationToken">Stops between writes.</param>
    /// <returns>The request that the orchestration waits for.</returns>
    public async Task<ChangeDecision> AskAsync(
        Question asked,
        LeaverCase known,
        OffboardingPolicy policy,
        StageChange? change,
        CancellationToken cancellationToken
    )
    {
        var (run, planId) = (asked.Run, asked.Plan.Id());
        var request = await approvals.AskAsync(CreateRequest(asked, known, policy), rounds.Now, cancellationToken);
        // One question at a time to one orchestration: an answer to an earlier one would come to nothing.
        foreach (var earlier in await approvals.OpenAsync(rounds.Tenant, rounds.Now, cancellationToken))
            if (
                earlier.CaseId == run.CaseId
                && earlier.Id != request.Id
                && IsUndo(earlier) == IsUndo(request)
                && !ForCauseStarts.Asks(earlier)
            )
                await VoidAsync(earlier.Id, cancellationToken);
        await rounds.ChangeStateAsync(
            run,
            s =>
                s with
                {
                    Facts = s.Begun.Count > 0 || s.EverReleased.Any() ? s.Facts : asked.Facts,
                    Plans = s.Plans.With(planId),
                    Approvals = s.Approvals.With(request.Id),
                },
            cancellationToken
        );
        if (change is { } held)
            await NoteAsync(asked, known, IsUndo(request), held, cancellationToken);
        await ReportAsync(asked, known, request, policy, cancellationToken);
        Held(log, run.CaseId, planId, string.Join(",", asked.Holds.Select(h => h.Guard)));
        return new(NextAction.AskApproval, planId, request.Id, request.Deadline.UtcDateTime);
    }

    private ApprovalRequest CreateRequest(Question asked, LeaverCase known, OffboardingPolicy policy) =>
        new()
        {
            Id = asked.RequestId,
            TenantId = rounds.Tenant,
            PlanId = asked.Plan.Id(),
            CaseId = asked.Run.CaseId,
            SubjectId = asked.Facts.UserId,
            Requesters = known.Cause is { Holds: true } cause ? [cause.StartedBy] : [],
            Reasons = [.. asked.Holds.Select(h => h.Reason)],
            Guards = [.. asked.Holds.Select(h => h.Guard).Distinct(StringComparer.Ordinal)],
            Controls = [OffboardingControls.Overdue, OffboardingControls.Held],
            PolicySha256 = policy.Sha256,
            AskedAt = asked.ReadAt,
            Deadline = asked.ReadAt + policy.ApprovalWithin,
            ValidFor = policy.ApprovalValidFor,
            InstanceId = asked.InstanceId,
        };

    private Task<LeaverCase> NoteAsync(Question asked, LeaverCase known, bool isUndo, StageChange held, CancellationToken cancellationToken)
    {
        var planId = asked.Plan.Id();
        return rounds.ChangeAsync(
            asked.Run,
            c =>
            {
                var isSuperseded = isUndo
                    ? UndoRequestPrefix(c) != UndoRequestPrefix(known)
                    : CaseRules.IsSupersededOrLater(c, asked.Run.Round, rounds.Now);
                if (isSuperseded)
                    return c;
                // That the account could not be blocked yet is what has to be seen first.
                if (c.Stage == LeaverStage.Blocking && !isUndo)
                    return c with { PlanId = planId };
                return LeaverTransitions.Apply(c, held) with
                {
                    UserId = c.UserId ?? asked.Facts.UserId,
                    PlanId = planId,
                    Note = string.Join("; ", asked.Holds.Select(h => h.Reason)),
                };
            },
            cancellationToken
        );
    }

    private async Task ReportAsync(
        Question asked,
        LeaverCase known,
        ApprovalRequest request,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var phase = IsUndo(request) ? CasePhase.Undo : CasePhase.Hold;
        var nextStep =
            $"Two approvers read plan {request.PlanId[..12]} and answer: compliance approvals answer {request.Id} --plan {request.PlanId}.";
        var detections = asked.Holds.Select(h =>
            CaseFindings.Create(known, policy, phase, OffboardingControls.Held, h.Reason, nextStep) with
            {
                Part = h.Guard,
            }
        );
        await findings.ReportAsync(known, [phase], [.. detections], rounds.Now, cancellationToken);
        var what = new RoundEvidence
        {
            Phase = $"held-{asked.RequestId[^12..]}",
            At = request.AskedAt,
            Action = "offboarding.held",
            Outcome = "held",
            Controls = [OffboardingControls.Held],
            PlanId = request.PlanId,
            Counts = new Dictionary<string, long> { ["holds"] = asked.Holds.Count, ["steps"] = asked.Plan.Steps.Count },
            Reason = string.Join(",", asked.Holds.Select(h => h.Guard)),
        };
        await rounds.RecordAsync(asked.Run, policy, what, cancellationToken);
    }

    [LoggerMessage(5001, LogLevel.Warning, "Case {CaseId}: plan {PlanId} waits for two approvals ({Guards})")]
    private static partial void Held(ILogger logger, string caseId, string planId, string guards);
}

/// <summary>What two people are asked.</summary>
/// <param name="Run">The round that its documents belong to.</param>
/// <param name="Plan">The plan.</param>
/// <param name="Facts">The person.</param>
/// <param name="Holds">Why they are asked.</param>
/// <param name="ReadAt">When what is asked about was read (UTC).</param>
/// <param name="RequestId">Id of the request.</param>
/// <param name="InstanceId">The orchestration that waits.</param>
internal sealed record Question(
    CaseRun Run,
    ActionPlan Plan,
    LeaverFacts Facts,
    IReadOnlyList<Hold> Holds,
    DateTimeOffset ReadAt,
    string RequestId,
    string InstanceId
);
