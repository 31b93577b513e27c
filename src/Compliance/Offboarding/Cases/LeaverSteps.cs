using System.Globalization;
using Compliance.Approvals;
using Compliance.Controls;
using Compliance.Findings;
using Compliance.Offboarding.Acting;
using Compliance.Offboarding.Certificates;
using Compliance.Offboarding.Guards;
using Compliance.Offboarding.Planning;
using Compliance.Plans;
using Microsoft.Extensions.Logging;

namespace Compliance.Offboarding.Cases;

/// <summary>
/// The steps of a leaver case, each safe to repeat: an orchestration calls them and may call any of them again after a crash. What a step learns is kept in the
/// case's documents before it returns.
/// </summary>
public sealed partial class LeaverSteps
{
    // From this pass on, what was removed and is still seen is removed again: before, it is taken for the directory's own delay.
    private const int AgainAfter = 3;
    private const int MostRestoreAttempts = 20;
    // With the orchestration's wait between, half a minute at most.
    private const int MostGivingWay = 15;
    // With the orchestration's back-off, some seven hours.
    private const int MostWaitsForRest = 30;

    private static readonly HashSet<string> None = [];

    private readonly LeaverParts _parts;
    private readonly ILogger<LeaverSteps> _log;

    internal LeaverSteps(LeaverParts parts, ILogger<LeaverSteps> log) => (_parts, _log) = (parts, log);

    private string Tenant => _parts.Tenant.Value;

    private DateTimeOffset Now => _parts.Time.GetUtcNow();

    /// <summary>
    /// Blocks the person once the time of leaving has come and no guard holds: disables the account and revokes its sessions. All in one step, so that nothing but
    /// the directory is between the event and the block.
    /// </summary>
    /// <returns>
    /// <see cref="CaseGo.Proceed"/> when both were done; <see cref="CaseGo.NotDue"/> when it is too early; else what it waits for, or that HR took it back.
    /// </returns>
    public async Task<CaseDecision> BlockAsync(CaseRun run, CancellationToken stop)
    {
        if (await TooEarlyAsync(run, stop) is { } early)
            return early;
        var decision = await DecideAsync(run, stop);
        if (decision.Outcome != CaseGo.Proceed)
            return decision;
        var blocked = await BlockedAsync(run, stop);
        _parts.Urgent.End(run.CaseId);
        return new(blocked, decision.PlanId);
    }

    /// <summary>Finds the person, asks the guards and reserves room under the caps. Nothing is changed in the tenant.</summary>
    internal async Task<CaseDecision> DecideAsync(CaseRun run, CancellationToken stop)
    {
        _parts.Urgent.Begin(run.CaseId);
        var decision = await DecidedAsync(run, stop);
        if (decision.Outcome != CaseGo.Proceed)
            _parts.Urgent.End(run.CaseId);
        return decision;
    }

    // Null once the time of leaving has come.
    private async Task<CaseDecision?> TooEarlyAsync(CaseRun run, CancellationToken stop)
    {
        var now = Now;
        var (known, over) = await LookAsync(run, stop);
        if (over)
        {
            await ChangeAsync(run, c => c is { Stage: LeaverStage.Scheduled, BegunAt: null, BlockedAt: null } && TakenBack(c)
                ? c with { Stage = LeaverStage.Cancelled, Note = "HR took the leaving back before anything was done" } : c, stop);
            return new(CaseGo.End);
        }
        return !known.Latest.ForCause && known.DueAt is { } due && due > now ? new(CaseGo.NotDue, Until: due.UtcDateTime) : null;
    }

    private async Task<CaseDecision> DecidedAsync(CaseRun run, CancellationToken stop)
    {
        var lookedAt = Now;
        var (known, over) = await LookAsync(run, stop);
        if (over)
            return new(CaseGo.End);
        var policy = _parts.Policy.Load();
        var state = await StateAsync(run, stop);
        // Blocked before, in this round: what the person was before must not be forgotten.
        if (known.BlockedAt is not null && state.Facts is not null)
            return new(CaseGo.Proceed, known.PlanId);
        var lookup = known.UserId is { } id
            ? await _parts.Directory.LookUpAsync(id, policy, stop)
            : await _parts.Directory.LookUpAsync(known.Latest, policy, stop);
        if (lookup.Facts is not { } facts)
        {
            var problem = lookup.Problem ?? "the directory could not be read";
            await ChangeAsync(run, c => c with { Stage = lookup.Unreadable ? c.Stage : LeaverStage.Unmatched, Note = problem }, stop);
            await TellAsync(known, policy, [lookup.Unreadable
                ? Finding(known, policy, LeaverControls.Held, problem, "Mend what keeps the directory from being read; the case looks again by itself.", unknown: true)
                : Finding(known, policy, LeaverControls.NoMatch, problem, "Set the employee id on the right account, or correct it in HR; the case looks again by itself.")], stop);
            return new(lookup.Unreadable ? CaseGo.Again : CaseGo.Unmatched);
        }

        var plan = BlockPlanner.Plan(Tenant, run.CaseId, facts, policy);
        var planId = plan.Id();
        var holds = new List<Hold>(LeaverGuards.BeforeBlocking(facts, policy, _parts.Self));
        // Approved for the guards that held then: one that holds only now asks anew.
        var approved = state.Released.Contains(planId, StringComparer.Ordinal)
            && (holds.Count == 0 || await _parts.Approvals.FindAsync(Tenant, RequestId(run, planId), stop) is { } request && ApprovalBoard.Covers(request, holds.Select(h => h.Guard)));
        if (!approved && holds.Count == 0 && await _parts.Caps.ReserveAsync(Tenant, known.InstanceId, Now, policy, facts.Staff, stop) is { } full)
            holds.Add(full);
        await _parts.Documents.SaveAsync(Name(run, $"plan-{planId}.json"), plan, stop);
        state = state with { Facts = facts, Plans = With(state.Plans, planId) };
        if (holds.Count == 0 || approved)
        {
            // Who was let past a full cap still takes room from those who come after; who has a place keeps it.
            if (approved)
                await _parts.Caps.CountApprovedAsync(Tenant, known.InstanceId, Now, stop);
            await SaveAsync(run, state with { Released = With(state.Released, planId) }, stop);
            // It runs: whoever started it may have been cut off before saying so.
            var now = Now;
            var begun = await ChangeAsync(run, c => Over(c, run) ? c : c with { UserId = facts.UserId, PlanId = planId, Note = null, BegunAt = c.BegunAt ?? now, Dispatched = true }, stop);
            // HR changed it meanwhile: what holds is looked at again.
            if (Over(begun, run))
            {
                await _parts.Caps.ReleaseAsync(Tenant, known.InstanceId, stop);
                return await DecidedAsync(run, stop);
            }
            if (known.Note is not null)
                await TellAsync(known, policy, [], stop);
            return new(CaseGo.Proceed, planId);
        }
        state = state with { Released = [.. state.Released.Where(r => r != planId)] };
        return await HoldAsync(run, lookedAt, known, policy, state, plan, planId, holds, LeaverStage.Held, facts, stop);
    }

    /// <summary>How a request for approval stands; past its deadline it is escalated once.</summary>
    public async Task<ApprovalStanding> StandingAsync(CaseRun run, string approvalId, CancellationToken stop)
    {
        var known = await CaseAsync(run, stop);
        var policy = _parts.Policy.Load();
        if (await _parts.Approvals.FindAsync(Tenant, approvalId, stop) is not { } request)
            return ApprovalStanding.Void;
        if (TakenBack(known) && known.Stage is not LeaverStage.Restoring || known.Round != run.Round && known.Stage is not LeaverStage.Restoring)
        {
            await _parts.Approvals.VoidAsync(Tenant, approvalId, Now, stop);
            return ApprovalStanding.Void;
        }
        if (!string.Equals(request.PolicySha256, policy.Sha256, StringComparison.Ordinal))
        {
            await _parts.Approvals.VoidAsync(Tenant, approvalId, Now, stop);
            return ApprovalStanding.Void;
        }
        var standing = ApprovalRules.StateOf(request) switch
        {
            ApprovalState.Approved => ApprovalStanding.Approved,
            ApprovalState.Refused => ApprovalStanding.Refused,
            _ => ApprovalStanding.Open,
        };
        if (standing != ApprovalStanding.Open)
            await _parts.Approvals.RecordAsync(request, stop);
        if (standing == ApprovalStanding.Approved)
        {
            // What is given back belongs to the round that took it away.
            var (acted, state) = known.Stage == LeaverStage.Restoring ? await ActedAsync(run, stop) : (run, await StateAsync(run, stop));
            await SaveAsync(acted, state with { Released = With(state.Released, request.PlanId) }, stop);
            await TellAsync(known, policy, [], stop);
        }
        else if (standing == ApprovalStanding.Refused)
        {
            // On record first: a case that is closed may be erased, and nothing may be recorded about it afterwards.
            await RecordAsync(run, request.Answers.Max(a => a.At), policy, "refused", "offboarding.refused", "refused", request.PlanId, stop: stop);
            // A later event of HR opens another round.
            var now = Now;
            await ChangeAsync(run, c => c.Round == run.Round ? c with { Stage = LeaverStage.Closed, RestedAt = c.RestedAt ?? now, Note = "an approver refused the plan: nothing more is done until HR sends another event" } : c, stop);
        }
        else if (request.Deadline <= Now)
        {
            await TellAsync(known, policy, [Finding(known, policy, LeaverControls.Overdue,
                $"Approval {approvalId} was due on {request.Deadline.UtcDateTime:yyyy-MM-dd HH:mm}Z and has not been given: {string.Join(" ", request.Reasons)}",
                $"Two approvers answer it: compliance approvals answer {approvalId} --plan {request.PlanId}.")], stop);
            await RecordAsync(run, request.Deadline, policy, $"overdue-{request.PlanId[..12]}", "offboarding.approval-overdue", "held", request.PlanId, stop: stop);
        }
        return standing;
    }

    // Disables the account and revokes its sessions; Proceed when both were done.
    private async Task<CaseGo> BlockedAsync(CaseRun run, CancellationToken stop)
    {
        var known = await CaseAsync(run, stop);
        if (Over(known, run) && (known.BlockedAt is null || known.Round != run.Round))
        {
            (known, var over) = await LookAsync(run, stop);
            if (!over)
                return CaseGo.Again;
            await _parts.Caps.ReleaseAsync(Tenant, known.InstanceId, stop);
            return CaseGo.End;
        }
        var state = await StateAsync(run, stop);
        // Blocked in this round and not on record: a crash came between the two.
        if (known.BlockedAt is not null && (state.Blocked.Count == 0 || IsBlockTold(state, run)))
            return CaseGo.Proceed;
        var policy = _parts.Policy.Load();
        var facts = state.Facts ?? throw new InvalidOperationException($"case {run.CaseId} has no facts to act on");
        var plan = BlockPlanner.Plan(Tenant, run.CaseId, facts, policy);
        var planId = plan.Id();
        if (!state.Released.Contains(planId, StringComparer.Ordinal))
            return CaseGo.Again;
        state = state with { Begun = With(state.Begun, planId) };
        var settled = state.Blocked.Where(o => o.InEffect).Select(o => o.StepId).ToHashSet(StringComparer.Ordinal);
        var (outcomes, _) = await _parts.Executor.RunAsync(plan, settled, None, stop);
        state = state with { Blocked = [.. state.Blocked.Where(o => settled.Contains(o.StepId)), .. outcomes] };
        await SaveAsync(run, state, stop);
        var inEffect = state.Blocked.Count == plan.Steps.Count && state.Blocked.All(o => o.InEffect);
        if (inEffect)
        {
            var blockedAt = known.BlockedAt ?? state.Blocked.Max(o => o.At);
            await ChangeAsync(run, c => c with { Stage = LeaverStage.Blocked, BlockedAt = c.BlockedAt ?? blockedAt, Note = null }, stop);
            Blocked(_log, run.CaseId, (blockedAt - known.ReceivedAt).TotalSeconds);
        }
        await RecordAsync(run, state.Blocked.Max(o => o.At), policy, $"block-{planId[..12]}-{(inEffect ? "done" : run.Attempt.ToString(CultureInfo.InvariantCulture))}", "offboarding.block",
            inEffect ? "complete" : "incomplete", planId, Counts(state.Blocked), stop: stop);
        if (inEffect && known.Note is null && run.Attempt == 0)
            return CaseGo.Proceed;
        await TellAsync(known, policy, inEffect ? [] : [.. state.Blocked.Where(o => !o.InEffect).Select(o => Finding(known, policy, LeaverControls.StepStuck,
            $"The account could not be blocked: {o.Reason}", o.Remedy ?? "The case tries again by itself; disable the account by hand meanwhile.", part: o.StepId, severity: Severity.Critical))], stop);
        return inEffect ? CaseGo.Proceed : CaseGo.Again;
    }

    /// <summary>Reads all access, keeps the snapshot, and makes the removal plan.</summary>
    /// <returns><see cref="CaseGo.Paced"/> when others are being blocked: it gives way to them a few times.</returns>
    public async Task<CaseDecision> PlanAsync(CaseRun run, CancellationToken stop)
    {
        if (run.Pass < MostGivingWay && _parts.Urgent.Any)
            return new(CaseGo.Paced);
        var lookedAt = Now;
        var (known, over) = await LookAsync(run, stop);
        if (over)
            return new(CaseGo.End);
        var policy = _parts.Policy.Load();
        var state = await StateAsync(run, stop);
        var facts = state.Facts!;
        // What was approved is what is done, whatever could be planned by now; a changed policy asks anew.
        if (state.Pending is { } pending && state.Released.Contains(pending, StringComparer.Ordinal) && (await PlanAsync(run, pending, stop)).PolicySha256 == policy.Sha256)
            return new(CaseGo.Proceed, pending);
        // The first snapshot is what an undo restores from, so it is never replaced; a later plan is made from a fresh one.
        var first = await _parts.Documents.LoadAsync<AccessSnapshot>(Name(run, "snapshot.json"), stop);
        var snapshot = state.Outcomes.Count == 0 && first is not null ? first : await _parts.Directory.ReadAccessAsync(facts.UserId, facts.PrincipalName, policy, stop);
        first ??= snapshot;
        // Asked of the record, not of the document: a crash may have come between the two.
        if (!IsTold(state, run, "snapshot"))
        {
            var digest = await _parts.Documents.SaveAsync(Name(run, "snapshot.json"), first, stop);
            await RecordAsync(run, first.TakenAt, policy, "snapshot", "offboarding.snapshot", first.Complete ? "complete" : "incomplete", null,
                new Dictionary<string, long> { ["accesses"] = first.Accesses.Count, ["unread"] = first.Sources.Count(s => !s.Complete) },
                new Dictionary<string, string> { ["snapshot.json"] = digest }, stop: stop);
            state = await StateAsync(run, stop);
        }
        var heir = await HeirAsync(facts.UserId, stop);
        var plan = RemovalPlanner.Plan(run.CaseId, facts, snapshot, heir, policy);
        var planId = plan.Id();
        await _parts.Documents.SaveAsync(Name(run, $"plan-{planId}.json"), plan, stop);
        state = state with { Plans = With(state.Plans, planId), Pending = planId };
        if (state.Released.Contains(planId, StringComparer.Ordinal))
            return new(CaseGo.Proceed, planId);
        var holds = PlanGuards.Before(plan, snapshot, facts, heir, policy, await _parts.PolicyActs.IsFirstAsync(Tenant, policy.Sha256, stop));
        if (holds.Count > 0)
            return await HoldAsync(run, lookedAt, known, policy, state, plan, planId, holds, LeaverStage.AwaitingApproval, facts, stop);
        await SaveAsync(run, state with { Released = With(state.Released, planId) }, stop);
        await ChangeAsync(run, c => c with { PlanId = planId, Stage = LeaverStage.Removing, Note = null }, stop);
        return new(CaseGo.Proceed, planId);
    }

    /// <summary>Carries the plan out, as far as Graph's quota of writes has room; steps that were in effect are not done again.</summary>
    public async Task<CasePass> RemoveAsync(CaseRun run, string planId, CancellationToken stop)
    {
        var (known, over) = await LookAsync(run, stop);
        if (over)
            return new(CaseGo.End);
        var policy = _parts.Policy.Load();
        var state = await StateAsync(run, stop);
        if (!state.Released.Contains(planId, StringComparer.Ordinal))
            return new(CaseGo.Again);
        var plan = await PlanAsync(run, planId, stop);
        if (plan.PolicySha256 != policy.Sha256)
            return new(CaseGo.Again);
        await ChangeAsync(run, c => c with { Stage = LeaverStage.Removing, PlanId = planId, Note = null }, stop);
        if (!state.Begun.Contains(planId, StringComparer.Ordinal))
        {
            state = state with { Begun = With(state.Begun, planId), Pending = null };
            await SaveAsync(run, state, stop);
        }
        // What was done and is seen again was given back by somebody: it is done again.
        var back = state.Verified?.Accesses.Where(a => a.State == AccessState.StillThere).Select(a => a.Access.Key).ToHashSet(StringComparer.Ordinal) ?? [];
        var again = run.Attempt >= AgainAfter ? plan.Steps.Where(s => s.Arguments.TryGetValue(StepArguments.Access, out var key) && back.Contains(key)).Select(s => s.Id).ToHashSet(StringComparer.Ordinal) : [];
        var settled = Last(state.Outcomes).Values.Where(o => o.InEffect && !again.Contains(o.StepId)).Select(o => o.StepId).ToHashSet(StringComparer.Ordinal);
        var (done, until) = await PassAsync(run, "outcomes", plan, settled, state.Tried, stop);
        if (done is null)
            return new(CaseGo.Paced, until);
        var (outcomes, digest, tried, whole) = done;
        await SaveAsync(run, state with { Outcomes = [.. state.Outcomes, .. outcomes.Except(state.Outcomes)], Tried = tried }, stop);
        await RecordAsync(run, outcomes.Select(o => o.At).DefaultIfEmpty(Now).Max(), policy, $"remove-{planId[..12]}-{PassOf(run)}", "offboarding.remove", whole && outcomes.All(o => o.InEffect) ? "complete" : "incomplete", planId,
            Counts(outcomes), new Dictionary<string, string> { ["outcomes.json"] = digest }, stop: stop);
        await _parts.PolicyActs.ActedAsync(Tenant, policy.Sha256, run.CaseId, Now, stop);
        if (!whole)
            return new(CaseGo.Paced);
        await _parts.Checkpoints.AfterPlanAsync(planId, stop);
        return new(CaseGo.Proceed);
    }

    /// <summary>Reads all access again and compares. A step counts only when its effect was seen.</summary>
    public async Task<CaseProgress> VerifyAsync(CaseRun run, CancellationToken stop)
    {
        var (known, over) = await LookAsync(run, stop);
        if (over)
            return new(CaseGo.End, 0, 0, false);
        var policy = _parts.Policy.Load();
        var state = await StateAsync(run, stop);
        var facts = state.Facts!;
        var before = await SnapshotAsync(run, stop);
        var plans = await PlansAsync(run, state, stop);
        var after = await _parts.Directory.ReadAccessAsync(facts.UserId, facts.PrincipalName, policy, stop);
        var verified = Verification.Compare(plans, state.Outcomes, before, after, state.Verified);
        await SaveAsync(run, state with { Verified = verified }, stop);
        var (left, stuck) = Split(verified, plans, state.Outcomes);
        var detections = new List<Detection>(stuck.Select(a => Finding(known, policy, LeaverControls.StepStuck,
            $"{a.Access.Kind} {a.Access.Name}: {a.Why}", a.WhatToDo ?? "A person has to remove it.", part: a.Access.Key)));
        if (!verified.Clear && known.BlockedAt is { } blocked && Now > blocked + policy.ClearWithin)
        {
            detections.Add(Finding(known, policy, LeaverControls.NotClear,
                $"{left.Count + stuck.Count + verified.Outside.Count} accesses were not seen removed within {policy.ClearWithin.TotalHours:0.#} h of blocking, and {verified.Unread.Count} sources were not read.",
                $"compliance offboard show {run.CaseId} lists them with what keeps them."));
            await RecordAsync(run, blocked + policy.ClearWithin, policy, "escalated", "offboarding.escalated", "incomplete", known.PlanId, new Dictionary<string, long> { ["left"] = left.Count, ["stuck"] = stuck.Count }, stop: stop);
        }
        await TellAsync(known, policy, detections, stop);
        await TellSecretsAsync(known, before, policy, stop);
        // Whoever sees the stage sees the findings of it.
        if (verified.Clear)
            await ChangeAsync(run, c => c with { Stage = LeaverStage.Clear, ClearAt = c.ClearAt ?? verified.At, RestedAt = c.RestedAt ?? verified.At, Note = null }, stop);
        return new(verified.Clear ? CaseGo.Proceed : CaseGo.Again, left.Count + verified.Unread.Count, stuck.Count, verified.Outside.Count > 0);
    }

    /// <summary>Issues the revocation certificate from the last fresh read: JSON and HTML, its digest in an evidence record.</summary>
    /// <returns>SHA-256 of the certificate's canonical JSON, lower-case hex.</returns>
    public async Task<string> CertifyAsync(CaseRun run, CancellationToken stop)
    {
        var known = await CaseAsync(run, stop);
        var policy = _parts.Policy.Load();
        var state = await StateAsync(run, stop);
        var verified = state.Verified ?? throw new InvalidOperationException($"case {run.CaseId} was not verified: there is nothing to certify");
        var approvals = new List<ApprovalRequest>();
        foreach (var id in state.Approvals)
            if (await _parts.Approvals.FindAsync(Tenant, id, stop) is { } request)
                approvals.Add(request);
        var certificate = CertificateBuilder.Build(new CertificateInput(
            known, state.Facts!, await PlansAsync(run, state, stop), [.. state.Blocked, .. state.Outcomes], verified, approvals,
            [.. state.Evidence.Where(e => !e.Contains("-certificate-", StringComparison.Ordinal))], policy));
        var digest = await _parts.Documents.SaveAsync(Name(run, "certificate.json"), certificate, stop);
        await _parts.Documents.SaveTextAsync(Name(run, "certificate.html"), "text/html; charset=utf-8", CertificatePage.Html(certificate), stop);
        var gone = verified.Accesses.Count(a => a.State == AccessState.Removed);
        await RecordAsync(run, verified.At, policy, $"certificate-{digest[..12]}", "offboarding.certificate", verified.Clear ? "complete" : "incomplete", known.PlanId,
            new Dictionary<string, long> { ["removed"] = gone, ["remaining"] = verified.Accesses.Count - gone, ["unread"] = verified.Unread.Count },
            new Dictionary<string, string> { ["certificate.json"] = digest }, stop: stop);
        await ChangeAsync(run, c => c with { CertificateSha256 = digest }, stop);
        // The certificate is what an auditor asks for first.
        await _parts.Checkpoints.AfterPlanAsync(known.PlanId ?? "", stop);
        Certified(_log, run.CaseId, verified.Clear, gone, verified.Accesses.Count - gone);
        return digest;
    }

    /// <summary>Plans what is given back after HR took a leaving back: it always waits for two approvals.</summary>
    /// <returns><see cref="CaseGo.Again"/> while the case still acts, or while it cannot be read whether an act that was cut off was done.</returns>
    public async Task<CaseDecision> PlanUndoAsync(CaseRun run, CancellationToken stop)
    {
        var lookedAt = Now;
        var known = await CaseAsync(run, stop);
        if (!TakenBack(known) || known.Round != run.Round)
            return new(CaseGo.End);
        // What is taken away after the plan was made would not be given back. An orchestration that never comes to rest has failed.
        if (known.RestedAt is null && run.Attempt < MostWaitsForRest)
            return new(CaseGo.Again);
        var policy = _parts.Policy.Load();
        // A case whose watch was over is in another round; what was done is kept with the round that did it.
        (run, var state) = await ActedAsync(run, stop);
        if (state.Facts is not { } facts)
            return await NothingToGiveBackAsync(run, known, policy, stop);
        if (state.Blocked.All(o => !o.InEffect) && await BlockPlanAsync(run, state, stop) is { } block)
        {
            // Cut off before its outcome was kept: the directory tells whether it was done.
            var lookup = await _parts.Directory.LookUpAsync(facts.UserId, policy, stop);
            if (lookup.Facts?.AccountEnabled is null)
                return new(CaseGo.Again);
            if (lookup.Facts.AccountEnabled == false && facts.AccountEnabled == true)
                state = state with
                {
                    Begun = With(state.Begun, block.Id()),
                    Blocked = [.. block.Steps.Select(s => new StepOutcome(s.Id, StepResult.AlreadySo, known.BegunAt ?? known.ReceivedAt, "seen in effect after it was cut off"))],
                };
        }
        if (state.Blocked.All(o => !o.InEffect))
            return await NothingToGiveBackAsync(run, known, policy, stop);
        var before = await _parts.Documents.LoadAsync<AccessSnapshot>(Name(run, "snapshot.json"), stop) ?? new AccessSnapshot(Tenant, facts.UserId, known.BegunAt ?? known.ReceivedAt, [], []);
        var plan = UndoPlanner.Plan(run.CaseId, facts, before, await PlansAsync(run, state, stop), [.. state.Blocked, .. state.Outcomes], policy);
        var planId = plan.Id();
        await _parts.Documents.SaveAsync(Name(run, $"plan-{planId}.json"), plan, stop);
        if (state.Released.Contains(planId, StringComparer.Ordinal))
            return new(CaseGo.Proceed, planId);
        return await HoldAsync(run, lookedAt, known, policy, state, plan, planId,
            [new Hold(GuardNames.Restore, "Access is to be given back, because HR took the leaving back.")], LeaverStage.Restoring, facts, stop);
    }

    /// <summary>Gives access back as planned and approved, as far as Graph's quota of writes has room.</summary>
    public async Task<CasePass> RestoreAsync(CaseRun run, string planId, CancellationToken stop)
    {
        var known = await CaseAsync(run, stop);
        var policy = _parts.Policy.Load();
        if (!TakenBack(known) || known.Round != run.Round)
            return new(CaseGo.End);
        (run, var state) = await ActedAsync(run, stop);
        var plan = await PlanAsync(run, planId, stop);
        if (!state.Released.Contains(planId, StringComparer.Ordinal) || plan.PolicySha256 != policy.Sha256)
            return new(CaseGo.Again);
        var settled = Last(state.Restored).Values.Where(o => o.InEffect).Select(o => o.StepId).ToHashSet(StringComparer.Ordinal);
        var (done, until) = await PassAsync(run, "restored", plan, settled, state.Tried, stop);
        if (done is null)
            return new(CaseGo.Paced, until);
        var (outcomes, digest, tried, whole) = done;
        state = state with { Restored = [.. state.Restored, .. outcomes.Except(state.Restored)], Tried = tried };
        await SaveAsync(run, state, stop);
        await RecordAsync(run, outcomes.Select(o => o.At).DefaultIfEmpty(Now).Max(), policy, $"restore-{planId[..12]}-{PassOf(run)}", "offboarding.restore", whole && outcomes.All(o => o.InEffect) ? "complete" : "incomplete", planId,
            Counts(outcomes), new Dictionary<string, string> { ["restored.json"] = digest }, stop: stop);
        if (!whole)
            return new(CaseGo.Paced);
        // What a missing permission or the service's refusal keeps back is told, and not tried for ever.
        var left = Last(state.Restored).Values.Where(o => !o.InEffect).ToList();
        if (left.Exists(o => o.Result == StepResult.Failed) && run.Attempt < MostRestoreAttempts)
            return new(CaseGo.Again);
        await ChangeAsync(run, c => c with { Stage = LeaverStage.Restored, Note = plan.Manual.Count == 0 ? null : $"{plan.Manual.Count} things could not be given back by this program" }, stop);
        await TellAsync(known, policy, [.. left.Select(o => Finding(known, policy, LeaverControls.StepStuck,
            $"Not given back: {o.Reason}", o.Remedy ?? "Give it back by hand.", part: o.StepId))], stop);
        return new(CaseGo.Proceed);
    }

    private async Task<CaseDecision> NothingToGiveBackAsync(CaseRun run, LeaverCase known, OffboardingPolicy policy, CancellationToken stop)
    {
        await ChangeAsync(run, c => c with { Stage = LeaverStage.Cancelled, Note = "nothing was done that could be given back" }, stop);
        await TellAsync(known, policy, [], stop);
        return new(CaseGo.End);
    }

    // What a pass came to is kept once, before anything tells of it: one that a crash cut off after that is told as it was, not done again.
    private async Task<(DonePass? Done, DateTime? Until)> PassAsync(
        CaseRun run, string kind, ActionPlan plan, HashSet<string> settled, IReadOnlyList<string> before, CancellationToken stop)
    {
        var tried = run.Pass == 0 ? [] : before.ToHashSet(StringComparer.Ordinal);
        var document = Name(run, $"{kind}-{plan.Id()[..12]}-{PassOf(run)}.json");
        var outcomes = await _parts.Documents.LoadAsync<IReadOnlyList<StepOutcome>>(document, stop);
        if (outcomes is null)
        {
            (outcomes, var wait) = await _parts.Executor.RunAsync(plan, settled, tried, stop);
            if (wait > TimeSpan.Zero)
                return (null, (Now + wait).UtcDateTime);
        }
        var digest = await _parts.Documents.SaveAsync(document, outcomes, stop);
        tried.UnionWith(outcomes.Select(o => o.StepId));
        var whole = plan.Steps.All(s => settled.Contains(s.Id) || tried.Contains(s.Id));
        return (new(outcomes, digest, whole ? [] : [.. tried], whole), null);
    }

    private static string PassOf(CaseRun run) => run.Pass == 0
        ? run.Attempt.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{run.Attempt}-{run.Pass}");

    /// <summary>What one pass over a plan came to.</summary>
    /// <param name="Outcomes">Of the steps it tried.</param>
    /// <param name="Digest">SHA-256 of the document that keeps them.</param>
    /// <param name="Tried">Ids of the steps that this and earlier passes tried; none once the plan was gone through.</param>
    /// <param name="Whole">Whether the plan was gone through.</param>
    private sealed record DonePass(IReadOnlyList<StepOutcome> Outcomes, string Digest, IReadOnlyList<string> Tried, bool Whole);
}
