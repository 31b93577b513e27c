using Compliance.Changes.Flow;
using Compliance.Offboarding.Cases;

namespace Compliance.Offboarding.Rounds;

/// <summary>
/// Finds the person of a case. Each round matches again, and so does each attempt: HR and the directory may have been put right meanwhile.
/// </summary>
internal sealed class LeaverMatch(LeaverRounds rounds, ILeaverDirectory directory, CaseFindings findings)
{
    /// <summary>The account that was named, where somebody started the case for cause; else whom HR's event fits.</summary>
    public Task<LeaverLookup> LookUpAsync(LeaverCase known, OffboardingPolicy policy, CancellationToken cancellationToken) =>
        known.Cause is { Holds: true } cause
            ? directory.LookUpAsync(cause.UserId, policy, cancellationToken)
            : directory.LookUpAsync(known.Latest, policy, cancellationToken);

    /// <summary>Notes and reports that no person was found.</summary>
    /// <returns>What the case waits for.</returns>
    public async Task<ChangeDecision> UnmatchedAsync(
        CaseRun run,
        LeaverCase known,
        LeaverLookup lookup,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var problem = lookup.Problem ?? "the directory could not be read";
        if (!lookup.Unreadable && known.UserId is { } earlier)
            problem += $" Before, the account {earlier} fitted.";
        await rounds.ChangeAsync(
            run,
            c =>
            {
                if (c.Round != run.Round)
                    return c;
                return (lookup.Unreadable ? c : LeaverTransitions.Apply(c, StageChange.Unmatched)) with { Note = problem };
            },
            cancellationToken
        );
        if (!lookup.Unreadable)
        {
            await ReportNoMatchAsync(known, problem, policy, cancellationToken);
            return new(NextAction.Unmatched);
        }
        await ReportUnreadAsync(known, problem, policy, cancellationToken);
        return new(NextAction.Retry);
    }

    private Task ReportNoMatchAsync(LeaverCase known, string problem, OffboardingPolicy policy, CancellationToken cancellationToken)
    {
        var detection = CaseFindings.Create(
            known,
            policy,
            CasePhase.Match,
            OffboardingControls.NoMatch,
            problem,
            "Set the employee id on the right account, or correct it in HR; the case is checked again by itself."
        );
        return findings.ReportAsync(known, [CasePhase.Match], [detection], rounds.Now, cancellationToken);
    }

    // What was seen before is not gone because nothing can be seen now.
    private Task ReportUnreadAsync(LeaverCase known, string problem, OffboardingPolicy policy, CancellationToken cancellationToken)
    {
        var detection = CaseFindings.Create(
            known,
            policy,
            CasePhase.Match,
            OffboardingControls.Held,
            problem,
            "Remove what keeps the directory from being read; the case is checked again by itself."
        ) with
        {
            Part = "directory",
            Unknown = true,
        };
        return findings.OpenAsync(rounds.Tenant, known.Id, CaseFindings.Controls, [detection], rounds.Now, cancellationToken);
    }
}
