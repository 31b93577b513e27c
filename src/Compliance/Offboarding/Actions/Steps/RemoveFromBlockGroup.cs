using Compliance.Changes.Plans;
using Compliance.Tenants;

namespace Compliance.Offboarding.Actions;

/// <summary>Takes out of the block group whom this program put there.</summary>
internal sealed class RemoveFromBlockGroup : ILeaverStep
{
    /// <summary>The action.</summary>
    public const string Id = "blockGroup.member.remove";

    public string Action => Id;
    public string Title => "Take the person out of the block group";
    public IReadOnlyList<DeclaredCall> Calls => [RemoveGroupMember.Call];
    public StepEffect Effect => StepEffect.TakesAway;

    /// <summary>The step.</summary>
    public static PlanStep Create(PlanTarget group, UndoContext context) =>
        Steps.Create(Id, group, 0, UndoContext.Why, "blockGroup", context.User);

    public StepRequest Request(PlanStep step, string graph) => RemoveGroupMember.RequestOf(step);
}
