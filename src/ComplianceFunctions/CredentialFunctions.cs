using Compliance.Credentials;
using Compliance.Runs;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace ComplianceFunctions;

/// <summary>Triggers of the credentials capability. Each binds, calls one handler and maps the result.</summary>
public sealed class CredentialFunctions(
    CredentialRotationCheck check,
    CredentialCheckRequests requests,
    VaultEventIntake events,
    TimeProvider time
)
{
    /// <summary>The scheduled check of the whole tenant, by default once a day.</summary>
    [Function(CredentialRotationCheck.Name)]
    public Task CheckOnSchedule([TimerTrigger("%CredentialRotationSchedule%")] TimerInfo timer, CancellationToken cancellationToken) =>
        check.RunAsync(RunRequest.New(CredentialRotationCheck.RunPrefix, "timer", time.GetUtcNow()), cancellationToken);

    /// <summary>
    /// Asks for a check by hand: <c>POST /api/credentials/check</c> answers 202 with the run's id and where to read its report.
    /// </summary>
    [Function("StartCredentialCheck")]
    public async Task<IActionResult> Start(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "credentials/check")] HttpRequest request,
        CancellationToken cancellationToken
    )
    {
        var run = await requests.AskAsync(cancellationToken);
        var status =
            $"{request.Scheme}://{request.Host}"
                + $"{request.Path.Value?.Replace("/check", $"/runs/{run.RunId}", StringComparison.OrdinalIgnoreCase)}";
        return new AcceptedResult(status, new { runId = run.RunId, statusUrl = status });
    }

    /// <summary>
    /// The report of a run: <c>GET /api/credentials/runs/{runId}</c> answers 200 with it, 202 while it is under way, 404 for an unknown
    /// run.
    /// </summary>
    [Function("GetCredentialRun")]
    public async Task<IActionResult> GetRun(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "credentials/runs/{runId}")] HttpRequest request,
        string runId,
        CancellationToken cancellationToken
    ) =>
        await requests.FindAsync(runId, cancellationToken) switch
        {
            null => new NotFoundObjectResult(new { error = $"there is no run '{runId}'" }),
            { State: RunStates.Completed } done => Json(StatusCodes.Status200OK, done.Report!),
            { State: RunStates.Failed } failed => Json(StatusCodes.Status500InternalServerError, new { error = failed.Error }),
            var open => Json(StatusCodes.Status202Accepted, new { runId = open.RunId, state = open.State }),
        };

    /// <summary>Runs a check that was asked for by hand.</summary>
    [Function("RunCredentialCheck")]
    public Task RunOnRequest([QueueTrigger(CredentialCheckRequests.Queue)] string message, CancellationToken cancellationToken) =>
        check.RunAsync(CredentialCheckRequests.Read(message), cancellationToken);

    /// <summary>Open and waived findings of every control, to an owner their own: <c>GET /api/findings</c>.</summary>
    [Function("GetFindings")]
    public async Task<IActionResult> GetFindings(
        [HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "findings")] HttpRequest request,
        CancellationToken cancellationToken
    ) => Json(
            StatusCodes.Status200OK,
            await requests.OpenFindingsAsync(WhoMayCall.OwnItemsOnly(request.Caller()), cancellationToken)
        );

    /// <summary>
    /// Takes an event of Key Vault (near expiry, expired, new version) from the queue that Event Grid delivers to, and re-checks its one
    /// object. One that cannot be taken in goes to the poison queue, its reason in the log and in a finding.
    /// </summary>
    [Function("VaultEventQueue")]
    public Task VaultEventQueue([QueueTrigger(VaultObjectEvent.Queue)] string message, CancellationToken cancellationToken) =>
        events.AcceptAsync(message, cancellationToken);

    /// <summary>
    /// Works off the queue that an earlier version of this app wrote to. Messages of its may lie there when this version starts, and while
    /// both run during a deployment it writes more: nothing else would read them. Goes with the release after this one.
    /// </summary>
    [Function("RecheckVaultObject")]
    public Task RecheckVaultObject([QueueTrigger(VaultObjectEvent.EarlierQueue)] string message, CancellationToken cancellationToken) =>
        events.AcceptAsync(message, cancellationToken);

    /// <summary>
    /// Re-checks one Key Vault object by hand: <c>POST /api/credentials/vaults/{vault}/{collection}/{name}/check</c> answers 200 with its
    /// findings, 400 when a name breaks Key Vault's rules, 404 when there is no such vault or object, 502 when it could not be read.
    /// </summary>
    [Function("RecheckVaultObjectByHand")]
    public async Task<IActionResult> RecheckByHand(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "credentials/vaults/{vault}/{collection}/{name}/check")]
            HttpRequest request,
        string vault,
        string collection,
        string name,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var seed = RunRequest.New("kv", "manual", time.GetUtcNow());
            var changed = VaultObjectEvent.From(vault, collection, name, VaultObjectEvent.ByHand, seed.RunId);
            return Json(StatusCodes.Status200OK, await check.RecheckAsync(changed, cancellationToken));
        }
        catch (FormatException e)
        {
            return Json(StatusCodes.Status400BadRequest, new { error = e.Message });
        }
        catch (VaultObjectException e)
        {
            return Json(e.IsUnknown ? StatusCodes.Status404NotFound : StatusCodes.Status502BadGateway, new { error = e.Message });
        }
    }

    private static ContentResult Json(int status, object body) => JsonAnswer.Create(status, body);
}
