using Azure;
using Compliance.Controls;
using Compliance.Findings;
using Compliance.Ledger;
using Compliance.Observability;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Policy;
using Compliance.Runs;
using Compliance.Storage;
using Microsoft.Extensions.Logging;

namespace Compliance.Offboarding.Intake;

/// <summary>What the daily watch talks to.</summary>
internal sealed record LeaverWatchParts(
    TenantId Tenant,
    IOffboardingPolicySource Policy,
    ILeavingUsers Users,
    HrRosterStore Roster,
    ILeaverCases Cases,
    HrEventLog Events,
    IFindingStore Findings,
    IRunLog Runs,
    IEvidenceLog Evidence,
    TimeProvider Time
);

/// <summary>The event that never came: once a day, who left without one, and whether HR is still there.</summary>
internal sealed partial class LeaverWatch(LeaverWatchParts parts, ILogger<LeaverWatch> log)
{
    /// <summary>The function's name, under which its runs are remembered.</summary>
    public const string Name = DailyCheck.FunctionName;

    private static readonly string[] Controls =
    [
        IntakeControls.EventNeverCame,
        IntakeControls.HrSilent,
        IntakeControls.EventRefused,
        ControlCatalogue.SourceNotRead,
    ];

    /// <summary>What the watch over the controls expects of it.</summary>
    public static ScheduledControl Itself { get; } = DailyCheck.Expected(Name);

    /// <summary>Looks once, keeps the findings, and writes one evidence record.</summary>
    /// <exception cref="RequestFailedException">State or evidence storage failed. The run does not count as done.</exception>
    public async Task<Reconciliation> RunAsync(CancellationToken cancellationToken)
    {
        var began = parts.Time.GetTimestamp();
        var now = parts.Time.GetUtcNow();
        var tenant = parts.Tenant.Value;
        using var activity = Telemetry.Source.StartActivity(Name);
        var correlation = CorrelationId.Current($"{tenant} {Name} {now:O}");
        var run = new RunStamp(RunIds.Create(Name, now, correlation), now);
        try
        {
            await parts.Runs.ExpectAsync(tenant, Name, now, cancellationToken);
            var policy = parts.Policy.Load();
            var seen = await SeeAsync(policy, now, cancellationToken);
            var standing = await StandingAsync(seen.Cases, now, cancellationToken);
            var detections = LeaverWatchRules.Evaluate(seen, policy, now);
            var result = await new FindingWriter(parts.Findings).ReconcileAsync(
                tenant,
                Controls,
                known => [.. detections, .. known.Values.Where(f => standing.Contains(f.Finding.Id)).Select(f => f.Finding.Detection)],
                LeaverWatchRules.Covered(seen, policy),
                run,
                cancellationToken
            );
            // Only now: a run that fails before its findings are kept must not make a small roster the measure of the next.
            if (seen.Roster is { } accepted)
                await parts.Roster.AcceptedAsync(tenant, accepted, cancellationToken);
            var complete = seen.Users.Outcome.Complete && seen.RosterProblem is null;
            await parts.Evidence.AppendAsync(Evidence(run, correlation, policy, seen, result, complete), cancellationToken);
            await parts.Events.ForgetAsync(tenant, now, cancellationToken);
            await parts.Runs.CompletedAsync(tenant, Name, run, complete, cancellationToken);
            Telemetry.RunEnded(Name, complete ? "complete" : "incomplete", parts.Time.GetElapsedTime(began));
            Watched(log, run.Id, seen.Users.Users.Count, detections.Count, result.Changes.Count);
            return result;
        }
        catch
        {
            Telemetry.RunEnded(Name, "failed", parts.Time.GetElapsedTime(began));
            throw;
        }
    }

    private async Task<WatchSeen> SeeAsync(OffboardingPolicy policy, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var tenant = parts.Tenant.Value;
        HrRoster? roster = null;
        string? problem = null;
        if (policy.Roster is { } place)
        {
            try
            {
                roster = await parts.Roster.ReadAsync(place, cancellationToken);
                problem = LeaverWatchRules.Disbelieve(roster, await parts.Roster.LastCountAsync(tenant, cancellationToken), policy, now);
            }
            catch (FormatException e)
            {
                problem = $"It is no roster: {e.Message}";
            }
        }
        var users = await parts.Users.ReadAsync(cancellationToken);
        // Read last: a case that was opened meanwhile covers its person.
        var cases = await parts.Cases.AllAsync(tenant, cancellationToken);
        return new(users, problem is null ? roster : null, problem, cases, await parts.Events.LatestAsync(tenant, now, cancellationToken));
    }

    private async Task<IReadOnlySet<string>> StandingAsync(
        IReadOnlyList<LeaverCase> cases,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var standing = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (id, stored) in await parts.Findings.LoadAsync(parts.Tenant.Value, [IntakeControls.EventRefused], cancellationToken))
        {
            if (stored.Finding.Status == FindingStatus.Resolved)
                continue;
            var subject = stored.Finding.Detection.Subject;
            var taken =
                subject.Type == IntakeControls.EventSubject
                    ? await parts.Events.FindAsync(parts.Tenant.Value, subject.Id, cancellationToken)
                    : null;
            if (LeaverWatchRules.Stands(stored.Finding, taken, cases, now))
                standing.Add(id);
        }
        return standing;
    }

    private EvidenceRecord Evidence(
        RunStamp run,
        string correlation,
        OffboardingPolicy policy,
        WatchSeen seen,
        Reconciliation result,
        bool complete
    ) =>
        new()
        {
            Id = run.Id,
            Time = run.StartedAt,
            Actor = $"{Name} (timer)",
            Action = "offboarding.watch",
            TenantId = parts.Tenant.Value,
            PolicySha256 = policy.Sha256,
            Controls = Controls,
            Outcome = complete ? "complete" : "incomplete",
            Counts = new Dictionary<string, long>
            {
                ["users"] = seen.Users.Outcome.Objects,
                ["roster"] = seen.Roster?.Employed.Count ?? 0,
                ["cases"] = seen.Cases.Count,
                ["opened"] = result.Count(ChangeKind.Opened),
                ["reopened"] = result.Count(ChangeKind.Reopened),
                ["resolved"] = result.Count(ChangeKind.Resolved),
            },
            FindingsSha256 = FindingDigest.Compute(result.Findings),
            CorrelationId = correlation,
        };

    [LoggerMessage(
        5321,
        LogLevel.Information,
        "Run {RunId}: {Users} users that HR should know of, {Detections} not as they should be, {Changes} findings changed"
    )]
    private static partial void Watched(ILogger logger, string runId, int users, int detections, int changes);
}
