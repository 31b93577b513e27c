using Azure;
using Compliance.Findings;
using Compliance.Ledger.Checkpoints;
using Compliance.Runs;
using Compliance.Storage;
using Microsoft.Extensions.Logging;

namespace Compliance.LedgerCheck;

/// <summary>Keeps the ledger signed, copied and checked, and says so when it is not.</summary>
public sealed partial class LedgerKeeper
{
    /// <summary>Name of the hourly function, under which its runs are remembered.</summary>
    public const string CheckpointName = LedgerCheckpointer.FunctionName;

    /// <summary>Name of the daily function, under which its runs are remembered.</summary>
    public const string SelfCheckName = "LedgerSelfCheck";

    private static readonly string[] Checked = [LedgerControls.DoesNotVerify, LedgerControls.NotChecked, LedgerControls.NotWriteOnce];

    private readonly TenantId _tenant;
    private readonly LedgerSigning _signing;
    private readonly CheckpointCopies _copies;
    private readonly WholeLedgerCheck _check;
    private readonly WriteOnceCheck _writeOnce;
    private readonly ScheduledRuns _runs;
    private readonly ILogger<LedgerKeeper> _log;

    internal LedgerKeeper(
        TenantId tenant,
        LedgerSigning signing,
        CheckpointCopies copies,
        WholeLedgerCheck check,
        WriteOnceCheck writeOnce,
        ScheduledRuns runs,
        ILogger<LedgerKeeper> log
    )
    {
        (_tenant, _signing, _copies, _check) = (tenant, signing, copies, check);
        (_writeOnce, _runs, _log) = (writeOnce, runs, log);
    }

    /// <summary>What the watch over the controls expects.</summary>
    internal static IReadOnlyList<ScheduledControl> Expected { get; } =
    [new(CheckpointName, TimeSpan.FromHours(1), TimeSpan.FromHours(1)), new(SelfCheckName, TimeSpan.FromDays(1), TimeSpan.FromHours(6))];

    private string Tenant => _tenant.Value;

    /// <summary>Looks at the start whether the ledger is write-once, and says so. Never fails: a start must not depend on it.</summary>
    /// <param name="cancellationToken">Stops the look.</param>
    public async Task StartedAsync(CancellationToken cancellationToken)
    {
        _writeOnce.WarnIfLocal();
        try
        {
            var run = _runs.Create(Tenant, "LedgerStart");
            var verdict = await _writeOnce.ReadAsync(cancellationToken);
            await run.ReconcileAsync(
                [LedgerControls.NotWriteOnce],
                _ => _writeOnce.Detections(verdict),
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
        var (outcome, unsigned) = await _signing.TryCheckpointAsync(cancellationToken);
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

    /// <summary>
    /// Signs a checkpoint now: to be called after each plan that took something away, once its evidence is in the log. Never fails: what
    /// goes wrong is logged (and is a finding when the ledger itself is wrong), and the hourly checkpoint catches up.
    /// </summary>
    /// <param name="planId">The plan, for the log.</param>
    /// <param name="cancellationToken">Ends the waiting; the only thing that is thrown for.</param>
    /// <exception cref="OperationCanceledException">The caller stopped waiting.</exception>
    public async Task AfterPlanAsync(string planId, CancellationToken cancellationToken)
    {
        try
        {
            var outcome = await _signing.CheckpointAsync(cancellationToken);
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
        var (result, detections, complete) = await _check.CheckAsync(cancellationToken);
        run.IsComplete = complete;
        var verdict = await _writeOnce.ReadAsync(cancellationToken);
        var findings = await run.ReconcileAsync(
            Checked,
            _ => [.. detections, .. _writeOnce.Detections(verdict)],
            Covered((LedgerControls.CheckSource, complete), (LedgerControls.WriteOnceSource, !verdict.Unknown)),
            cancellationToken
        );
        await run.RecordAsync(
            "ledger.check",
            Checked,
            _check.Sha256,
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
            await _check.KeepAsync(head, cancellationToken);
        CheckedAll(run.Stamp.Id, result?.Records ?? 0, result?.Head?.Size ?? 0, detections.Count);
        return findings;
    }

    private Detection Wrong(CheckpointProblem problem) => LedgerControls.Wrong(Tenant, problem);

    private Detection Differs(CheckpointProblem problem) =>
        LedgerControls.Detect(Tenant, LedgerControls.DoesNotVerify, LedgerControls.CopiesSource, problem);

    private static Coverage Covered(params (string Source, bool Complete)[] sources) =>
        new([.. sources.Select(s => new SourceOutcome(s.Source, s.Complete, 1))], new HashSet<string>(), new HashSet<string>());

    [LoggerMessage(
        1216,
        LogLevel.Error,
        "Whether the ledger is write-once was not checked or kept at the start ({Reason}); the daily check does so"
    )]
    private partial void StartUnsure(string reason);

    [LoggerMessage(1217, LogLevel.Error, "Plan {PlanId}: no checkpoint after it ({Reason}); the hourly one catches up")]
    private partial void NotAfterPlan(string planId, string reason);

    [LoggerMessage(
        1219,
        LogLevel.Information,
        "Run {RunId}: {Records} records checked against the checkpoint of {Size}, {Detections} not as they should be"
    )]
    private partial void CheckedAll(string runId, long records, long size, int detections);
}
