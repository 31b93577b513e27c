using Azure;
using Compliance.Ledger;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Policy;
using Compliance.Policies;
using Compliance.Storage;
using Microsoft.Extensions.Logging;

namespace Compliance.Offboarding.Intake;

/// <summary>Records the events that were taken in. Evidence that cannot be written now is outstanding, and holds no case up.</summary>
internal sealed partial class IntakeRecords(
    TenantId tenant,
    ILeaverCases cases,
    HrEventLog events,
    IEvidenceLog evidence,
    IOffboardingPolicySource policy,
    ILogger<IntakeRecords> log
)
{
    /// <summary>Digest of the policy in force; null where it cannot be used, which keeps no event out.</summary>
    public string? PolicyInForce()
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

    /// <summary>Records an event, if that is outstanding.</summary>
    public async Task TryRecordAsync(string key, DateTimeOffset now, CancellationToken cancellationToken)
    {
        try
        {
            if (await events.FindAsync(tenant.Value, key, cancellationToken) is not { Recorded: false } outstanding)
                return;
            // One that has just arrived is of a case that goes on.
            var isErased =
                outstanding.ReceivedAt < now - CaseRules.Grace
                && await cases.FindAsync(tenant.Value, outstanding.CaseId, cancellationToken) is { EmployeeId: LeaverCase.Erased };
            await RecordAsync(outstanding, isErased, cancellationToken);
        }
        // A policy that cannot be used keeps no event out either.
        catch (Exception e) when (e is RequestFailedException or PolicyException or IOException or UnauthorizedAccessException)
        {
            RecordOutstanding(key, e.Message);
        }
    }

    /// <summary>Records the evidence that is outstanding for longer than an event takes by itself.</summary>
    /// <returns>How many records were written.</returns>
    public async Task<int> RecordOutstandingAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var outstanding = await events.UnrecordedAsync(tenant.Value, now - CaseRules.Grace, cancellationToken);
        var recorded = 0;
        foreach (var one in outstanding)
        {
            // Cut off before there was a case: the event comes again.
            if (await cases.FindAsync(tenant.Value, one.CaseId, cancellationToken) is not { } known)
                continue;
            await RecordAsync(one, known.EmployeeId == LeaverCase.Erased, cancellationToken);
            recorded++;
        }
        return recorded;
    }

    // Everything in it comes from the row of the event's first arrival, so that a retry writes the same record. Of a case whose details
    // were erased meanwhile it names none: a pseudonym would stand for the person once more.
    private async Task RecordAsync(TakenEvent taken, bool isErased, CancellationToken cancellationToken)
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
                Controls = [OffboardingControls.EventNeverCame],
                Outcome = "complete",
                Counts = new Dictionary<string, long> { ["sequence"] = taken.Sequence },
                Subject = isErased ? null : taken.CaseId,
                Reason = $"{taken.Kind}".ToLowerInvariant(),
                DetailsSha256 = isErased ? null : new Dictionary<string, string> { ["event"] = taken.Digest },
                CorrelationId = taken.CorrelationId,
                People = isErased ? [] : [taken.CaseId],
            },
            cancellationToken
        );
        await events.RecordedAsync(tenant.Value, taken.Key, cancellationToken);
    }

    [LoggerMessage(5302, LogLevel.Error, "HR event {Event}: its evidence is outstanding and will be written by the sweep ({Reason})")]
    private partial void RecordOutstanding(string @event, string reason);
}
