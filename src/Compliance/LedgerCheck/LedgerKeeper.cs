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

/// <summary>What the keeper talks to.</summary>
internal sealed record LedgerKeeperParts(
    TenantId Tenant,
    EvidenceOptions Options,
    EvidencePolicy Policy,
    CheckpointKeys Keys,
    LedgerCheckpointer Checkpointer,
    CheckpointCopies Copies,
    LedgerSelfCheck SelfCheck,
    LedgerMemory Memory,
    IWriteOnce WriteOnce,
    IFindingStore Findings,
    IRunLog Runs,
    IEvidenceLog Evidence,
    TimeProvider Time
);

/// <summary>Keeps the ledger signed, copied and checked, and says so when it is not.</summary>
public sealed partial class LedgerKeeper : ICheckpoints
{
    /// <summary>Name of the hourly function, under which its runs are remembered.</summary>
    public const string CheckpointName = LedgerCheckpointer.FunctionName;

    /// <summary>Name of the daily function, under which its runs are remembered.</summary>
    public const string SelfCheckName = "LedgerSelfCheck";

    private static readonly string[] Checked = [LedgerControls.DoesNotVerify, LedgerControls.NotChecked, LedgerControls.NotWriteOnce];

    private readonly LedgerKeeperParts _parts;
    private readonly FindingWriter _findings;
    private readonly SingleFlight<CheckpointOutcome> _checkpoint;
    private readonly ILogger<LedgerKeeper> _log;

    internal LedgerKeeper(LedgerKeeperParts parts, ILogger<LedgerKeeper> log)
    {
        (_parts, _log) = (parts, log);
        _findings = new(parts.Findings);
        // One at a time: two at once would be right as well, but would do everything twice.
        _checkpoint = new(cancellationToken => parts.Checkpointer.CheckpointAsync(parts.Tenant.Value, cancellationToken));
    }

    /// <summary>What the watch over the controls expects.</summary>
    internal static IReadOnlyList<ScheduledControl> Expected { get; } =
    [new(CheckpointName, TimeSpan.FromHours(1), TimeSpan.FromHours(1)), new(SelfCheckName, TimeSpan.FromDays(1), TimeSpan.FromHours(6))];

    private string Tenant => _parts.Tenant.Value;

    /// <summary>Looks at the start whether the ledger is write-once, and says so. Never fails: a start must not depend on it.</summary>
    /// <param name="cancellationToken">Stops the look.</param>
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        if (_parts.Options.Local)
            NotWriteOnceHere();
        try
        {
            var run = Begin("LedgerStart").Run;
            var verdict = await WriteOnceAsync(cancellationToken);
            if (!_parts.Options.Local)
                Say(verdict);
            await _findings.ReconcileAsync(
                Tenant,
                [LedgerControls.NotWriteOnce],
                _ => WriteOnceDetections(verdict),
                Covered((LedgerControls.WriteOnceSource, !verdict.Unknown)),
                run,
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
    public async Task CheckpointAsync(CancellationToken cancellationToken)
    {
        var began = _parts.Time.GetTimestamp();
        using var activity = Telemetry.Source.StartActivity(CheckpointName);
        var (run, _) = Begin(CheckpointName);
        try
        {
            await _parts.Runs.ExpectAsync(Tenant, CheckpointName, run.StartedAt, cancellationToken);
            var (outcome, unsigned) = await TryCheckpointAsync(cancellationToken);
            var copies = outcome?.Head is { } head ? await _parts.Copies.DeliverAsync(Tenant, head.Size, cancellationToken) : null;
            var detections = new[]
            {
                unsigned,
                outcome?.Problem is { } wrong ? Wrong(wrong) : null,
                copies?.Problem is { } differs ? Differs(differs) : null,
            }
                .OfType<Detection>()
                .Concat(copies?.Late ?? [])
                .ToList();
            // A wrong ledger is found right again by the whole check alone.
            await _findings.ReconcileAsync(
                Tenant,
                [LedgerControls.DoesNotVerify, LedgerControls.NotChecked, LedgerControls.CopyNotDelivered],
                _ => detections,
                Covered((LedgerControls.SigningSource, outcome is { Problem: null }), (LedgerControls.CopiesSource, copies is not null)),
                run,
                cancellationToken
            );
            var complete = outcome is { Problem: null };
            await _parts.Runs.CompletedAsync(Tenant, CheckpointName, run, complete, cancellationToken);
            Telemetry.RunEnded(CheckpointName, complete ? "complete" : "incomplete", _parts.Time.GetElapsedTime(began));
        }
        catch
        {
            Telemetry.RunEnded(CheckpointName, "failed", _parts.Time.GetElapsedTime(began));
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task AfterPlanAsync(string planId, CancellationToken cancellationToken)
    {
        try
        {
            var outcome = await _checkpoint.RunAsync(cancellationToken);
            // The copies may be slow: the hourly run brings them, and no plan waits for them.
            if (outcome.Problem is { } problem)
                await _findings.RaiseAsync(Tenant, Wrong(problem), Begin(CheckpointName).Run, cancellationToken);
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
    public async Task SelfCheckAsync(CancellationToken cancellationToken)
    {
        var began = _parts.Time.GetTimestamp();
        using var activity = Telemetry.Source.StartActivity(SelfCheckName);
        var (run, correlation) = Begin(SelfCheckName);
        try
        {
            await _parts.Runs.ExpectAsync(Tenant, SelfCheckName, run.StartedAt, cancellationToken);
            var (result, detections, complete) = await CheckAsync(cancellationToken);
            var verdict = await WriteOnceAsync(cancellationToken);
            if (!_parts.Options.Local)
                Say(verdict);
            var findings = await _findings.ReconcileAsync(
                Tenant,
                Checked,
                _ => [.. detections, .. WriteOnceDetections(verdict)],
                Covered((LedgerControls.CheckSource, complete), (LedgerControls.WriteOnceSource, !verdict.Unknown)),
                run,
                cancellationToken
            );
            await _parts.Evidence.AppendAsync(Evidence(run, correlation, result, verdict, findings, complete), cancellationToken);
            // Only what was found right is the measure of the next check.
            if (complete && detections.Count == 0 && result?.Head is { } head)
                await _parts.Memory.SaveCheckedAsync(Tenant, head.Note, cancellationToken);
            await _parts.Runs.CompletedAsync(Tenant, SelfCheckName, run, complete, cancellationToken);
            Telemetry.RunEnded(SelfCheckName, complete ? "complete" : "incomplete", _parts.Time.GetElapsedTime(began));
            CheckedAll(run.Id, result?.Records ?? 0, result?.Head?.Size ?? 0, detections.Count);
        }
        catch
        {
            Telemetry.RunEnded(SelfCheckName, "failed", _parts.Time.GetElapsedTime(began));
            throw;
        }
    }

    private async Task<(SelfCheckResult? Result, IReadOnlyList<Detection> Detections, bool Complete)> CheckAsync(
        CancellationToken cancellationToken
    )
    {
        var detections = new List<Detection>();
        var before = await _parts.Memory.CheckedAsync(Tenant, cancellationToken);
        var (result, complete) = ((SelfCheckResult?)null, true);
        try
        {
            var (outcome, unsigned) = await TryCheckpointAsync(cancellationToken);
            if (unsigned is not null)
                detections.Add(unsigned);
            var signer = unsigned is null ? await _parts.Keys.SignerAsync(Tenant, cancellationToken) : null;
            result = await _parts.SelfCheck.CheckAsync(Tenant, signer, before, cancellationToken);
            // A ledger that cannot be signed was not checked either: the key of its latest checkpoint may be the one that is missing.
            complete = unsigned is null;
            var problems = complete ? result.Problems.Concat(new[] { outcome?.Problem }.OfType<LedgerProblem>()) : [];
            detections.AddRange(problems.DistinctBy(p => p.Part).Select(Wrong));
        }
        catch (Exception e) when (IsFailure(e) && !cancellationToken.IsCancellationRequested)
        {
            complete = false;
            detections.Add(
                Unknown(
                    LedgerControls.CheckSource,
                    LedgerProblem.In(
                        LedgerProblem.Check,
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
                    LedgerProblem.In(LedgerProblem.Key, $"No checkpoint can be signed: {Short(e.Message)}", e.NextStep)
                )
            );
        }
    }

    private async Task<WriteOnceVerdict> WriteOnceAsync(CancellationToken cancellationToken)
    {
        try
        {
            return WriteOnceRules.Judge(await _parts.WriteOnce.ReadAsync(cancellationToken), _parts.Policy.Longest);
        }
        catch (WriteOnceUnknownException e)
        {
            return WriteOnceRules.Judge(e);
        }
    }

    private IReadOnlyCollection<Detection> WriteOnceDetections(WriteOnceVerdict verdict) =>
        verdict.Claimed || _parts.Options.WriteOnce == WriteOnceMode.Reported
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

    private Detection Wrong(LedgerProblem problem) =>
        LedgerControls.Detect(Tenant, LedgerControls.DoesNotVerify, LedgerControls.CheckSource, problem);

    private Detection Differs(LedgerProblem problem) =>
        LedgerControls.Detect(Tenant, LedgerControls.DoesNotVerify, LedgerControls.CopiesSource, problem);

    private Detection Unknown(string source, LedgerProblem problem) =>
        LedgerControls.Detect(Tenant, LedgerControls.NotChecked, source, problem) with
        {
            Unknown = true,
        };

    private (RunStamp Run, string Correlation) Begin(string name)
    {
        var now = _parts.Time.GetUtcNow();
        var correlation = CorrelationId.Current($"{Tenant} {name} {now:O}");
        return (new(RunIds.Create(name, now, correlation), now), correlation);
    }

    private EvidenceRecord Evidence(
        RunStamp run,
        string correlation,
        SelfCheckResult? result,
        WriteOnceVerdict verdict,
        Reconciliation findings,
        bool complete
    ) =>
        new()
        {
            Id = run.Id,
            Time = run.StartedAt,
            Actor = $"{SelfCheckName} (timer)",
            Action = "ledger.check",
            TenantId = Tenant,
            PolicySha256 = _parts.Options.Sha256,
            Controls = Checked,
            Outcome = complete ? "complete" : "incomplete",
            Counts = new Dictionary<string, long>
            {
                ["records"] = result?.Records ?? 0,
                ["signed"] = result?.Head?.Size ?? 0,
                ["problems"] = result?.Problems.Count ?? 0,
                ["writeOnce"] = verdict.Claimed ? 1 : 0,
                ["opened"] = findings.Count(ChangeKind.Opened),
                ["reopened"] = findings.Count(ChangeKind.Reopened),
                ["resolved"] = findings.Count(ChangeKind.Resolved),
            },
            FindingsSha256 = FindingDigest.Compute(findings.Findings),
            CorrelationId = correlation,
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
