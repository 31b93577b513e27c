using Compliance.Changes.Pauses;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace ComplianceFunctions;

/// <summary>Triggers that hold whatever would be changed in the tenant, and ask to let it continue.</summary>
public sealed class ChangeFunctions(PauseDesk desk)
{
    /// <summary>
    /// Holds all acts: <c>POST /api/changes/pause</c> with <c>{"reason":"…","blocking":false}</c> answers 200 with the pause.
    /// </summary>
    [Function("PauseActs")]
    public async Task<IActionResult> Pause(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "changes/pause")] HttpRequest request,
        CancellationToken cancellationToken
    )
    {
        var body = await JsonBody.ReadAsync<PauseBody>(request, cancellationToken);
        if (body is not { Reason: { Length: > 0 and <= PauseDesk.MaxReason } reason } || string.IsNullOrWhiteSpace(reason))
            return JsonAnswer.Create(
                StatusCodes.Status400BadRequest,
                new
                {
                    error = "the body must be JSON such as {\"reason\":\"…\",\"blocking\":false}, "
                        + $"the reason of at most {PauseDesk.MaxReason} characters",
                }
            );
        return Answer(
            await desk.PauseAsync(
                request.Headers.Authorization.FirstOrDefault(),
                reason.Trim(),
                body.Blocking ?? false,
                cancellationToken
            )
        );
    }

    /// <summary>What is paused now: <c>GET /api/changes/pause</c>.</summary>
    [Function("GetPause")]
    public async Task<IActionResult> Show(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "changes/pause")] HttpRequest request,
        CancellationToken cancellationToken
    ) => JsonAnswer.Create(StatusCodes.Status200OK, await desk.ShowAsync(cancellationToken));

    /// <summary>
    /// Asks two other people to let acts continue: <c>POST /api/changes/resume</c> answers 202 with the request they answer; 409 when
    /// nothing is paused.
    /// </summary>
    [Function("ResumeActs")]
    public async Task<IActionResult> Resume(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "changes/resume")] HttpRequest request,
        CancellationToken cancellationToken
    ) => Answer(await desk.ResumeAsync(request.Headers.Authorization.FirstOrDefault(), cancellationToken));

    private static ContentResult Answer(PauseReception reception) =>
        JsonAnswer.Create(reception.Status, reception.Pause is { } pause ? pause : new { error = reception.Reason });

    private sealed record PauseBody(string? Reason, bool? Blocking);
}
