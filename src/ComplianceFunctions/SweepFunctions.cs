using Compliance.Minimization.Sweeps;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Logging;

namespace ComplianceFunctions;

/// <summary>Triggers of the data-minimization sweep. Each binds, calls the desk, and starts or notifies the orchestration.</summary>
public sealed class SweepFunctions(SweepDesk desk, SweepDispatcher dispatcher)
{
    /// <summary>Once a day: starts the quarter's sweep where there is none yet, and what should be running and is not.</summary>
    [Function("SweepSchedule")]
    public async Task Schedule(
        [TimerTrigger("%SweepSchedule%")] TimerInfo timer,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken
    )
    {
        await desk.StartScheduledAsync(cancellationToken);
        foreach (var sweep in await desk.ExpectedAsync(cancellationToken))
            await dispatcher.EnsureAsync(sweep, client, cancellationToken);
    }

    /// <summary>
    /// Starts a sweep: <c>POST /api/sweeps</c> with <c>{"dryRun":true}</c> for one that ends with its plan. Answers 202 with the sweep; 409
    /// while another one is under way.
    /// </summary>
    [Function("StartSweep")]
    public async Task<IActionResult> Start(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "sweeps")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken
    )
    {
        if (await JsonBody.ReadAsync<StartBody>(request, cancellationToken) is not { DryRun: { } isDryRun })
            return JsonAnswer.Create(
                StatusCodes.Status400BadRequest,
                new { error = "the body must be JSON such as {\"dryRun\":true}; with false what is due is deleted, once it is approved" }
            );
        var answer = await desk.StartAsync(request.Headers.Authorization.FirstOrDefault(), isDryRun, cancellationToken);
        if (answer is { Status: 202, Sweep: { } sweep })
            await dispatcher.EnsureAsync(sweep, client, cancellationToken);
        return Answer(answer);
    }

    /// <summary>All sweeps, the newest first: <c>GET /api/sweeps</c>.</summary>
    [Function("GetSweeps")]
    public async Task<IActionResult> GetSweeps(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "sweeps")] HttpRequest request,
        CancellationToken cancellationToken
    ) => JsonAnswer.Create(StatusCodes.Status200OK, await desk.AllAsync(cancellationToken));

    /// <summary>A sweep with what it plans for each data set: <c>GET /api/sweeps/{sweepId}</c>.</summary>
    [Function("GetSweep")]
    public async Task<IActionResult> GetSweep(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "sweeps/{sweepId}")] HttpRequest request,
        string sweepId,
        CancellationToken cancellationToken
    ) =>
        CaseIds.IsValid(sweepId) && await desk.FindAsync(sweepId, cancellationToken) is { } view
            ? JsonAnswer.Create(StatusCodes.Status200OK, view)
            : NotFound(sweepId);

    /// <summary>
    /// The report of a sweep: <c>GET /api/sweeps/{sweepId}/report</c>, with <c>?format=html</c> or <c>csv</c> as a page or a table; 404
    /// while it is not done.
    /// </summary>
    [Function("GetSweepReport")]
    public async Task<IActionResult> GetReport(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "sweeps/{sweepId}/report")] HttpRequest request,
        string sweepId,
        CancellationToken cancellationToken
    )
    {
        if (!CaseIds.IsValid(sweepId) || await desk.ReportAsync(sweepId, cancellationToken) is not { } report)
            return NotFound(sweepId, "report of sweep");
        return request.Query["format"].FirstOrDefault() switch
        {
            "html" => new ContentResult
            {
                Content = SweepReportPage.Html(report),
                ContentType = "text/html; charset=utf-8",
                StatusCode = StatusCodes.Status200OK,
            },
            "csv" => new FileContentResult(SweepReportTexts.Csv(report), "text/csv; charset=utf-8"),
            _ => JsonAnswer.Create(StatusCodes.Status200OK, report),
        };
    }

    /// <summary>
    /// Stops a sweep, so that it deletes nothing more: <c>POST /api/sweeps/{sweepId}/cancel</c> answers 200 with it; 409 when it is over.
    /// </summary>
    [Function("CancelSweep")]
    public async Task<IActionResult> Cancel(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "sweeps/{sweepId}/cancel")] HttpRequest request,
        string sweepId,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken
    )
    {
        if (!CaseIds.IsValid(sweepId))
            return NotFound(sweepId);
        var answer = await desk.CancelAsync(request.Headers.Authorization.FirstOrDefault(), sweepId, cancellationToken);
        if (answer is { Status: 200, Sweep: { } sweep })
            await dispatcher.WakeAsync(sweep, client, cancellationToken);
        return Answer(answer);
    }

    private static ContentResult Answer(SweepAnswer answer) =>
        JsonAnswer.Create(answer.Status, answer.Reason is { } reason ? new { error = reason } : answer.Sweep!);

    private static ContentResult NotFound(string sweepId, string what = "sweep") =>
        JsonAnswer.Create(StatusCodes.Status404NotFound, new { error = $"there is no {what} {sweepId}" });

    private sealed record StartBody(bool? DryRun);
}

/// <summary>Starts and notifies the orchestrations of sweeps.</summary>
public sealed partial class SweepDispatcher(ILogger<SweepDispatcher> log)
{
    /// <summary>Starts the orchestration of a sweep that should be running and is not.</summary>
    public async Task EnsureAsync(Sweep sweep, DurableTaskClient client, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(sweep);
        ArgumentNullException.ThrowIfNull(client);
        var instance = await client.GetInstanceAsync(sweep.Id, cancellationToken);
        if (
            instance is { IsRunning: true } or { RuntimeStatus: OrchestrationRuntimeStatus.Pending or OrchestrationRuntimeStatus.Suspended }
        )
            return;
        if (instance is not null)
            StartedAgain(log, sweep.Id, instance.RuntimeStatus.ToString());
        await client.ScheduleNewOrchestrationInstanceAsync(
            SweepOrchestrations.Sweep,
            sweep.Run,
            new StartOrchestrationOptions(sweep.Id),
            cancellationToken
        );
    }

    /// <summary>Notifies the data sets of a sweep that it was changed. One that is not there, or misses it, only costs a wait.</summary>
    public async Task WakeAsync(Sweep sweep, DurableTaskClient client, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(sweep);
        ArgumentNullException.ThrowIfNull(client);
        foreach (var instance in sweep.Instances)
        {
            try
            {
                await client.RaiseEventAsync(instance, ChangeOrchestration.Changed, "", cancellationToken);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                NotNotified(log, instance, e.GetType().Name);
            }
        }
    }

    [LoggerMessage(5201, LogLevel.Warning, "The orchestration of {SweepId} had ended ({Status}) and was started again")]
    private static partial void StartedAgain(ILogger logger, string sweepId, string status);

    [LoggerMessage(
        5202,
        LogLevel.Information,
        "Orchestration {InstanceId} could not be notified ({Failure}); it reads what holds by itself"
    )]
    private static partial void NotNotified(ILogger logger, string instanceId, string failure);
}
