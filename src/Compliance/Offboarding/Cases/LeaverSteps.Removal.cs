using Compliance.Changes.Approvals;
using Compliance.Changes.Execution;
using Compliance.Changes.Flow;
using Compliance.Changes.Plans;
using Compliance.Findings;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Certificates;
using Compliance.Offboarding.Guards;
using Compliance.Offboarding.Planning;
using Compliance.Text;

namespace Compliance.Offboarding.Cases;

public sealed partial class LeaverSteps
{
    // From this pass on, what was removed and is still seen is removed again: before, it is taken for the directory's own delay.
    private const int AgainAfter = 3;

    // With the orchestration's wait between, half a minute at most.
    private const int MaxGivingWay = 15;

    // What has not changed is certified once a day.
    private static readonly TimeSpan CertifyEvery = TimeSpan.FromDays(1);

    /// <summary>Reads all access, keeps the snapshot, and makes the removal plan.</summary>
    /// <returns><see cref="NextAction.Throttled"/> when others are being blocked: it gives way to them a few times.</returns>
    public async Task<ChangeDecision> PlanAsync(CaseRun run, CancellationToken cancellationToken)
    {
        if (run.Pass < MaxGivingWay && _parts.Urgent.Any)
            return new(NextAction.Throttled);
        var lookedAt = Now;
        var policy = _parts.Policy.Load();
        var (known, over) = await LookAsync(run, policy, cancellationToken);
        if (over)
            return new(NextAction.Stop);
        await BlockAgainAsync(run, known, policy, cancellationToken);
        await RecordCutOffAsync(run, known, policy, cancellationToken);
        var state = await StateAsync(run, cancellationToken);
        var facts = state.Facts!;
        // What was approved is what is done, whatever could be planned by now; a changed policy asks again, and so does a yes of long ago.
        if (
            state.Pending is { } pending
            && state.Released.Contains(pending, StringComparer.Ordinal)
            && (await PlanAsync(run, pending, cancellationToken)).PolicySha256 == policy.Sha256
            && !await HasLapsedAsync(run, known, pending, cancellationToken)
            && await CanTakeOverAsync(await PlanAsync(run, pending, cancellationToken), state, cancellationToken)
        )
            return new(NextAction.Proceed, pending);
        // The first snapshot is what an undo restores from, so it is never replaced. Of two at once, as after a killed host whose worker
        // went on, the first to keep it is right. A later plan is made from a fresh one.
        var first = await _parts.Documents.LoadAsync<AccessSnapshot>(Name(run, "snapshot.json"), cancellationToken);
        var isFirst = state.Outcomes.Count == 0;
        var snapshot =
            isFirst && first is not null
                ? first
                : WithoutGroup(
                    await _parts.Directory.ReadAccessAsync(facts.UserId, facts.PrincipalName, policy, cancellationToken),
                    policy,
                    state
                );
        if (first is null)
        {
            first = await _parts.Documents.ChangeAsync<AccessSnapshot>(
                Name(run, "snapshot.json"),
                kept => kept ?? snapshot,
                cancellationToken
            );
            snapshot = isFirst ? first : snapshot;
        }
        // Asked of the record, not of the document: a crash may have come between the two.
        if (!IsRecorded(state, run, "snapshot"))
        {
            state = await RecordAsync(
                run,
                first.TakenAt,
                policy,
                [LeaverControls.NotClear],
                "snapshot",
                "offboarding.snapshot",
                first.Complete ? "complete" : "incomplete",
                null,
                new Dictionary<string, long> { ["accesses"] = first.Accesses.Count, ["unread"] = first.Sources.Count(s => !s.Complete) },
                new Dictionary<string, string> { ["snapshot.json"] = CanonicalJson.Sha256Of(first) },
                cancellationToken: cancellationToken
            );
        }
        var leaving = await LeavingAsync(cancellationToken);
        var heir = await _parts.Directory.HeirAsync(facts.UserId, leaving, cancellationToken);
        var owners = WithoutLeavers(policy, await WithDisabledOwnersAsync(leaving, policy, cancellationToken));
        var plan = RemovalPlanner.Plan(run.CaseId, facts, snapshot, heir, owners);
        var planId = plan.Id();
        await _parts.Documents.SaveAsync(Name(run, $"plan-{planId}.json"), plan, cancellationToken);
        state = await ChangeStateAsync(
            run,
            s => s with { Plans = With(s.Plans, planId), Pending = s.Begun.Contains(planId, StringComparer.Ordinal) ? null : planId },
            cancellationToken
        );
        if (state.Released.Contains(planId, StringComparer.Ordinal) && !await HasLapsedAsync(run, known, planId, cancellationToken))
            return new(NextAction.Proceed, planId);
        var isFirstAct = await _parts.PolicyActs.IsFirstAsync(Tenant, policy.Sha256, cancellationToken);
        var holds = PlanGuards.Before(plan, snapshot, facts, heir, owners, isFirstAct);
        if (holds.Count > 0)
        {
            var question = new Question(run, plan, planId, facts, holds, lookedAt, RequestId(run, planId), known.InstanceId);
            return await HoldAsync(question, known, policy, LeaverStage.AwaitingApproval, cancellationToken);
        }
        await ChangeStateAsync(run, s => s with { Released = With(s.Released, planId) }, cancellationToken);
        await RemovingAsync(run, planId, cancellationToken);
        return new(NextAction.Proceed, planId);
    }

    /// <summary>Carries the plan out, as far as Graph's quota of writes has room; steps that were in effect are not done again.</summary>
    public async Task<ChangePass> RemoveAsync(CaseRun run, string planId, CancellationToken cancellationToken)
    {
        var policy = _parts.Policy.Load();
        var (known, over) = await LookAsync(run, policy, cancellationToken);
        if (over)
        {
            await RecordCutOffAsync(run, known, policy, cancellationToken);
            return new(NextAction.Stop);
        }
        await BlockAgainAsync(run, known, policy, cancellationToken);
        var state = await StateAsync(run, cancellationToken);
        if (!state.Released.Contains(planId, StringComparer.Ordinal))
            return new(NextAction.Retry);
        var plan = await PlanAsync(run, planId, cancellationToken);
        if (plan.PolicySha256 != policy.Sha256 || await HasLapsedAsync(run, known, planId, cancellationToken))
        {
            await RecordCutOffAsync(run, known, policy, cancellationToken);
            return new(NextAction.Retry);
        }
        if (!await CanTakeOverAsync(plan, state, cancellationToken))
            return new(NextAction.Retry);
        if (!state.Begun.Contains(planId, StringComparer.Ordinal) && await PausedAsync(run, cancellationToken) is { } paused)
            return paused;
        await RemovingAsync(run, planId, cancellationToken);
        if (!state.Begun.Contains(planId, StringComparer.Ordinal))
        {
            await _parts.Approvals.BeginAsync(Tenant, RequestId(run, planId), Now, cancellationToken);
            state = await ChangeStateAsync(
                run,
                s => s with { Begun = With(s.Begun, planId), Pending = s.Pending == planId ? null : s.Pending },
                cancellationToken
            );
        }
        // What was done and is seen again was given back by somebody: it is done again.
        var back =
            state
                .Verified?.Accesses.Where(a => a.State == AccessState.StillThere)
                .Select(a => a.Access.Key)
                .ToHashSet(StringComparer.Ordinal)
            ?? [];
        bool IsBack(PlanStep step) =>
            run.Attempt >= AgainAfter && step.Arguments.TryGetValue(StepArguments.Access, out var key) && back.Contains(key);
        var again = plan.Steps.Where(IsBack).Select(s => s.Id).ToHashSet(StringComparer.Ordinal);
        var settled = state
            .Outcomes.Where(o => o.InEffect && !again.Contains(o.StepId))
            .Select(o => o.StepId)
            .ToHashSet(StringComparer.Ordinal);
        var (done, until) = await PassAsync(run, Removed, plan, settled, state.Tried, cancellationToken);
        if (done is null)
            return await PausedAsync(run, cancellationToken) ?? new(NextAction.Throttled, until);
        state = await ChangeStateAsync(
            run,
            s => s with { Outcomes = StepOutcomes.Merge(s.Outcomes, done.Outcomes), Tried = done.Tried },
            cancellationToken
        );
        var isNew = await RecordRemovedAsync(run, plan, state, done.Outcomes, done.Whole, policy, cancellationToken);
        await _parts.PolicyActs.ActedAsync(Tenant, policy.Sha256, run.CaseId, Now, cancellationToken);
        if (!done.Whole)
            return new(NextAction.Throttled);
        if (isNew)
            await _parts.Checkpoints.AfterPlanAsync(planId, cancellationToken);
        return new(NextAction.Proceed);
    }

    private Task<bool> RecordRemovedAsync(
        CaseRun run,
        ActionPlan plan,
        CaseState state,
        IReadOnlyList<StepOutcome> outcomes,
        bool isWhole,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var ofPlan = OfPlan(plan, state.Outcomes);
        var complete = isWhole && plan.Steps.All(s => ofPlan.Exists(o => o.StepId == s.Id && o.InEffect));
        var planId = plan.Id();
        return RecordChangeAsync(
            run,
            "remove",
            planId,
            ofPlan,
            isLast: false,
            async change =>
            {
                var digest = await _parts.Documents.SaveAsync(
                    Name(run, $"outcomes-{change.Phase["remove-".Length..]}.json"),
                    outcomes,
                    cancellationToken
                );
                await RecordAsync(
                    run,
                    change.At,
                    policy with
                    {
                        Sha256 = plan.PolicySha256,
                    },
                    [LeaverControls.NotClear, LeaverControls.StepStuck],
                    change.Phase,
                    "offboarding.remove",
                    complete ? "complete" : "incomplete",
                    planId,
                    StepOutcomes.Counts(outcomes),
                    new Dictionary<string, string> { ["outcomes.json"] = digest },
                    also: change.Also,
                    cancellationToken: cancellationToken
                );
            },
            cancellationToken
        );
    }

    /// <summary>Reads all access again and compares. A step counts only when its effect was seen.</summary>
    public async Task<CaseProgress> VerifyAsync(CaseRun run, CancellationToken cancellationToken)
    {
        var policy = _parts.Policy.Load();
        var (known, over) = await LookAsync(run, policy, cancellationToken);
        if (over)
            return new(NextAction.Stop, 0, 0, false);
        var state = await StateAsync(run, cancellationToken);
        var facts = state.Facts!;
        var before = await SnapshotAsync(run, cancellationToken);
        var plans = await PlansAsync(run, state, cancellationToken);
        var after = WithoutGroup(
            await _parts.Directory.ReadAccessAsync(facts.UserId, facts.PrincipalName, policy, cancellationToken),
            policy,
            state
        );
        state = await ChangeStateAsync(
            run,
            s => s with { Verified = Verification.Compare(plans, s.Outcomes, before, after, s.Verified) },
            cancellationToken
        );
        var verified = state.Verified!;
        // Nobody is clear whose account was not seen blocked.
        var clear = verified.Clear && known.BlockedAt is not null;
        var (left, stuck) = Split(verified, plans, state.Outcomes);
        var detections = new List<Detection>(
            stuck.Select(a =>
                CaseFindings.Create(
                    known,
                    policy,
                    CasePhase.Removal,
                    LeaverControls.StepStuck,
                    $"{a.Access.Kind} {a.Access.Name}: {a.Why}",
                    a.WhatToDo ?? "A person has to remove it.",
                    part: a.Access.Key
                )
            )
        );
        if (!clear && (known.BlockedAt ?? known.BegunAt) is { } begun && Now > begun + policy.ClearWithin)
        {
            detections.Add(
                CaseFindings.Create(
                    known,
                    policy,
                    CasePhase.Removal,
                    LeaverControls.NotClear,
                    $"{left.Count + stuck.Count + verified.Outside.Count} accesses were not seen removed within "
                        + $"{policy.ClearWithin.TotalHours:0.#} h of blocking, "
                        + $"and {verified.Unread.Count} sources were not read.",
                    $"compliance offboard show {run.CaseId} lists them with what keeps them."
                )
            );
            await RecordAsync(
                run,
                begun + policy.ClearWithin,
                policy,
                [LeaverControls.NotClear],
                "escalated",
                "offboarding.escalated",
                "incomplete",
                known.PlanId,
                new Dictionary<string, long> { ["left"] = left.Count, ["stuck"] = stuck.Count },
                cancellationToken: cancellationToken
            );
        }
        await ReportAsync(known, clear ? [CasePhase.Removal, CasePhase.Watch] : [CasePhase.Removal], detections, cancellationToken);
        await ReportSecretsAsync(known, before, policy, cancellationToken);
        // Whoever sees the stage sees the findings of it.
        if (clear)
            await ChangeAsync(
                run,
                c =>
                    c.Round != run.Round || CaseIsOver(c, run)
                        ? c
                        : c with
                        {
                            Stage = LeaverStage.Clear,
                            ClearAt = c.ClearAt ?? verified.At,
                            RestedAt = c.RestedAt ?? verified.At,
                            Note = null,
                        },
                cancellationToken
            );
        var next = clear ? NextAction.Proceed : NextAction.Retry;
        return new(next, left.Count + verified.Unread.Count, stuck.Count, verified.Outside.Count > 0);
    }

    /// <summary>
    /// Issues the revocation certificate from the last fresh read: JSON and HTML, its digest in an evidence record. One that would say the
    /// same as the last is issued once a day.
    /// </summary>
    /// <returns>
    /// SHA-256 of the certificate's canonical JSON, lower-case hex; empty when another round of the case goes on: what is known of the case
    /// is that round's.
    /// </returns>
    public async Task<string> CertifyAsync(CaseRun run, CancellationToken cancellationToken)
    {
        var known = await CaseAsync(run, cancellationToken);
        if (known.Round != run.Round)
            return "";
        var policy = _parts.Policy.Load();
        var state = await StateAsync(run, cancellationToken);
        var verified =
            state.Verified ?? throw new InvalidOperationException($"case {run.CaseId} was not verified: there is nothing to certify");
        var signature = SignatureOf(verified, known, state);
        if (
            known.CertificateSha256 is { } issued
            && state.Certified is { } last
            && last.Signature == signature
            && verified.At - last.At < CertifyEvery
        )
            return issued;
        var approvals = new List<ApprovalRequest>();
        foreach (var id in state.Approvals)
            if (await _parts.Approvals.FindAsync(Tenant, id, cancellationToken) is { } request)
                approvals.Add(request);
        var certificate = CertificateBuilder.Build(
            new CertificateInput(
                known,
                state.Facts!,
                await PlansAsync(run, state, cancellationToken),
                [.. state.Blocked, .. GroupOutcome(state), .. state.Outcomes],
                verified,
                approvals,
                [.. state.Evidence.Where(e => !e.Contains("-certificate-", StringComparison.Ordinal))],
                policy
            )
        );
        var digest = await _parts.Documents.SaveAsync(Name(run, "certificate.json"), certificate, cancellationToken);
        await _parts.Documents.SaveTextAsync(
            Name(run, "certificate.html"),
            "text/html; charset=utf-8",
            CertificatePage.Html(certificate),
            cancellationToken
        );
        var gone = verified.Accesses.Count(a => a.State == AccessState.Removed);
        await RecordAsync(
            run,
            verified.At,
            policy,
            [LeaverControls.NotClear, LeaverControls.StepStuck],
            $"certificate-{digest[..12]}",
            "offboarding.certificate",
            certificate.ClearAt is null ? "incomplete" : "complete",
            known.PlanId,
            new Dictionary<string, long>
            {
                ["removed"] = gone,
                ["remaining"] = verified.Accesses.Count - gone,
                ["unread"] = verified.Unread.Count,
            },
            new Dictionary<string, string> { ["certificate.json"] = digest },
            also: s => s with { Certified = new(signature, verified.At) },
            cancellationToken: cancellationToken
        );
        await ChangeAsync(run, c => c.Round == run.Round ? c with { CertificateSha256 = digest } : c, cancellationToken);
        // The certificate is what an auditor asks for first.
        await _parts.Checkpoints.AfterPlanAsync(known.PlanId ?? "", cancellationToken);
        Certified(_log, run.CaseId, verified.Clear, gone, verified.Accesses.Count - gone);
        return digest;
    }

    private Task<LeaverCase> RemovingAsync(CaseRun run, string planId, CancellationToken cancellationToken) =>
        ChangeAsync(
            run,
            c =>
                CaseIsOver(c, run)
                    ? c
                    : c with
                    {
                        Stage = c.Stage == LeaverStage.Clear || c.BlockedAt is null ? c.Stage : LeaverStage.Removing,
                        PlanId = planId,
                        Note = c.BlockedAt is null ? c.Note : null,
                    },
            cancellationToken
        );

    // Of whom policy names, who cannot sign in takes nothing over either.
    private async Task<IReadOnlySet<string>> WithDisabledOwnersAsync(
        IReadOnlySet<string> leaving,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var named = new[] { policy.FallbackOwner, policy.PrivilegedOwner }.OfType<string>().Where(o => !leaving.Contains(o)).ToList();
        if (named.Count == 0)
            return leaving;
        var seen = await _parts.Directory.RecheckAsync(named, cancellationToken);
        return leaving
            .Concat(named.Where(o => seen.GetValueOrDefault(o) is { Exists: false } or { Enabled: false }))
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
    }

    // Whoever is to get something may have left since the plan was made. Who cannot be read gets nothing.
    private async Task<bool> CanTakeOverAsync(ActionPlan plan, CaseState state, CancellationToken cancellationToken)
    {
        var done = state.Outcomes.Where(o => o.InEffect).Select(o => o.StepId).ToHashSet(StringComparer.Ordinal);
        var owners = plan
            .Steps.Where(s => s.Action is LeaverActions.AddOwner or LeaverActions.HandOverResource && !done.Contains(s.Id))
            .Select(s => s.Arguments.GetValueOrDefault(StepArguments.OwnerId))
            .OfType<string>()
            .Distinct(StringComparer.OrdinalIgnoreCase)
            .ToList();
        if (owners.Count == 0)
            return true;
        var leaving = await LeavingAsync(cancellationToken);
        if (owners.Exists(leaving.Contains))
            return false;
        var seen = await _parts.Directory.RecheckAsync(owners, cancellationToken);
        return owners.TrueForAll(o => seen.GetValueOrDefault(o) is { Exists: true, Enabled: true });
    }

    // What two people approved and nobody began in time is asked about again.
    private async Task<bool> HasLapsedAsync(CaseRun run, LeaverCase known, string planId, CancellationToken cancellationToken) =>
        await _parts.Approvals.FindAsync(Tenant, RequestId(run, planId), cancellationToken) is { } request && !IsApproved(known, request);

    // Left: trying again may help. Stuck: a permission or a person is needed.
    private static (List<VerifiedAccess> Left, List<VerifiedAccess> Stuck) Split(
        VerifiedCase verified,
        IReadOnlyList<ActionPlan> plans,
        IReadOnlyList<StepOutcome> outcomes
    )
    {
        var last = outcomes.ToDictionary(o => o.StepId, StringComparer.Ordinal);
        var steps = plans
            .SelectMany(p => p.Steps)
            .Where(s => s.Arguments.ContainsKey(StepArguments.Access))
            .GroupBy(s => s.Arguments[StepArguments.Access], StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Last().Id, StringComparer.Ordinal);
        bool Hopeless(VerifiedAccess access) =>
            access.State == AccessState.LeftToPerson
            || (
                steps.TryGetValue(access.Access.Key, out var step)
                && last.GetValueOrDefault(step)?.Result is StepResult.NotPermitted or StepResult.Refused
            );
        var there = verified.Accesses.Where(a => a.State != AccessState.Removed).ToList();
        return ([.. there.Where(a => !Hopeless(a))], [.. there.Where(Hopeless)]);
    }

    // All that a certificate says but for its times.
    private static string SignatureOf(VerifiedCase verified, LeaverCase known, CaseState state) =>
        CanonicalJson.Sha256Of(
            new
            {
                blocked = known.BlockedAt is not null,
                verified.Clear,
                known.PlanId,
                accesses = verified.Accesses.Select(a => new
                {
                    a.Access.Key,
                    a.State,
                    a.Why,
                }),
                outside = verified.Outside.Select(a => a.Key),
                unread = verified.Unread.Select(s => s.Source),
                group = state.Group?.Outcome is { } outcome ? $"{state.Group.Id} {outcome.InEffect} {outcome.Result}" : null,
            }
        );

    private async Task<(DonePass? Done, DateTime? Until)> PassAsync(
        CaseRun run,
        string kind,
        ActionPlan plan,
        HashSet<string> settled,
        IReadOnlyList<string> before,
        CancellationToken cancellationToken
    )
    {
        var (done, wait) = await PlanPasses.RunAsync(
            _parts.Pause,
            _parts.Executor,
            _parts.Documents,
            PassName(run, kind, plan.Id()),
            run.Pass == 0 ? Invariantly(run.Attempt) : $"{Invariantly(run.Attempt)}-{Invariantly(run.Pass)}",
            plan,
            settled,
            run.Pass == 0 ? None : before.ToHashSet(StringComparer.Ordinal),
            cancellationToken
        );
        return (done, done is null ? (Now + wait).UtcDateTime : null);
    }
}
