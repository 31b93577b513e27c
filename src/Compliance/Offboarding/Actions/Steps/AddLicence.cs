using System.Text.Json.Nodes;
using Compliance.Changes.Plans;
using Compliance.Tenants;

namespace Compliance.Offboarding.Actions;

/// <summary>Gives a licence back, with the plans that were switched off.</summary>
internal sealed class AddLicence : IGiveBackStep
{
    /// <summary>The action.</summary>
    public const string Id = "licence.add";

    public string Action => Id;
    public string Title => "Give a licence back";
    public IReadOnlyList<DeclaredCall> Calls => [RemoveLicence.Call];
    public StepEffect Effect => StepEffect.Gives;

    /// <summary>The step.</summary>
    public static PlanStep Create(Access access, UndoContext context) =>
        UndoContext.GiveBack(
            Id,
            access,
            [context.User, ("skuId", RemoveLicence.SkuOf(access)), .. UndoContext.Details(access, "disabledPlans")]
        );

    public StepRequest Request(PlanStep step, string graph) =>
        new(
            RemoveLicence.Call,
            $"/users/{StepValues.Escaped(step.UserId())}/assignLicense",
            new JsonObject
            {
                ["addLicenses"] = new JsonArray(
                    new JsonObject { ["skuId"] = step.Needed("skuId"), ["disabledPlans"] = new JsonArray([.. DisabledPlans(step)]) }
                ),
                ["removeLicenses"] = new JsonArray(),
            }
        );

    private static IEnumerable<JsonNode> DisabledPlans(PlanStep step) =>
        (step.Optional("disabledPlans") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries).Select(p => (JsonNode)p);
}
