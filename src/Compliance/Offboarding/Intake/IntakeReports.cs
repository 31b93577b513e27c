using Compliance.Findings;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Policy;
using Compliance.Policies;
using Compliance.Runs;
using Compliance.Storage;
using Microsoft.Extensions.Logging;

namespace Compliance.Offboarding.Intake;

/// <summary>Reports what is wrong with events that arrive.</summary>
internal sealed partial class IntakeReports(
    TenantId tenant,
    FindingWriter findings,
    IOffboardingPolicySource policy,
    TimeProvider time,
    ILogger<IntakeReports> log
)
{
    /// <summary>Keeps a refused event's reason as a finding, which names the event and no value of it.</summary>
    public async Task RefusedAsync(HrEventException refused, string trigger, CancellationToken cancellationToken)
    {
        Refused(refused.Key, trigger, string.Join("; ", refused.Problems));
        var detection = IntakeDetections.Refused(refused, trigger, policy.Load());
        await findings.RaiseAsync(tenant.Value, detection, Run(refused.Key, time.GetUtcNow()), cancellationToken);
    }

    /// <summary>Two events with one sequence differ: the first stays.</summary>
    public Task ConflictAsync(LeaverCase known, HrEvent hrEvent, string key, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var detection = IntakeDetections.Conflicting(known, hrEvent, policy.Load());
        return findings.RaiseAsync(tenant.Value, detection, Run(key, now), cancellationToken);
    }

    /// <summary>
    /// Raises that the person of a case works on in another employment. A policy that cannot be used keeps no event out: the daily check
    /// raises it then.
    /// </summary>
    public async Task RaiseWorksOnAsync(
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

    /// <summary>Logs that an event was taken in.</summary>
    [LoggerMessage(5300, LogLevel.Information, "HR event {Event} ({Kind}) by {Trigger}: case {CaseId}, {Outcome}")]
    public partial void Accepted(string @event, HrEventKind kind, string trigger, string caseId, IntakeOutcome outcome);

    private static RunStamp Run(string key, DateTimeOffset now) => new(RunIds.Create(nameof(LeaverIntake), now, key), now);

    [LoggerMessage(5301, LogLevel.Warning, "HR event {Event} by {Trigger} is refused: {Problems}")]
    private partial void Refused(string @event, string trigger, string problems);

    [LoggerMessage(5303, LogLevel.Error, "Case {CaseId}: that its person works on is shown by the daily check ({Reason})")]
    private partial void FindingDelayed(string caseId, string reason);
}
