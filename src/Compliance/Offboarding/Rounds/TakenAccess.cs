using Compliance.Changes.Plans;
using Compliance.Findings;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Cases;

namespace Compliance.Offboarding.Rounds;

/// <summary>What the rounds of a case took, from whom, and what of it was not given back.</summary>
internal sealed class TakenAccess(LeaverRounds rounds, CaseFindings findings)
{
    /// <summary>The rounds that may have taken something and did not give it back, the oldest first.</summary>
    public async Task<IReadOnlyList<ActedRound>> RoundsAsync(LeaverCase known, CancellationToken cancellationToken)
    {
        var acted = new List<ActedRound>();
        for (var round = 1; round <= known.Round; round++)
        {
            var run = new CaseRun(known.Id, round, "");
            var state = await rounds.StateAsync(run, cancellationToken);
            if (state is { Facts: not null, GivenBack: false } && state.EverReleased.Any())
                acted.Add(new(run, state));
        }
        return acted;
    }

    /// <summary>The rounds of the one person whose turn it is; null when nothing is to be given back.</summary>
    public async Task<TakenFromPerson?> ToGiveBackAsync(LeaverCase known, CancellationToken cancellationToken)
    {
        var acted = await RoundsAsync(known, cancellationToken);
        var staying = CaseRules.IsStaying(known, rounds.Now);
        var first = acted.FirstOrDefault(r => staying || known.UserId is not { } leaver || !Ids.Same(r.UserId, leaver));
        return first is null ? null : TakenFromPerson.Create([.. acted.Where(r => Ids.Same(r.UserId, first.UserId))]);
    }

    /// <summary>
    /// Whether a person leaves by another case: of several employments one may be taken back while another has ended, and what that one
    /// took is not given back by this one.
    /// </summary>
    public async Task<bool> LeavesOtherwiseAsync(LeaverCase known, string userId, CancellationToken cancellationToken)
    {
        var now = rounds.Now;
        return (await rounds.OpenCasesAsync(now - CaseRules.Remembered, cancellationToken)).Any(c =>
            c.Id != known.Id
            && c is { BegunAt: not null, EmployedIn: null, UserId: { } other }
            && Ids.Same(other, userId)
            && !CaseRules.IsTakenBack(c)
            && !CaseRules.IsLater(c, now)
        );
    }

    /// <summary>
    /// What could not be given back, by round, to every person whom a round took for the leaver; a later round that found it given back
    /// ends it.
    /// </summary>
    public async Task<IReadOnlyList<ActedRound>> NotGivenBackAsync(LeaverCase known, CancellationToken cancellationToken)
    {
        var (acted, later) = (new List<ActedRound>(), new List<CaseState>());
        for (var round = known.Round; round >= 1; round--)
        {
            var run = new CaseRun(known.Id, round, "");
            var state = await rounds.StateAsync(run, cancellationToken);
            if (state.Facts is not { UserId: var userId })
                continue;
            var seen = later.Where(s => Ids.Same(s.Facts!.UserId, userId)).ToList();
            var left = state.NotGivenBack.Where(l => !seen.Exists(s => IsFoundGivenBack(l.Step, s))).ToList();
            if (left.Count > 0)
                acted.Insert(0, new(run, state with { NotGivenBack = left }));
            later.Add(state);
        }
        return acted;
    }

    /// <summary>
    /// Reports what could not be given back. While the person leaves, by this case or another one, no finding says to give anything back.
    /// </summary>
    public async Task ReportNotGivenBackAsync(LeaverCase known, OffboardingPolicy policy, CancellationToken cancellationToken)
    {
        var acted = await NotGivenBackAsync(known, cancellationToken);
        var last = (await LastRoundsAsync(known, cancellationToken))
            .Where(r => r.State is { IsUserDeleted: true } or { NotInSnapshot.Count: > 0 })
            .ToList();
        var staying = CaseRules.IsStaying(known, rounds.Now);
        var leaving = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var userId in acted.Concat(last).Select(r => r.UserId).Distinct(StringComparer.OrdinalIgnoreCase))
            if (await LeavesOtherwiseAsync(known, userId, cancellationToken))
                leaving.Add(userId);
        var detections = acted
            .SelectMany(r => r.State.NotGivenBack, (r, left) => (Round: r, Detection: NotGivenBack(known, r, left, policy)))
            .Concat(last.Where(r => r.State.IsUserDeleted).Select(r => (Round: r, Detection: Deleted(known, r, policy))))
            .Concat(last.SelectMany(r => r.State.NotInSnapshot, (r, left) => (Round: r, Detection: NotInSnapshot(known, r, left, policy))))
            .Where(d => !leaving.Contains(d.Round.UserId) && (staying || !Ids.Same(d.Round.UserId, known.UserId ?? "")))
            .Select(d => d.Detection);
        await findings.ReportAsync(known, [CasePhase.NotGivenBack], [.. detections], rounds.Now, cancellationToken);
        await rounds.ChangeAsync(
            new CaseRun(known.Id, known.Round, ""),
            c => c with { IsNotGivenBack = acted.Count > 0 },
            cancellationToken
        );
    }

    /// <summary>Withdraws the advice of other cases to give back what this one has just taken.</summary>
    public async Task WithdrawAdviceAsync(LeaverCase known, OffboardingPolicy policy, CancellationToken cancellationToken)
    {
        foreach (var other in await rounds.OpenCasesAsync(dueSince: null, cancellationToken))
            if (other.IsNotGivenBack && other.Id != known.Id)
                await ReportNotGivenBackAsync(other, policy, cancellationToken);
    }

    // Of each person the last round: a later one found the user restored, and the access as it was by then.
    private async Task<IReadOnlyCollection<ActedRound>> LastRoundsAsync(LeaverCase known, CancellationToken cancellationToken)
    {
        var last = new Dictionary<string, ActedRound>(StringComparer.OrdinalIgnoreCase);
        for (var round = 1; round <= known.Round; round++)
        {
            var run = new CaseRun(known.Id, round, "");
            if (await rounds.StateAsync(run, cancellationToken) is { Facts.UserId: var userId } state)
                last[userId] = new(run, state);
        }
        return last.Values;
    }

    private static Detection NotGivenBack(LeaverCase known, ActedRound acted, NotGivenBack left, OffboardingPolicy policy) =>
        CaseFindings.Create(
            known,
            policy,
            CasePhase.NotGivenBack,
            OffboardingControls.StepStuck,
            $"Not given back: {left.Reason}",
            "If the person still stays, do it by hand; it is read again every day: " + $"{Steps.ByHand(left.Step, "").WhatToDo}"
        ) with
        {
            Part = $"round-{acted.Run.Round}-{left.Step.Id}",
        };

    private static Detection Deleted(LeaverCase known, ActedRound acted, OffboardingPolicy policy) =>
        CaseFindings.Create(
            known,
            policy,
            CasePhase.NotGivenBack,
            OffboardingControls.StepStuck,
            $"The person may stay, and the user {acted.State.Facts!.PrincipalName} was deleted: nothing could be given back, "
                + "and whether this case had disabled the account is not known.",
            "If the person is to use this account, restore the user within 30 days of the deletion and see that it can sign in: "
                + $"az rest --method post --url https://graph.microsoft.com/v1.0/directory/deletedItems/{acted.UserId}/restore"
        ) with
        {
            Part = $"round-{acted.Run.Round}-deleted",
        };

    private static Detection NotInSnapshot(LeaverCase known, ActedRound acted, ManualStep left, OffboardingPolicy policy) =>
        CaseFindings.Create(
            known,
            policy,
            CasePhase.NotGivenBack,
            OffboardingControls.StepStuck,
            $"{left.Target.Type} {left.Target.Name}: {left.Why}",
            left.WhatToDo
        ) with
        {
            Part = $"round-{acted.Run.Round}-{left.Target.Type}:{left.Target.Id}".ToLowerInvariant(),
        };

    private static bool IsFoundGivenBack(PlanStep step, CaseState later) =>
        step.Action switch
        {
            EnableAccount.Id => later.Facts!.AccountEnabled == true,
            RemoveFromBlockGroup.Id => later.Group is { WasMember: false } group && Ids.Same(group.Id, step.Target.Id),
            _ => false,
        };
}

/// <summary>A round that took something.</summary>
/// <param name="Run">Names its documents.</param>
/// <param name="State">What it did.</param>
internal sealed record ActedRound(CaseRun Run, CaseState State)
{
    /// <summary>Object id of whom it took it from.</summary>
    public string UserId => State.Facts!.UserId;
}

/// <summary>What was taken from one person.</summary>
/// <param name="Facts">
/// The person, before the first of the rounds; the account could sign in when any of them found it so: that one disabled it.
/// </param>
/// <param name="Rounds">The rounds that took it, the oldest first.</param>
internal sealed record TakenFromPerson(LeaverFacts Facts, IReadOnlyList<ActedRound> Rounds)
{
    /// <summary>What these rounds of one person took.</summary>
    public static TakenFromPerson Create(IReadOnlyList<ActedRound> rounds)
    {
        var facts = rounds[0].State.Facts!;
        return new(rounds.Any(r => r.State.Facts!.AccountEnabled == true) ? facts with { AccountEnabled = true } : facts, rounds);
    }

    /// <summary>The latest of them.</summary>
    public ActedRound Last => Rounds[^1];

    /// <summary>Whether the program knows that something is in effect.</summary>
    public bool IsSeen => Rounds.Any(r => r.State.Blocked.Any(o => o.InEffect) || r.State.Outcomes.Any(o => o.InEffect));
}
