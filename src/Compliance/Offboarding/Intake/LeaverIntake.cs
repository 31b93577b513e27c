using Azure;
using Compliance.Offboarding.Cases;
using Compliance.Storage;
using Compliance.Text;

namespace Compliance.Offboarding.Intake;

/// <summary>What an event led to.</summary>
/// <param name="Case">The case as it is now.</param>
/// <param name="Outcome">What to do: start the case's orchestration, notify it, or nothing.</param>
/// <param name="EventKey">Names the event in evidence and findings.</param>
internal sealed record IntakeResult(LeaverCase Case, IntakeOutcome Outcome, string EventKey);

/// <summary>
/// Takes HR events in: one case per tenant, employee id and employment, whatever the order, repeats and crashes. Use it so:
/// <see cref="AcceptAsync"/>, then start or notify the orchestration, then <see cref="SettleAsync"/>. Whatever is cut off in between is
/// made up for by the event's redelivery or by the sweep (<see cref="CaseCourse.ExpectedAsync"/>, <see cref="RecordOutstandingAsync"/>).
/// </summary>
internal sealed class LeaverIntake(
    TenantId tenant,
    HrEventLog events,
    PersonCases cases,
    IntakeReports reports,
    IntakeRecords records,
    TimeProvider time
)
{
    /// <summary>Takes an event in; the same again gives the same case again.</summary>
    /// <param name="hrEvent">The event.</param>
    /// <param name="trigger">How it arrived: <c>queue</c>, or the webhook and what showed there that HR sent it.</param>
    /// <param name="correlationId">Joins it with logs and traces.</param>
    /// <param name="cancellationToken">Stops between writes, which harms nothing.</param>
    /// <exception cref="HrEventException">Another event was taken in under the same source and id; a finding reports it.</exception>
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
            records.PolicyInForce()
        );
        var noted = await NoteAsync(arrived, cancellationToken);
        // Only now: what is refused leaves no case behind that is waited for.
        var (caseId, employments) = await cases.NoteAsync(hrEvent, own, cancellationToken);
        if (caseId != noted.CaseId)
            await events.JoinAsync(tenant.Value, key, caseId, cancellationToken);
        var (after, outcome, isConflict) = await cases.TakeAsync(caseId, hrEvent, now, cancellationToken);
        if (isConflict)
            await reports.ConflictAsync(after, hrEvent, key, now, cancellationToken);
        // A stale event that was taken in before is a repeat: it was reported when it came.
        if (outcome == IntakeOutcome.Stale && !isConflict && noted != arrived)
            outcome = IntakeOutcome.Repeat;
        if (employments.Count > 1)
        {
            after = await cases.RestAsync(employments, after, key, now, cancellationToken);
            outcome = OutcomeAfterRest(after, outcome);
        }
        reports.Accepted(key, hrEvent.Kind, trigger, after.Id, outcome);
        return new(after, outcome, key);
    }

    // The same source and id with other content is another event.
    private async Task<TakenEvent> NoteAsync(TakenEvent arrived, CancellationToken cancellationToken)
    {
        var noted = await events.NoteAsync(tenant.Value, arrived, cancellationToken);
        if (noted.Digest == arrived.Digest)
            return noted;
        var refused = new HrEventException(["id: another event with other content was taken in under this source and id"], arrived.Key);
        await RefusedAsync(refused, arrived.Trigger, cancellationToken);
        throw refused;
    }

    private static IntakeOutcome OutcomeAfterRest(LeaverCase after, IntakeOutcome outcome)
    {
        if (CaseRules.IsUndispatched(after))
            return IntakeOutcome.Started;
        return outcome == IntakeOutcome.Started ? IntakeOutcome.Updated : outcome;
    }

    /// <inheritdoc cref="IntakeReports.RefusedAsync"/>
    public Task RefusedAsync(HrEventException refused, string trigger, CancellationToken cancellationToken) =>
        reports.RefusedAsync(refused, trigger, cancellationToken);

    /// <summary>
    /// Settles an event once the orchestration was started or notified: a started case asks for its orchestration no more, and the evidence
    /// is recorded. Evidence that cannot be written now is outstanding and does not hold the case up.
    /// </summary>
    public async Task SettleAsync(IntakeResult result, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(result);
        if (result.Outcome == IntakeOutcome.Started)
            await ConfirmDispatchedAsync(result.Case.Id, result.Case.Round, cancellationToken);
        await records.TryRecordAsync(result.EventKey, time.GetUtcNow(), cancellationToken);
    }

    /// <summary>Notes that the orchestration of a round is started. The orchestration's own first activity may note it as well.</summary>
    public Task ConfirmDispatchedAsync(string caseId, int round, CancellationToken cancellationToken) =>
        cases.ConfirmDispatchedAsync(caseId, round, cancellationToken);

    /// <summary>Records the evidence that is outstanding.</summary>
    /// <returns>How many records were written.</returns>
    public Task<int> RecordOutstandingAsync(CancellationToken cancellationToken) =>
        records.RecordOutstandingAsync(time.GetUtcNow(), cancellationToken);
}
