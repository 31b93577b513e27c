using Compliance.Changes.Plans;
using Compliance.Tenants;

namespace Compliance.Offboarding.Actions;

/// <summary>Gives the owner tag of a resource its old value.</summary>
internal sealed class TakeBackResource : IGiveBackStep
{
    /// <summary>The action.</summary>
    public const string Id = "resource.takeBack";

    public string Action => Id;
    public string Title => "Take a resource back";
    public IReadOnlyList<DeclaredCall> Calls => [HandOverResource.Call];
    public StepEffect Effect => StepEffect.Gives;

    /// <summary>The step.</summary>
    public static PlanStep Create(Access access, UndoContext context) =>
        UndoContext
            .GiveBack(Id, access, context.User, (StepArguments.Tag, access.Details["tag"]), (StepArguments.Value, access.Details["value"]))
            .To(access.Details["value"]);

    public StepRequest Request(PlanStep step, string graph) => HandOverResource.RequestOf(step);
}
