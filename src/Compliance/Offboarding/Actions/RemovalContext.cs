using Compliance.Changes.Plans;

namespace Compliance.Offboarding.Actions;

/// <summary>What the removal of an access is planned from, beside the access itself.</summary>
/// <param name="CaseId">The case.</param>
/// <param name="Facts">The person.</param>
/// <param name="Policy">In force.</param>
/// <param name="Handover">Who takes over what the person owns.</param>
internal sealed record RemovalContext(string CaseId, LeaverFacts Facts, OffboardingPolicy Policy, Handover Handover)
{
    /// <summary>Why a person does what needs a permission that policy does not allow.</summary>
    public const string OptIn =
        "needs permissions whose holder could make itself Global Administrator, which policy does not allow (privilegedRemovals)";

    private const string Left = "a leaver keeps no access";

    /// <summary>The argument that names the person.</summary>
    public (string Name, string? Value) User => (StepArguments.UserId, Facts.UserId);

    /// <summary>A step that takes an access away.</summary>
    /// <param name="action">Its action.</param>
    /// <param name="access">The access.</param>
    /// <param name="rule">Key in the policy file that asks for it; empty for the file as a whole.</param>
    /// <param name="arguments">What it needs beside its target.</param>
    public static PlanStep Take(string action, Access access, string rule, params IEnumerable<(string Name, string? Value)> arguments) =>
        Steps.Create(
            action,
            Steps.TargetOf(access),
            0,
            access.Asset == AssetClass.Other
                ? Left
                : $"{Left}, of {(access.Asset == AssetClass.ProductionModel ? "production models" : "training data")} first",
            rule,
            arguments.Append((StepArguments.Access, access.Key))
        );

    /// <summary>The step; a person does it where policy leaves it to one.</summary>
    /// <param name="by">Whose step it is.</param>
    /// <param name="isAllowed">What policy says.</param>
    /// <param name="setting">Where policy says it.</param>
    /// <param name="step">The step.</param>
    public static PlannedAccess OnlyIf(ILeaverStep by, bool isAllowed, string setting, PlanStep step) =>
        isAllowed
            ? PlannedAccess.Do(step)
            : PlannedAccess.LeaveToPerson(Steps.ByHand(by, step, $"policy leaves it to a person ({setting})"));

    /// <summary>The step; a person does it where policy does not allow the permission that it needs.</summary>
    public PlannedAccess Privileged(ILeaverStep by, PlanStep step) =>
        Policy.PrivilegedRemovals ? PlannedAccess.Do(step) : PlannedAccess.LeaveToPerson(Steps.ByHand(by, step, OptIn));
}
