using System.Globalization;
using Compliance.Changes.Approvals;
using Compliance.Changes.Execution;
using Compliance.Changes.Flow;
using Compliance.Changes.Guards;
using Compliance.Changes.Plans;
using Compliance.Controls;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Guards;
using Compliance.Offboarding.Planning;
using Microsoft.Extensions.Logging;

namespace Compliance.Offboarding.Cases;

/// <summary>
/// The steps of a leaver case, each safe to repeat: an orchestration calls them and may call any of them again after a crash, even after
/// later ones. What a step learns is kept in the case's documents before it returns.
/// </summary>
public sealed partial class LeaverSteps
{
    // So often blocking alone is tried, within a minute or two.
    private const int QuickAttempts = 3;

    private static readonly HashSet<string> None = [];

    private readonly LeaverParts _parts;
    private readonly ILogger<LeaverSteps> _log;

    internal LeaverSteps(LeaverParts parts, ILogger<LeaverSteps> log) => (_parts, _log) = (parts, log);

    private string Tenant => _parts.Tenant.Value;

    private DateTimeOffset Now => _parts.Time.GetUtcNow();

    /// <summary>
    /// Blocks the person once the time of leaving has come and no guard holds: disables the account and revokes its sessions. All in one
    /// step, so that nothing but the directory is between the event and the block.
    /// </summary>
    /// <returns>
    /// <see cref="NextAction.Proceed"/> when both were done, or when trying again soon does not help: the later steps try again as well;
    /// <see cref="NextAction.NotDue"/> when it is too early; else what it waits for, or that the case is over.
    /// </returns>
    public async Task<ChangeDecision> BlockAsync(CaseRun run, CancellationToken cancellationToken)
    {
        var policy = _parts.Policy.Load();
        var (decision, plan) = await DecideAsync(run, policy, cancellationToken);
        if (plan is null)
            return decision;
        try
        {
            return new(await BlockedAsync(run, plan, policy, cancellationToken), decision.PlanId);
        }
        finally
        {
            // Also when the block could not be recorded.
            _parts.Urgent.End(run.CaseId);
            await BlockGroupAsync(run, cancellationToken);
        }
    }

    /// <summary>Decides whether the person may be blocked now, and changes nothing in the tenant.</summary>
    internal async Task<ChangeDecision> DecideAsync(CaseRun run, CancellationToken cancellationToken) =>
        (await DecideAsync(run, _parts.Policy.Load(), cancellationToken)).Answer;

    // Finds the person, asks the guards and reserves room under the caps. Nothing is changed in the tenant. The plan comes with Proceed
    // alone.
    private async Task<(ChangeDecision Answer, ActionPlan? Plan)> DecideAsync(
        CaseRun run,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var (answer, plan) = await DecidedAsync(run, policy, cancellationToken);
        if (plan is null)
            _parts.Urgent.End(run.CaseId);
        return (answer, plan);
    }

    private async Task<(ChangeDecision Answer, ActionPlan? Plan)> DecidedAsync(
        CaseRun run,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var lookedAt = Now;
        var (known, over) = await LookAsync(run, policy, cancellationToken);
        if (over)
            return (new(NextAction.Stop), null);
        if (CaseRules.IsLater(known, lookedAt))
        {
            await ReleasePlaceAsync(run, cancellationToken);
            return (new(NextAction.NotDue, Until: known.DueAt!.Value.UtcDateTime), null);
        }
        if (known.BlockedAt is null && await BlockingPausedAsync(run, cancellationToken) is { } paused)
            return (paused, null);
        _parts.Urgent.Begin(run.CaseId);
        var state = await StateAsync(run, cancellationToken);
        // Blocked before, in this round: what the person was before must not be forgotten.
        if (known.BlockedAt is not null && await BlockPlanAsync(run, state, cancellationToken) is { } blocked)
            return (new(NextAction.Proceed, blocked.Id()), blocked);
        // Each round matches again, and so does each attempt: HR and the directory may have been put right meanwhile.
        var lookup = await LookUpAsync(known, policy, cancellationToken);
        if (lookup.Facts is not { } facts)
            return (await UnmatchedAsync(run, known, lookup, policy, cancellationToken), null);

        var plan = BlockPlanner.Plan(Tenant, run.CaseId, facts, policy);
        var planId = plan.Id();
        var holds = new List<Hold>(
            LeaverGuards.BeforeBlocking(await WithoutLeaversAsync(run, facts, cancellationToken), policy, _parts.Self)
        );
        if (known.UserId is { } earlier && !Same(earlier, facts.UserId))
            holds.Add(
                new(
                    GuardNames.OtherMatch,
                    $"HR's event fits {facts.PrincipalName} now; before, it fitted the account {earlier}: make sure who is meant, and "
                        + "that the other one was not harmed"
                )
            );
        // Approved for the guards that held then: one that holds only now asks again.
        var request = state.Released.Contains(planId, StringComparer.Ordinal)
            ? await _parts.Approvals.FindAsync(Tenant, RequestId(run, planId), cancellationToken)
            : null;
        var approved = request is not null && IsApproved(known, request) && ApprovalBoard.Covers(request, holds.Select(h => h.Guard));
        var limits = LeaverCaps.From(policy, facts.Staff);
        if (
            !approved
            && holds.Count == 0
            && await _parts.Caps.ReserveAsync(Tenant, known.InstanceId, Now, limits, cancellationToken) is { } full
        )
            holds.Add(full);
        await _parts.Documents.SaveAsync(Name(run, $"plan-{planId}.json"), plan, cancellationToken);
        if (holds.Count > 0 && !approved)
        {
            await ChangeStateAsync(run, s => s with { Released = [.. s.Released.Where(r => r != planId)] }, cancellationToken);
            var question = new Question(run, plan, planId, facts, holds, lookedAt, RequestId(run, planId), known.InstanceId);
            return (await HoldAsync(question, known, policy, LeaverStage.Held, cancellationToken), null);
        }

        // Another person than this round began with is another round's.
        if (known.BegunAt is not null && state.Facts is { } before && !Same(before.UserId, facts.UserId))
        {
            await ChangeAsync(run, c => Over(c, run) ? c : CaseRules.NextRound(c) with { UserId = facts.UserId }, cancellationToken);
            return (new(NextAction.Stop), null);
        }
        if (approved)
        {
            // Who was let past a full cap still takes room from those who come after; who has a place keeps it.
            await _parts.Caps.CountApprovedAsync(Tenant, known.InstanceId, Now, cancellationToken);
            await _parts.Approvals.BeginAsync(Tenant, request!.Id, Now, cancellationToken);
        }
        // Begun and cut off: the account may be disabled by this very round, and an undo gives back what was before.
        var was = known.BegunAt is not null && state.Facts is { AccountEnabled: true } ? facts with { AccountEnabled = true } : facts;
        await ChangeStateAsync(
            run,
            s => s with { Facts = was, Plans = With(s.Plans, planId), Released = With(s.Released, planId) },
            cancellationToken
        );
        var others = known.IsTaken || known.IsTakenFromOther ? await TakenRoundsAsync(known, cancellationToken) : [];
        // It runs: whoever started it may have been cut off before saying so.
        var now = Now;
        var begun = await ChangeAsync(
            run,
            c =>
                Over(c, run) || CaseRules.IsLater(c, now)
                    ? c
                    : c with
                    {
                        UserId = facts.UserId,
                        PlanId = planId,
                        Note = null,
                        BegunAt = c.BegunAt ?? now,
                        Dispatched = true,
                        IsTaken = true,
                        IsTakenFromOther = others.Any(o => !Same(o.State.Facts!.UserId, facts.UserId)),
                    },
            cancellationToken
        );
        // HR changed it meanwhile: what holds is looked at again.
        if (Over(begun, run) || CaseRules.IsLater(begun, now))
            return await DecidedAsync(run, policy, cancellationToken);
        if (known.Note is not null || run.Round > 1 || run.Attempt > 0)
            await ReportAsync(known, [CasePhase.Match, CasePhase.Hold, CasePhase.Approval], [], cancellationToken);
        if (known.IsNotGivenBack)
            await ReportNotGivenBackAsync(begun, policy, cancellationToken);
        return (new(NextAction.Proceed, planId), plan);
    }

    // The account that was named, where somebody started the case for cause; else whom HR's event fits.
    private Task<LeaverLookup> LookUpAsync(LeaverCase known, OffboardingPolicy policy, CancellationToken cancellationToken) =>
        known.Cause is { Holds: true } cause
            ? _parts.Directory.LookUpAsync(cause.UserId, policy, cancellationToken)
            : _parts.Directory.LookUpAsync(known.Latest, policy, cancellationToken);

    private async Task<ChangeDecision> UnmatchedAsync(
        CaseRun run,
        LeaverCase known,
        LeaverLookup lookup,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var problem = lookup.Problem ?? "the directory could not be read";
        if (!lookup.Unreadable && known.UserId is { } earlier)
            problem += $" Before, the account {earlier} fitted.";
        await ChangeAsync(
            run,
            c => c.Round == run.Round ? c with { Stage = lookup.Unreadable ? c.Stage : LeaverStage.Unmatched, Note = problem } : c,
            cancellationToken
        );
        if (lookup.Unreadable)
        {
            // What was seen before is not gone because nothing can be seen now.
            await _parts.Findings.OpenAsync(
                Tenant,
                known.Id,
                CaseFindings.Controls,
                [
                    CaseFindings.Create(
                        known,
                        policy,
                        CasePhase.Match,
                        LeaverControls.Held,
                        problem,
                        "Remove what keeps the directory from being read; the case looks again by itself.",
                        part: "directory",
                        unknown: true
                    ),
                ],
                Now,
                cancellationToken
            );
            return new(NextAction.Retry);
        }
        await ReportAsync(
            known,
            [CasePhase.Match],
            [
                CaseFindings.Create(
                    known,
                    policy,
                    CasePhase.Match,
                    LeaverControls.NoMatch,
                    problem,
                    "Set the employee id on the right account, or correct it in HR; the case looks again by itself."
                ),
            ],
            cancellationToken
        );
        return new(NextAction.Unmatched);
    }

    // Administrators who leave at the same time do not count for each other. Each is first noted as leaving and counts then: of two at
    // once, one at least sees the other.
    private async Task<LeaverFacts> WithoutLeaversAsync(CaseRun run, LeaverFacts facts, CancellationToken cancellationToken)
    {
        if (facts is not { GlobalAdministrator: true, OtherGlobalAdministrators: > 0 })
            return facts;
        var now = Now;
        await ChangeAsync(run, c => Over(c, run) ? c : c with { UserId = c.UserId ?? facts.UserId }, cancellationToken);
        var leaving = (await _parts.Cases.OpenAsync(Tenant, dueSince: null, cancellationToken))
            .Where(c => c.Id != run.CaseId && CaseRules.IsActing(c) && !CaseRules.IsLater(c, now) && c.UserId is not null)
            .Select(c => c.UserId!)
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        return facts with { OtherGlobalAdministrators = facts.OtherGlobalAdministratorIds.Count(id => !leaving.Contains(id)) };
    }

    // Disables the account and revokes its sessions.
    private async Task<NextAction> BlockedAsync(CaseRun run, ActionPlan plan, OffboardingPolicy policy, CancellationToken cancellationToken)
    {
        var known = await CaseAsync(run, cancellationToken);
        if (known.BlockedAt is null)
            known = await WithOtherEmploymentAsync(run, known, policy, cancellationToken);
        if (Over(known, run) || CaseRules.IsLater(known, Now))
        {
            (_, var over) = await LookAsync(run, policy, cancellationToken);
            return over ? NextAction.Stop : NextAction.Retry;
        }
        var planId = plan.Id();
        var state = await StateAsync(run, cancellationToken);
        // Blocked in this round and not on record: a crash came between the two.
        if (known.BlockedAt is not null && (state.Blocked.Count == 0 || IsBlockRecorded(state, run)))
            return NextAction.Proceed;
        if (!state.Released.Contains(planId, StringComparer.Ordinal))
            return NextAction.Retry;
        var settled = state.Blocked.Where(o => o.InEffect).Select(o => o.StepId).ToHashSet(StringComparer.Ordinal);
        var pass = await _parts.Executor.RunAsync(plan, settled, None, cancellationToken);
        if (IsHeld(pass))
        {
            await BlockingPausedAsync(run, cancellationToken);
            return NextAction.Retry;
        }
        var outcomes = pass.Outcomes;
        state = await ChangeStateAsync(
            run,
            s => s with { Begun = With(s.Begun, planId), Blocked = [.. s.Blocked.Where(o => settled.Contains(o.StepId)), .. outcomes] },
            cancellationToken
        );
        var left = plan
            .Steps.Select(s => state.Blocked.LastOrDefault(o => o.StepId == s.Id))
            .Where(o => o is not { InEffect: true })
            .ToList();
        var inEffect = left.Count == 0;
        if (inEffect)
        {
            var blockedAt = known.BlockedAt ?? state.Blocked.Max(o => o.At);
            await ChangeAsync(
                run,
                c =>
                    c.Round != run.Round
                        ? c
                        : c with
                        {
                            Stage = c.Stage is LeaverStage.Scheduled or LeaverStage.Unmatched or LeaverStage.Held or LeaverStage.Blocking
                                ? LeaverStage.Blocked
                                : c.Stage,
                            BlockedAt = c.BlockedAt ?? blockedAt,
                            IsGroupDue = c.IsGroupDue || (c.BlockedAt is null && policy.BlockGroup is not null),
                            Note = c.BlockedAt is null ? null : c.Note,
                        },
                cancellationToken
            );
            Blocked(_log, run.CaseId, (blockedAt - known.ReceivedAt).TotalSeconds);
        }
        else
        {
            var note =
                "The account could not be blocked: "
                + $"{string.Join("; ", left.Select(o => o?.Reason ?? "not tried").Distinct(StringComparer.Ordinal))}";
            await ChangeAsync(
                run,
                c =>
                    c.Round != run.Round || c.BlockedAt is not null
                        ? c
                        : c with
                        {
                            Stage = c.Stage is LeaverStage.Scheduled or LeaverStage.Unmatched or LeaverStage.Held
                                ? LeaverStage.Blocking
                                : c.Stage,
                            Note = note,
                        },
                cancellationToken
            );
        }
        await RecordChangeAsync(
            run,
            "block",
            planId,
            state.Blocked,
            inEffect,
            change =>
                RecordAsync(
                    run,
                    change.At,
                    policy with
                    {
                        Sha256 = plan.PolicySha256,
                    },
                    [LeaverControls.NotClear, LeaverControls.StepStuck],
                    change.Phase,
                    "offboarding.block",
                    inEffect ? "complete" : "incomplete",
                    planId,
                    StepOutcomes.Counts(state.Blocked),
                    also: change.Also,
                    cancellationToken: cancellationToken
                ),
            cancellationToken
        );
        if (!inEffect || known.Note is not null || run.Attempt > 0 || run.IsBlocked)
            await ReportAsync(
                known,
                [CasePhase.Block],
                [
                    .. left.Select(o =>
                        CaseFindings.Create(
                            known,
                            policy,
                            CasePhase.Block,
                            LeaverControls.StepStuck,
                            $"The account could not be blocked: {o?.Reason ?? "not tried"}",
                            o?.Remedy ?? "The case tries again by itself; disable the account by hand meanwhile.",
                            part: o?.StepId ?? "",
                            severity: Severity.Critical
                        )
                    ),
                ],
                cancellationToken
            );
        if (inEffect)
            await WithdrawAdviceAsync(known, policy, cancellationToken);
        // What a moment may correct is waited for; else the rest goes on, and this is tried again with it.
        var mayPass = left.TrueForAll(o => o?.Result is StepResult.Failed or null);
        return inEffect || !mayPass || run.Attempt >= QuickAttempts ? NextAction.Proceed : NextAction.Retry;
    }

    // A step after blocking: what could not be blocked is tried again. Whoever was blocked is left alone.
    private async Task BlockAgainAsync(CaseRun run, LeaverCase known, OffboardingPolicy policy, CancellationToken cancellationToken)
    {
        if (known.BlockedAt is not null || known.BegunAt is null)
            return;
        if (await BlockPlanAsync(run, await StateAsync(run, cancellationToken), cancellationToken) is { } plan)
            await BlockedAsync(run with { IsBlocked = true }, plan, policy, cancellationToken);
    }

    // While people are asked, no step reads the account: who was blocked, and enabled by somebody since, is blocked again.
    private async Task BlockOnceMoreAsync(CaseRun run, LeaverCase known, OffboardingPolicy policy, CancellationToken cancellationToken)
    {
        if (known is not { BlockedAt: not null, UserId: { } userId })
            return;
        var seen = (await _parts.Directory.RecheckAsync([userId], cancellationToken)).GetValueOrDefault(userId);
        if (
            seen is not { Enabled: true }
            || await BlockPlanAsync(run, await StateAsync(run, cancellationToken), cancellationToken) is not { } plan
        )
            return;
        var now = Now;
        var pass = await _parts.Executor.RunAsync(plan, None, None, cancellationToken);
        // The finding about the pause is open, and the account is read again the next time that it is asked for the answer.
        if (IsHeld(pass))
            return;
        var left = pass.Outcomes.FirstOrDefault(o => !o.InEffect);
        await _parts.Findings.OpenAsync(
            Tenant,
            known.Id,
            [LeaverControls.Relapsed],
            [
                CaseFindings.Create(
                    known,
                    policy,
                    CasePhase.Watch,
                    LeaverControls.Relapsed,
                    "The account could sign in again while people are asked about its access; "
                        + (left is null ? "it was blocked again." : $"it could not be blocked again: {left.Reason}"),
                    left?.Remedy ?? "Find out who enabled it."
                ),
            ],
            now,
            cancellationToken
        );
        var act = new UnrecordedAct(
            $"{run.CaseId}-{Invariantly(run.Round)}-blocked-again-{now.UtcDateTime:yyyyMMdd}",
            now,
            "LeaverCase (HR event)",
            "offboarding.blocked-again",
            LeaverControls.Relapsed,
            left is null ? "enabled" : "not-blocked",
            run.CorrelationId,
            PolicySha256: policy.Sha256
        );
        await ChangeAsync(run, c => c.Unrecorded?.Any(u => u.Id == act.Id) == true ? c : CaseRules.Unrecorded(c, act), cancellationToken);
    }

    /// <summary>How a request for approval stands; past its deadline it is escalated once.</summary>
    public async Task<ApprovalStanding> StandingAsync(CaseRun run, string approvalId, CancellationToken cancellationToken)
    {
        var known = await CaseAsync(run, cancellationToken);
        var policy = _parts.Policy.Load();
        if (await _parts.Approvals.FindAsync(Tenant, approvalId, cancellationToken) is not { } request)
            return ApprovalStanding.Void;
        request = WithStarter(request, known);
        var isUndo = IsUndo(request);
        // A newer event of HR makes it another question.
        var holds = isUndo
            ? CaseRules.IsUndoWanted(known, Now)
                && request.Id.StartsWith(UndoRequestPrefix(known), StringComparison.Ordinal)
                && !await LeavesOtherwiseAsync(known, request.SubjectId, cancellationToken)
            : !Over(known, run) && !CaseRules.IsLater(known, Now);
        if (!holds || !string.Equals(request.PolicySha256, policy.Sha256, StringComparison.Ordinal))
        {
            await _parts.Approvals.VoidAsync(Tenant, approvalId, Now, cancellationToken);
            return ApprovalStanding.Void;
        }
        if (!isUndo)
        {
            await BlockAgainAsync(run, known, policy, cancellationToken);
            await BlockOnceMoreAsync(run, known, policy, cancellationToken);
        }
        if (await IsReadAgainAsync(run, known, request, policy, cancellationToken))
        {
            await _parts.Approvals.VoidAsync(Tenant, approvalId, Now, cancellationToken);
            return ApprovalStanding.Void;
        }
        var phase = isUndo ? CasePhase.Undo : CasePhase.Hold;
        switch (ApprovalRules.StateOf(request, Now))
        {
            case ApprovalState.Approved:
                await _parts.Approvals.RecordAsync(request, cancellationToken);
                if (!isUndo)
                    await ChangeStateAsync(run, s => s with { Released = With(s.Released, request.PlanId) }, cancellationToken);
                await ReportAsync(known, [phase, CasePhase.Approval], [], cancellationToken);
                return ApprovalStanding.Approved;
            case ApprovalState.Refused:
                await _parts.Approvals.RecordAsync(request, cancellationToken);
                await RefusedAsync(run, known, request, isUndo, policy, cancellationToken);
                return ApprovalStanding.Refused;
            case ApprovalState.Open when request.Deadline <= Now:
                await ReportAsync(
                    known,
                    [CasePhase.Approval],
                    [
                        CaseFindings.Create(
                            known,
                            policy,
                            CasePhase.Approval,
                            LeaverControls.Overdue,
                            $"Approval {approvalId} was due on {request.Deadline.UtcDateTime:yyyy-MM-dd HH:mm}Z and has not been given: "
                                + $"{string.Join("; ", request.Reasons)}",
                            $"Two approvers answer it: compliance approvals answer {approvalId} --plan {request.PlanId}."
                        ),
                    ],
                    cancellationToken
                );
                await RecordAsync(
                    run,
                    request.Deadline,
                    policy,
                    [LeaverControls.Overdue],
                    $"overdue-{approvalId[^12..]}",
                    "offboarding.approval-overdue",
                    "held",
                    request.PlanId,
                    cancellationToken: cancellationToken
                );
                return ApprovalStanding.Open;
            default:
                return ApprovalStanding.Open;
        }
    }

    // What was asked for want of something that could not be read, and can be read by now, is decided without people where nothing else
    // holds. While it cannot be read the question stays, with its answers and its deadline.
    private async Task<bool> IsReadAgainAsync(
        CaseRun run,
        LeaverCase known,
        ApprovalRequest request,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        if (
            !request.Guards.Contains(GuardNames.Unreadable, StringComparer.Ordinal)
            || ApprovalRules.StateOf(request, Now) != ApprovalState.Open
        )
            return false;
        if ((await PlanAsync(run, request.PlanId, cancellationToken)).Kind == Steps.Remove)
            return await HeirAsync(request.SubjectId, cancellationToken) is not { Unread: not null };
        // Other guards ask as well: their answers would be lost, and people are needed all the same.
        if (request.Guards.Any(g => g != GuardNames.Unreadable))
            return false;
        return (await LookUpAsync(known, policy, cancellationToken)).Facts is { Staff: > 0 } facts
            && LeaverGuards.BeforeBlocking(facts, policy, _parts.Self).All(h => h.Guard != GuardNames.Unreadable);
    }

    private async Task RefusedAsync(
        CaseRun run,
        LeaverCase known,
        ApprovalRequest request,
        bool isUndo,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        // On record first: a case that is closed may be erased, and nothing may be recorded about it afterwards.
        await RecordAsync(
            run,
            request.Answers.Max(a => a.At),
            policy,
            [LeaverControls.Held],
            isUndo ? $"refused-{known.Sequence}" : "refused",
            "offboarding.refused",
            "refused",
            request.PlanId,
            cancellationToken: cancellationToken
        );
        await ReportAsync(known, [isUndo ? CasePhase.Undo : CasePhase.Hold, CasePhase.Approval], [], cancellationToken);
        // A later event of HR asks again.
        var now = Now;
        var after = await ChangeAsync(
            run,
            c =>
                (isUndo, CaseRules.IsTakenBack(c)) switch
                {
                    (true, _) when UndoRequestPrefix(c) != UndoRequestPrefix(known) => c,
                    (false, _) => c.Round != run.Round
                        ? c
                        : c with
                        {
                            Stage = LeaverStage.Closed,
                            RestedAt = c.RestedAt ?? now,
                            Note = "an approver refused the plan: nothing more is done until HR sends another event",
                        },
                    (true, true) => c with
                    {
                        UndoRefusedAt = known.Sequence,
                        Stage = LeaverStage.Closed,
                        Note = "an approver refused to give access back: nothing more is done until HR sends another event",
                    },
                    _ => c with { UndoRefusedAt = known.Sequence },
                },
            cancellationToken
        );
        // At once, and not only by the daily check.
        if (CaseRules.IsRefused(after, now) && CaseCourse.Wrong(after, policy, now) is { } wrong)
            await ReportAsync(after, [CasePhase.Course], [wrong], cancellationToken);
    }

    private static bool Same(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);

    private static string Invariantly(int number) => number.ToString(CultureInfo.InvariantCulture);
}
