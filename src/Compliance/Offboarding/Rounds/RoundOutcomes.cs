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
        var what = new RoundEvidence
        {
            Phase = "remove",
            At = pass.Outcomes.Select(o => o.At).DefaultIfEmpty(rounds.Now).Max(),
            Action = "offboarding.remove",
            Outcome = pass.Whole && IsAllInEffect(plan, ofPlan) ? "complete" : "incomplete",
            Controls = [LeaverControls.NotClear, LeaverControls.StepStuck],
            Plan = plan,
        };
        return RecordAsync(run, ofPlan, pass.Outcomes, what, Removed, policy, cancellationToken);
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
    )
    {
        var what = new RoundEvidence
        {
            Phase = "restore",
            At = pass.Outcomes.Select(o => o.At).DefaultIfEmpty(rounds.Now).Max(),
            Action = "offboarding.restore",
            Outcome = pass.Whole ? "complete" : "incomplete",
            Controls = [LeaverControls.Held, LeaverControls.StepStuck],
            Plan = plan,
        };
        return RecordAsync(run, state.Restored, pass.Outcomes, what, Restored, policy, cancellationToken);
    }

    private Task<bool> RecordAsync(
        CaseRun run,
        IReadOnlyList<StepOutcome> all,
        IReadOnlyList<StepOutcome> outcomes,
        RoundEvidence what,
        string document,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    ) =>
        rounds.RecordChangeAsync(
            run,
            what.Phase,
            what.Plan!.Id(),
            all,
            async change =>
            {
                var name = $"{document}-{change.Phase[(what.Phase.Length + 1)..]}.json";
                var digest = await rounds.SaveAsync(run, name, outcomes, cancellationToken);
                var evidence = what with
                {
                    Phase = change.Phase,
                    At = change.At,
                    Counts = StepOutcomes.Counts(outcomes),
                    Details = new Dictionary<string, string> { [$"{document}.json"] = digest },
                    Also = change.Also,
                };
                await rounds.RecordAsync(run, policy, evidence, cancellationToken);
            },
            cancellationToken
        );

    private async Task KeepRemovedAsync(
        CaseRun run,
        ActionPlan plan,
        IReadOnlyList<StepOutcome> outcomes,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var state = await rounds.ChangeStateAsync(
            run,
            s => s with { Outcomes = StepOutcomes.Merge(s.Outcomes, Newer(outcomes, s.Outcomes)) },
            cancellationToken
        );
        await RecordRemovedAsync(run, state, plan, new(OfPlan(plan, state.Outcomes), [], Whole: true), policy, cancellationToken);
    }

    private async Task KeepRestoredAsync(
        CaseRun run,
        ActionPlan plan,
        IReadOnlyList<StepOutcome> outcomes,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var state = await rounds.ChangeStateAsync(
            run,
            s => s with { Restored = StepOutcomes.Merge(s.Restored, Newer(outcomes, s.Restored)) },
            cancellationToken
        );
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

    private static List<StepOutcome> Newer(IReadOnlyList<StepOutcome> pass, IReadOnlyList<StepOutcome> kept) =>
        [.. pass.Where(o => !kept.Any(k => k.StepId == o.StepId && k.At >= o.At))];
}
