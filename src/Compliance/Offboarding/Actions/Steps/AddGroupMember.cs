using Compliance.Changes.Plans;
using Compliance.Tenants;

namespace Compliance.Offboarding.Actions;

/// <summary>Gives a membership back.</summary>
internal sealed class AddGroupMember : IGiveBackStep
{
    /// <summary>The action.</summary>
    public const string Id = "group.member.add";

    /// <summary>Putting somebody into a group (inside a batch).</summary>
    public static readonly DeclaredCall Call = DeclaredCall.Change(
        "POST",
        "/groups/{id}/members/$ref",
        "GroupMember.ReadWrite.All",
        "puts a leaver into the block group (policy: blockGroup), and gives memberships back when a leaving is undone; "
            + "never in role-assignable groups"
    );

    public string Action => Id;
    public string Title => "Put the person back into a group";
    public IReadOnlyList<DeclaredCall> Calls => [Call];
    public StepEffect Effect => StepEffect.Gives;

    /// <summary>The step.</summary>
    public static PlanStep Create(Access access, UndoContext context) => UndoContext.GiveBack(Id, access, context.User);

    public StepRequest Request(PlanStep step, string graph) => RequestOf(step, graph);

    /// <summary>The request that puts a person into the group that the step is about.</summary>
    public static StepRequest RequestOf(PlanStep step, string graph) =>
        new(Call, $"/groups/{StepValues.Escaped(step.Target.Id)}/members/$ref", StepValues.Reference(graph, step.UserId()));
}
