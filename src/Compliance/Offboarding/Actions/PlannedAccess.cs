using Compliance.Changes.Plans;

namespace Compliance.Offboarding.Actions;

/// <summary>What is done about an access, and what is left to a person.</summary>
internal sealed record PlannedAccess(IReadOnlyList<PlanStep> Steps, IReadOnlyList<ManualStep> Manual)
{
    /// <summary>Neither a step nor a person is needed.</summary>
    public static readonly PlannedAccess Nothing = new([], []);

    /// <summary>It is done here.</summary>
    public static PlannedAccess Do(params IReadOnlyList<PlanStep> steps) => new(steps, []);

    /// <summary>A person does it.</summary>
    public static PlannedAccess LeaveToPerson(Access access, string why, string whatToDo) =>
        LeaveToPerson(new ManualStep(Actions.Steps.TargetOf(access), why, whatToDo));

    /// <summary>A person does it.</summary>
    public static PlannedAccess LeaveToPerson(params IReadOnlyList<ManualStep> manual) => new([], manual);
}
