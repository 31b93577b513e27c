using Compliance.Changes.Plans;
using Compliance.Findings;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Planning;
using Compliance.Runs;

namespace Compliance.Offboarding.Cases;

public sealed partial class LeaverSteps
{
    /// <summary>
    /// Reads daily what an undo could not give back. What is there again is kept no more, nor is what a deleted user had.
    /// </summary>
    public async Task CheckNotGivenBackAsync(CancellationToken cancellationToken)
    {
        var policy = _parts.Policy.Load();
        var open = await _parts.Cases.OpenAsync(Tenant, dueSince: null, cancellationToken);
        await Each.RunAsync(open.Where(c => c.IsNotGivenBack), CheckAsync, cancellationToken);

        async Task CheckAsync(LeaverCase known)
        {
            var people = (await NotGivenBackAsync(known, cancellationToken)).GroupBy(
                r => r.State.Facts!.UserId,
                StringComparer.OrdinalIgnoreCase
            );
            foreach (var person in people)
                await CheckNotGivenBackAsync([.. person], policy, cancellationToken);
            await ReportNotGivenBackAsync(known, policy, cancellationToken);
        }
    }

    private async Task CheckNotGivenBackAsync(
        IReadOnlyList<ActedRound> rounds,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var facts = rounds[0].State.Facts!;
        if (!(await _parts.Directory.RecheckAsync([facts.UserId], cancellationToken)).TryGetValue(facts.UserId, out var seen))
            return;
        var isAccess = seen.Exists && rounds.Any(r => r.State.NotGivenBack.Any(l => IsAccess(l.Step)));
        var access = isAccess ? await _parts.Directory.ReadAccessAsync(facts.UserId, facts.PrincipalName, policy, cancellationToken) : null;
        foreach (var (run, state) in rounds)
        {
            var left = state
                .NotGivenBack.Where(l =>
                    seen.Exists
                    && !(
                        l.Step.Action switch
                        {
                            LeaverActions.EnableAccount => seen.Enabled == true,
                            LeaverActions.RemoveFromBlockGroup => seen.Memberships?.Contains(
                                l.Step.Target.Id,
                                StringComparer.OrdinalIgnoreCase
                            ) == false,
                            _ => UndoPlanner.IsSeen(l.Step, access!, facts, policy),
                        }
                    )
                )
                .ToList();
            if (left.Count < state.NotGivenBack.Count)
                await ChangeStateAsync(run, s => s with { NotGivenBack = left }, cancellationToken);
        }
    }

    /// <summary>
    /// Reads daily whether somebody whom HR reported as employed again can use the account that the case of their other employment
    /// disabled: that case gives nothing back, and the undo of a later one leaves the account as it found it.
    /// </summary>
    public async Task CheckLockedOutAsync(CancellationToken cancellationToken)
    {
        var policy = _parts.Policy.Load();
        var all = await _parts.Cases.AllAsync(Tenant, cancellationToken);
        var reported = await _parts.Findings.CasesAsync(Tenant, CasePhase.LockedOut, cancellationToken);
        var people = new List<(LeaverCase Case, LeaverFacts Facts)>();
        foreach (var known in all.Where(c => IsEmployedOfLate(c, all, policy)))
            if (await DisabledAsync(known, cancellationToken) is { } facts)
                people.Add((known, facts));
        var seen = await _parts.Directory.RecheckAsync(
            [.. people.Select(p => p.Facts.UserId).Distinct(StringComparer.OrdinalIgnoreCase)],
            cancellationToken
        );
        foreach (var (known, facts) in people)
        {
            // What was not read keeps the finding as it is.
            if (!seen.TryGetValue(facts.UserId, out var now) || (now.Exists && now.Enabled is null))
                continue;
            if (now is { Exists: true, Enabled: false })
                await ReportAsync(known, [CasePhase.LockedOut], [LockedOut(known, facts, policy)], cancellationToken);
            else if (reported.Contains(known.Id))
                await ReportAsync(known, [CasePhase.LockedOut], [], cancellationToken);
        }
        foreach (var known in all.Where(c => reported.Contains(c.Id) && people.TrueForAll(p => p.Case.Id != c.Id)))
            await ReportAsync(known, [CasePhase.LockedOut], [], cancellationToken);
    }

    // For as long after HR's report as a former leaver is watched: whoever has another account by then does not need this one.
    private bool IsEmployedOfLate(LeaverCase known, IReadOnlyList<LeaverCase> all, OffboardingPolicy policy) =>
        known is { EmployedIn: not null, IsTaken: true, UserId: not null }
        && all.Any(c =>
            HrEventKeys.SameEmployee(c.EmployeeId, known.EmployeeId)
            && c.Employment == known.EmployedIn
            && c.Latest.Time > Now - policy.WatchFor
        );

    // The person, when the case disabled the account and did not enable it.
    private async Task<LeaverFacts?> DisabledAsync(LeaverCase known, CancellationToken cancellationToken) =>
        (await TakenRoundsAsync(known, cancellationToken))
            .Select(r => r.State.Facts!)
            .FirstOrDefault(f => f.AccountEnabled == true && Same(f.UserId, known.UserId!));

    private static Detection LockedOut(LeaverCase known, LeaverFacts facts, OffboardingPolicy policy)
    {
        var enable = Steps.Create(
            LeaverActions.EnableAccount,
            new PlanTarget("user", facts.UserId, facts.PrincipalName),
            0,
            "",
            "",
            (StepArguments.UserId, facts.UserId)
        );
        return CaseFindings.Create(
            known,
            policy,
            CasePhase.LockedOut,
            LeaverControls.StepStuck,
            $"HR reported that the person is employed (employment {known.EmployedIn}), and the account that this case disabled "
                + "cannot sign in.",
            "If the person is to use this account, enable it by hand; it is read again every day: " + Steps.ByHand(enable, "").WhatToDo,
            part: "locked-out"
        );
    }

    private static bool IsAccess(PlanStep step) => step.Action is not (LeaverActions.EnableAccount or LeaverActions.RemoveFromBlockGroup);

    // What is tried no more becomes a finding, and is kept for the next undo, which would find the account disabled and leave it so.
    private async Task LeaveAsync(
        LeaverCase known,
        CaseRun acted,
        ActionPlan plan,
        IReadOnlyList<StepOutcome> left,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var planned = plan.Steps.ToDictionary(s => s.Id, StringComparer.Ordinal);
        var earlier = (await NotGivenBackAsync(known, cancellationToken)).Where(r => Same(r.State.Facts!.UserId, plan.SubjectId)).ToList();
        // For a person to do, then as now.
        var byHand = earlier
            .SelectMany(r => r.State.NotGivenBack)
            .Where(l => !planned.ContainsKey(l.Step.Id))
            .DistinctBy(l => l.Step.Id, StringComparer.Ordinal)
            .ToList();
        await ChangeStateAsync(
            acted,
            s => s with { NotGivenBack = [.. left.Select(o => new NotGivenBack(planned[o.StepId], o.Reason)), .. byHand] },
            cancellationToken
        );
        foreach (var (run, _) in earlier.Where(r => r.Run.Round != acted.Round))
            await ChangeStateAsync(run, s => s with { NotGivenBack = [] }, cancellationToken);
        await ReportNotGivenBackAsync(known, policy, cancellationToken);
    }

    // While the person leaves, by this case or another one, no finding says to give anything back.
    private async Task ReportNotGivenBackAsync(LeaverCase known, OffboardingPolicy policy, CancellationToken cancellationToken)
    {
        var rounds = await NotGivenBackAsync(known, cancellationToken);
        var staying = CaseRules.IsStaying(known, Now);
        var leaving = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var userId in rounds.Select(r => r.State.Facts!.UserId).Distinct(StringComparer.OrdinalIgnoreCase))
            if (await LeavesOtherwiseAsync(known, userId, cancellationToken))
                leaving.Add(userId);
        await ReportAsync(
            known,
            [CasePhase.NotGivenBack],
            [
                .. rounds
                    .Where(r =>
                        !leaving.Contains(r.State.Facts!.UserId) && (staying || !Same(r.State.Facts!.UserId, known.UserId ?? ""))
                    )
                    .SelectMany(
                        r => r.State.NotGivenBack,
                        (r, left) =>
                            CaseFindings.Create(
                                known,
                                policy,
                                CasePhase.NotGivenBack,
                                LeaverControls.StepStuck,
                                $"Not given back: {left.Reason}",
                                "If the person still stays, do it by hand; it is read again every day: "
                                    + $"{Steps.ByHand(left.Step, "").WhatToDo}",
                                part: $"round-{r.Run.Round}-{left.Step.Id}"
                            )
                    ),
            ],
            cancellationToken
        );
        await ChangeAsync(new CaseRun(known.Id, known.Round, ""), c => c with { IsNotGivenBack = rounds.Count > 0 }, cancellationToken);
    }

    // Another case may have advised to give back what this one has just taken.
    private async Task WithdrawAdviceAsync(LeaverCase known, OffboardingPolicy policy, CancellationToken cancellationToken)
    {
        foreach (var other in await _parts.Cases.OpenAsync(Tenant, dueSince: null, cancellationToken))
            if (other.IsNotGivenBack && other.Id != known.Id)
                await ReportNotGivenBackAsync(other, policy, cancellationToken);
    }

    // Of every person whom a round took for the leaver; a later round that found it given back ends it.
    private async Task<IReadOnlyList<ActedRound>> NotGivenBackAsync(LeaverCase known, CancellationToken cancellationToken)
    {
        var (rounds, later) = (new List<ActedRound>(), new List<CaseState>());
        for (var round = known.Round; round >= 1; round--)
        {
            var run = new CaseRun(known.Id, round, "");
            var state = await StateAsync(run, cancellationToken);
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

    private static bool IsFoundGivenBack(PlanStep step, CaseState later) =>
        step.Action switch
        {
            LeaverActions.EnableAccount => later.Facts!.AccountEnabled == true,
            LeaverActions.RemoveFromBlockGroup => later.Group is { WasMember: false } group && Same(group.Id, step.Target.Id),
            _ => false,
        };
}
