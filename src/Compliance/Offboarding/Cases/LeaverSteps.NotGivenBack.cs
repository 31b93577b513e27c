using Compliance.Changes.Plans;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Planning;
using Compliance.Runs;

namespace Compliance.Offboarding.Cases;

public sealed partial class LeaverSteps
{
    /// <summary>
    /// Reads daily what an undo could not give back. What is there again is kept no more, nor is what a deleted user had.
    /// </summary>
    public async Task CheckNotGivenBackAsync(CancellationToken stop)
    {
        var policy = _parts.Policy.Load();
        var open = await _parts.Cases.OpenAsync(Tenant, dueSince: null, stop);
        await Each.RunAsync(open.Where(c => c.IsNotGivenBack), CheckAsync, stop);

        async Task CheckAsync(LeaverCase known)
        {
            var people = (await NotGivenBackAsync(known, stop)).GroupBy(r => r.State.Facts!.UserId, StringComparer.OrdinalIgnoreCase);
            foreach (var person in people)
                await CheckNotGivenBackAsync([.. person], policy, stop);
            await ReportNotGivenBackAsync(known, policy, stop);
        }
    }

    private async Task CheckNotGivenBackAsync(IReadOnlyList<ActedRound> rounds, OffboardingPolicy policy, CancellationToken stop)
    {
        var facts = rounds[0].State.Facts!;
        if (!(await _parts.Directory.RecheckAsync([facts.UserId], stop)).TryGetValue(facts.UserId, out var seen))
            return;
        var isAccess = seen.Exists && rounds.Any(r => r.State.NotGivenBack.Any(l => IsAccess(l.Step)));
        var access = isAccess ? await _parts.Directory.ReadAccessAsync(facts.UserId, facts.PrincipalName, policy, stop) : null;
        foreach (var (run, state) in rounds)
        {
            var left = state.NotGivenBack.Where(l => seen.Exists && !(l.Step.Action switch
            {
                LeaverActions.EnableAccount => seen.Enabled == true,
                LeaverActions.RemoveFromBlockGroup =>
                    seen.Memberships?.Contains(l.Step.Target.Id, StringComparer.OrdinalIgnoreCase) == false,
                _ => UndoPlanner.IsSeen(l.Step, access!, facts, policy),
            })).ToList();
            if (left.Count < state.NotGivenBack.Count)
                await ChangeStateAsync(run, s => s with { NotGivenBack = left }, stop);
        }
    }

    private static bool IsAccess(PlanStep step) => step.Action is not (LeaverActions.EnableAccount or LeaverActions.RemoveFromBlockGroup);

    // What is tried no more becomes a finding, and is kept for the next undo, which would find the account disabled and leave it so.
    private async Task LeaveAsync(
        LeaverCase known, CaseRun acted, ActionPlan plan, IReadOnlyList<StepOutcome> left, OffboardingPolicy policy, CancellationToken stop)
    {
        var planned = plan.Steps.ToDictionary(s => s.Id, StringComparer.Ordinal);
        var earlier = (await NotGivenBackAsync(known, stop)).Where(r => Same(r.State.Facts!.UserId, plan.SubjectId)).ToList();
        // For a person to do, then as now.
        var byHand = earlier.SelectMany(r => r.State.NotGivenBack).Where(l => !planned.ContainsKey(l.Step.Id))
            .DistinctBy(l => l.Step.Id, StringComparer.Ordinal).ToList();
        await ChangeStateAsync(
            acted, s => s with { NotGivenBack = [.. left.Select(o => new NotGivenBack(planned[o.StepId], o.Reason)), .. byHand] }, stop);
        foreach (var (run, _) in earlier.Where(r => r.Run.Round != acted.Round))
            await ChangeStateAsync(run, s => s with { NotGivenBack = [] }, stop);
        await ReportNotGivenBackAsync(known, policy, stop);
    }

    // While the person leaves, no finding says to give anything back.
    private async Task ReportNotGivenBackAsync(LeaverCase known, OffboardingPolicy policy, CancellationToken stop)
    {
        var rounds = await NotGivenBackAsync(known, stop);
        var staying = CaseRules.IsStaying(known, Now);
        await ReportAsync(known, [CasePhase.NotGivenBack],
            [
                .. rounds.Where(r => staying || !Same(r.State.Facts!.UserId, known.UserId ?? ""))
                    .SelectMany(r => r.State.NotGivenBack, (r, left) => CaseFindings.Of(
                        known, policy, CasePhase.NotGivenBack, LeaverControls.StepStuck, $"Not given back: {left.Reason}",
                        $"If the person still stays, do it by hand; it is read again every day: {Steps.ByHand(left.Step, "").WhatToDo}",
                        part: $"round-{r.Run.Round}-{left.Step.Id}")),
            ], stop);
        await ChangeAsync(new CaseRun(known.Id, known.Round, ""), c => c with { IsNotGivenBack = rounds.Count > 0 }, stop);
    }

    // Of every person whom a round took for the leaver; a later round that found it given back ends it.
    private async Task<IReadOnlyList<ActedRound>> NotGivenBackAsync(LeaverCase known, CancellationToken stop)
    {
        var (rounds, later) = (new List<ActedRound>(), new List<CaseState>());
        for (var round = known.Round; round >= 1; round--)
        {
            var run = new CaseRun(known.Id, round, "");
            var state = await StateAsync(run, stop);
            if (state.Facts is not { UserId: var userId })
                continue;
            var seen = later.Where(s => Same(s.Facts!.UserId, userId)).ToList();
            var left = state.NotGivenBack.Where(l => !seen.Exists(s => IsFoundGivenBack(l.Step, s))).ToList();
            if (left.Count > 0)
                rounds.Insert(0, new(run, state with { NotGivenBack = left }));
            later.Add(state);
        }
        return rounds;
    }

    private static bool IsFoundGivenBack(PlanStep step, CaseState later) => step.Action switch
    {
        LeaverActions.EnableAccount => later.Facts!.AccountEnabled == true,
        LeaverActions.RemoveFromBlockGroup => later.Group is { WasMember: false } group && Same(group.Id, step.Target.Id),
        _ => false,
    };
}
