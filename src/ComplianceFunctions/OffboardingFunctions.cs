using Compliance.Changes.Approvals;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Desk;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Logging;

namespace ComplianceFunctions;

/// <summary>Triggers of the offboarding capability. Each binds, calls the desk, and starts or notifies the case's orchestration.</summary>
public sealed partial class OffboardingFunctions(LeaverDesk desk, ILogger<OffboardingFunctions> log)
{
    /// <summary>
    /// Takes a signed HR event: <c>POST /api/hr/events</c> answers 202 with the case, also for a repeat; 409 when a later event is in
    /// force; 400, 401, 413, 415 or 503 when it is refused. The signature is the authorisation: no function key.
    /// </summary>
    [Function("HrEventWebhook")]
    public async Task<IActionResult> HrEventWebhook(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "hr/events")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken
    )
    {
        var reception = await desk.ReceiveAsync(
            request.ContentType,
            request.Headers["X-Compliance-Timestamp"].FirstOrDefault(),
            request.Headers["X-Compliance-Signature"].FirstOrDefault(),
            request.Body,
            cancellationToken
        );
        if (reception.Dispatch is not { } dispatch)
            return Json(reception.Status, new { error = reception.Reason });
        await DispatchAsync(dispatch, client, cancellationToken);
        return Json(
            reception.Status,
            new
            {
                caseId = dispatch.Case.Id,
                stage = dispatch.Case.Stage,
                dueAt = dispatch.Case.DueAt,
                error = reception.Reason,
            }
        );
    }

    /// <summary>
    /// Takes an HR event from the queue. One that cannot be taken in goes to the poison queue, its reason in the log and in a finding.
    /// </summary>
    [Function("HrEventQueue")]
    public async Task HrEventQueue(
        [QueueTrigger(LeaverDesk.Queue)] string message,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken
    ) => await DispatchAsync(await desk.AcceptMessageAsync(message, cancellationToken), client, cancellationToken);

    /// <summary>Starts what should be running and is not: cut off before it was started, failed, terminated or purged.</summary>
    [Function("LeaverSweep")]
    public async Task Sweep(
        [TimerTrigger("%LeaverSweepSchedule%")] TimerInfo timer,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken
    )
    {
        var began = desk.Now;
        var failures = await EachAsync(
            await desk.ExpectedAsync(cancellationToken),
            run => EnsureAsync(run, client, cancellationToken),
            cancellationToken
        );
        await desk.SweptAsync(began, failures.Count == 0, cancellationToken);
        Throw(failures);
    }

    /// <summary>The daily look: leavers no event reported, an HR system that fell silent, former leavers who have access again.</summary>
    [Function("LeaverWatch")]
    public async Task Watch(
        [TimerTrigger("%LeaverWatchSchedule%")] TimerInfo timer,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken
    )
    {
        // Each on its own: what keeps one from looking must not keep the others.
        var failures = await EachAsync<Func<Task>>(
            [
                async () =>
                    Throw(
                        await EachAsync(
                            await desk.WatchFormerAsync(cancellationToken),
                            d => DispatchAsync(d, client, cancellationToken),
                            cancellationToken
                        )
                    ),
                () => desk.WatchCasesAsync(cancellationToken),
                () => desk.WatchAsync(cancellationToken),
                () => desk.CheckNotGivenBackAsync(cancellationToken),
                () => desk.CheckLockedOutAsync(cancellationToken),
                () => desk.RecordActsAsync(cancellationToken),
                () => desk.EraseExpiredAsync(cancellationToken),
            ],
            look => look(),
            cancellationToken
        );
        Throw(failures);
    }

    /// <summary>All cases: <c>GET /api/offboarding/cases</c>.</summary>
    [Function("GetLeaverCases")]
    public async Task<IActionResult> GetCases(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "offboarding/cases")] HttpRequest request,
        CancellationToken cancellationToken
    ) => Json(StatusCodes.Status200OK, await desk.CasesAsync(cancellationToken));

    /// <summary>
    /// Ends a person's access now and for cause: <c>POST /api/offboarding/cases</c> with
    /// <c>{"user":"…","forCause":true,"reason":"…"}</c> and an approver's Entra token answers 202 with the case; 404 when there is
    /// no such user, 409 when it is the caller. The token is the authorisation: no function key.
    /// </summary>
    [Function("StartLeaver")]
    public async Task<IActionResult> Start(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "offboarding/cases")] HttpRequest request,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken
    )
    {
        if (
            await JsonBody.ReadAsync<StartBody>(request, cancellationToken)
                is not { ForCause: true, User: { Length: > 0 and <= 256 } user, Reason: { Length: > 0 and <= 500 } reason }
            || string.IsNullOrWhiteSpace(user)
            || string.IsNullOrWhiteSpace(reason)
        )
            return Json(
                StatusCodes.Status400BadRequest,
                new
                {
                    error = "the body must be JSON such as "
                        + "{\"user\":\"…\",\"forCause\":true,\"reason\":\"…\"}, the reason of at most 500 characters",
                }
            );
        var (status, refused, dispatch) = await desk.StartAsync(
            request.Headers.Authorization.FirstOrDefault(),
            user.Trim(),
            reason.Trim(),
            cancellationToken
        );
        if (dispatch is null)
            return Json(status, new { error = refused });
        await DispatchAsync(dispatch, client, cancellationToken);
        return Json(status, await desk.CaseAsync(dispatch.Case.Id, cancellationToken) ?? dispatch.Case);
    }

    /// <summary>One case: <c>GET /api/offboarding/cases/{caseId}</c>.</summary>
    [Function("GetLeaverCase")]
    public async Task<IActionResult> GetCase(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "offboarding/cases/{caseId}")] HttpRequest request,
        string caseId,
        CancellationToken cancellationToken
    ) =>
        IsCase(caseId) && await desk.CaseAsync(caseId, cancellationToken) is { } known
            ? Json(StatusCodes.Status200OK, known)
            : NotFound($"leaver case {caseId}");

    /// <summary>
    /// A document of a case's latest round, such as <c>certificate.html</c>: <c>GET /api/offboarding/cases/{caseId}/{document}</c>.
    /// </summary>
    [Function("GetLeaverDocument")]
    public async Task<IActionResult> GetDocument(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "offboarding/cases/{caseId}/{document}")] HttpRequest request,
        string caseId,
        string document,
        CancellationToken cancellationToken
    ) =>
        IsCase(caseId) && await desk.DocumentAsync(caseId, document, cancellationToken) is { } bytes
            ? new FileContentResult(
                bytes.ToArray(),
                document.EndsWith(".html", StringComparison.Ordinal) ? "text/html; charset=utf-8" : "application/json; charset=utf-8"
            )
            : NotFound($"document {document} of leaver case {caseId}");

    /// <summary>
    /// A dry run for one person: <c>GET /api/offboarding/plan?user=…</c> answers 200 with the plans and what stands against them. Nothing
    /// is changed.
    /// </summary>
    [Function("PlanLeaver")]
    public async Task<IActionResult> Plan(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "offboarding/plan")] HttpRequest request,
        CancellationToken cancellationToken
    ) =>
        request.Query["user"].FirstOrDefault() is { Length: > 0 and <= 256 } user
            ? Json(StatusCodes.Status200OK, await desk.PlanAsync(user, cancellationToken))
            : Json(StatusCodes.Status400BadRequest, new { error = "name the person: ?user=OBJECT_ID or ?user=PRINCIPAL_NAME" });

    /// <summary>Requests for approval that wait: <c>GET /api/approvals</c>.</summary>
    [Function("GetApprovals")]
    public async Task<IActionResult> GetApprovals(
        [HttpTrigger(AuthorizationLevel.Function, "get", Route = "approvals")] HttpRequest request,
        CancellationToken cancellationToken
    ) => Json(StatusCodes.Status200OK, await desk.OpenApprovalsAsync(cancellationToken));

    /// <summary>
    /// Takes an approver's answer: <c>POST /api/approvals/{requestId}</c> with <c>{"planId":"…","approve":true,"comment":"…"}</c>
    /// and an Entra token with the role Compliance.Approver. The token is the authorisation: no function key.
    /// </summary>
    [Function("AnswerApproval")]
    public async Task<IActionResult> Answer(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "approvals/{requestId}")] HttpRequest request,
        string requestId,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken
    )
    {
        var body = await JsonBody.ReadAsync<ApprovalBody>(request, cancellationToken);
        if (body is not { PlanId: { Length: > 0 } planId, Approve: { } approve } || !IsCase(requestId))
            return Json(
                StatusCodes.Status400BadRequest,
                new { error = "the body must be JSON such as {\"planId\":\"…\",\"approve\":true}, of at most 16 KiB" }
            );
        var (status, reason, answered, state) = await desk.AnswerAsync(
            request.Headers.Authorization.FirstOrDefault(),
            requestId,
            planId,
            approve,
            body.Comment,
            cancellationToken
        );
        if (answered is null)
            return Json(status, new { error = reason });
        if (state == ApprovalState.Approved && LeaverDesk.LetsActsContinue(answered))
            await WakeAsync(client, cancellationToken);
        // The orchestration also asks the board by itself: a lost word costs minutes, not the answer.
        else if (state != ApprovalState.Open)
            await TellAsync(client, answered.InstanceId, ChangeEvents.Answered, answered.Id, cancellationToken);
        return Json(
            status,
            new
            {
                requestId,
                state,
                answers = answered.Answers.Count,
            }
        );
    }

    /// <summary>
    /// Erases what names people of a case that has ended: <c>POST /api/offboarding/cases/{caseId}/erasure</c> with an approver's Entra
    /// token answers 200 with what would be erased, and with <c>?confirm=true</c> erases it; 404 when there is no such case, 409 while it
    /// goes on. The token is the authorisation: no function key.
    /// </summary>
    [Function("EraseLeaver")]
    public async Task<IActionResult> Erase(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "offboarding/cases/{caseId}/erasure")] HttpRequest request,
        string caseId,
        CancellationToken cancellationToken
    )
    {
        if (!IsCase(caseId))
            return NotFound($"leaver case {caseId}");
        var confirmed = request.Query["confirm"].FirstOrDefault() == "true";
        var (status, reason, details) = await desk.EraseAsync(
            request.Headers.Authorization.FirstOrDefault(),
            caseId,
            confirmed,
            cancellationToken
        );
        return Json(
            status,
            details is null
                ? new { error = reason }
                : new
                {
                    caseId,
                    erased = confirmed,
                    details,
                }
        );
    }

    private async Task DispatchAsync(LeaverDispatch dispatch, DurableTaskClient client, CancellationToken cancellationToken)
    {
        var known = dispatch.Case;
        if (dispatch.Start)
            await StartAsync(client, LeaverOrchestrations.Case, known.InstanceId, dispatch.Run, cancellationToken);
        else if (dispatch.Notify)
            await TellAsync(client, known.InstanceId, LeaverOrchestrations.HrChanged, "", cancellationToken);
        // One that runs already has to look again, whether or not it is wanted still.
        var started =
            dispatch.Undo && await StartAsync(client, LeaverOrchestrations.Undo, known.UndoInstanceId, dispatch.Run, cancellationToken);
        if (!started && (known.IsTaken || known.IsTakenFromOther) && (dispatch.Notify || dispatch.Start))
            await TellAsync(client, known.UndoInstanceId, LeaverOrchestrations.HrChanged, "", cancellationToken);
        await desk.SettleAsync(dispatch, cancellationToken);
    }

    // What the pause held asks again by itself, within a quarter of an hour: a leaver who is not blocked should not wait for that.
    private async Task WakeAsync(DurableTaskClient client, CancellationToken cancellationToken)
    {
        foreach (var run in await desk.ExpectedAsync(cancellationToken))
            await TellAsync(client, run.InstanceId, LeaverOrchestrations.HrChanged, "", cancellationToken);
    }

    private async Task EnsureAsync(LeaverRun run, DurableTaskClient client, CancellationToken cancellationToken)
    {
        var instance = await client.GetInstanceAsync(run.InstanceId, cancellationToken);
        if (
            instance is { IsRunning: true } or { RuntimeStatus: OrchestrationRuntimeStatus.Pending or OrchestrationRuntimeStatus.Suspended }
        )
        {
            if (!run.IsKnownStarted)
                await desk.StartedAsync(run, cancellationToken);
            return;
        }
        // One that gives access back may have ended because HR said otherwise meanwhile.
        var isLost =
            run.IsKnownStarted || instance?.RuntimeStatus is OrchestrationRuntimeStatus.Failed or OrchestrationRuntimeStatus.Terminated;
        if (isLost && !await desk.LostAsync(run, instance?.RuntimeStatus.ToString().ToLowerInvariant() ?? "purged", cancellationToken))
            return;
        await StartAsync(
            client,
            run.IsUndo ? LeaverOrchestrations.Undo : LeaverOrchestrations.Case,
            run.InstanceId,
            run.Input,
            cancellationToken
        );
        await desk.StartedAsync(run, cancellationToken);
    }

    private async Task<IReadOnlyList<Exception>> EachAsync<T>(
        IReadOnlyList<T> items,
        Func<T, Task> act,
        CancellationToken cancellationToken
    )
    {
        var failures = new List<Exception>();
        foreach (var item in items)
        {
            try
            {
                await act(item);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                Failed(log, e);
                failures.Add(e);
            }
        }
        return failures;
    }

    private static void Throw(IReadOnlyList<Exception> failures)
    {
        if (failures.Count > 0)
            throw new AggregateException(failures);
    }

    // Every step reads what holds: a word that finds nobody only costs a wait.
    private async Task TellAsync(DurableTaskClient client, string instanceId, string name, string word, CancellationToken cancellationToken)
    {
        try
        {
            await client.RaiseEventAsync(instanceId, name, word, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            NotTold(log, instanceId, e.GetType().Name);
        }
    }

    // One orchestration per id: whoever comes second finds it there, which is as good. One that has ended is begun again.
    private async Task<bool> StartAsync(
        DurableTaskClient client,
        string orchestrator,
        string instanceId,
        CaseRun run,
        CancellationToken cancellationToken
    )
    {
        try
        {
            await client.ScheduleNewOrchestrationInstanceAsync(
                orchestrator,
                run,
                new StartOrchestrationOptions(instanceId),
                cancellationToken
            );
            return true;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            if (await client.GetInstanceAsync(instanceId, cancellationToken) is null)
                throw;
            Running(log, instanceId, e.GetType().Name);
            return false;
        }
    }

    private static bool IsCase(string id) => id.Length is > 0 and <= 100 && id.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');

    private static ContentResult NotFound(string what) => Json(StatusCodes.Status404NotFound, new { error = $"there is no {what}" });

    private static ContentResult Json(int status, object body) => JsonAnswer.Create(status, body);

    [LoggerMessage(4100, LogLevel.Debug, "Orchestration {InstanceId} is there already ({Error})")]
    private static partial void Running(ILogger logger, string instanceId, string error);

    [LoggerMessage(4101, LogLevel.Debug, "Orchestration {InstanceId} was not notified ({Error})")]
    private static partial void NotTold(ILogger logger, string instanceId, string error);

    [LoggerMessage(4102, LogLevel.Error, "One of several things to see to failed; the others were seen to")]
    private static partial void Failed(ILogger logger, Exception failure);

    private sealed record StartBody(string? User, bool? ForCause, string? Reason);

    private sealed record ApprovalBody(string? PlanId, bool? Approve, string? Comment);
}
