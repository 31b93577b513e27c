using System.Globalization;
using Compliance.Offboarding.Cases;

namespace Compliance.Offboarding.Rounds;

/// <summary>Blocks again, in the steps after blocking, whom it could not block or whom somebody has enabled since.</summary>
internal sealed class BlockAgain(
    LeaverRounds rounds,
    Blocking blocking,
    BlockReview review,
    RoundPasses passes,
    ILeaverDirectory directory,
    CaseFindings findings
)
{
    /// <summary>Tries again what could not be blocked. Whoever was blocked is left alone.</summary>
    /// <returns>
    /// False when it must be decided again whether the person may be blocked: HR's event fits somebody else by now, or a guard holds that
    /// two people have not approved.
    /// </returns>
    public async Task<bool> IfNotBlockedAsync(CaseRun run, LeaverCase known, OffboardingPolicy policy, CancellationToken cancellationToken)
    {
        if (known.BlockedAt is not null || known.BegunAt is null)
            return true;
        var state = await rounds.StateAsync(run, cancellationToken);
        if (
            await rounds.FindBlockPlanAsync(run, state, cancellationToken) is not { } plan
            || !await review.MayBlockAsync(run, known, plan, policy, cancellationToken)
        )
            return false;
        if (state.Facts is { AccountEnabled: not true, UserId: var userId } && await IsEnabledAsync(userId, cancellationToken))
            await NoteEnabledAsync(run, cancellationToken);
        await blocking.BlockAsync(run with { IsBlocked = true }, plan, policy, cancellationToken);
        return true;
    }

    /// <summary>
    /// While people are asked, no step reads the account: who was blocked, and enabled by somebody since, is blocked again.
    /// </summary>
    public async Task IfEnabledAsync(CaseRun run, LeaverCase known, OffboardingPolicy policy, CancellationToken cancellationToken)
    {
        if (known is not { BlockedAt: not null, UserId: { } userId })
            return;
        if (
            !await IsEnabledAsync(userId, cancellationToken)
            || await rounds.FindBlockPlanAsync(run, await rounds.StateAsync(run, cancellationToken), cancellationToken) is not { } plan
        )
            return;
        var now = rounds.Now;
        // First: whoever blocks and is cut off leaves it to be known.
        await NoteEnabledAsync(run, cancellationToken);
        // Where that is held the finding about the pause is open, and the account is read again the next time that it is asked for the
        // answer.
        if (await passes.BlockAsync(plan, settled: null, cancellationToken) is not { } outcomes)
            return;
        var left = outcomes.FirstOrDefault(o => !o.InEffect);
        var detection = CaseFindings.Create(
            known,
            policy,
            CasePhase.Watch,
            OffboardingControls.Relapsed,
            "The account could sign in again while people are asked about its access; "
                + (left is null ? "it was blocked again." : $"it could not be blocked again: {left.Reason}"),
            left?.Remedy ?? "Find out who enabled it."
        );
        await findings.OpenAsync(rounds.Tenant, known.Id, [OffboardingControls.Relapsed], [detection], now, cancellationToken);
        var act = new UnrecordedAct(
            string.Create(CultureInfo.InvariantCulture, $"{run.CaseId}-{run.Round}-blocked-again-{now.UtcDateTime:yyyyMMdd}"),
            now,
            "LeaverCase (HR event)",
            "offboarding.blocked-again",
            OffboardingControls.Relapsed,
            left is null ? "enabled" : "not-blocked",
            run.CorrelationId,
            PolicySha256: policy.Sha256
        );
        await rounds.ChangeAsync(
            run,
            c => c.Unrecorded?.Any(u => u.Id == act.Id) == true ? c : CaseRules.Unrecorded(c, act),
            cancellationToken
        );
    }

    private async Task<bool> IsEnabledAsync(string userId, CancellationToken cancellationToken) =>
        (await directory.RecheckAsync([userId], cancellationToken)).GetValueOrDefault(userId) is { Enabled: true };

    // An undo enables the account of whoever could sign in when they were blocked, and be it for the second time.
    private Task<CaseState> NoteEnabledAsync(CaseRun run, CancellationToken cancellationToken) =>
        rounds.ChangeStateAsync(
            run,
            s => s.Facts is { } facts ? s with { Facts = facts with { AccountEnabled = true } } : s,
            cancellationToken
        );
}
