using System.Text.Json.Nodes;
using Compliance.Changes.Plans;
using Compliance.Tenants;

namespace Compliance.Offboarding.Actions;

/// <summary>Takes a licence of the person's own away.</summary>
internal sealed class RemoveLicence : IRemovalStep
{
    /// <summary>The action.</summary>
    public const string Id = "licence.remove";

    /// <summary>Licences (inside a batch).</summary>
    public static readonly DeclaredCall Call = DeclaredCall.Change(
        "POST",
        "/users/{id}/assignLicense",
        "LicenseAssignment.ReadWrite.All",
        "takes a leaver's licences away (policy: licences), and gives them back when the leaving is undone"
    );

    public string Action => Id;
    public string Title => "Take a licence away";
    public IReadOnlyList<DeclaredCall> Calls => [Call];
    public IReadOnlyList<AccessKind> Kinds => [AccessKind.Licence];
    public StepEffect Effect => StepEffect.TakesAway;
    public bool EndsWithTheUser => true;

    public PlannedAccess Plan(Access access, RemovalContext context) =>
        RemovalContext.OnlyIf(
            this,
            context.Policy.RemoveLicences,
            "licences",
            RemovalContext.Take(Id, access, "licences", context.User, ("skuId", SkuOf(access)))
        );

    /// <summary>The licence's SKU.</summary>
    public static string SkuOf(Access access) => access.Details.GetValueOrDefault("skuId") ?? access.Id;

    public StepRequest Request(PlanStep step, string graph) =>
        new(
            Call,
            $"/users/{StepValues.Escaped(step.UserId())}/assignLicense",
            new JsonObject { ["addLicenses"] = new JsonArray(), ["removeLicenses"] = new JsonArray(step.Needed("skuId")) }
        );

    public PlannedAccess Undo(Access access, UndoContext context) => PlannedAccess.Do(AddLicence.Create(access, context));

    public IEnumerable<string> Sources(Access access, AccessSnapshot after) => AccessSources.Graph(after, "");
}
