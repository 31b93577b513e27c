using Compliance.Changes.Caps;
using Compliance.Changes.Execution;
using Compliance.Changes.Flow;
using Compliance.Changes.Guards;
using Compliance.Changes.Pauses;
using Compliance.Changes.Plans;

namespace ComplianceFunctions.Tests.Changes;

/// <summary>What the toy capability reads: boxes, and whether all could be read.</summary>
internal sealed record Boxes(IReadOnlyList<Box> All, bool IsRead);

/// <summary>A box, which is removed once it is old.</summary>
internal sealed record Box(string Id, bool IsOld, int Version);

/// <summary>
/// The smallest user of the flow: a capability that removes old boxes. All it supplies is here; the seven phases, crash safety and
/// approvals are the flow's.
/// </summary>
internal sealed class ToyChange(ToyWorld world) : IChange<Boxes>
{
    public const string Remove = "box.remove";

    public string Name => "toy";

    public IReadOnlyList<string> Controls => ["RUN-001"];

    public ChangePolicy LoadPolicy() => world.Policy;

    public Task<ChangeDue> IsDueAsync(ChangeRun run, CancellationToken cancellationToken) => Task.FromResult(world.DueOf(run));

    public async Task<Boxes> ObserveAsync(ChangeRun run, CancellationToken cancellationToken)
    {
        if (world.BeforeObservation is { } happening)
            await happening();
        return world.Observe(run.CaseId);
    }

    public ActionPlan Plan(ChangeRun run, Boxes observed, ChangePolicy policy) =>
        new()
        {
            Kind = "toy.remove",
            TenantId = run.TenantId,
            CaseId = run.CaseId,
            SubjectId = run.SubjectId,
            PolicySha256 = policy.Sha256,
            Steps =
            [
                .. observed
                    .All.Where(b => b.IsOld)
                    .OrderBy(b => b.Id, StringComparer.Ordinal)
                    .Select(b => (Box: b, Target: new PlanTarget("box", b.Id, b.Id)))
                    .Select(t => new PlanStep(
                        PlanStep.IdOf(Remove, t.Target, $"{t.Box.Version}"),
                        Remove,
                        t.Target,
                        0,
                        "it is old",
                        "toy.yaml#/old",
                        new Dictionary<string, string> { ["version"] = $"{t.Box.Version}" }
                    )),
            ],
        };

    public IReadOnlyList<Hold> Guard(ActionPlan plan, Boxes observed, ChangePolicy policy)
    {
        var holds = new List<Hold>();
        if (!observed.IsRead)
            holds.Add(new(Hold.Unreadable, "not all boxes could be read"));
        if (plan.Steps.Any(s => ToyWorld.IsPrecious(s.Target.Id)))
            holds.Add(new("precious", "a precious box would be removed"));
        return holds;
    }

    public CapLimits? Limits(Boxes observed, ChangePolicy policy) =>
        new(
            "plans-per-hour",
            "plans-per-day",
            "plans",
            "boxes",
            ToyWorld.PlansPerHour,
            SharePerDay: 1,
            observed.IsRead ? ToyWorld.PlansPerHour * 24 : null
        );

    public VerifiedChange Compare(ActionPlan plan, Boxes before, Boxes after, DateTimeOffset at) =>
        new(
            at,
            [
                .. plan.Steps.Select(s =>
                    !after.IsRead ? new VerifiedStep(s.Id, StepState.Unknown, "not read")
                    : after.All.Any(b => b.Id == s.Target.Id) ? new VerifiedStep(s.Id, StepState.NotInEffect, "it is still there")
                    : new VerifiedStep(s.Id, StepState.InEffect)
                ),
            ],
            after.IsRead ? world.UnreadBeside : ["boxes"]
        );
}

/// <summary>Removes boxes, one after the other, and only as they were planned.</summary>
internal sealed class ToyExecutor(ToyWorld world, IPause pause) : IPlanExecutor
{
    public async Task<PlanPass> RunAsync(
        ActionPlan plan,
        IReadOnlySet<string> settled,
        IReadOnlySet<string> tried,
        CancellationToken cancellationToken
    )
    {
        var outcomes = new List<StepOutcome>();
        foreach (var step in plan.Steps.Where(s => !settled.Contains(s.Id) && !tried.Contains(s.Id)))
        {
            if (await pause.HoldingAsync(isBlocking: false, cancellationToken) is { } holding)
                return new(outcomes, outcomes.Count == 0 ? holding.Wait : TimeSpan.Zero);
            await world.Simulation.PassAsync("remove");
            outcomes.Add(world.Remove(plan, step));
            if (world.AfterRemoval is { } happening)
                await happening();
        }
        return new(outcomes, TimeSpan.Zero);
    }
}
