using Compliance.Changes.Execution;
using Compliance.Changes.Plans;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Cases;

namespace Compliance.Offboarding.Rounds;

/// <summary>
/// Keeps and records what passes over removal and undo plans came to, also what a crash cut off from the case's state or from its record.
/// </summary>
internal sealed class RoundOutcomes(LeaverRounds rounds, PlanPasses passes)
{
    /// <summary>What the documents of passes over removal plans begin with.</summary>
    public const string Removed = "outcomes";

    /// <summary>What the documents of passes over undo plans begin with.</summary>
    public const string Restored = "restored";

    private static readonly Kind Removal = new(Removed, "remove", [OffboardingControls.NotClear, OffboardingControls.StepStuck]);
    private static readonly Kind Undo = new(Restored, "restore", [OffboardingControls.Held, OffboardingControls.StepStuck]);

    /// <summary>Name of the document that keeps the last pass over a plan.</summary>
    public static string PassName(CaseRun run, string kind, string planId) => LeaverRounds.Name(run, $"{kind}-{planId[..12]}-last.json");

    /// <summary>
    /// Records what the latest pass of each round came to and is not on record, before anything else goes on, whatever has forbidden the
    /// rest meanwhile.
    /// </summary>
    public async Task RecordCutOffAsync(CaseRun run, LeaverCase known, OffboardingPolicy policy, CancellationToken cancellationToken)
    {
        for (var round = 1; round <= known.Round; round++)
        {
            var acted = run with { Round = round };
            var state = await rounds.StateAsync(acted, cancellationToken);
            if (await LastPassAsync(acted, Removed, Steps.Remove, state.Begun, cancellationToken) is var (plan, outcomes))
                await KeepRemovedAsync(acted, plan, outcomes, policy, cancellationToken);
            var asked = state.Approvals.Any(id => id.Contains("-undo-", StringComparison.Ordinal)) ? state.Plans : [];
            if (await LastPassAsync(acted, Restored, Steps.Undo, asked, cancellationToken) is var (undo, restored))
                await KeepRestoredAsync(acted, undo, restored, policy, cancellationToken);
        }
    }

    /// <summary>Records what a removal plan came to so far, if that changed.</summary>
    /// <returns>Whether it was recorded now.</returns>
    public Task<bool> RecordRemovedAsync(
        CaseRun run,
        CaseState state,
        ActionPlan plan,
        DonePass pass,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var ofPlan = OfPlan(plan, state.Outcomes);
        var isComplete = pass.Whole && IsAllInEffect(plan, ofPlan);
        return RecordAsync(run, Removal, new(plan, ofPlan, pass.Outcomes, isComplete), policy, cancellationToken);
    }

    /// <summary>Records what an undo plan came to so far, if that changed.</summary>
    /// <param name="run">The round whose access is given back.</param>
    /// <param name="state">What the round did.</param>
    /// <param name="plan">The undo plan.</param>
    /// <param name="pass">The latest pass; whole when nothing of the plan is left.</param>
    /// <param name="policy">The policy in force.</param>
    /// <param name="cancellationToken">Stops between writes.</param>
    /// <returns>Whether it was recorded now.</returns>
    public Task<bool> RecordRestoredAsync(
        CaseRun run,
        CaseState state,
        ActionPlan plan,
        DonePass pass,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    ) => RecordAsync(run, Undo, new(plan, state.Restored, pass.Outcomes, pass.Whole), policy, cancellationToken);

    private Task<bool> RecordAsync(
        CaseRun run,
        Kind kind,
        PlanResult result,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    ) =>
        rounds.RecordChangeAsync(
            run,
            kind.Phase,
            result.Plan.Id(),
            result.All,
            async change =>
            {
                var name = $"{kind.Document}-{change.Phase[(kind.Phase.Length + 1)..]}.json";
                var (kept, digest) = await rounds.KeepAsync(run, name, result.Latest, cancellationToken);
                var what = new RoundEvidence
                {
                    Phase = change.Phase,
                    At = change.At,
                    Action = $"offboarding.{kind.Phase}",
                    Outcome = result.IsComplete ? "complete" : "incomplete",
                    Controls = kind.Controls,
                    Plan = result.Plan,
                    Counts = StepOutcomes.Counts(kept),
                    Details = new Dictionary<string, string> { [$"{kind.Document}.json"] = digest },
                    Also = change.Also,
                };
                await rounds.RecordAsync(run, policy, what, cancellationToken);
            },
            cancellationToken
        );

    private async Task KeepRemovedAsync(
        CaseRun run,
        ActionPlan plan,
        IReadOnlyList<StepOutcome> pass,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var state = await rounds.ChangeStateAsync(run, s => s with { Outcomes = MergeNewer(s.Outcomes, pass) }, cancellationToken);
        await RecordRemovedAsync(run, state, plan, new(OfPlan(plan, state.Outcomes), [], Whole: true), policy, cancellationToken);
    }

    private async Task KeepRestoredAsync(
        CaseRun run,
        ActionPlan plan,
        IReadOnlyList<StepOutcome> pass,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var state = await rounds.ChangeStateAsync(run, s => s with { Restored = MergeNewer(s.Restored, pass) }, cancellationToken);
        var ofPlan = OfPlan(plan, state.Restored);
        await RecordRestoredAsync(run, state, plan, new(ofPlan, [], IsAllInEffect(plan, ofPlan)), policy, cancellationToken);
    }

    // The latest plan of a kind that a pass was made over, and what the last pass came to; null when there is none.
    private async Task<(ActionPlan Plan, IReadOnlyList<StepOutcome> Outcomes)?> LastPassAsync(
        CaseRun run,
        string kind,
        string planKind,
        IReadOnlyList<string> planIds,
        CancellationToken cancellationToken
    )
    {
        foreach (var id in planIds.Reverse())
            if (
                await passes.LoadLastAsync(PassName(run, kind, id), cancellationToken) is { } last
                && await rounds.LoadPlanAsync(run, id, cancellationToken) is var plan
                && plan.Kind == planKind
            )
                return (plan, last);
        return null;
    }

    private static bool IsAllInEffect(ActionPlan plan, List<StepOutcome> outcomes) =>
        plan.Steps.All(s => outcomes.Exists(o => o.StepId == s.Id && o.InEffect));

    private static List<StepOutcome> OfPlan(ActionPlan plan, IReadOnlyList<StepOutcome> outcomes) =>
        [.. outcomes.Where(o => plan.Steps.Any(s => s.Id == o.StepId))];

    // A later pass may have changed an outcome since: it stays.
    private static IReadOnlyList<StepOutcome> MergeNewer(IReadOnlyList<StepOutcome> kept, IReadOnlyList<StepOutcome> pass) =>
        StepOutcomes.Merge(kept, [.. pass.Where(o => !kept.Any(k => k.StepId == o.StepId && k.At >= o.At))]);

    /// <summary>Plans whose passes are recorded alike.</summary>
    /// <param name="Document">What the documents of their passes begin with.</param>
    /// <param name="Phase">The phase of their records.</param>
    /// <param name="Controls">Ids of the controls that the records are evidence for.</param>
    private sealed record Kind(string Document, string Phase, IReadOnlyList<string> Controls);

    /// <summary>What a plan came to.</summary>
    /// <param name="Plan">The plan.</param>
    /// <param name="All">The last outcome of each step so far.</param>
    /// <param name="Latest">Outcomes of the latest pass.</param>
    /// <param name="IsComplete">Whether all of it is in effect.</param>
    private sealed record PlanResult(ActionPlan Plan, IReadOnlyList<StepOutcome> All, IReadOnlyList<StepOutcome> Latest, bool IsComplete);
}
