using Compliance.Changes.Plans;
using Compliance.Tenants;

namespace Compliance.Offboarding.Actions;

/// <summary>Revokes sessions: after the disabling, since a session begun between a revoking and a disabling would live on.</summary>
internal sealed class RevokeSessions : ILeaverStep
{
    /// <summary>The action.</summary>
    public const string Id = "account.revokeSessions";

    /// <summary>Ending all sessions of a user (inside a batch).</summary>
    public static readonly DeclaredCall Call = DeclaredCall.Change(
        "POST",
        "/users/{id}/revokeSignInSessions",
        "User.RevokeSessions.All",
        "voids a leaver's refresh tokens"
    );

    public string Action => Id;
    public string Title => "Revoke all sessions";
    public IReadOnlyList<DeclaredCall> Calls => [Call];
    public StepEffect Effect => StepEffect.Changes;
    public bool EndsWithTheUser => true;

    // Sessions begun before a late disabling live on.
    public string RepeatedAfter => DisableAccount.Id;

    /// <summary>The step.</summary>
    public static PlanStep Create(PlanTarget account) =>
        Steps.Create(Id, account, 1, "sessions from before the account was disabled end", "", (StepArguments.UserId, account.Id));

    public StepRequest Request(PlanStep step, string graph) =>
        new(Call, $"/users/{StepValues.Escaped(step.Target.Id)}/revokeSignInSessions");

    // {"@odata.context":"…/$metadata#Edm.Boolean","value":true}: only that says that the sessions are void; 204 has no body.
    public StepAnswer? Read(StepReply reply) =>
        reply.Status switch
        {
            404 or 410 => StepAnswer.UserDeleted,
            >= 200 and < 300 when reply.Status != 204 && reply.Value != true => new(
                StepResult.Failed,
                $"{reply.Status}, the service did not confirm that the sessions were revoked"
            ),
            _ => null,
        };

    public PlannedAccess UndoDone(IReadOnlyList<PlanStep> done, UndoContext context) =>
        PlannedAccess.LeaveToPerson(
            new ManualStep(
                context.Account with
                {
                    Type = "sessions",
                },
                "revoked sessions and tokens cannot be given back",
                "the person signs in again"
            )
        );
}
