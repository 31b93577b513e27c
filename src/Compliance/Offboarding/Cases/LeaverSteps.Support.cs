using Compliance.Approvals;
using Compliance.Controls;
using Compliance.Evidence;
using Compliance.Findings;
using Compliance.Offboarding.Acting;
using Compliance.Offboarding.Certificates;
using Compliance.Offboarding.Directory;
using Compliance.Offboarding.Planning;
using Compliance.Plans;
using Microsoft.Extensions.Logging;

namespace Compliance.Offboarding.Cases;

public sealed partial class LeaverSteps
{
    /// <summary>Name of a document of one round of a case.</summary>
    internal static string Name(CaseRun run, string document) => $"{run.CaseId}/{run.Round}/{document}";

    // A cancellation or a rehiring takes a leaving back, whatever was done so far.
    private static bool TakenBack(LeaverCase known) => known.Latest.Kind is HrEventKind.Cancelled or HrEventKind.Rehired;

    // Over for this orchestration: HR took it back, or another round of the case goes on in its place.
    private static bool Over(LeaverCase known, CaseRun run) => TakenBack(known) || known.Round != run.Round;

    private async Task<LeaverCase> CaseAsync(CaseRun run, CancellationToken stop) =>
        await _parts.Cases.FindAsync(Tenant, run.CaseId, stop) ?? throw new KeyNotFoundException($"there is no case {run.CaseId}");

    private Task<LeaverCase> ChangeAsync(CaseRun run, Func<LeaverCase, LeaverCase> change, CancellationToken stop) =>
        _parts.Cases.ChangeAsync(Tenant, run.CaseId, change, stop);

    // The case, and whether this round of it is over. One that HR took back comes to rest here: nothing of it acts from then on, and what it did can be given back. An
    // event that says otherwise comes before that, and the round goes on, or after it and begins another round.
    private async Task<(LeaverCase Known, bool Over)> LookAsync(CaseRun run, CancellationToken stop)
    {
        var known = await CaseAsync(run, stop);
        if (!Over(known, run))
            return (known, false);
        var now = Now;
        known = await ChangeAsync(run, c => c.Round == run.Round && TakenBack(c) && c.RestedAt is null ? c with { RestedAt = now } : c, stop);
        return (known, Over(known, run));
    }

    private async Task<CaseState> StateAsync(CaseRun run, CancellationToken stop) =>
        await _parts.Documents.LoadAsync<CaseState>(Name(run, "state.json"), stop) ?? new CaseState();

    private Task<string> SaveAsync(CaseRun run, CaseState state, CancellationToken stop) =>
        _parts.Documents.SaveAsync(Name(run, "state.json"), state, stop);

    private async Task<(CaseRun Run, CaseState State)> ActedAsync(CaseRun run, CancellationToken stop)
    {
        for (var round = run.Round; round > 0; round--)
            if (await StateAsync(run with { Round = round }, stop) is { Facts: not null } state)
                return (run with { Round = round }, state);
        return (run, new CaseState());
    }

    private static IReadOnlyList<string> With(IReadOnlyList<string> list, string item) =>
        list.Contains(item, StringComparer.Ordinal) ? list : [.. list, item];

    // An answer counts in its own round only, and two rounds may have the same plan. Requests of a first round keep the form in which they are stored.
    private static string RequestId(CaseRun run, string planId) =>
        run.Round == 1 ? $"{run.CaseId}-{planId[..12]}" : $"{run.CaseId}-{run.Round}-{planId[..12]}";

    private async Task<CaseDecision> HoldAsync(
        CaseRun run, DateTimeOffset lookedAt, LeaverCase known, OffboardingPolicy policy, CaseState state, ActionPlan plan, string planId, IReadOnlyList<Hold> holds, LeaverStage stage, LeaverFacts facts,
        CancellationToken stop)
    {
        var request = await _parts.Approvals.AskAsync(new ApprovalRequest
        {
            Id = RequestId(run, planId),
            TenantId = Tenant,
            PlanId = planId,
            CaseId = run.CaseId,
            SubjectId = facts.UserId,
            Reasons = [.. holds.Select(h => h.Reason)],
            Guards = [.. holds.Select(h => h.Guard).Distinct(StringComparer.Ordinal)],
            Controls = [LeaverControls.Held],
            PolicySha256 = policy.Sha256,
            AskedAt = lookedAt,
            Deadline = lookedAt + policy.ApprovalWithin,
            InstanceId = known.InstanceId,
        }, stop);
        // One question at a time about a case: an answer to an earlier one would come to nothing.
        foreach (var earlier in (await _parts.Approvals.OpenAsync(Tenant, stop)).Where(r => r.CaseId == run.CaseId && r.Id != request.Id))
            await _parts.Approvals.VoidAsync(Tenant, earlier.Id, Now, stop);
        await SaveAsync(run, state with { Facts = facts, Plans = With(state.Plans, planId), Approvals = With(state.Approvals, request.Id) }, stop);
        await ChangeAsync(run, c => c with { UserId = facts.UserId, PlanId = planId, Stage = stage, Note = string.Join(" ", holds.Select(h => h.Reason)) }, stop);
        await TellAsync(known, policy, [.. holds.Select(h => Finding(known, policy, LeaverControls.Held, h.Reason,
            $"Two approvers read plan {planId[..12]} and answer: compliance approvals answer {request.Id} --plan {planId}.", part: h.Guard))], stop);
        await RecordAsync(run, request.AskedAt, policy, $"held-{planId[..12]}", "offboarding.held", "held", planId,
            new Dictionary<string, long> { ["holds"] = holds.Count, ["steps"] = plan.Steps.Count }, reason: string.Join(",", holds.Select(h => h.Guard)), stop: stop);
        Held(_log, run.CaseId, planId, string.Join(",", holds.Select(h => h.Guard)));
        return new(CaseGo.AskApproval, planId, request.Id, request.Deadline.UtcDateTime);
    }

    // Others who leave at the same time are no heirs.
    private async Task<Heir?> HeirAsync(string userId, CancellationToken stop)
    {
        var leaving = (await _parts.Cases.AllAsync(Tenant, stop))
            .Where(c => c.UserId is not null && c.Stage is not (LeaverStage.Cancelled or LeaverStage.Restored))
            .Select(c => c.UserId!).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return await _parts.Directory.HeirAsync(userId, leaving, stop);
    }

    private async Task<AccessSnapshot> SnapshotAsync(CaseRun run, CancellationToken stop) =>
        await _parts.Documents.LoadAsync<AccessSnapshot>(Name(run, "snapshot.json"), stop) ?? throw new InvalidOperationException($"case {run.CaseId} has no snapshot");

    // A plan is carried out only as it was made and approved.
    private async Task<ActionPlan> PlanAsync(CaseRun run, string planId, CancellationToken stop)
    {
        var plan = await _parts.Documents.LoadAsync<ActionPlan>(Name(run, $"plan-{planId}.json"), stop)
            ?? throw new InvalidOperationException($"plan {planId} of case {run.CaseId} is not there");
        return plan.Id() == planId ? plan : throw new InvalidOperationException($"the document of plan {planId} of case {run.CaseId} was changed: it is not carried out");
    }

    // The plan that blocking was let begin with; null when it never was.
    private async Task<ActionPlan?> BlockPlanAsync(CaseRun run, CaseState state, CancellationToken stop)
    {
        foreach (var id in state.Released.Reverse())
            if (await PlanAsync(run, id, stop) is { Kind: Steps.Block } plan)
                return plan;
        return null;
    }

    private async Task<IReadOnlyList<ActionPlan>> PlansAsync(CaseRun run, CaseState state, CancellationToken stop)
    {
        var plans = new List<ActionPlan>();
        foreach (var id in state.Begun)
            plans.Add(await PlanAsync(run, id, stop));
        return plans;
    }

    private static Dictionary<string, StepOutcome> Last(IEnumerable<StepOutcome> outcomes) =>
        outcomes.GroupBy(o => o.StepId, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Last(), StringComparer.Ordinal);

    // Left: trying again may help. Stuck: a permission or a person is needed.
    private static (List<VerifiedAccess> Left, List<VerifiedAccess> Stuck) Split(VerifiedCase verified, IReadOnlyList<ActionPlan> plans, IReadOnlyList<StepOutcome> outcomes)
    {
        var last = Last(outcomes);
        var steps = plans.SelectMany(p => p.Steps).Where(s => s.Arguments.ContainsKey(StepArguments.Access))
            .GroupBy(s => s.Arguments[StepArguments.Access], StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Last().Id, StringComparer.Ordinal);
        bool Hopeless(VerifiedAccess access) => access.State == AccessState.LeftToPerson
            || (steps.TryGetValue(access.Access.Key, out var step) && last.GetValueOrDefault(step)?.Result is StepResult.NotPermitted or StepResult.Refused);
        var there = verified.Accesses.Where(a => a.State != AccessState.Removed).ToList();
        return ([.. there.Where(a => !Hopeless(a))], [.. there.Where(Hopeless)]);
    }

    // The credential capability is told what the leaver could read; those findings have a source of their own and stay until what they name was rotated.
    private async Task TellSecretsAsync(LeaverCase known, AccessSnapshot before, OffboardingPolicy policy, CancellationToken stop)
    {
        if (known.BlockedAt is { } blocked && LeaverSecrets.Detections(before, known.Id, blocked, policy) is { Count: > 0 } secrets)
            await _parts.Findings.OpenAsync(Tenant, known.Id, [ControlCatalogue.KnownByLeaver], secrets, Now, stop);
    }

    private Task TellAsync(LeaverCase known, OffboardingPolicy policy, IReadOnlyCollection<Detection> detections, CancellationToken stop) =>
        _parts.Findings.SetAsync(Tenant, known.Id, detections, Now, stop);

    private static Detection Finding(
        LeaverCase known, OffboardingPolicy policy, string control, string reason, string nextStep, string part = "", Severity? severity = null, bool unknown = false) => new()
        {
            ControlId = control,
            Severity = severity ?? (policy.Severities.TryGetValue(control, out var set) ? set : ControlCatalogue.Get(control).Severity),
            Subject = CaseFindings.SubjectOf(known.Id),
            Part = part,
            Source = CaseFindings.SourceOf(known.Id),
            Unknown = unknown,
            Reason = reason,
            NextStep = nextStep,
            Since = known.ReceivedAt,
            Owner = policy.Contact is { } contact ? new Person(null, contact, contact, "policy") : null,
        };

    private static Dictionary<string, long> Counts(IReadOnlyCollection<StepOutcome> outcomes) =>
        outcomes.GroupBy(o => o.Result).ToDictionary(g => char.ToLowerInvariant(g.Key.ToString()[0]) + g.Key.ToString()[1..], g => (long)g.Count(), StringComparer.Ordinal);

    // At is the time of what is told, the same whenever it is told: an id is looked for in the log from that time on.
    private async Task RecordAsync(
        CaseRun run, DateTimeOffset at, OffboardingPolicy policy, string phase, string action, string outcome, string? planId, IReadOnlyDictionary<string, long>? counts = null,
        IReadOnlyDictionary<string, string>? details = null, string? reason = null, CancellationToken stop = default)
    {
        var receipt = await _parts.Evidence.AppendAsync(new EvidenceRecord
        {
            Id = $"{run.CaseId}-{run.Round}-{phase}",
            Time = at,
            Actor = "LeaverCase (HR event)",
            Action = action,
            TenantId = Tenant,
            PolicySha256 = policy.Sha256,
            Controls = [LeaverControls.NotClear],
            Outcome = outcome,
            Counts = counts ?? new Dictionary<string, long>(),
            Subject = run.CaseId,
            Reason = reason,
            PlanId = planId,
            DetailsSha256 = details,
            CorrelationId = run.CorrelationId,
            People = [run.CaseId],
        }, stop);
        // The certificate names the records it rests on; the state is read again so that nothing saved meanwhile is lost.
        var state = await StateAsync(run, stop);
        if (!state.Evidence.Contains(receipt.RecordId, StringComparer.Ordinal))
            await SaveAsync(run, state with { Evidence = With(state.Evidence, receipt.RecordId) }, stop);
    }

    // Records go by the person's pseudonym, so that only the rest of their ids is known here.
    private static bool IsTold(CaseState state, CaseRun run, string phase) =>
        state.Evidence.Any(e => e.EndsWith($"-{run.Round}-{phase}", StringComparison.Ordinal));

    private static bool IsBlockTold(CaseState state, CaseRun run) =>
        state.Evidence.Any(e => e.Contains($"-{run.Round}-block-", StringComparison.Ordinal) && e.EndsWith("-done", StringComparison.Ordinal));

    [LoggerMessage(5000, LogLevel.Information, "Case {CaseId}: blocked {Seconds:0.0} s after the event arrived")]
    private static partial void Blocked(ILogger logger, string caseId, double seconds);

    [LoggerMessage(5001, LogLevel.Warning, "Case {CaseId}: plan {PlanId} waits for two approvals ({Guards})")]
    private static partial void Held(ILogger logger, string caseId, string planId, string guards);

    [LoggerMessage(5002, LogLevel.Information, "Case {CaseId}: certificate issued, clear {Clear}; {Removed} accesses removed, {Left} not")]
    private static partial void Certified(ILogger logger, string caseId, bool clear, int removed, int left);
}
