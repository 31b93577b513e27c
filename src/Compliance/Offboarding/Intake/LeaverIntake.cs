using Azure;
using Azure.Messaging;
using Compliance.Evidence;
using Compliance.Findings;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Policy;
using Compliance.State;
using Microsoft.Extensions.Logging;

namespace Compliance.Offboarding.Intake;

/// <summary>What an HR event did.</summary>
/// <param name="Case">The case after it.</param>
/// <param name="Outcome">What the event did.</param>
internal sealed record IntakeResult(LeaverCase Case, IntakeOutcome Outcome);

/// <summary>
/// Takes HR events in: one case a tenant, employee id and employment. Every write is one that a repeat makes again without harm, so a crash between two of them is
/// mended by the event's redelivery; a start that was lost, by the sweep.
/// </summary>
internal sealed partial class LeaverIntake(
    TenantId tenant, TableLeaverCases cases, HrEventLog events, IFindingStore findings, IEvidenceLog evidence, IOffboardingPolicySource policies, TimeProvider time,
    ILogger<LeaverIntake> logger)
{
    // Long enough for the call that took the event in to have started the orchestration itself.
    private static readonly TimeSpan DispatchWithin = TimeSpan.FromMinutes(2);

    private readonly SourceFindings _findings = new(findings);

    /// <summary>Takes an event in.</summary>
    /// <param name="event">The event.</param>
    /// <param name="trigger">What brought it, for example <c>webhook</c>.</param>
    /// <param name="correlationId">Joins logs and evidence.</param>
    /// <param name="stop">Stops between writes; the event is then to be delivered again.</param>
    /// <exception cref="RequestFailedException">State or evidence storage failed: the event is to be delivered again.</exception>
    public async Task<IntakeResult> AcceptAsync(HrEvent @event, string trigger, string correlationId, CancellationToken stop)
    {
        var now = time.GetUtcNow();
        var policy = policies.Load();
        var arrival = await events.RememberAsync(tenant.Value, @event, trigger, correlationId, now, stop);
        var caseId = CaseRules.IdOf(tenant.Value, @event.EmployeeId, @event.Employment);
        if (arrival.ContentSha256 != HrEventLog.ContentOf(@event))
        {
            var refused = new HrEventException(arrival.Key, @event.Id, ["#/id: another event with the same source and id was taken in before, and says something else"]);
            await RefusedAsync(refused, stop);
            throw refused;
        }

        Taken taken = default;
        // A retry decides by the time of the first arrival, and so the same.
        await cases.ChangeOrAddAsync(tenant.Value, caseId, before => (taken = CaseRules.Take(before, @event, tenant.Value, arrival.ReceivedAt)).Case, stop);
        if (taken.Contradicts)
            await SetFindingsAsync(caseId, [IntakeFindings.Contradiction(policy, taken.Case, arrival.Key)], now, stop);
        else if (taken.Replaces)
            await SetFindingsAsync(caseId, [], now, stop);
        await evidence.AppendAsync(EvidenceOf(@event, caseId, arrival, policy), stop);
        TakenIn(arrival.Key, caseId, taken.Outcome, correlationId);
        return new(taken.Case, taken.Outcome);
    }

    /// <summary>Reads an event and takes it in. One that cannot be read is a finding, so that a message in the poison queue is not overlooked.</summary>
    /// <param name="utf8">The event: the body of a signed request, or the text of a queue message.</param>
    /// <param name="trigger">What brought it, for example <c>webhook</c>.</param>
    /// <param name="correlationId">Joins logs and evidence.</param>
    /// <param name="stop">Stops between writes; the event is then to be delivered again.</param>
    /// <exception cref="HrEventException">The event breaks a rule; every problem is listed, and the finding is open.</exception>
    /// <exception cref="RequestFailedException">State or evidence storage failed: the event is to be delivered again.</exception>
    public Task<IntakeResult> AcceptAsync(ReadOnlyMemory<byte> utf8, string trigger, string correlationId, CancellationToken stop) =>
        AcceptAsync(() => HrEventReader.Read(utf8, time.GetUtcNow()), trigger, correlationId, stop);

    /// <inheritdoc cref="AcceptAsync(ReadOnlyMemory{byte}, string, string, CancellationToken)"/>
    public Task<IntakeResult> AcceptAsync(CloudEvent cloudEvent, string trigger, string correlationId, CancellationToken stop) =>
        AcceptAsync(() => HrEventReader.Read(cloudEvent, time.GetUtcNow()), trigger, correlationId, stop);

    /// <inheritdoc cref="AcceptAsync(ReadOnlyMemory{byte}, string, string, CancellationToken)"/>
    public Task<IntakeResult> AcceptAsync(string text, string trigger, string correlationId, CancellationToken stop) =>
        AcceptAsync(() => HrEventReader.Read(text, time.GetUtcNow()), trigger, correlationId, stop);

    /// <summary>Notes that the orchestration of the case's round was started. Does nothing when another round began meanwhile.</summary>
    /// <exception cref="KeyNotFoundException">There is no such case.</exception>
    public Task<LeaverCase> ConfirmDispatchedAsync(string caseId, int round, CancellationToken stop) =>
        cases.ChangeAsync(tenant.Value, caseId, known => known.Round == round ? known with { Dispatched = true } : known, stop);

    /// <summary>Cases that arrived more than two minutes ago and whose orchestration is not known to be started: it is to be started now.</summary>
    public async Task<IReadOnlyList<LeaverCase>> UndispatchedAsync(CancellationToken stop)
    {
        var before = time.GetUtcNow() - DispatchWithin;
        return [.. (await cases.AllAsync(tenant.Value, stop)).Where(c => c.NeedsStart && c.ReceivedAt < before)];
    }

    private async Task<IntakeResult> AcceptAsync(Func<HrEvent> read, string trigger, string correlationId, CancellationToken stop)
    {
        HrEvent @event;
        try
        {
            @event = read();
        }
        catch (HrEventException e)
        {
            await RefusedAsync(e, stop);
            throw;
        }
        return await AcceptAsync(@event, trigger, correlationId, stop);
    }

    private Task RefusedAsync(HrEventException refused, CancellationToken stop)
    {
        var reason = string.Join("; ", refused.Problems);
        Refused(refused.Key, reason);
        return _findings.SetAsync(
            tenant.Value, [LeaverControls.RefusedEvent], IntakeFindings.EventSource(refused.Key), $"{nameof(LeaverIntake)}-{refused.Key[..16]}",
            [IntakeFindings.Refused(policies.Load(), refused.Key, refused.EventId, reason)], time.GetUtcNow(), stop);
    }

    private Task SetFindingsAsync(string caseId, IReadOnlyCollection<Detection> detections, DateTimeOffset now, CancellationToken stop) => _findings.SetAsync(
        tenant.Value, [LeaverControls.RefusedEvent], IntakeFindings.CaseSource(caseId), $"{nameof(LeaverIntake)}-{caseId}", detections, now, stop);

    // As it was at the first arrival, so that a redelivery writes the same record. The case's id stands for the person.
    private EvidenceRecord EvidenceOf(HrEvent @event, string caseId, KnownHrEvent arrival, OffboardingPolicy policy) => new()
    {
        Id = $"hr-event-{arrival.Key}",
        Time = arrival.ReceivedAt,
        Actor = $"{nameof(LeaverIntake)} ({arrival.Trigger})",
        Action = "offboarding.hr-event",
        TenantId = tenant.Value,
        PolicySha256 = policy.Sha256,
        Controls = [LeaverControls.NoEvent],
        Outcome = "complete",
        Counts = new Dictionary<string, long> { ["sequence"] = @event.Sequence, ["forCause"] = @event.ForCause ? 1 : 0 },
        Subject = caseId,
        Reason = $"{HrEventTypes.NameOf(@event.Kind)}, event {arrival.Key}",
        CorrelationId = arrival.CorrelationId,
    };

    [LoggerMessage(1600, LogLevel.Information, "HR event {EventKey}: case {CaseId} {Outcome} (correlation {CorrelationId})")]
    private partial void TakenIn(string eventKey, string caseId, IntakeOutcome outcome, string correlationId);

    [LoggerMessage(1601, LogLevel.Warning, "HR event {EventKey} was refused: {Reason}")]
    private partial void Refused(string eventKey, string reason);
}
