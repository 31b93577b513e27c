using Compliance.Changes.Plans;
using Compliance.Tenants;

namespace Compliance.Offboarding.Actions;

/// <summary>The steps that this app knows, in the order in which a plan does them within a wave.</summary>
internal sealed class StepRegistry
{
    private readonly Dictionary<string, int> _places;
    private readonly Dictionary<AccessKind, IRemovalStep> _removals;

    /// <summary>Makes a registry.</summary>
    /// <param name="steps">The steps, in order.</param>
    /// <exception cref="ArgumentException">Two have the same action, or take the same kind of access away.</exception>
    public StepRegistry(params IReadOnlyList<ILeaverStep> steps)
    {
        All = steps;
        _places = steps.Select((step, place) => (step.Action, place)).ToDictionary(s => s.Action, s => s.place, StringComparer.Ordinal);
        _removals = steps
            .OfType<IRemovalStep>()
            .SelectMany(s => s.Kinds, (step, kind) => (step, kind))
            .ToDictionary(s => s.kind, s => s.step);
        Calls = [.. steps.SelectMany(s => s.Calls).Distinct()];
    }

    /// <summary>Those of the app. The order is part of every plan, and so of its id: a new step is added where plans shall do it.</summary>
    public static StepRegistry Default { get; } =
        new(
            new DisableAccount(),
            new RevokeSessions(),
            new AddToBlockGroup(),
            new DisableDevice(),
            new RemoveDirectoryRole(),
            new RemoveEligibleDirectoryRole(),
            new RemoveGroupMember(),
            new RemoveAppRole(),
            new RemoveDelegatedGrant(),
            new RemoveAzureRole(),
            new RemoveEligibleAzureRole(),
            new RemoveVaultAccessPolicy(),
            new RemoveSignInMethod(),
            new AddOwner(),
            new RemoveOwner(),
            new HandOverResource(),
            new RemoveLicence(),
            new RetireManagedDevice(),
            new EnableAccount(),
            new RemoveFromBlockGroup(),
            new AddLicence(),
            new AddGroupMember(),
            new AddAppRole(),
            new AddDelegatedGrant(),
            new AddAzureRole(),
            new AddVaultAccessPolicy(),
            new TakeBackResource(),
            new EnableDevice()
        );

    /// <summary>All of them, in order.</summary>
    public IReadOnlyList<ILeaverStep> All { get; }

    /// <summary>The requests they may make, each with its least permission.</summary>
    public IReadOnlyList<DeclaredCall> Calls { get; }

    /// <summary>The step of an action; null when there is none.</summary>
    public ILeaverStep? Find(string action) => _places.TryGetValue(action, out var place) ? All[place] : null;

    /// <summary>The step that takes a kind of access away; null when there is none.</summary>
    public IRemovalStep? FindRemoval(AccessKind kind) => _removals.GetValueOrDefault(kind);

    /// <summary>The request that carries a step out.</summary>
    /// <param name="step">The step.</param>
    /// <param name="graph">Address of Graph with its version, which references in bodies name.</param>
    /// <exception cref="ArgumentException">There is no such action, or an argument it needs is missing.</exception>
    public StepRequest Request(PlanStep step, string graph = StepRequest.PublicGraph) =>
        Find(step.Action)?.Request(step, graph) ?? throw new ArgumentException($"no request carries out {step.Action}", nameof(step));

    /// <summary>What a person does in place of a step.</summary>
    public ManualStep ByHand(PlanStep step, string why) => new(step.Target, why, Request(step).Command());

    /// <summary>Steps in the order of a plan, which does not depend on the order of what was read.</summary>
    /// <param name="steps">The steps, each with what the access it is about holds: the most sensitive comes first.</param>
    public IReadOnlyList<PlanStep> Sort(IEnumerable<(PlanStep Step, AssetClass Asset)> steps) =>
        [
            .. steps
                .OrderBy(s => s.Step.Wave)
                .ThenBy(s => _places[s.Step.Action])
                .ThenByDescending(s => s.Asset)
                .ThenBy(s => s.Step.Target.Type, StringComparer.Ordinal)
                .ThenBy(s => s.Step.Target.Id, StringComparer.Ordinal)
                .Select(s => s.Step),
        ];
}
