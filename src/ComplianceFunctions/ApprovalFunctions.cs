using Compliance.Changes.Approvals;
using Compliance.Offboarding.Desk;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace ComplianceFunctions;

/// <summary>Triggers by which approvers read what waits for them, and answer.</summary>
public sealed class ApprovalFunctions(ApprovalDesk desk, LeaverDispatcher dispatcher)
{
    /// <summary>Requests for approval that wait, to an owner those about their own data: <c>GET /api/approvals</c>.</summary>
    [Function("GetApprovals")]
    public async Task<IActionResult> GetApprovals(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "approvals")] HttpRequest request,
        CancellationToken cancellationToken
    ) =>
        JsonAnswer.Create(
            StatusCodes.Status200OK,
            await desk.OpenApprovalsAsync(WhoMayCall.OwnItemsOnly(request.Caller()), cancellationToken)
        );

    /// <summary>
    /// Takes an approver's answer: <c>POST /api/approvals/{requestId}</c> with <c>{"planId":"…","approve":true,"comment":"…"}</c>
    /// and an Entra token with the role Compliance.Approver, or Compliance.Owner for the owner of what is asked about.
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
        if (body is not { PlanId: { Length: > 0 } planId, Approve: { } approve } || !CaseIds.IsValid(requestId))
            return JsonAnswer.Create(
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
            return JsonAnswer.Create(status, new { error = reason });
        if (state == ApprovalState.Approved && ApprovalDesk.LetsActsContinue(answered))
            await dispatcher.WakeAsync(client, cancellationToken);
        // The orchestration also asks the board by itself: a lost event costs minutes, not the answer.
        else if (state != ApprovalState.Open)
            await dispatcher.RaiseEventAsync(client, answered.InstanceId, ChangeEvents.Answered, answered.Id, cancellationToken);
        return JsonAnswer.Create(
            status,
            new
            {
                requestId,
                state,
                answers = answered.Answers.Count,
            }
        );
    }

    private sealed record ApprovalBody(string? PlanId, bool? Approve, string? Comment);
}
