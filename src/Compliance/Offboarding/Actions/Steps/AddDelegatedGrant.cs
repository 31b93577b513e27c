using Compliance.Changes.Plans;
using Compliance.Tenants;

namespace Compliance.Offboarding.Actions;

/// <summary>Lets an app act in the person's name again, in the same scopes.</summary>
internal sealed class AddDelegatedGrant : IGiveBackStep
{
    /// <summary>The action.</summary>
    public const string Id = "delegatedGrant.add";

    /// <summary>Giving a delegated grant (inside a batch).</summary>
    private static readonly DeclaredCall Call = DeclaredCall.Change(
        "POST",
        "/oauth2PermissionGrants",
        "DelegatedPermissionGrant.ReadWrite.All",
        "gives delegated grants back when a leaving is undone"
    );

    public string Action => Id;
    public string Title => "Give a delegated grant back";
    public IReadOnlyList<DeclaredCall> Calls => [Call];
    public StepEffect Effect => StepEffect.Gives;
    public bool GetsNewId => true;

    /// <summary>The step.</summary>
    public static PlanStep Create(Access access, UndoContext context) =>
        UndoContext.GiveBack(Id, access, [context.User, .. UndoContext.Details(access, "clientId", "resourceId", "scope")]);

    public StepRequest Request(PlanStep step, string graph) =>
        new(
            Call,
            "/oauth2PermissionGrants",
            StepValues.Given(
                ("clientId", step.Needed("clientId")),
                ("consentType", "Principal"),
                ("principalId", step.UserId()),
                ("resourceId", step.Needed("resourceId")),
                ("scope", step.Needed("scope"))
            )
        );
}
