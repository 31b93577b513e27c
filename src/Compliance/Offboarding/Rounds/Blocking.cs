using Compliance.Changes.Execution;
using Compliance.Changes.Flow;
using Compliance.Changes.Plans;
using Compliance.Controls;
using Compliance.Offboarding.Cases;
using Microsoft.Extensions.Logging;

namespace Compliance.Offboarding.Rounds;

/// <summary>Disables the account of a leaver and revokes its sessions.</summary>
internal sealed partial class Blocking(
    LeaverRounds rounds,
    RoundGate gate,
    RoundPasses passes,
    CaseFindings findings,
    TakenAccess taken,
    ILogger<Blocking> log
)
{
    // So often blocking alone is tried, within a minute or two.
    private const int QuickAttempts = 3;

    /// <inheritdoc cref="RoundPasses.BlockingPausedAsync"/>
    public Task<ChangeDecision?> PausedAsync(CaseRun run, CancellationToken cancellationToken) =>
        passes.BlockingPausedAsync(run, cancellationToken);

    /// <summary>Carries the plan out that the guards let begin.</summary>
    /// <returns>
    /// <see cref="NextAction.Proceed"/> when both were done, or when trying again soon does not help: the later steps try again as well.
    /// </returns>
    public async Task<NextAction> BlockAsync(CaseRun run, ActionPlan plan, OffboardingPolicy policy, CancellationToken cancellationToken)
    {
        var known = await rounds.CaseAsync(run, cancellationToken);
        if (known.BlockedAt is null)
            known = await gate.WithOtherEmploymentAsync(run, known, policy, cancellationToken);
        if (CaseRules.IsSupersededOrLater(known, run.Round, rounds.Now))
        {
            (_, var isSuperseded) = await gate.LoadAsync(run, policy, cancellationToken);
            return isSuperseded ? NextAction.Stop : NextAction.Retry;
        }
        var state = await rounds.StateAsync(run, cancellationToken);
        // Blocked in this round and not on record: a crash came between the two.
        if (known.BlockedAt is not null && (state.Blocked.Count == 0 || RoundEvidence.IsBlockRecorded(state, run)))
            return NextAction.Proceed;
        if (!state.Released.Contains(plan.Id(), StringComparer.Ordinal))
            return NextAction.Retry;
        var settled = state.Blocked.Where(o => o.InEffect).Select(o => o.StepId).ToHashSet(StringComparer.Ordinal);
        if (await passes.BlockAsync(plan, settled, cancellationToken) is not { } outcomes)
        {
            await passes.BlockingPausedAsync(run, cancellationToken);
            return NextAction.Retry;
        }
        state = await rounds.ChangeStateAsync(
            run,
            s => s with { Begun = s.Begun.With(plan.Id()), Blocked = [.. s.Blocked.Where(o => settled.Contains(o.StepId)), .. outcomes] },
            cancellationToken
        );
        return await KeepAsync(run, known, state, plan, policy, cancellationToken);
    }

    private async Task<NextAction> KeepAsync(
        CaseRun run,
        LeaverCase known,
        CaseState state,
        ActionPlan plan,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var left = plan
            .Steps.Select(s => state.Blocked.LastOrDefault(o => o.StepId == s.Id))
            .Where(o => o is not { InEffect: true })
            .ToList();
        var isInEffect = left.Count == 0;
        if (isInEffect)
            await NoteBlockedAsync(run, known, state, policy, cancellationToken);
        else
            await NoteNotBlockedAsync(run, left, cancellationToken);
        await RecordAsync(run, state, plan, isInEffect, policy, cancellationToken);
        if (!isInEffect || known.Note is not null || run.Attempt > 0 || run.IsBlocked)
            await ReportAsync(known, left, policy, cancellationToken);
        if (isInEffect)
            await taken.WithdrawAdviceAsync(known, policy, cancellationToken);
        // What a moment may correct is waited for; else the rest goes on, and this is tried again with it.
        var mayPass = left.TrueForAll(o => o?.Result is StepResult.Failed or null);
        return isInEffect || !mayPass || run.Attempt >= QuickAttempts ? NextAction.Proceed : NextAction.Retry;
    }

    private async Task NoteBlockedAsync(
        CaseRun run,
        LeaverCase known,
        CaseState state,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var blockedAt = known.BlockedAt ?? state.Blocked.Max(o => o.At);
        await rounds.ChangeAsync(
            run,
            c =>
                c.Round != run.Round
                    ? c
                    : LeaverTransitions.Apply(c, StageChange.Blocked) with
                    {
                        BlockedAt = c.BlockedAt ?? blockedAt,
                        IsGroupDue = c.IsGroupDue || (c.BlockedAt is null && policy.BlockGroup is not null),
                        Note = c.BlockedAt is null ? null : c.Note,
                    },
            cancellationToken
        );
        Blocked(log, run.CaseId, (blockedAt - known.ReceivedAt).TotalSeconds);
    }

    private Task<LeaverCase> NoteNotBlockedAsync(CaseRun run, List<StepOutcome?> left, CancellationToken cancellationToken)
    {
        var note =
            "The account could not be blocked: "
            + $"{string.Join("; ", left.Select(o => o?.Reason ?? "not tried").Distinct(StringComparer.Ordinal))}";
        return rounds.ChangeAsync(
            run,
            c =>
                c.Round != run.Round || c.BlockedAt is not null
                    ? c
                    : LeaverTransitions.Apply(c, StageChange.NotBlocked) with
                    {
                        Note = note,
                    },
            cancellationToken
        );
    }

    private Task<bool> RecordAsync(
        CaseRun run,
        CaseState state,
        ActionPlan plan,
        bool isInEffect,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    ) =>
        rounds.RecordChangeAsync(
            run,
            "block",
            plan.Id(),
            state.Blocked,
            change =>
                rounds.RecordAsync(
                    run,
                    policy,
                    new()
                    {
                        Phase = change.Phase,
                        At = change.At,
                        Action = "offboarding.block",
                        Outcome = isInEffect ? "complete" : "incomplete",
                        Controls = [OffboardingControls.NotClear, OffboardingControls.StepStuck],
                        Plan = plan,
                        Counts = StepOutcomes.Counts(state.Blocked),
                        Also = change.Also,
                    },
                    cancellationToken
                ),
            cancellationToken,
            isLast: isInEffect
        );

    private Task ReportAsync(
        LeaverCase known,
        IReadOnlyList<StepOutcome?> left,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var detections = left.Select(o =>
            CaseFindings.Create(
                known,
                policy,
                CasePhase.Block,
                OffboardingControls.StepStuck,
                $"The account could not be blocked: {o?.Reason ?? "not tried"}",
                o?.Remedy ?? "The case tries again by itself; disable the account by hand meanwhile."
            ) with
            {
                Part = o?.StepId ?? "",
                Severity = Severity.Critical,
            }
        );
        return findings.ReportAsync(known, [CasePhase.Block], [.. detections], rounds.Now, cancellationToken);
    }

    [LoggerMessage(5000, LogLevel.Information, "Case {CaseId}: blocked {Seconds:0.0} s after the event arrived")]
    private static partial void Blocked(ILogger logger, string caseId, double seconds);
}
