using System.Security.Cryptography;
using System.Text.Json;
using Azure;
using Compliance.Findings;
using Compliance.Ledger;
using Compliance.Observability;
using Compliance.Storage;
using Microsoft.Extensions.Logging;

namespace Compliance.Runs;

/// <summary>
/// Watches that every scheduled control runs, itself included: a watch that stood still says so when it runs again. That every policy that
/// is read afresh can be used. And that no message lies where the host puts what it gave up, or Event Grid what it could not deliver. What
/// it finds are findings of the controls <c>RUN-001</c> and <c>RUN-002</c>, opened and resolved like any other.
/// </summary>
public sealed partial class ControlWatchHandler
{
    /// <summary>The function's name, under which its own runs are remembered.</summary>
    public const string Name = "ControlWatch";

    private static readonly string[] Controls = [RunWatch.Missed, UnprocessedMessages.Left];

    // Each time someone else changed a finding between reading and writing.
    private const int MaxRounds = 5;

    private readonly TenantId _tenant;
    private readonly IReadOnlyList<ScheduledControl> _expected;
    private readonly IReadOnlyList<WatchedPolicy> _policies;
    private readonly LeftMessageReader _messages;
    private readonly IRunLog _runs;
    private readonly IFindingStore _findings;
    private readonly IEvidenceLog _evidence;
    private readonly TimeProvider _time;
    private readonly ILogger<ControlWatchHandler> _logger;

    internal ControlWatchHandler(
        TenantId tenant,
        IEnumerable<ScheduledControl> expected,
        IEnumerable<WatchedPolicy> policies,
        LeftMessageReader messages,
        IRunLog runs,
        IFindingStore findings,
        IEvidenceLog evidence,
        TimeProvider time,
        ILogger<ControlWatchHandler> logger
    )
    {
        (_tenant, _messages, _runs, _findings, _evidence, _time, _logger) = (tenant, messages, runs, findings, evidence, time, logger);
        _policies = [.. policies.OrderBy(p => p.Name, StringComparer.Ordinal)];
        _expected =
        [
            .. expected.Append(Itself).DistinctBy(c => c.Name, StringComparer.Ordinal).OrderBy(c => c.Name, StringComparer.Ordinal),
        ];
    }

    internal static ScheduledControl Itself { get; } = new(Name, TimeSpan.FromHours(1), TimeSpan.FromHours(1));

    /// <summary>Looks once, keeps the findings, and writes one evidence record when something changed.</summary>
    /// <param name="cancellationToken">Ends the run before its end; nothing half-done is left that the next run does not complete.</param>
    /// <exception cref="RequestFailedException">State or evidence storage failed. The run does not count as done.</exception>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var began = _time.GetTimestamp();
        var now = _time.GetUtcNow();
        using var activity = Telemetry.Source.StartActivity(Name);
        var correlation = CorrelationId.Current($"{_tenant.Value} {Name} {now:O}");
        var run = new RunStamp(RunIds.Create(Name, now, correlation), now);
        try
        {
            foreach (var control in _expected)
                await _runs.ExpectAsync(_tenant.Value, control.Name, now, cancellationToken);
            var runs = await _runs.LoadAsync(_tenant.Value, cancellationToken);
            var left = await _messages.ReadAsync(cancellationToken);
            var complete = left.All(l => l.Unread is null);
            var (result, isUnrecorded) = await SaveAsync(run, left, runs, cancellationToken);
            if (result.Changes.Count > 0 || isUnrecorded)
                await _evidence.AppendAsync(Evidence(run, correlation, result, left, complete), cancellationToken);
            await _runs.CompletedAsync(_tenant.Value, Name, run, complete, cancellationToken);
            FindingTelemetry.Saved(result.Changes);
            Telemetry.RunEnded(Name, complete ? "complete" : "incomplete", _time.GetElapsedTime(began));
            var open = result.Findings.Count(f => f.Status != FindingStatus.Resolved);
            Watched(run.Id, _expected.Count, left.Count, open, result.Changes.Count);
        }
        catch
        {
            Telemetry.RunEnded(Name, "failed", _time.GetElapsedTime(began));
            throw;
        }
    }

    private async Task<(Reconciliation Result, bool IsUnrecorded)> SaveAsync(
        RunStamp run,
        IReadOnlyList<LeftMessages> left,
        IReadOnlyDictionary<string, ControlRuns> runs,
        CancellationToken cancellationToken
    )
    {
        // The schedule is this app's own configuration: always read to its end.
        var none = new HashSet<string>();
        var schedule = new SourceOutcome(Sources.Schedule, Complete: true, _expected.Count);
        var coverage = new Coverage([schedule, .. UnprocessedMessages.Outcomes(left)], none, none);
        List<Detection> missed =
        [
            .. RunWatch.Evaluate(runs, _expected, run.StartedAt),
            .. _policies.Select(p => p.Wrong(run.StartedAt)).OfType<Detection>(),
        ];
        // A run counts as ended once its evidence was written.
        var lastEnded = runs.TryGetValue(Name, out var own) ? own.LastRun?.StartedAt : null;
        bool? isUnrecorded = null;
        var saved = new List<FindingChange>();
        for (var round = 1; ; round++)
        {
            var known = await _findings.LoadAsync(_tenant.Value, Controls, cancellationToken);
            // A watch that changed findings and then failed left no evidence of it: this one makes up for it.
            isUnrecorded ??= known.Values.Any(f => f.Finding.ChangedAt > (lastEnded ?? DateTimeOffset.MinValue));
            var detections = missed.Concat(UnprocessedMessages.Evaluate(left, known, _messages.QueueService)).ToList();
            // Changes carry the run's own start, so that the next watch can show what came after the last complete one.
            var result = Reconciler.Reconcile(_tenant.Value, known, detections, coverage, run, run.StartedAt);
            var lost = (await _findings.SaveAsync(_tenant.Value, [.. result.Changes.Select(c => c.Finding)], cancellationToken)).ToHashSet(
                StringComparer.Ordinal
            );
            saved.AddRange(result.Changes.Where(c => !lost.Contains(c.Finding.Finding.Id)));
            if (lost.Count == 0)
                return (result with { Changes = saved }, isUnrecorded.Value);
            if (round == MaxRounds)
                throw new RequestFailedException(
                    412,
                    $"{lost.Count} findings of {string.Join(", ", Controls)} were changed by others in each of {MaxRounds} attempts, "
                        + $"first {lost.Order(StringComparer.Ordinal).First()}"
                );
        }
    }

    private EvidenceRecord Evidence(
        RunStamp run,
        string correlation,
        Reconciliation result,
        IReadOnlyList<LeftMessages> left,
        bool complete
    ) =>
        new()
        {
            Id = run.Id,
            Time = run.StartedAt,
            Actor = $"{Name} (timer)",
            Action = "controls.watch",
            TenantId = _tenant.Value,
            PolicySha256 = Convert.ToHexStringLower(
                SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(_expected, ComplianceJson.Compact))
            ),
            Controls = Controls,
            Outcome = complete ? "complete" : "incomplete",
            Counts = new Dictionary<string, long>
            {
                ["controls"] = _expected.Count,
                ["places"] = left.Count,
                ["unprocessed"] = left.Sum(l => l.Count),
                ["opened"] = result.Count(ChangeKind.Opened),
                ["reopened"] = result.Count(ChangeKind.Reopened),
                ["resolved"] = result.Count(ChangeKind.Resolved),
                ["stillOpen"] = result.StillOpen,
            },
            FindingsSha256 = FindingDigest.Compute(result.Findings),
            CorrelationId = correlation,
        };

    [LoggerMessage(
        1300,
        LogLevel.Information,
        "Run {RunId}: {Controls} scheduled controls and {Places} places of unprocessed messages, {Open} findings open, {Changes} changed"
    )]
    private partial void Watched(string runId, int controls, int places, int open, int changes);
}
