using Compliance.Changes.Approvals;
using Compliance.Offboarding.Cases;

namespace Compliance.Offboarding.Rounds;

/// <summary>What becomes of a case once two people approved, one refused, or no answer came in time.</summary>
internal sealed class ApprovalOutcomes(LeaverRounds rounds, RoundQuestions questions, CaseFindings findings)
{
    /// <summary>Lets the plan begin.</summary>
    public async Task ApprovedAsync(CaseRun run, LeaverCase known, ApprovalRequest request, CancellationToken cancellationToken)
    {
        await questions.RecordAnswersAsync(request, cancellationToken);
        if (!RoundQuestions.IsUndo(request))
            await rounds.ChangeStateAsync(run, s => s with { Released = s.Released.With(request.PlanId) }, cancellationToken);
        await ResolveAsync(known, request, cancellationToken);
    }

    /// <summary>Ends the round, or the undo. A later event of HR asks again.</summary>
    public async Task RefusedAsync(
        CaseRun run,
        LeaverCase known,
        ApprovalRequest request,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        await questions.RecordAnswersAsync(request, cancellationToken);
        // On record first: a case that is closed may be erased, and nothing may be recorded about it afterwards.
        var isUndo = RoundQuestions.IsUndo(request);
        var what = new RoundEvidence
        {
            Phase = isUndo ? $"refused-{known.Sequence}" : "refused",
            At = request.Answers.Max(a => a.At),
            Action = "offboarding.refused",
            Outcome = "refused",
            Controls = [OffboardingControls.Held],
            PlanId = request.PlanId,
        };
        await rounds.RecordAsync(run, policy, what, cancellationToken);
        await ResolveAsync(known, request, cancellationToken);
        var now = rounds.Now;
        var after = await rounds.ChangeAsync(run, c => isUndo ? UndoRefused(c, known) : RoundRefused(c, run.Round, now), cancellationToken);
        // At once, and not only by the daily check.
        if (CaseRules.IsRefused(after, now) && CaseCourse.Wrong(after, policy, now) is { } wrong)
            await findings.ReportAsync(after, [CasePhase.Course], [wrong], rounds.Now, cancellationToken);
    }

    /// <summary>Escalates a request past its deadline, once.</summary>
    public async Task OverdueAsync(
        CaseRun run,
        LeaverCase known,
        ApprovalRequest request,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var detection = CaseFindings.Create(
            known,
            policy,
            CasePhase.Approval,
            OffboardingControls.Overdue,
            $"Approval {request.Id} was due on {request.Deadline.UtcDateTime:yyyy-MM-dd HH:mm}Z and has not been given: "
                + $"{string.Join("; ", request.Reasons)}",
            $"Two approvers answer it: compliance approvals answer {request.Id} --plan {request.PlanId}."
        );
        await findings.ReportAsync(known, [CasePhase.Approval], [detection], rounds.Now, cancellationToken);
        var what = new RoundEvidence
        {
            Phase = $"overdue-{request.Id[^12..]}",
            At = request.Deadline,
            Action = "offboarding.approval-overdue",
            Outcome = "held",
            Controls = [OffboardingControls.Overdue],
            PlanId = request.PlanId,
        };
        await rounds.RecordAsync(run, policy, what, cancellationToken);
    }

    private Task ResolveAsync(LeaverCase known, ApprovalRequest request, CancellationToken cancellationToken)
    {
        var phase = RoundQuestions.IsUndo(request) ? CasePhase.Undo : CasePhase.Hold;
        return findings.ReportAsync(known, [phase, CasePhase.Approval], [], rounds.Now, cancellationToken);
    }

    private static LeaverCase RoundRefused(LeaverCase known, int round, DateTimeOffset now) =>
        known.Round != round
            ? known
            : LeaverTransitions.Apply(known, StageChange.Ended) with
            {
                RestedAt = known.RestedAt ?? now,
                Note = "an approver refused the plan: nothing more is done until HR sends another event",
            };

    private static LeaverCase UndoRefused(LeaverCase known, LeaverCase asked)
    {
        if (RoundQuestions.UndoRequestPrefix(known) != RoundQuestions.UndoRequestPrefix(asked))
            return known;
        known = known with { UndoRefusedAt = asked.Sequence };
        return CaseRules.IsTakenBack(known)
            ? LeaverTransitions.Apply(known, StageChange.Ended) with
            {
                Note = "an approver refused to give access back: nothing more is done until HR sends another event",
            }
            : known;
    }
}
