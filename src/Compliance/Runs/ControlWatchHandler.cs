using System.Security.Cryptography;
using System.Text.Json;
using Azure;
using Compliance.Findings;
using Compliance.Storage;
using Compliance.Text;
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

    private readonly TenantId _tenant;
    private readonly IReadOnlyList<ScheduledControl> _expected;
    private readonly IReadOnlyList<WatchedPolicy> _policies;
    private readonly LeftMessageReader _messages;
    private readonly IRunLog _log;
    private readonly ScheduledRuns _runs;
    private readonly ILogger<ControlWatchHandler> _logger;

    internal ControlWatchHandler(
        TenantId tenant,
        IEnumerable<ScheduledControl> expected,
        IEnumerable<WatchedPolicy> policies,
        LeftMessageReader messages,
        IRunLog log,
        ScheduledRuns runs,
        ILogger<ControlWatchHandler> logger
    )
    {
        (_tenant, _messages, _log, _runs, _logger) = (tenant, messages, log, runs, logger);
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
    public Task RunAsync(CancellationToken cancellationToken) =>
        _runs.RunAsync(_tenant.Value, Name, run => RunAsync(run, cancellationToken), cancellationToken);

    private async Task<Reconciliation> RunAsync(ScheduledRun run, CancellationToken cancellationToken)
    {
        foreach (var control in _expected)
            await _log.ExpectAsync(_tenant.Value, control.Name, run.StartedAt, cancellationToken);
        var runs = await _log.LoadAsync(_tenant.Value, cancellationToken);
        var left = await _messages.ReadAsync(cancellationToken);
        run.IsComplete = left.All(l => l.Unread is null);
        // The schedule is this app's own configuration: always read to its end.
        var none = new HashSet<string>();
        var schedule = new SourceOutcome(Sources.Schedule, Complete: true, _expected.Count);
        List<Detection> missed =
        [
            .. RunWatch.Evaluate(runs, _expected, run.StartedAt),
            .. _policies.Select(p => p.Wrong(run.StartedAt)).OfType<Detection>(),
        ];
        // A run counts as ended once its evidence was written. A watch that changed findings and then failed left no evidence of it: this
        // one makes up for it.
        var lastEnded = runs.TryGetValue(Name, out var own) ? own.LastRun?.StartedAt : null;
        bool? isUnrecorded = null;
        var result = await run.ReconcileAsync(
            Controls,
            known =>
            {
                isUnrecorded ??= known.Values.Any(f => f.Finding.ChangedAt > (lastEnded ?? DateTimeOffset.MinValue));
                return [.. missed, .. UnprocessedMessages.Evaluate(left, known, _messages.QueueService)];
            },
            new Coverage([schedule, .. UnprocessedMessages.Outcomes(left)], none, none),
            cancellationToken
        );
        if (result.Changes.Count > 0 || isUnrecorded == true)
            await run.RecordAsync(
                "controls.watch",
                Controls,
                Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(_expected, ComplianceJson.Compact))),
                new Dictionary<string, long>
                {
                    ["controls"] = _expected.Count,
                    ["places"] = left.Count,
                    ["unprocessed"] = left.Sum(l => l.Count),
                    ["stillOpen"] = result.StillOpen,
                },
                result,
                cancellationToken
            );
        var open = result.Findings.Count(f => f.Status != FindingStatus.Resolved);
        Watched(run.Stamp.Id, _expected.Count, left.Count, open, result.Changes.Count);
        return result;
    }

    [LoggerMessage(
        1300,
        LogLevel.Information,
        "Run {RunId}: {Controls} scheduled controls and {Places} places of unprocessed messages, {Open} findings open, {Changes} changed"
    )]
    private partial void Watched(string runId, int controls, int places, int open, int changes);
}
