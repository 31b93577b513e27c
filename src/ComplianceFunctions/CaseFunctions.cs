using Compliance.Offboarding.Desk;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace ComplianceFunctions;

/// <summary>Triggers by which people read cases, try a dry run, and erase what names people of a case that has ended.</summary>
public sealed class CaseFunctions(CaseDesk cases, DryRuns dryRuns, ErasureDesk erasure)
{
    /// <summary>All cases: <c>GET /api/offboarding/cases</c>.</summary>
    [Function("GetLeaverCases")]
    public async Task<IActionResult> GetCases(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "offboarding/cases")] HttpRequest request,
        CancellationToken cancellationToken
    ) => JsonAnswer.Create(StatusCodes.Status200OK, await cases.CasesAsync(cancellationToken));

    /// <summary>One case: <c>GET /api/offboarding/cases/{caseId}</c>.</summary>
    [Function("GetLeaverCase")]
    public async Task<IActionResult> GetCase(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "offboarding/cases/{caseId}")] HttpRequest request,
        string caseId,
        CancellationToken cancellationToken
    ) =>
        CaseIds.IsValid(caseId) && await cases.CaseAsync(caseId, cancellationToken) is { } known
            ? JsonAnswer.Create(StatusCodes.Status200OK, known)
            : NotFound($"leaver case {caseId}");

    /// <summary>
    /// A document of a case's latest round, such as <c>certificate.html</c>: <c>GET /api/offboarding/cases/{caseId}/{document}</c>.
    /// </summary>
    [Function("GetLeaverDocument")]
    public async Task<IActionResult> GetDocument(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "offboarding/cases/{caseId}/{document}")] HttpRequest request,
        string caseId,
        string document,
        CancellationToken cancellationToken
    ) =>
        CaseIds.IsValid(caseId) && await cases.DocumentAsync(caseId, document, cancellationToken) is { } bytes
            ? new FileContentResult(
                bytes.ToArray(),
                document.EndsWith(".html", StringComparison.Ordinal) ? "text/html; charset=utf-8" : "application/json; charset=utf-8"
            )
            : NotFound($"document {document} of leaver case {caseId}");

    /// <summary>
    /// A dry run for one person: <c>GET /api/offboarding/plan?user=…</c> answers 200 with the plans and what holds them. Nothing
    /// is changed.
    /// </summary>
    [Function("PlanLeaver")]
    public async Task<IActionResult> Plan(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "offboarding/plan")] HttpRequest request,
        CancellationToken cancellationToken
    ) =>
        request.Query["user"].FirstOrDefault() is { Length: > 0 and <= 256 } user
            ? JsonAnswer.Create(StatusCodes.Status200OK, await dryRuns.PlanAsync(user, cancellationToken))
            : JsonAnswer.Create(
                StatusCodes.Status400BadRequest,
                new { error = "name the person: ?user=OBJECT_ID or ?user=PRINCIPAL_NAME" }
            );

    /// <summary>
    /// Erases what names people of a case that has ended: <c>POST /api/offboarding/cases/{caseId}/erasure</c> answers 200 with what would
    /// be erased, and with <c>?confirm=true</c> 202 with the request that two approvers answer; 404 when there is no such case, 409 while
    /// it goes on.
    /// </summary>
    [Function("EraseLeaver")]
    public async Task<IActionResult> Erase(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "offboarding/cases/{caseId}/erasure")] HttpRequest request,
        string caseId,
        CancellationToken cancellationToken
    )
    {
        if (!CaseIds.IsValid(caseId))
            return NotFound($"leaver case {caseId}");
        var answer = await erasure.EraseAsync(
            request.Headers.Authorization.FirstOrDefault(),
            caseId,
            request.Query["confirm"].FirstOrDefault() == "true",
            cancellationToken
        );
        return JsonAnswer.Create(
            answer.Status,
            answer.Details is not { } details
                ? new { error = answer.Reason }
                : new
                {
                    caseId,
                    details,
                    requestId = answer.Request?.Id,
                    planId = answer.Request?.PlanId,
                }
        );
    }

    private static ContentResult NotFound(string what) =>
        JsonAnswer.Create(StatusCodes.Status404NotFound, new { error = $"there is no {what}" });
}

/// <summary>Ids of cases and requests as callers give them.</summary>
internal static class CaseIds
{
    /// <summary>Whether an id can be one at all: letters, digits and dashes.</summary>
    public static bool IsValid(string id) => id.Length is > 0 and <= 100 && id.All(c => char.IsAsciiLetterOrDigit(c) || c == '-');
}
