using Compliance.Changes.Plans;

namespace Compliance.Offboarding.Actions;

/// <summary>What giving back is planned from.</summary>
/// <param name="Facts">The person, as looked up before blocking.</param>
/// <param name="Policy">In force.</param>
internal sealed record UndoContext(LeaverFacts Facts, OffboardingPolicy Policy)
{
    /// <summary>Why the steps of an undo are done.</summary>
    public const string Why = "the leaving was undone";

    /// <summary>The account.</summary>
    public PlanTarget Account => new("user", Facts.UserId, Facts.PrincipalName);

    /// <summary>The argument that names the person.</summary>
    public (string Name, string? Value) User => (StepArguments.UserId, Facts.UserId);

    /// <summary>
    /// A step that gives an access back. Wave 1: the account comes before, so that what is given is given to somebody who can use it.
    /// </summary>
    public static PlanStep GiveBack(string action, Access access, params IEnumerable<(string Name, string? Value)> arguments) =>
        Steps.Create(action, Steps.TargetOf(access), 1, Why, "", arguments);

    /// <summary>A person gives it back, since the snapshot does not say how.</summary>
    public static PlannedAccess NotEnough(Access access) =>
        PlannedAccess.LeaveToPerson(
            access,
            "not restored: the snapshot does not hold enough to make it again",
            $"give {access.Name} again by hand"
        );

    /// <summary>True when the snapshot holds these details.</summary>
    public static bool Has(Access access, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
            if (!access.Details.ContainsKey(name))
                return false;
        return true;
    }

    /// <summary>Details as arguments; those that the snapshot does not hold have no value.</summary>
    public static IEnumerable<(string Name, string? Value)> Details(Access access, params IEnumerable<string> names) =>
        names.Select(n => (n, access.Details.GetValueOrDefault(n)));
}
