using System.Text.Json;
using Azure;
using Azure.Identity;
using Compliance.Observability;
using Microsoft.Graph.Models.ODataErrors;
using Microsoft.Kiota.Abstractions;

namespace Compliance.Tenants;

/// <summary>An answer that cannot be trusted to be the whole of what was asked for.</summary>
internal sealed class IncompleteReadException(string reason) : Exception(reason);

/// <summary>Why something could not be read, in words for people; no secret, no token.</summary>
/// <param name="Reason">What happened.</param>
/// <param name="Permission">The permission that seems to be missing; null when that is not the reason.</param>
/// <param name="Remedy">What corrects it.</param>
internal sealed record ReadFailure(string Reason, string? Permission, string Remedy)
{
    private const int LongestReason = 300;

    private static readonly ReadFailure NotJson = new(
        "the answer is not valid JSON, or was cut off",
        null,
        "run the check again; if it stays, report it to the service"
    );

    /// <summary>Shows what an exception means.</summary>
    /// <param name="e">What was thrown.</param>
    /// <param name="call">The call that failed.</param>
    /// <param name="scope">Resource Manager id of what was read; null for Graph.</param>
    /// <param name="identity">Client id of the identity in use; null for the Azure CLI's user.</param>
    public static ReadFailure From(Exception e, DeclaredCall call, string? scope, string? identity) =>
        e switch
        {
            AuthenticationFailedException => new(
                Short($"sign-in failed: {Innermost(e)}"),
                null,
                "sign in again (az login), or check Tenant:ClientId, Tenant:ClientSecret and the secret's end date"
            ),
            ForeignHostException => new(
                Short(e.Message),
                null,
                "nothing was sent there; report it to whoever runs the service or a proxy in between"
            ),
            IncompleteReadException => new(Short(e.Message), null, "run the check again; if it stays, report it to the service"),
            RetryAfterTooLongException => new(Short(e.Message), null, "run the check again later, or raise Tenant:MaxRetryWaitSeconds"),
            // Graph's client reports a good answer whose body it could not parse as an exception with the answer's own status.
            ApiException { ResponseStatusCode: >= 200 and < 300 } => NotJson,
            ApiException { ResponseStatusCode: > 0 } api => Answered(
                api.ResponseStatusCode,
                (api as ODataError)?.Error?.Code,
                api.Message,
                call,
                scope,
                identity
            ),
            RequestFailedException { Status: > 0 } failed when failed.InnerException is not JsonException => Answered(
                failed.Status,
                failed.ErrorCode,
                failed.Message,
                call,
                scope,
                identity
            ),
            _ when Within<ForeignHostException>(e) is { } inner => From(inner, call, scope, identity),
            _ when Within<RetryAfterTooLongException>(e) is { } inner => From(inner, call, scope, identity),
            _ when Within<AuthenticationFailedException>(e) is { } inner => From(inner, call, scope, identity),
            _ when Within<JsonException>(e) is not null => NotJson,
            _ when Within<HttpRequestException>(e) is { } inner => new(
                Short($"not reachable: {inner.Message}"),
                null,
                "check the network and the endpoint's setting"
            ),
            _ when Within<IOException>(e) is { } inner => new(Short($"the connection broke: {inner.Message}"), null, "run the check again"),
            _ => new(Short($"{e.GetType().Name}: {e.Message}"), null, "run the check again; the log has the details"),
        };

    /// <summary>Shows what an answer inside a batch means.</summary>
    /// <param name="answer">An answer that is no success.</param>
    /// <param name="call">The call inside the batch.</param>
    /// <param name="identity">Client id of the identity in use; null for the Azure CLI's user.</param>
    public static ReadFailure From(BatchAnswer answer, DeclaredCall call, string? identity) =>
        answer.Status == 0
            ? new(Short(answer.Reason ?? "no answer"), null, "run the check again; the log has the details")
            : Answered(answer.Status, answer.Code, answer.Message ?? answer.Reason ?? "no reason was given", call, null, identity);

    private static ReadFailure Answered(int status, string? code, string message, DeclaredCall call, string? scope, string? identity)
    {
        var firstLine = message.Split('\n', 2)[0].Trim();
        var detail = code is null || firstLine.Contains(code, StringComparison.Ordinal) ? firstLine : $"{code}: {firstLine}";
        return status switch
        {
            401 => new(
                Short($"401, the service did not accept the sign-in: {detail}"),
                null,
                "sign in again (az login), or check Tenant:ClientId and Tenant:ClientSecret"
            ),
            403
                when detail.Contains("firewall", StringComparison.OrdinalIgnoreCase)
                    || detail.Contains("Client address is not authorized", StringComparison.OrdinalIgnoreCase) => new(
                Short($"403, refused by its firewall: {detail}"),
                null,
                "let the app's outbound addresses or its network through the firewall, or give it a private endpoint"
            ),
            403 => new(Short($"403, refused: {detail}"), call.Permission, call.Grant(scope, identity)),
            429 => new(
                Short($"429, still throttled after {ThrottleAwareRetryHandler.MaxAttempts} attempts: {detail}"),
                null,
                "run the check again later"
            ),
            _ => new(Short($"{status}: {detail}"), null, "run the check again; if it stays, report it to the service"),
        };
    }

    // Sign-in errors are wrapped in empty ones; the innermost has Entra's code, its first sentence says what is wrong.
    private static string Innermost(Exception e)
    {
        var text = e.Message;
        for (var inner = e.InnerException; inner is not null; inner = inner.InnerException)
            if (inner.Message.Contains("AADSTS", StringComparison.Ordinal) || text.Length == 0)
                text = inner.Message;
        return text.Split('\n', 2)[0].Trim() is { Length: > 0 } line ? line : e.Message;
    }

    private static T? Within<T>(Exception? e)
        where T : Exception
    {
        for (; e is not null; e = e.InnerException)
            if (e is T found)
                return found;
        return null;
    }

    private static string Short(string text)
    {
        var scrubbed = SecretScrubber.Scrub(text.ReplaceLineEndings(" "));
        return scrubbed.Length <= LongestReason ? scrubbed : string.Concat(scrubbed.AsSpan(0, LongestReason), "…");
    }
}
