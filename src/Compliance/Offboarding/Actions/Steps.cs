using Compliance.Changes.Plans;

namespace Compliance.Offboarding.Actions;

/// <summary>Makes the parts of a plan. Pure.</summary>
internal static class Steps
{
    /// <summary>Kind of the plan that blocks a leaver.</summary>
    public const string Block = "offboarding.block";

    /// <summary>Kind of the plan that puts a leaver who is blocked into the block group.</summary>
    public const string BlockGroup = "offboarding.blockGroup";

    /// <summary>Kind of the plan that takes a leaver's access away.</summary>
    public const string Remove = "offboarding.remove";

    /// <summary>Kind of the plan that gives access back.</summary>
    public const string Undo = "offboarding.undo";

    /// <summary>Whether plans of a kind block the person: a pause holds them only where that was asked for.</summary>
    public static bool Blocks(string kind) => kind is Block or BlockGroup;

    /// <summary>What a kind of access is called as a target.</summary>
    public static string TypeOf(AccessKind kind) =>
        kind switch
        {
            AccessKind.Account => "user",
            AccessKind.GroupMember or AccessKind.OwnedGroup => "group",
            AccessKind.OwnedApplication => "application",
            AccessKind.OwnedServicePrincipal => "servicePrincipal",
            AccessKind.OwnedResource => "resource",
            _ => char.ToLowerInvariant(kind.ToString()[0]) + kind.ToString()[1..],
        };

    /// <summary>The target that an access is.</summary>
    public static PlanTarget TargetOf(Access access) => new(TypeOf(access.Kind), access.Id, access.Name);

    /// <summary>A step.</summary>
    /// <param name="action">Of a step in <see cref="StepRegistry"/>.</param>
    /// <param name="target">On what.</param>
    /// <param name="wave">Its wave.</param>
    /// <param name="reason">Why, in words.</param>
    /// <param name="rule">Key in the policy file that asks for it; empty for the file as a whole.</param>
    /// <param name="arguments">What it needs; those without a value are left out.</param>
    public static PlanStep Create(
        string action,
        PlanTarget target,
        int wave,
        string reason,
        string rule,
        params IEnumerable<(string Name, string? Value)> arguments
    )
    {
        var values = arguments.Where(a => a.Value is not null).ToDictionary(a => a.Name, a => a.Value!, StringComparer.Ordinal);
        return new(
            PlanStep.IdOf(action, target),
            action,
            target,
            wave,
            reason,
            rule.Length == 0 ? "offboarding.yaml#" : $"offboarding.yaml#/{rule}",
            values
        );
    }

    /// <summary>The step for who takes over: handing over to somebody else is another act, with an id of its own.</summary>
    public static PlanStep To(this PlanStep step, string newOwner) =>
        step with
        {
            Id = PlanStep.IdOf(step.Action, step.Target, newOwner),
        };

    /// <summary>What a person does in place of a step.</summary>
    public static ManualStep ByHand(PlanStep step, string why) => StepRegistry.Default.ByHand(step, why);

    /// <summary>What a person does in place of a step of a class.</summary>
    public static ManualStep ByHand(ILeaverStep by, PlanStep step, string why) => new(step.Target, why, by.Command(step));

    /// <summary>The command with which a person does what a step does.</summary>
    public static string Command(this ILeaverStep by, PlanStep step) => by.Request(step, StepRequest.PublicGraph).Command();

    /// <summary>What is left to people, in an order that does not depend on the order of what was read.</summary>
    public static IReadOnlyList<ManualStep> Sort(IEnumerable<ManualStep> manual) =>
        [
            .. manual
                .OrderBy(m => m.Target.Type, StringComparer.Ordinal)
                .ThenBy(m => m.Target.Id, StringComparer.Ordinal)
                .ThenBy(m => m.Why, StringComparer.Ordinal)
                .ThenBy(m => m.WhatToDo, StringComparer.Ordinal)
                .ThenBy(m => m.Target.Name, StringComparer.Ordinal),
        ];
}
