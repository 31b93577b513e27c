using Azure;
using Compliance.Findings;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Policy;
using Compliance.Runs;
using Compliance.Storage;
using Microsoft.Extensions.Logging;

namespace Compliance.Offboarding.Intake;

/// <summary>The event that never came: once a day, who left without one, and whether HR is still there.</summary>
internal sealed partial class LeaverWatch(
    TenantId tenant,
    IOffboardingPolicySource policies,
    WatchReads reads,
    IFindingStore findings,
    ScheduledRuns runs,
    ILogger<LeaverWatch> log
)
{
    /// <summary>The function's name, under which its runs are remembered.</summary>
    public const string Name = DailyCheck.FunctionName;

    private static readonly string[] Controls =
    [
        OffboardingControls.EventNeverCame,
        OffboardingControls.HrSilent,
        OffboardingControls.EventRefused,
        FindingControls.SourceNotRead,
    ];

    /// <summary>What the watch over the controls expects of it.</summary>
    public static ScheduledControl Itself { get; } = DailyCheck.Expected(Name);

    /// <summary>Looks once, keeps the findings, and writes one evidence record.</summary>
    /// <exception cref="RequestFailedException">State or evidence storage failed. The run does not count as done.</exception>
    public Task<Reconciliation> RunAsync(CancellationToken cancellationToken) =>
        runs.RunAsync(tenant.Value, Name, run => RunAsync(run, cancellationToken), cancellationToken);

    private async Task<Reconciliation> RunAsync(ScheduledRun run, CancellationToken cancellationToken)
    {
        var policy = policies.Load();
        var seen = await reads.ReadAsync(policy, run.StartedAt, cancellationToken);
        var holding = await HoldingAsync(seen.Cases, run.StartedAt, cancellationToken);
        var detections = LeaverWatchRules.Evaluate(seen, policy, run.StartedAt);
        var result = await run.ReconcileAsync(
            Controls,
            known => [.. detections, .. known.Values.Where(f => holding.Contains(f.Finding.Id)).Select(f => f.Finding.Detection)],
            LeaverWatchRules.Covered(seen, policy),
            cancellationToken
        );
        // Only now: a run that fails before its findings are kept must not make a small roster the measure of the next.
        if (seen.Roster is { } accepted)
            await reads.AcceptAsync(accepted, cancellationToken);
        run.IsComplete = seen.Users.Outcome.Complete && seen.RosterProblem is null;
        await run.RecordAsync(
            "offboarding.watch",
            Controls,
            policy.Sha256,
            new Dictionary<string, long>
            {
                ["users"] = seen.Users.Outcome.Objects,
                ["roster"] = seen.Roster?.Employed.Count ?? 0,
                ["cases"] = seen.Cases.Count,
            },
            result,
            cancellationToken
        );
        await reads.ForgetAsync(run.StartedAt, cancellationToken);
        Watched(log, run.Stamp.Id, seen.Users.Users.Count, detections.Count, result.Changes.Count);
        return result;
    }

    // Refusals that hold still, by the ids of their findings.
    private async Task<IReadOnlySet<string>> HoldingAsync(
        IReadOnlyList<LeaverCase> known,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        var holding = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (id, stored) in await findings.LoadAsync(tenant.Value, [OffboardingControls.EventRefused], cancellationToken))
        {
            if (stored.Finding.Status == FindingStatus.Resolved)
                continue;
            var subject = stored.Finding.Detection.Subject;
            var taken = subject.Type == IntakeSources.EventSubject ? await reads.FindEventAsync(subject.Id, cancellationToken) : null;
            if (LeaverWatchRules.HoldsStill(stored.Finding, taken, known, now))
                holding.Add(id);
        }
        return holding;
    }

    [LoggerMessage(
        5321,
        LogLevel.Information,
        "Run {RunId}: {Users} users that HR should know of, {Detections} not as they should be, {Changes} findings changed"
    )]
    private static partial void Watched(ILogger logger, string runId, int users, int detections, int changes);
}
