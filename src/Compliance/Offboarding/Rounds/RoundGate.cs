using Compliance.Offboarding.Cases;

namespace Compliance.Offboarding.Rounds;

/// <summary>
/// Whether a round may go on: every step asks here first. One that HR took back or put off comes to rest here: nothing of it acts from then
/// on, and what it did can be given back. An event that says otherwise comes before that, and the round goes on, or after it and begins
/// another round.
/// </summary>
internal sealed class RoundGate(LeaverRounds rounds, RoundOutcomes outcomes, CapPlaces places, CaseFindings findings)
{
    // What comes to rest leaves the findings of these phases to whoever can see that they are gone.
    private static readonly CasePhase[] KeptAtRest =
    [
        CasePhase.Undo,
        CasePhase.NotGivenBack,
        CasePhase.Rest,
        CasePhase.LockedOut,
        CasePhase.Confirmation,
    ];

    /// <summary>The case, and whether another round or nothing at all goes on in its place.</summary>
    public async Task<(LeaverCase Known, bool IsSuperseded)> LoadAsync(
        CaseRun run,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var (known, isSuperseded) = await RestIfSupersededAsync(run, policy, cancellationToken);
        if (isSuperseded)
            await places.ReleaseAsync(run, cancellationToken);
        return (known, isSuperseded);
    }

    /// <inheritdoc cref="CapPlaces.ReleaseAsync"/>
    public Task ReleasePlaceAsync(CaseRun run, CancellationToken cancellationToken) => places.ReleaseAsync(run, cancellationToken);

    /// <summary>
    /// The case, once it knows of the person's other employments: HR's event of another one may be stored, and whoever took it in cut off
    /// before this case was changed. A start for cause outweighs what HR reported before, and when that was is the intake's to judge.
    /// </summary>
    public async Task<LeaverCase> WithOtherEmploymentAsync(
        CaseRun run,
        LeaverCase known,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        if (!IsOpen(known))
            return known;
        var (all, now) = (await rounds.CasesOfPersonAsync(known.EmployeeId, cancellationToken), rounds.Now);
        if (CaseRules.EmployedIn(known, all, now) is null)
            return known;
        known = await rounds.ChangeAsync(
            run,
            c => IsOpen(c) ? c with { EmployedIn = CaseRules.EmployedIn(c, all, now) } : c,
            cancellationToken
        );
        if (CaseCourse.WorksOn(known, all, policy, now) is { } detection)
            await findings.OpenAsync(rounds.Tenant, known.Id, [OffboardingControls.Stalled], [detection], now, cancellationToken);
        return known;

        bool IsOpen(LeaverCase c) => c.Round == run.Round && c.EmployedIn is null && CaseRules.IsActing(c) && !CaseRules.IsForCause(c);
    }

    private async Task<(LeaverCase Known, bool IsSuperseded)> RestIfSupersededAsync(
        CaseRun run,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var known = await WithOtherEmploymentAsync(run, await rounds.CaseAsync(run, cancellationToken), policy, cancellationToken);
        var now = rounds.Now;
        if (known.Round != run.Round || known.RestedAt is not null)
            return (known, CaseRules.IsSuperseded(known, run.Round));
        if (CaseRules.Rested(known, now) == known)
            return (known, false);
        await outcomes.RecordCutOffAsync(run, known, policy, cancellationToken);
        await findings.ReportAsync(known, [.. CaseFindings.Phases.Except(KeptAtRest)], [], rounds.Now, cancellationToken);
        known = await rounds.ChangeAsync(
            run,
            c => c.Round == run.Round && c.RestedAt is null ? CaseRules.Rested(c, now) : c,
            cancellationToken
        );
        return (known, CaseRules.IsSuperseded(known, run.Round));
    }
}
