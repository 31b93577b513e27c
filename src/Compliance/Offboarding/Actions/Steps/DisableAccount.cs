using System.Text.Json.Nodes;
using Compliance.Changes.Plans;
using Compliance.Tenants;

namespace Compliance.Offboarding.Actions;

/// <summary>Disables the account: the first act on every leaver.</summary>
internal sealed class DisableAccount : IRemovalStep
{
    /// <summary>The action.</summary>
    public const string Id = "account.disable";

    /// <summary>Closing and opening an account (inside a batch).</summary>
    public static readonly DeclaredCall Call = DeclaredCall.Change(
        "PATCH",
        "/users/{id}",
        "User.EnableDisableAccount.All and User.Read.All",
        "disables a leaver's account, and enables it when the leaving is undone"
    );

    public string Action => Id;
    public string Title => "Disable the account";
    public IReadOnlyList<DeclaredCall> Calls => [Call];
    public IReadOnlyList<AccessKind> Kinds => [AccessKind.Account];
    public StepEffect Effect => StepEffect.Changes;
    public bool EndsWithTheUser => true;
    public PowerJudgement Power => PowerJudgement.Never;

    public string PermissionNote =>
        "; if it is granted, the person holds an administrator role, and the app itself needs a higher directory role "
        + "(Privileged Authentication Administrator)";

    /// <summary>The step.</summary>
    /// <param name="account">The account.</param>
    /// <param name="access">Key of the access that the account is in a snapshot; null when nothing was read yet.</param>
    public static PlanStep Create(PlanTarget account, string? access = null) =>
        Steps.Create(
            Id,
            account,
            0,
            "a leaver signs in no more",
            "",
            (StepArguments.UserId, account.Id),
            (StepArguments.Access, access)
        );

    public PlannedAccess Plan(Access access, RemovalContext context)
    {
        var account = new PlanTarget("user", context.Facts.UserId, context.Facts.PrincipalName);
        return PlannedAccess.Do(Create(account, access.Key), RevokeSessions.Create(account));
    }

    public StepRequest Request(PlanStep step, string graph) =>
        new(Call, $"/users/{StepValues.Escaped(step.Target.Id)}", new JsonObject { ["accountEnabled"] = false });

    public StepAnswer? Read(StepReply reply) => reply.Status is 404 or 410 ? StepAnswer.UserDeleted : null;

    // By UndoDone: a block takes no snapshot.
    public PlannedAccess Undo(Access access, UndoContext context) => PlannedAccess.Nothing;

    public PlannedAccess UndoDone(IReadOnlyList<PlanStep> done, UndoContext context) =>
        new(
            context.Facts.AccountEnabled == true ? [EnableAccount.Create(context)] : [],
            context.Facts.OnPremisesSynced
                ?
                [
                    new(
                        context.Account with
                        {
                            Type = "onPremisesAccount",
                        },
                        "the account comes from the on-premises directory",
                        "enable it in Active Directory as well (Enable-ADAccount)"
                    ),
                ]
                : []
        );

    public IEnumerable<string> Sources(Access access, AccessSnapshot after) => AccessSources.Graph(after, "");
}
