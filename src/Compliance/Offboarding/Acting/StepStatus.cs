using System.Globalization;
using Compliance.Observability;
using Compliance.Plans;
using Compliance.Tenants;

namespace Compliance.Offboarding.Acting;

/// <summary>What an answer means for a step. Pure.</summary>
internal static class StepStatus
{
    private const int LongestReason = 300;

    /// <summary>The outcome of a step.</summary>
    /// <param name="step">The step.</param>
    /// <param name="call">The call that was made.</param>
    /// <param name="status">HTTP status; 0 when there was no answer.</param>
    /// <param name="code">The service's error code; null without one.</param>
    /// <param name="message">The service's error message, or why there was no answer; null without one.</param>
    /// <param name="identity">Client id of the identity in use; null when not known.</param>
    /// <param name="at">When (UTC).</param>
    public static StepOutcome Of(PlanStep step, DeclaredCall call, int status, string? code, string? message, string? identity, DateTimeOffset at)
    {
        var said = Said(status, code, message);
        StepOutcome As(StepResult result, string? reason = null, string? permission = null, string? remedy = null) => new(step.Id, result, at, reason, permission, remedy);
        return status switch
        {
            // Deleting what is not there: Resource Manager answers 204 where Graph answers 404.
            204 when step.Action == LeaverActions.RemoveAzureRole => As(StepResult.AlreadySo),
            >= 200 and < 300 => As(StepResult.Done),
            404 when IsGone(step.Action) => As(StepResult.AlreadySo, "it is not there any more"),
            404 => As(StepResult.Failed, said, remedy: "the object is not there: look whether it was deleted"),
            400 when code is "RoleAssignmentDoesNotExist" => As(StepResult.AlreadySo, "it is not there any more"),
            400 or 409 when IsThere(step.Action, code, message) => As(StepResult.AlreadySo, "it is there already"),
            403 => As(StepResult.NotPermitted, said, call.Permission, call.Grant(call.Service == "arm" ? ScopeOf(step) : null, identity)),
            409 when code is "ScopeLocked" => As(StepResult.Refused, said, remedy: "take the lock away for the time of the removal, then let the case try again"),
            400 or 405 or 409 or 422 => As(StepResult.Refused, said, remedy: "do it by hand; the reason says why the service does not do it this way"),
            401 => As(StepResult.Failed, said, remedy: "check Tenant:ClientId and the identity's sign-in"),
            _ => As(StepResult.Failed, said, remedy: "the case tries again by itself"),
        };
    }

    // What a step wants gone is gone, whoever did it; a user that was deleted takes every relation along.
    private static bool IsGone(string action) => action.EndsWith(".remove", StringComparison.Ordinal)
        || action is LeaverActions.DisableAccount or LeaverActions.RevokeSessions or LeaverActions.DisableDevice or LeaverActions.RetireManagedDevice;

    private static bool IsThere(string action, string? code, string? message) => action.EndsWith(".add", StringComparison.Ordinal)
        && (code is "RoleAssignmentExists" or "Request_MultipleObjectsWithSameKeyValue" || message?.Contains("already exist", StringComparison.OrdinalIgnoreCase) == true);

    private static string ScopeOf(PlanStep step) => step.Arguments.GetValueOrDefault("scope") ?? step.Arguments.GetValueOrDefault("vaultId") ?? step.Target.Id;

    private static string Said(int status, string? code, string? message)
    {
        var text = SecretScrubber.Scrub((message ?? "").ReplaceLineEndings(" ")).Trim();
        if (text.Length > LongestReason)
            text = string.Concat(text.AsSpan(0, LongestReason), "…");
        return status == 0
            ? text.Length > 0 ? text : "no answer"
            : string.Create(CultureInfo.InvariantCulture, $"{status}{(code is null ? "" : " " + code)}{(text.Length > 0 ? ": " + text : "")}");
    }
}
