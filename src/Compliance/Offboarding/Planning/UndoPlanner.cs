using Compliance.Changes.Plans;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Directory;

namespace Compliance.Offboarding.Planning;

/// <summary>What an undo goes back on.</summary>
/// <param name="Plans">The plans that were carried out.</param>
/// <param name="Outcomes">What came of their steps: only what is in effect is undone.</param>
/// <param name="NotGivenBack">Steps that an earlier undo had and could not carry out.</param>
internal sealed record CarriedOut(
    IReadOnlyList<ActionPlan> Plans,
    IReadOnlyList<StepOutcome> Outcomes,
    IReadOnlyList<PlanStep> NotGivenBack
)
{
    /// <summary>The steps in effect. What a step found gone counts too: the answer to its own first attempt may have been lost.</summary>
    public IReadOnlyList<PlanStep> InEffect()
    {
        var done = Outcomes.Where(o => o.InEffect).Select(o => o.StepId).ToHashSet(StringComparer.Ordinal);
        return [.. Plans.SelectMany(p => p.Steps).Where(s => done.Contains(s.Id))];
    }
}

/// <summary>
/// Gives back what was taken away, from the snapshot, when the leaving is undone. What gives administrative power is never given back here,
/// and what cannot be made again (sign-in methods, tokens) is reported. New owners stay. Pure. What gives one kind of access back is in the
/// class of the step that takes it away.
/// </summary>
internal static class UndoPlanner
{
    /// <summary>Why a person gives back what an earlier undo had planned.</summary>
    public const string NotGivenBefore = "an earlier undo could not give it back";

    /// <summary>Why a person gives back what no snapshot has.</summary>
    public const string NotKept = "not restored: it was taken away, and no snapshot that was kept has it";

    /// <summary>The plan that gives access back.</summary>
    /// <param name="caseId">The case.</param>
    /// <param name="facts">The person, as looked up before blocking: an account that was disabled each time stays so.</param>
    /// <param name="snapshot">The access before anything was removed.</param>
    /// <param name="carriedOut">What is undone.</param>
    /// <param name="policy">In force.</param>
    /// <param name="registry">The steps there are; null for those of the app.</param>
    public static ActionPlan Plan(
        string caseId,
        LeaverFacts facts,
        AccessSnapshot snapshot,
        CarriedOut carriedOut,
        OffboardingPolicy policy,
        StepRegistry? registry = null
    )
    {
        ArgumentNullException.ThrowIfNull(facts);
        ArgumentNullException.ThrowIfNull(snapshot);
        ArgumentNullException.ThrowIfNull(policy);
        registry ??= StepRegistry.Default;
        var context = new UndoContext(facts, policy);
        var done = carriedOut.InEffect();
        var planned = OfSteps(done, context, registry)
            .Select(p => (Asset: AssetClass.Other, Planned: p))
            .Concat(Removed(snapshot, done).Select(a => (a.Asset, Planned: GiveBack(a, context, registry))))
            .ToList();
        var steps = planned.SelectMany(p => p.Planned.Steps, (p, step) => (Step: step, p.Asset)).ToList();
        var manual = planned.SelectMany(p => p.Planned.Manual).Concat(NotInSnapshot(snapshot, done, context, registry)).ToList();
        var known = steps.Select(s => s.Step.Id).ToHashSet(StringComparer.Ordinal);
        foreach (var left in carriedOut.NotGivenBack.Where(e => known.Add(e.Id)))
            // What was judged to give no power then may give it now.
            if (registry.Find(left.Action) is not (null or IGiveBackStep))
                steps.Add((left, AssetClass.Other));
            else
                manual.Add(registry.ByHand(left, NotGivenBefore));
        return new()
        {
            Kind = Steps.Undo,
            TenantId = snapshot.TenantId,
            CaseId = caseId,
            SubjectId = facts.UserId,
            PolicySha256 = policy.Sha256,
            Steps = registry.Sort(steps),
            Manual = Steps.Sort(manual),
        };
    }

    /// <summary>True when what a step of giving back gives is seen among a person's access; false also when that was not read.</summary>
    public static bool IsSeen(
        PlanStep step,
        AccessSnapshot seen,
        LeaverFacts facts,
        OffboardingPolicy policy,
        StepRegistry? registry = null
    )
    {
        registry ??= StepRegistry.Default;
        var context = new UndoContext(facts, policy);
        var getsNewId = registry.Find(step.Action) is IGiveBackStep { GetsNewId: true };
        return seen
            .Accesses.Where(a => registry.FindRemoval(a.Kind)?.IsInForce(a) == true)
            .SelectMany(a => GiveBack(a, context, registry).Steps)
            .Any(given =>
                given.Action == step.Action && (Same(given.Target.Id, step.Target.Id) || (getsNewId && HasSameArguments(given, step)))
            );
    }

    private static bool HasSameArguments(PlanStep given, PlanStep step) =>
        given.Arguments.Count == step.Arguments.Count && given.Arguments.All(a => Same(a.Value, step.Arguments.GetValueOrDefault(a.Key)));

    private static IEnumerable<PlannedAccess> OfSteps(IReadOnlyList<PlanStep> done, UndoContext context, StepRegistry registry) =>
        done.DistinctBy(s => s.Id, StringComparer.Ordinal)
            .GroupBy(s => s.Action, StringComparer.Ordinal)
            .Select(g => registry.Find(g.Key)?.UndoDone([.. g], context) ?? PlannedAccess.Nothing);

    // A later round, under a policy that names another group or none, took a membership for access that an earlier one had made.
    private static IEnumerable<Access> Removed(AccessSnapshot snapshot, IReadOnlyList<PlanStep> done)
    {
        var removed = done.Select(s => s.Arguments.GetValueOrDefault(StepArguments.Access))
            .OfType<string>()
            .ToHashSet(StringComparer.Ordinal);
        return BlockGroup
            .Without(snapshot, done.Where(s => s.Action == AddToBlockGroup.Id).Select(s => s.Target.Id))
            .Accesses.Where(a => removed.Contains(a.Key))
            .DistinctBy(a => a.Key, StringComparer.Ordinal);
    }

    // An earlier version kept the first snapshot of a round alone, whatever its later plans took.
    private static IEnumerable<ManualStep> NotInSnapshot(
        AccessSnapshot snapshot,
        IReadOnlyList<PlanStep> done,
        UndoContext context,
        StepRegistry registry
    )
    {
        var known = snapshot.Accesses.Select(a => a.Key).ToHashSet(StringComparer.Ordinal);
        var blockGroups = done.Where(s => s.Action == AddToBlockGroup.Id).Select(s => s.Target.Id).ToList();
        return done.Where(s => s.Arguments.TryGetValue(StepArguments.Access, out var access) && !known.Contains(access))
            // The account is given back without any snapshot.
            .Where(s => registry.Find(s.Action) is not IRemovalStep removal || !removal.Kinds.Contains(AccessKind.Account))
            .Where(s => !blockGroups.Contains(s.Target.Id, StringComparer.OrdinalIgnoreCase))
            .DistinctBy(s => s.Arguments[StepArguments.Access], StringComparer.Ordinal)
            .Select(s => new ManualStep(
                s.Target,
                NotKept,
                $"give {s.Target.Name} again by hand, if {context.Facts.PrincipalName} still needs it"
            ));
    }

    private static PlannedAccess GiveBack(Access access, UndoContext context, StepRegistry registry)
    {
        var removal = registry.FindRemoval(access.Kind);
        var power = removal?.Power ?? PowerJudgement.Marked;
        // Who is in a group or owns an application has its power, and a role may let its holder assign roles: none of it comes back unless
        // it was read to give no such power.
        var isUnjudged = power == PowerJudgement.Read && access.Details.GetValueOrDefault(Power.Detail, Power.NotRead) == Power.NotRead;
        if (isUnjudged || power == PowerJudgement.Always || (access.Privileged && power != PowerJudgement.Never))
            return PlannedAccess.LeaveToPerson(
                access,
                isUnjudged
                    ? "not restored: whether it gives administrative power could not be read, so it counts as privileged"
                    : "not restored: privileged",
                $"have {access.Name} asked for and approved again, if {context.Facts.PrincipalName} still needs it"
            );
        return removal?.Undo(access, context) ?? UndoContext.NotEnough(access);
    }

    private static bool Same(string? one, string? other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);
}
