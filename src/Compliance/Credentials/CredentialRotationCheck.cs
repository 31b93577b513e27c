using System.Diagnostics;
using Compliance.Findings;
using Compliance.Observability;
using Compliance.Runs;
using Microsoft.Extensions.Logging;

namespace Compliance.Credentials;

/// <summary>
/// Observe, evaluate, find, record: reads every credential of the tenant, judges it by policy, reconciles the findings with those of
/// earlier runs and writes one evidence record. It changes nothing in the tenant.
/// </summary>
public sealed partial class CredentialRotationCheck
{
    /// <summary>Function name of the scheduled control.</summary>
    public const string Name = "CredentialRotationCheck";

    /// <summary>Prefix of its run ids.</summary>
    public const string RunPrefix = "cred";

    private readonly CredentialPipeline _pipeline;
    private readonly EarlierListings _listings;
    private readonly IRunLog _runs;
    private readonly BlobRunDocuments _documents;
    private readonly TimeProvider _time;
    private readonly ILogger<CredentialRotationCheck> _log;

    internal CredentialRotationCheck(
        CredentialPipeline pipeline,
        EarlierListings listings,
        IRunLog runs,
        BlobRunDocuments documents,
        TimeProvider time,
        ILogger<CredentialRotationCheck> log
    ) => (_pipeline, _listings, _runs, _documents, _time, _log) = (pipeline, listings, runs, documents, time, log);

    /// <summary>Runs the check once over the whole tenant.</summary>
    /// <param name="request">The run; the same run id again (a redelivered message) does no harm and leaves one evidence record.</param>
    /// <param name="cancellationToken">Stops between reads; nothing half-written is left behind.</param>
    /// <returns>The report, also kept as the run's document.</returns>
    /// <exception cref="Policies.PolicyException">The policy file has errors; nothing was read.</exception>
    /// <exception cref="Azure.RequestFailedException">State or evidence storage failed; the run may be asked for again with the same
    /// id.</exception>
    public async Task<CredentialReport> RunAsync(RunRequest request, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(request);
        using var activity = Telemetry.Source.StartActivity("credentials.check");
        activity?.SetTag("run.id", request.RunId);
        var run = new RunStamp(request.RunId, _time.GetUtcNow());
        var began = _time.GetTimestamp();
        RunStarted(_log, run.Id, request.Trigger, request.CorrelationId);
        try
        {
            await _documents.SaveAsync(new RunDocument<CredentialReport>(run.Id, RunStates.Running, null, null), cancellationToken);
            var report = await CheckAsync(request, run, cancellationToken);
            await _documents.SaveAsync(
                new RunDocument<CredentialReport>(run.Id, RunStates.Completed, null, report),
                cancellationToken
            );
            Telemetry.RunEnded(Name, report.Run.Complete ? "complete" : "incomplete", _time.GetElapsedTime(began));
            RunEnded(_log, run.Id, report.Run.Complete, report.Findings.Count, report.Unknown.Count, request.CorrelationId);
            return report;
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            var reason = SecretScrubber.Scrub(e.Message);
            activity?.SetStatus(ActivityStatusCode.Error, reason);
            Telemetry.RunEnded(Name, "failed", _time.GetElapsedTime(began));
            RunFailed(_log, run.Id, reason, request.CorrelationId);
            await TrySaveFailureAsync(run.Id, reason, cancellationToken);
            throw;
        }
    }

    /// <summary>Reads one Key Vault object again, after an event or by hand, and brings its findings up to date.</summary>
    /// <param name="changed">The object; the same run id again does no harm and leaves one evidence record.</param>
    /// <param name="cancellationToken">Stops between reads.</param>
    /// <returns>The object's open findings after the re-check.</returns>
    /// <exception cref="Policies.PolicyException">The policy file has errors; nothing was read.</exception>
    /// <exception cref="Azure.RequestFailedException">State or evidence storage failed; the message may be tried again.</exception>
    public async Task<IReadOnlyList<ReportFinding>> RecheckAsync(VaultObjectEvent changed, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(changed);
        using var activity = Telemetry.Source.StartActivity("credentials.recheck");
        activity?.SetTag("run.id", changed.RunId);
        var run = new RunStamp(changed.RunId, _time.GetUtcNow());
        var scope = new OneVaultObject(changed);
        var done = await _pipeline.RunAsync(scope, run, cancellationToken);
        Rechecked(_log, changed.Vault, changed.Collection, changed.ObjectName, changed.EventType, done.IsComplete, done.Findings.Count);
        if (scope.Problem is { } problem)
            throw problem;
        if (scope.IsUnknown(done))
            throw new VaultObjectException($"vault {changed.Vault} has no {changed.Collection}/{changed.ObjectName}", isUnknown: true);
        return ReportBuilder.Findings(done.Findings, run.StartedAt);
    }

    private async Task<CredentialReport> CheckAsync(RunRequest request, RunStamp run, CancellationToken cancellationToken)
    {
        var scope = new WholeTenant(request, _listings, _runs);
        var done = await _pipeline.RunAsync(scope, run, cancellationToken);
        if (done.Newer is null)
            await scope.RememberAsync(done, cancellationToken);
        FindingTelemetry.Saved(done.Changes);
        Telemetry.GapsSeen(Name, done.Outcomes.Count(o => !o.Complete));
        return ReportBuilder.Report(request, done);
    }

    private async Task TrySaveFailureAsync(string runId, string reason, CancellationToken cancellationToken)
    {
        try
        {
            await _documents.SaveAsync(new RunDocument<CredentialReport>(runId, RunStates.Failed, reason, null), cancellationToken);
        }
        catch (Exception e)
        {
            DocumentLost(_log, runId, SecretScrubber.Scrub(e.Message));
        }
    }

    [LoggerMessage(2000, LogLevel.Information, "Credential check {RunId} started by {Trigger}, correlation {CorrelationId}")]
    private static partial void RunStarted(ILogger logger, string runId, string trigger, string correlationId);

    [LoggerMessage(
        2001,
        LogLevel.Information,
        "Credential check {RunId} ended, everything read: {Complete}, {Findings} findings, {Unknown} unknown, correlation {CorrelationId}"
    )]
    private static partial void RunEnded(
        ILogger logger,
        string runId,
        bool complete,
        int findings,
        int unknown,
        string correlationId
    );

    [LoggerMessage(2002, LogLevel.Error, "Credential check {RunId} failed: {Reason} (correlation {CorrelationId})")]
    private static partial void RunFailed(ILogger logger, string runId, string reason, string correlationId);

    [LoggerMessage(
        2005,
        LogLevel.Information,
        "Re-checked {Vault}/{Collection}/{ObjectName} after {EventType}, read: {Complete}, {Findings} findings"
    )]
    private static partial void Rechecked(
        ILogger logger,
        string vault,
        string collection,
        string objectName,
        string eventType,
        bool complete,
        int findings
    );

    [LoggerMessage(2004, LogLevel.Error, "Credential check {RunId}: its failure could not be kept either: {Reason}")]
    private static partial void DocumentLost(ILogger logger, string runId, string reason);
}
