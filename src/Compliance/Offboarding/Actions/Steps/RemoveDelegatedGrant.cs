using Compliance.Changes.Plans;
using Compliance.Tenants;

namespace Compliance.Offboarding.Actions;

/// <summary>Ends what an app may do in the person's name.</summary>
internal sealed class RemoveDelegatedGrant : IRemovalStep
{
    /// <summary>The action.</summary>
    public const string Id = "delegatedGrant.remove";

    /// <summary>Taking a delegated grant away (inside a batch).</summary>
    private static readonly DeclaredCall Call = DeclaredCall.Change(
        "DELETE",
        "/oauth2PermissionGrants/{id}",
        "DelegatedPermissionGrant.ReadWrite.All",
        "ends what apps may do in a leaver's name"
    );

    public string Action => Id;
    public string Title => "End a delegated grant";
    public IReadOnlyList<DeclaredCall> Calls => [Call];
    public IReadOnlyList<AccessKind> Kinds => [AccessKind.DelegatedGrant];
    public StepEffect Effect => StepEffect.TakesAway;
    public bool EndsWithTheUser => true;

    public PlannedAccess Plan(Access access, RemovalContext context) =>
        PlannedAccess.Do(RemovalContext.Take(Id, access, "", context.User));

    public StepRequest Request(PlanStep step, string graph) => new(Call, $"/oauth2PermissionGrants/{StepValues.Escaped(step.Target.Id)}");

    public PlannedAccess Undo(Access access, UndoContext context) =>
        UndoContext.Has(access, "clientId", "resourceId", "scope")
            ? PlannedAccess.Do(AddDelegatedGrant.Create(access, context))
            : UndoContext.NotEnough(access);

    public IEnumerable<string> Sources(Access access, AccessSnapshot after) => AccessSources.Graph(after, "oauth2PermissionGrants");
}
