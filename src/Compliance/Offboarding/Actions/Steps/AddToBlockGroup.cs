using Compliance.Changes.Plans;
using Compliance.Tenants;

namespace Compliance.Offboarding.Actions;

/// <summary>Puts a leaver who is blocked into the group that a Conditional Access policy blocks. Has a plan of its own.</summary>
internal sealed class AddToBlockGroup : ILeaverStep
{
    /// <summary>The action.</summary>
    public const string Id = "blockGroup.member.add";

    public string Action => Id;
    public string Title => "Put the person into the block group";
    public IReadOnlyList<DeclaredCall> Calls => [AddGroupMember.Call];
    public StepEffect Effect => StepEffect.Gives;
    public bool EndsWithTheUser => true;

    /// <summary>The step.</summary>
    public static PlanStep Create(PlanTarget group, LeaverFacts facts) =>
        Steps.Create(Id, group, 0, "Conditional Access blocks a leaver as well", "blockGroup", (StepArguments.UserId, facts.UserId));

    public StepRequest Request(PlanStep step, string graph) => AddGroupMember.RequestOf(step, graph);

    public PlannedAccess UndoDone(IReadOnlyList<PlanStep> done, UndoContext context) =>
        PlannedAccess.Do([.. done.Select(put => RemoveFromBlockGroup.Create(put.Target, context))]);
}
