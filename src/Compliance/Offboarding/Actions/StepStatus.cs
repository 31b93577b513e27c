using Compliance.Changes.Plans;

namespace Compliance.Offboarding.Actions;

/// <summary>What an answer means for a step.</summary>
/// <param name="Result">How the step ended.</param>
/// <param name="Reason">Why, in words; null when it was done.</param>
internal sealed record StepAnswer(StepResult Result, string? Reason)
{
    /// <summary>Done.</summary>
    public static readonly StepAnswer Done = new(StepResult.Done, null);
}

/// <summary>What Graph's and Resource Manager's answers mean, by action. Pure; a table of tests holds it.</summary>
internal static class StepStatus
{
    private static readonly HashSet<string> Gives = new(StringComparer.Ordinal)
    {
        LeaverActions.AddOwner,
        LeaverActions.EnableAccount,
        LeaverActions.AddGroupMember,
        LeaverActions.AddAppRole,
        LeaverActions.AddDelegatedGrant,
        LeaverActions.AddAzureRole,
        LeaverActions.AddVaultAccessPolicy,
        LeaverActions.TakeBackResource,
        LeaverActions.EnableDevice,
        LeaverActions.AddLicence,
        LeaverActions.AddToBlockGroup,
    };

    // Parts of the messages and codes with which the services say that the target state is there already.
    private static readonly string[] Present =
    [
        "already exist",
        "already assigned",
        "RoleAssignmentExists",
        "Request_MultipleObjectsWithSameKeyValue",
    ];
    private static readonly string[] Absent =
    [
        "RoleAssignmentDoesNotExist",
        "does not exist",
        "does not have a corresponding license",
        "ResourceNotFound",
    ];

    /// <summary>True when the step gives something: then a missing target is no success.</summary>
    public static bool IsGiving(string action) => Gives.Contains(action);

    /// <summary>The outcome of a step.</summary>
    /// <param name="action">One of <see cref="LeaverActions"/>.</param>
    /// <param name="status">HTTP status; 0 when there was no answer after all attempts.</param>
    /// <param name="code">The service's error code; null when there is none.</param>
    /// <param name="message">The service's message, or why there was no answer.</param>
    /// <param name="value">The answer's bare boolean (<c>{"value":true}</c>); null when it has none.</param>
    public static StepAnswer From(string action, int status, string? code, string? message, bool? value = null)
    {
        var said = Said(status, code, message);
        return status switch
        {
            // Resource Manager deletes what is not there without a complaint, but with another status.
            204 when action == LeaverActions.RemoveAzureRole => new(StepResult.AlreadySo, "it was not there any more"),
            // {"@odata.context":"…/$metadata#Edm.Boolean","value":true}: only that says that the sessions are void; 204 has no body.
            >= 200 and < 300 when action == LeaverActions.RevokeSessions && status != 204 && value != true => new(
                StepResult.Failed,
                $"{status}, the service did not confirm that the sessions were revoked"
            ),
            >= 200 and < 300 => StepAnswer.Done,
            400 or 409 when IsGiving(action) && Says(code, message, Present) => new(StepResult.AlreadySo, "it was there already"),
            400 or 409 when TakesAway(action) && Says(code, message, Absent) => new(StepResult.AlreadySo, "it was not there any more"),
            404 or 410 when action is LeaverActions.DisableAccount or LeaverActions.RevokeSessions => new(
                StepResult.AlreadySo,
                UserDeleted
            ),
            404 or 410 when !IsGiving(action) => new(StepResult.AlreadySo, "it was not there any more"),
            403 => new(StepResult.NotPermitted, said),
            // {"error":{"code":"ScopeLocked","message":"The scope '…' cannot perform delete operation because following scope(s) are
            // locked: '…'. Please remove the lock and try again."}}
            409 when string.Equals(code, "ScopeLocked", StringComparison.OrdinalIgnoreCase) => new(StepResult.Refused, said),
            // The default method can be deleted once the others are gone.
            400 when action == LeaverActions.RemoveSignInMethod && Says(code, message, ["default"]) => new(StepResult.Failed, said),
            // Another request about the same eligibility is still open.
            400 when AsksPim(action) && Says(code, message, ["RequestExists"]) => new(StepResult.Failed, said),
            400 or 405 or 422 => new(StepResult.Refused, said),
            _ => new(StepResult.Failed, said),
        };
    }

    /// <summary>Why everything that belonged to a user is gone.</summary>
    public const string UserDeleted = "the user was deleted";

    private static bool AsksPim(string action) =>
        action is LeaverActions.RemoveEligibleAzureRole or LeaverActions.RemoveEligibleDirectoryRole or LeaverActions.RemoveDirectoryRole;

    // Not those that change a property: "does not exist" would be about something else there.
    private static bool TakesAway(string action) =>
        !IsGiving(action)
        && action
            is not (
                LeaverActions.DisableAccount
                or LeaverActions.RevokeSessions
                or LeaverActions.DisableDevice
                or LeaverActions.HandOverResource
                or LeaverActions.RetireManagedDevice
            );

    private static string Said(int status, string? code, string? message)
    {
        var text = string.IsNullOrWhiteSpace(message) ? "no reason was given" : message.ReplaceLineEndings(" ").Trim();
        if (text.Length > 400)
            text = string.Concat(text.AsSpan(0, 400), "…");
        var named = code is null || text.Contains(code, StringComparison.OrdinalIgnoreCase) ? text : $"{code}: {text}";
        return status == 0 ? named : $"{status}, {named}";
    }

    private static bool Says(string? code, string? message, string[] parts) =>
        Array.Exists(
            parts,
            p =>
                code?.Contains(p, StringComparison.OrdinalIgnoreCase) == true
                || message?.Contains(p, StringComparison.OrdinalIgnoreCase) == true
        );
}
