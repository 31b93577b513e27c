using Compliance.Changes.Plans;
using Compliance.Findings;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Cases;

namespace Compliance.Offboarding.Rounds;

/// <summary>
/// Reads daily whether somebody whom HR reported as employed again can use the account that the case of their other employment disabled:
/// that case gives nothing back, and the undo of a later one leaves the account as it found it.
/// </summary>
internal sealed class LockedOutCheck(LeaverRounds rounds, TakenAccess taken, ILeaverDirectory directory, CaseFindings findings)
{
    /// <summary>Reads it for all cases. What cannot be read keeps its finding as it is.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var policy = rounds.LoadPolicy();
        var all = await rounds.AllCasesAsync(cancellationToken);
        var reported = await findings.CasesAsync(rounds.Tenant, CasePhase.LockedOut, cancellationToken);
        var people = new List<(LeaverCase Case, LeaverFacts Facts)>();
        foreach (var known in all.Where(c => IsEmployedOfLate(c, all, policy)))
            if (await DisabledAsync(known, cancellationToken) is { } facts)
                people.Add((known, facts));
        var seen = await directory.RecheckAsync(
            [.. people.Select(p => p.Facts.UserId).Distinct(StringComparer.OrdinalIgnoreCase)],
            cancellationToken
        );
        foreach (var (known, facts) in people)
        {
            if (!seen.TryGetValue(facts.UserId, out var now) || (now.Exists && now.Enabled is null))
                continue;
            if (now is { Exists: true, Enabled: false })
                await ReportAsync(known, [LockedOut(known, facts, policy)]);
            else if (reported.Contains(known.Id))
                await ReportAsync(known, []);
        }
        foreach (var known in all.Where(c => reported.Contains(c.Id) && people.TrueForAll(p => p.Case.Id != c.Id)))
            await ReportAsync(known, []);

        Task ReportAsync(LeaverCase known, Detection[] detections) =>
            findings.ReportAsync(known, [CasePhase.LockedOut], detections, rounds.Now, cancellationToken);
    }

    // For as long after HR's report as a former leaver is watched: whoever has another account by then does not need this one.
    private bool IsEmployedOfLate(LeaverCase known, IReadOnlyList<LeaverCase> all, OffboardingPolicy policy) =>
        known is { EmployedIn: not null, IsTaken: true, UserId: not null }
        && all.Any(c =>
            HrEventKeys.SameEmployee(c.EmployeeId, known.EmployeeId)
            && c.Employment == known.EmployedIn
            && c.Latest.Time > rounds.Now - policy.WatchFor
        );

    // The person, when the case disabled the account and did not enable it.
    private async Task<LeaverFacts?> DisabledAsync(LeaverCase known, CancellationToken cancellationToken) =>
        (await taken.RoundsAsync(known, cancellationToken))
            .Select(r => r.State.Facts!)
            .FirstOrDefault(f => f.AccountEnabled == true && Ids.Same(f.UserId, known.UserId!));

    private static Detection LockedOut(LeaverCase known, LeaverFacts facts, OffboardingPolicy policy)
    {
        var enable = Steps.Create(
            EnableAccount.Id,
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
            OffboardingControls.StepStuck,
            $"HR reported that the person is employed (employment {known.EmployedIn}), and the account that this case disabled "
                + "cannot sign in.",
            "If the person is to use this account, enable it by hand; it is read again every day: " + Steps.ByHand(enable, "").WhatToDo
        ) with
        {
            Part = "locked-out",
        };
    }
}
