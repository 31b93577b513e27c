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
    public async Task TryRecordAsync(string key, CancellationToken cancellationToken)
    {
        try
        {
            if (await events.FindAsync(tenant.Value, key, cancellationToken) is { Recorded: false } outstanding)
                await RecordAsync(outstanding, cancellationToken);
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
            if (await cases.FindAsync(tenant.Value, one.CaseId, cancellationToken) is null)
                continue;
            await RecordAsync(one, cancellationToken);
            recorded++;
        }
        return recorded;
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
                Controls = [OffboardingControls.EventNeverCame],
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

    [LoggerMessage(5302, LogLevel.Error, "HR event {Event}: its evidence is outstanding and will be written by the sweep ({Reason})")]
    private partial void RecordOutstanding(string @event, string reason);
}
