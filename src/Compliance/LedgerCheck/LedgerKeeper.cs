using Azure;
using Azure.Identity;
using Compliance.Findings;
using Compliance.Ledger;
using Compliance.Ledger.Checkpoints;
using Compliance.Observability;
using Compliance.Runs;
using Compliance.Storage;
using Microsoft.Extensions.Logging;

namespace Compliance.LedgerCheck;

/// <summary>Keeps the ledger signed, copied and checked, and says so when it is not.</summary>
public sealed partial class LedgerKeeper : ICheckpoints
{
    /// <summary>Name of the hourly function, under which its runs are remembered.</summary>
    public const string CheckpointName = LedgerCheckpointer.FunctionName;

    /// <summary>Name of the daily function, under which its runs are remembered.</summary>
    public const string SelfCheckName = "LedgerSelfCheck";

    private static readonly string[] Checked = [LedgerControls.DoesNotVerify, LedgerControls.NotChecked, LedgerControls.NotWriteOnce];

    private readonly EvidenceOptions _options;
    private readonly EvidencePolicy _policy;
    private readonly CheckpointKeys _keys;
    private readonly CheckpointCopies _copies;
    private readonly LedgerSelfCheck _selfCheck;
    private readonly LedgerMemory _memory;
    private readonly IWriteOnce _writeOnce;
    private readonly ScheduledRuns _runs;
    private readonly SingleFlight<CheckpointOutcome> _checkpoint;
    private readonly ILogger<LedgerKeeper> _log;

    internal LedgerKeeper(
        TenantId tenant,
        EvidenceOptions options,
        EvidencePolicy policy,
        CheckpointKeys keys,
        LedgerCheckpointer checkpointer,
        CheckpointCopies copies,
        LedgerSelfCheck selfCheck,
        LedgerMemory memory,
        IWriteOnce writeOnce,
        ScheduledRuns runs,
        ILogger<LedgerKeeper> log
    )
    {
        Tenant = tenant.Value;
        (_options, _policy, _keys, _copies) = (options, policy, keys, copies);
        (_selfCheck, _memory, _writeOnce, _runs, _log) = (selfCheck, memory, writeOnce, runs, log);
        // One at a time: two at once would be right as well, but would do everything twice.
        _checkpoint = new(cancellationToken => checkpointer.CheckpointAsync(Tenant, cancellationToken));
    }

    /// <summary>What the watch over the controls expects.</summary>
    internal static IReadOnlyList<ScheduledControl> Expected { get; } =
    [new(CheckpointName, TimeSpan.FromHours(1), TimeSpan.FromHours(1)), new(SelfCheckName, TimeSpan.FromDays(1), TimeSpan.FromHours(6))];

    private string Tenant { get; }

    /// <summary>Looks at the start whether the ledger is write-once, and says so. Never fails: a start must not depend on it.</summary>
    /// <param name="cancellationToken">Stops the look.</param>
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        if (_options.Local)
            NotWriteOnceHere();
        try
        {
            var run = _runs.Create(Tenant, "LedgerStart");
            var verdict = await WriteOnceAsync(cancellationToken);
            if (!_options.Local)
                Say(verdict);
            await run.ReconcileAsync(
                [LedgerControls.NotWriteOnce],
                _ => WriteOnceDetections(verdict),
                Covered((LedgerControls.WriteOnceSource, !verdict.Unknown)),
                cancellationToken
            );
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            StartUnsure(e.Message);
        }
    }

    /// <summary>The hourly checkpoint: signs when something was appended, and delivers the copies that wait.</summary>
    /// <param name="cancellationToken">Ends the run; the next takes up what is unfinished.</param>
    /// <exception cref="RequestFailedException">Storage failed. The run does not count as done.</exception>
    /// <exception cref="IOException">The log cannot be read. The run does not count as done.</exception>
    public Task CheckpointAsync(CancellationToken cancellationToken) =>
        _runs.RunAsync(Tenant, CheckpointName, run => CheckpointAsync(run, cancellationToken), cancellationToken);

    private async Task<Reconciliation> CheckpointAsync(ScheduledRun run, CancellationToken cancellationToken)
    {
        var (outcome, unsigned) = await TryCheckpointAsync(cancellationToken);
        var copies = outcome?.Head is { } head ? await _copies.DeliverAsync(Tenant, head.Size, cancellationToken) : null;
        var detections = new[]
        {
            unsigned,
            outcome?.Problem is { } wrong ? Wrong(wrong) : null,
            copies?.Problem is { } differs ? Differs(differs) : null,
        }
            .OfType<Detection>()
            .Concat(copies?.Late ?? [])
            .ToList();
        run.IsComplete = outcome is { Problem: null };
        // A wrong ledger is found right again by the whole check alone.
        return await run.ReconcileAsync(
            [LedgerControls.DoesNotVerify, LedgerControls.NotChecked, LedgerControls.CopyNotDelivered],
            _ => detections,
            Covered((LedgerControls.SigningSource, run.IsComplete), (LedgerControls.CopiesSource, copies is not null)),
            cancellationToken
        );
    }

    /// <inheritdoc/>
    public async Task AfterPlanAsync(string planId, CancellationToken cancellationToken)
    {
        try
        {
            var outcome = await _checkpoint.RunAsync(cancellationToken);
            // The copies may be slow: the hourly run brings them, and no plan waits for them.
            if (outcome.Problem is { } problem)
                await _runs.Create(Tenant, CheckpointName).RaiseAsync(Wrong(problem), cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            NotAfterPlan(planId, e.Message);
        }
    }

    /// <summary>
    /// The daily check: signs what is new, checks the whole ledger against it and against the checkpoint of the last check, and whether it
    /// is write-once.
    /// </summary>
    /// <param name="cancellationToken">Ends the run; nothing half-done is left that the next does not complete.</param>
    /// <exception cref="RequestFailedException">State or evidence storage failed. The run does not count as done.</exception>
    public Task SelfCheckAsync(CancellationToken cancellationToken) =>
        _runs.RunAsync(Tenant, SelfCheckName, run => SelfCheckAsync(run, cancellationToken), cancellationToken);

    private async Task<Reconciliation> SelfCheckAsync(ScheduledRun run, CancellationToken cancellationToken)
    {
        var (result, detections, complete) = await CheckAsync(cancellationToken);
        run.IsComplete = complete;
        var verdict = await WriteOnceAsync(cancellationToken);
        if (!_options.Local)
            Say(verdict);
        var findings = await run.ReconcileAsync(
            Checked,
            _ => [.. detections, .. WriteOnceDetections(verdict)],
            Covered((LedgerControls.CheckSource, complete), (LedgerControls.WriteOnceSource, !verdict.Unknown)),
            cancellationToken
        );
        await run.RecordAsync(
            "ledger.check",
            Checked,
            _options.Sha256,
            new Dictionary<string, long>
            {
                ["records"] = result?.Records ?? 0,
                ["signed"] = result?.Head?.Size ?? 0,
                ["problems"] = result?.Problems.Count ?? 0,
                ["writeOnce"] = verdict.Claimed ? 1 : 0,
            },
            findings,
            cancellationToken
        );
        // Only what was found right is the measure of the next check.
        if (complete && detections.Count == 0 && result?.Head is { } head)
            await _memory.SaveCheckedAsync(Tenant, head.Note, cancellationToken);
        CheckedAll(run.Stamp.Id, result?.Records ?? 0, result?.Head?.Size ?? 0, detections.Count);
        return findings;
    }

    private async Task<(SelfCheckResult? Result, IReadOnlyList<Detection> Detections, bool Complete)> CheckAsync(
        CancellationToken cancellationToken
    )
    {
        var detections = new List<Detection>();
        var before = await _memory.CheckedAsync(Tenant, cancellationToken);
        var (result, complete) = ((SelfCheckResult?)null, true);
        try
        {
            var (outcome, unsigned) = await TryCheckpointAsync(cancellationToken);
            if (unsigned is not null)
                detections.Add(unsigned);
            var signer = unsigned is null ? await _keys.SignerAsync(Tenant, cancellationToken) : null;
            result = await _selfCheck.CheckAsync(Tenant, signer, before, cancellationToken);
            // A ledger that cannot be signed was not checked either: the key of its latest checkpoint may be the one that is missing.
            complete = unsigned is null;
            var problems = complete ? result.Problems.Concat(new[] { outcome?.Problem }.OfType<CheckpointProblem>()) : [];
            detections.AddRange(problems.DistinctBy(p => p.Part).Select(Wrong));
        }
        catch (Exception e) when (IsFailure(e) && !cancellationToken.IsCancellationRequested)
        {
            complete = false;
            detections.Add(
                Unknown(
                    LedgerControls.CheckSource,
                    CheckpointProblem.In(
                        CheckpointProblem.Check,
                        $"The ledger could not be checked: {Short(e.Message)}",
                        $"Correct what the reason names; then fire {SelfCheckName} by hand: POST /admin/functions/{SelfCheckName}"
                    )
                )
            );
        }
        return (result, detections, complete);
    }

    private async Task<(CheckpointOutcome? Outcome, Detection? Unsigned)> TryCheckpointAsync(CancellationToken cancellationToken)
    {
        try
        {
            return (await _checkpoint.RunAsync(cancellationToken), null);
        }
        catch (CheckpointKeyException e)
        {
            Unsigned(e.Message);
            return (
                null,
                Unknown(
                    LedgerControls.SigningSource,
                    CheckpointProblem.In(CheckpointProblem.Key, $"No checkpoint can be signed: {Short(e.Message)}", e.NextStep)
                )
            );
        }
    }

    private async Task<WriteOnceVerdict> WriteOnceAsync(CancellationToken cancellationToken)
    {
        try
        {
            return WriteOnceRules.Judge(await _writeOnce.ReadAsync(cancellationToken), _policy.Longest);
        }
        catch (WriteOnceUnknownException e)
        {
            return WriteOnceRules.Judge(e);
        }
    }

    private IReadOnlyCollection<Detection> WriteOnceDetections(WriteOnceVerdict verdict) =>
        verdict.Claimed || _options.WriteOnce == WriteOnceMode.Reported
            ? []
            :
            [
                LedgerControls.Detect(
                    Tenant,
                    LedgerControls.NotWriteOnce,
                    LedgerControls.WriteOnceSource,
                    new("", verdict.Reason, verdict.NextStep ?? "")
                ) with
                {
                    Unknown = verdict.Unknown,
                },
            ];

    private Detection Wrong(CheckpointProblem problem) =>
        LedgerControls.Detect(Tenant, LedgerControls.DoesNotVerify, LedgerControls.CheckSource, problem);

    private Detection Differs(CheckpointProblem problem) =>
        LedgerControls.Detect(Tenant, LedgerControls.DoesNotVerify, LedgerControls.CopiesSource, problem);

    private Detection Unknown(string source, CheckpointProblem problem) =>
        LedgerControls.Detect(Tenant, LedgerControls.NotChecked, source, problem) with
        {
            Unknown = true,
        };

    private void Say(WriteOnceVerdict verdict)
    {
        if (verdict.Claimed)
            WriteOnceClaimed(verdict.Reason);
        else
            WriteOnceNotClaimed(verdict.Reason);
    }

    private static Coverage Covered(params (string Source, bool Complete)[] sources) =>
        new([.. sources.Select(s => new SourceOutcome(s.Source, s.Complete, 1))], new HashSet<string>(), new HashSet<string>());

    private static bool IsFailure(Exception e) =>
        e
            is IOException
                or RequestFailedException
                or AggregateException
                or AuthenticationFailedException
                or HttpRequestException
                or OperationCanceledException
                or CheckpointKeyException;

    private static string Short(string message) => SecretScrubber.Scrub(message.Split('\n', 2)[0].Trim());

    [LoggerMessage(
        1213,
        LogLevel.Warning,
        "The evidence storage is on this machine: it cannot be made write-once, and nothing here claims that it is"
    )]
    private partial void NotWriteOnceHere();

    [LoggerMessage(1214, LogLevel.Information, "{Reason}")]
    private partial void WriteOnceClaimed(string reason);

    [LoggerMessage(1215, LogLevel.Error, "The ledger is not called write-once. {Reason}")]
    private partial void WriteOnceNotClaimed(string reason);

    [LoggerMessage(
        1216,
        LogLevel.Error,
        "Whether the ledger is write-once was not looked at or kept at the start ({Reason}); the daily check does so"
    )]
    private partial void StartUnsure(string reason);

    [LoggerMessage(1217, LogLevel.Error, "Plan {PlanId}: no checkpoint after it ({Reason}); the hourly one catches up")]
    private partial void NotAfterPlan(string planId, string reason);

    [LoggerMessage(1218, LogLevel.Error, "No checkpoint can be signed: {Reason}")]
    private partial void Unsigned(string reason);

    [LoggerMessage(
        1219,
        LogLevel.Information,
        "Run {RunId}: {Records} records checked against the checkpoint of {Size}, {Detections} not as they should be"
    )]
    private partial void CheckedAll(string runId, long records, long size, int detections);
}
