using Compliance.Offboarding.Desk;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace ComplianceFunctions;

/// <summary>Triggers by which leavings arrive. Each binds, calls the desk, and starts or notifies the case's orchestration.</summary>
public sealed class OffboardingFunctions(HrDesk desk, CaseDesk cases, LeaverDispatcher dispatcher)
{
    /// <summary>
    /// Takes an HR event, signed or with the token of an HR system: <c>POST /api/hr/events</c> answers 202 with the case, also for a
    /// repeat; 409 when a later event is in force; 400, 401, 403, 413, 415 or 503 when it is refused.
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
            // Several become one text, which is no token.
            request.Headers.Authorization.ToString(),
            request.Body,
            cancellationToken
        );
        if (reception.Dispatch is not { } dispatch)
            return JsonAnswer.Create(reception.Status, new { error = reception.Reason });
        await dispatcher.DispatchAsync(dispatch, client, cancellationToken);
        return JsonAnswer.Create(
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
        [QueueTrigger(HrDesk.Queue)] string message,
        [DurableClient] DurableTaskClient client,
        CancellationToken cancellationToken
    ) => await dispatcher.DispatchAsync(await desk.AcceptMessageAsync(message, cancellationToken), client, cancellationToken);

    /// <summary>
    /// Ends a person's access now and for cause: <c>POST /api/offboarding/cases</c> with
    /// <c>{"user":"…","forCause":true,"reason":"…"}</c> answers 202 with the case; 404 when there is no such user, 409 when it is the
    /// caller.
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
            return JsonAnswer.Create(
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
            return JsonAnswer.Create(status, new { error = refused });
        await dispatcher.DispatchAsync(dispatch, client, cancellationToken);
        return JsonAnswer.Create(status, await cases.CaseAsync(dispatch.Case.Id, cancellationToken) ?? dispatch.Case);
    }

    private sealed record StartBody(string? User, bool? ForCause, string? Reason);
}
