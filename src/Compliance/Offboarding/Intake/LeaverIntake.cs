using Azure;
using Compliance.Findings;
using Compliance.Ledger;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Policy;
using Compliance.Policies;
using Compliance.Runs;
using Compliance.Storage;
using Compliance.Text;
using Microsoft.Extensions.Logging;

namespace Compliance.Offboarding.Intake;

/// <summary>What an event led to.</summary>
/// <param name="Case">The case as it is now.</param>
/// <param name="Outcome">What to do: start the case's orchestration, notify it, or nothing.</param>
/// <param name="EventKey">Names the event in evidence and findings.</param>
internal sealed record IntakeResult(LeaverCase Case, IntakeOutcome Outcome, string EventKey);

/// <summary>
/// Takes HR events in: one case per tenant, employee id and employment, whatever the order, repeats and crashes. Use it so:
/// <see cref="AcceptAsync"/>, then start or notify the orchestration, then <see cref="SettleAsync"/>. Whatever is cut off in between is
/// made up for by the event's redelivery or by the sweep (<see cref="CaseCourse.ExpectedAsync"/>, <see cref="RecordOwedAsync"/>).
/// </summary>
internal sealed partial class LeaverIntake(
    TenantId tenant,
    TableLeaverCases cases,
    HrEventLog events,
    FindingWriter findings,
    IEvidenceLog evidence,
    IOffboardingPolicySource policy,
    TimeProvider time,
    ILogger<LeaverIntake> log
)
{
    /// <summary>Takes an event in; the same again gives the same case again.</summary>
    /// <param name="hrEvent">The event.</param>
    /// <param name="trigger">How it arrived: <c>webhook</c> or <c>queue</c>.</param>
    /// <param name="correlationId">Joins it with logs and traces.</param>
    /// <param name="cancellationToken">Stops between writes, which harms nothing.</param>
    /// <exception cref="HrEventException">Another event was taken in under the same source and id; a finding says so.</exception>
    /// <exception cref="RequestFailedException">Storage failed; bring the event again.</exception>
    public async Task<IntakeResult> AcceptAsync(HrEvent hrEvent, string trigger, string correlationId, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var key = HrEventKeys.Create(hrEvent.Source, hrEvent.Id);
        var own = HrEventKeys.CaseOf(tenant.Value, hrEvent.EmployeeId, hrEvent.Employment);
        var arrived = new TakenEvent(
            key,
            own,
            CanonicalJson.Sha256Of(hrEvent),
            hrEvent.Sequence,
            hrEvent.Kind,
            now,
            trigger,
            correlationId,
            Recorded: false,
            PolicyInForce()
        );
        var noted = await events.NoteAsync(tenant.Value, arrived, cancellationToken);
        if (noted.Digest != arrived.Digest)
        {
            var refused = new HrEventException(["id: another event with other content was taken in under this source and id"], key);
            await RefusedAsync(refused, trigger, cancellationToken);
            throw refused;
        }
        // Only now: what is refused leaves no case behind that is waited for.
        var (caseId, employments) = await cases.NoteAsync(
            tenant.Value,
            hrEvent.EmployeeId,
            (ids, all) => CaseRules.IdOf(own, HrEventKeys.CaseOfStart(tenant.Value, hrEvent.EmployeeId), hrEvent.Employment, ids, all),
            cancellationToken
        );
        if (caseId != noted.CaseId)
            await events.JoinAsync(tenant.Value, key, caseId, cancellationToken);
        Taken? taken = null;
        await cases.PutAsync(
            tenant.Value,
            caseId,
            known => (taken = CaseRules.Take(tenant.Value, known, hrEvent, now, caseId)).Case,
            cancellationToken
        );
        var (after, outcome, conflict) = taken!;
        if (conflict)
            await findings.RaiseAsync(
                tenant.Value,
                IntakeDetections.Conflicting(after, hrEvent, policy.Load()),
                Run(key, now),
                cancellationToken
            );
        // A stale event that was taken in before is a repeat: it was reported when it came.
        if (outcome == IntakeOutcome.Stale && !conflict && noted != arrived)
            outcome = IntakeOutcome.Repeat;
        if (employments.Count > 1)
        {
            after = await RestAsync(employments, after, key, now, cancellationToken);
            outcome =
                CaseRules.IsUndispatched(after) ? IntakeOutcome.Started
                : outcome == IntakeOutcome.Started ? IntakeOutcome.Updated
                : outcome;
        }
        Accepted(key, hrEvent.Kind, trigger, after.Id, outcome);
        return new(after, outcome, key);
    }

    // The cases of a person's other employments act no more while HR says that the person is employed.
    private async Task<LeaverCase> RestAsync(
        IReadOnlyList<string> caseIds,
        LeaverCase present,
        string key,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var all = new List<LeaverCase>();
        foreach (var id in caseIds)
            if (await cases.FindAsync(tenant.Value, id, cancellationToken) is { } found)
                all.Add(found);
        foreach (var known in all.Where(c => c.EmployeeId != LeaverCase.Erased))
        {
            var employed = CaseRules.EmployedIn(known, all, now);
            var after =
                employed == known.EmployedIn
                    ? known
                    : await cases.ChangeAsync(
                        tenant.Value,
                        known.Id,
                        c =>
                        {
                            c = employed is null ? CaseRules.EmployedNoMore(c) : c with { EmployedIn = employed };
                            // What has not begun has no orchestration that would bring it to rest.
                            return employed is not null && CaseRules.IsActing(c) && c.BegunAt is null ? CaseRules.AtRest(c, now) : c;
                        },
                        cancellationToken
                    );
            // Also where the event comes again: it may have been cut off before this.
            await RaiseWorksOnAsync(after, all, key, now, cancellationToken);
            if (after.Id == present.Id)
                present = after;
        }
        return present;
    }

    // A policy that cannot be used keeps no event out: the daily check raises it then.
    private async Task RaiseWorksOnAsync(
        LeaverCase known,
        IReadOnlyList<LeaverCase> ofPerson,
        string key,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        if (known.EmployedIn is null)
            return;
        try
        {
            if (CaseCourse.WorksOn(known, ofPerson, policy.Load(), now) is { } detection)
                await findings.RaiseAsync(tenant.Value, detection, Run(key, now), cancellationToken);
        }
        catch (Exception e) when (e is PolicyException or IOException or UnauthorizedAccessException)
        {
            FindingDelayed(known.Id, e.Message);
        }
    }

    /// <summary>Keeps a refused event's reason as a finding, which names the event and no value of it.</summary>
    public async Task RefusedAsync(HrEventException refused, string trigger, CancellationToken cancellationToken)
    {
        Refused(refused.Key, trigger, string.Join("; ", refused.Problems));
        await findings.RaiseAsync(
            tenant.Value,
            IntakeDetections.Refused(refused, trigger, policy.Load()),
            Run(refused.Key, time.GetUtcNow()),
            cancellationToken
        );
    }

    /// <summary>
    /// Settles an event once the orchestration was started or notified: a started case asks for its orchestration no more, and the evidence
    /// is recorded. Evidence that cannot be written now is outstanding and does not hold the case up.
    /// </summary>
    public async Task SettleAsync(IntakeResult result, CancellationToken cancellationToken)
    {
        if (result.Outcome == IntakeOutcome.Started)
            await ConfirmDispatchedAsync(result.Case.Id, result.Case.Round, cancellationToken);
        try
        {
            if (await events.FindAsync(tenant.Value, result.EventKey, cancellationToken) is { Recorded: false } outstanding)
                await RecordAsync(outstanding, cancellationToken);
        }
        // A policy that cannot be used keeps no event out either.
        catch (Exception e) when (e is RequestFailedException or PolicyException or IOException or UnauthorizedAccessException)
        {
            EvidenceOwed(result.EventKey, e.Message);
        }
    }

    /// <summary>Notes that the orchestration of a round is started. The orchestration's own first activity may say so as well.</summary>
    public Task ConfirmDispatchedAsync(string caseId, int round, CancellationToken cancellationToken) =>
        cases.ChangeAsync(tenant.Value, caseId, c => c.Round == round ? c with { Dispatched = true } : c, cancellationToken);

    /// <summary>Records the evidence that is outstanding.</summary>
    /// <returns>How many records were written.</returns>
    public async Task<int> RecordOwedAsync(CancellationToken cancellationToken)
    {
        var outstanding = await events.UnrecordedAsync(tenant.Value, time.GetUtcNow() - CaseRules.Grace, cancellationToken);
        var recorded = 0;
        foreach (var one in outstanding)
        {
            // Cut off before there was a case: the event comes again.
            if (await cases.FindAsync(tenant.Value, one.CaseId, cancellationToken) is null)
                continue;
            await RecordAsync(one, cancellationToken);
            recorded++;
        }
        return recorded;
    }

    // A policy that cannot be used keeps no event out.
    private string? PolicyInForce()
    {
        try
        {
            return policy.Load().Sha256;
        }
        catch (Exception e) when (e is PolicyException or IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    // Everything in it comes from the row of the event's first arrival, so that a retry writes the same record.
    private async Task RecordAsync(TakenEvent taken, CancellationToken cancellationToken)
    {
        await evidence.AppendAsync(
            new EvidenceRecord
            {
                Id = taken.Key,
                Time = taken.ReceivedAt,
                Actor = $"{nameof(LeaverIntake)} ({taken.Trigger})",
                Action = "offboarding.hr-event",
                TenantId = tenant.Value,
                PolicySha256 = taken.PolicySha256 ?? policy.Load().Sha256,
                Controls = [IntakeControls.EventNeverCame],
                Outcome = "complete",
                Counts = new Dictionary<string, long> { ["sequence"] = taken.Sequence },
                Subject = taken.CaseId,
                Reason = $"{taken.Kind}".ToLowerInvariant(),
                DetailsSha256 = new Dictionary<string, string> { ["event"] = taken.Digest },
                CorrelationId = taken.CorrelationId,
                People = [taken.CaseId],
            },
            cancellationToken
        );
        await events.RecordedAsync(tenant.Value, taken.Key, cancellationToken);
    }

    private static RunStamp Run(string key, DateTimeOffset now) => new(RunIds.Create(nameof(LeaverIntake), now, key), now);

    [LoggerMessage(5300, LogLevel.Information, "HR event {Event} ({Kind}) by {Trigger}: case {CaseId}, {Outcome}")]
    private partial void Accepted(string @event, HrEventKind kind, string trigger, string caseId, IntakeOutcome outcome);

    [LoggerMessage(5301, LogLevel.Warning, "HR event {Event} by {Trigger} is refused: {Problems}")]
    private partial void Refused(string @event, string trigger, string problems);

    [LoggerMessage(5302, LogLevel.Error, "HR event {Event}: its evidence is outstanding and will be written by the sweep ({Reason})")]
    private partial void EvidenceOwed(string @event, string reason);

    [LoggerMessage(5303, LogLevel.Error, "Case {CaseId}: that its person works on is shown by the daily check ({Reason})")]
    private partial void FindingDelayed(string caseId, string reason);
}
