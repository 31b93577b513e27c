using Compliance.Changes.Flow;
using Compliance.Changes.Plans;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Planning;

namespace Compliance.Offboarding.Rounds;

/// <summary>What becomes of a case once access was given back, as far as it can be.</summary>
internal sealed class UndoEnding(LeaverRounds rounds, TakenAccess taken, CaseFindings findings)
{
    /// <summary>
    /// What these rounds took is given back, as far as it can be. The case is changed last: as long as it is not, this is done again.
    /// </summary>
    public async Task<ChangeDecision> GivenBackAsync(
        LeaverCase known,
        IReadOnlyList<ActedRound> acted,
        string? note,
        CancellationToken cancellationToken
    )
    {
        await findings.ReportAsync(known, [CasePhase.Undo], [], rounds.Now, cancellationToken);
        foreach (var (round, _) in acted)
            await rounds.ChangeStateAsync(round, s => s with { GivenBack = true }, cancellationToken);
        var others = await taken.RoundsAsync(known, cancellationToken);
        var isRestored = false;
        for (var round = 1; round <= known.Round && !isRestored; round++)
        {
            var state = await rounds.StateAsync(new CaseRun(known.Id, round, ""), cancellationToken);
            isRestored = state.Restored.Count > 0;
            if (state is { IsUserDeleted: true, Facts.PrincipalName: var name })
                note ??= $"{name} was deleted: nothing could be given back";
        }
        await rounds.ChangeAsync(new CaseRun(known.Id, known.Round, ""), c => Ended(c, others, isRestored, note), cancellationToken);
        return new(NextAction.Stop);
    }

    /// <summary>
    /// The user was deleted: whether the account was disabled before is not known, and nothing can be given back. That is kept and reported
    /// before the case ends.
    /// </summary>
    public async Task<ChangeDecision> DeletedAsync(
        LeaverCase known,
        TakenFromPerson person,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        foreach (var (round, _) in person.Rounds)
            await rounds.ChangeStateAsync(round, s => s with { IsUserDeleted = true }, cancellationToken);
        await taken.ReportNotGivenBackAsync(known, policy, cancellationToken);
        return await GivenBackAsync(known, person.Rounds, null, cancellationToken);
    }

    /// <summary>
    /// Keeps and reports what is tried no more: the next undo of the person has it too, for it would find the account disabled and leave it
    /// so.
    /// </summary>
    public async Task LeaveAsync(
        LeaverCase known,
        CaseRun acted,
        ActionPlan plan,
        IReadOnlyList<StepOutcome> left,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var planned = plan.Steps.ToDictionary(s => s.Id, StringComparer.Ordinal);
        var earlier = (await taken.NotGivenBackAsync(known, cancellationToken)).Where(r => Ids.Same(r.UserId, plan.SubjectId)).ToList();
        // For a person to do, then as now.
        var byHand = earlier
            .SelectMany(r => r.State.NotGivenBack)
            .Where(l => !planned.ContainsKey(l.Step.Id))
            .DistinctBy(l => l.Step.Id, StringComparer.Ordinal)
            .ToList();
        await rounds.ChangeStateAsync(
            acted,
            s =>
                s with
                {
                    NotGivenBack = [.. left.Select(o => new NotGivenBack(planned[o.StepId], o.Reason)), .. byHand],
                    NotInSnapshot = [.. plan.Manual.Where(m => m.Why == UndoPlanner.NotKept)],
                },
            cancellationToken
        );
        foreach (var (run, _) in earlier.Where(r => r.Run.Round != acted.Round))
            await rounds.ChangeStateAsync(run, s => s with { NotGivenBack = [] }, cancellationToken);
        await taken.ReportNotGivenBackAsync(known, policy, cancellationToken);
    }

    private static LeaverCase Ended(LeaverCase known, IReadOnlyList<ActedRound> others, bool isRestored, string? note)
    {
        // A round that has begun meanwhile has taken something again.
        var acts = known.BegunAt is not null && known.RestedAt is null;
        known = known with
        {
            IsTaken = acts || others.Any(o => known.UserId is { } leaver && Ids.Same(o.UserId, leaver)),
            IsTakenFromOther = others.Any(o => known.UserId is not { } leaver || !Ids.Same(o.UserId, leaver)),
        };
        if (!CaseRules.IsTakenBack(known) || known.IsTaken || known.IsTakenFromOther)
            return known;
        return isRestored
            ? LeaverTransitions.Apply(known, StageChange.GivenBack) with
            {
                Note = note,
            }
            : LeaverTransitions.Apply(known, StageChange.NothingToGiveBack) with
            {
                Note = note ?? "nothing was done that could be given back",
            };
    }
}
