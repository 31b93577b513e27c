using Compliance.Changes.Execution;
using Compliance.Changes.Plans;
using Compliance.Observability;
using Compliance.Offboarding.Cases;
using Microsoft.Extensions.Logging;

namespace Compliance.Offboarding.Rounds;

/// <summary>
/// Puts whoever is blocked into the block group of the policy, beside the disable and after it: whatever becomes of it holds nothing up.
/// </summary>
internal sealed partial class BlockGroups(
    LeaverRounds rounds,
    BlockGroupAct act,
    CaseFindings findings,
    CertifyStep certify,
    ILogger<BlockGroups> log
)
{
    /// <summary>
    /// Puts those into the block group who are blocked and could not be put there yet. What keeps one out keeps no other out.
    /// </summary>
    public async Task BlockGroupsAsync(CancellationToken cancellationToken)
    {
        foreach (var known in await rounds.OpenCasesAsync(dueSince: null, cancellationToken))
            if (IsDue(known))
                await BlockGroupAsync(new CaseRun(known.Id, known.Round, CorrelationId.Current(known.InstanceId)), cancellationToken);
    }

    /// <summary>Puts the person of a round into the block group, if that is due. It stays due while it is held or fails.</summary>
    public async Task BlockGroupAsync(CaseRun run, CancellationToken cancellationToken)
    {
        try
        {
            var known = await rounds.CaseAsync(run, cancellationToken);
            if (known.Round == run.Round && IsDue(known) && !await act.IsHeldAsync(cancellationToken))
                await PutAsync(run, known, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            NotInGroup(log, run.CaseId, e);
        }
    }

    private static bool IsDue(LeaverCase known) => known is { IsGroupDue: true, EmployedIn: null } && !CaseRules.IsTakenBack(known);

    private async Task PutAsync(CaseRun run, LeaverCase known, CancellationToken cancellationToken)
    {
        var (policy, state) = (rounds.LoadPolicy(), await rounds.StateAsync(run, cancellationToken));
        if (policy.BlockGroup is { } id && state.Facts is { } facts)
        {
            var (planId, outcome) =
                state.Group is { Outcome: { InEffect: true } done } kept && Ids.Same(kept.Id, id)
                    ? (kept.PlanId, done)
                    : await act.PutAsync(run, facts, id, policy, cancellationToken);
            await RecordAsync(run, planId, outcome, policy, cancellationToken);
            await ReportAsync(known, outcome, policy, cancellationToken);
            if (!outcome.InEffect)
                return;
        }
        else
        {
            await findings.ReportAsync(known, [CasePhase.Group], [], rounds.Now, cancellationToken);
        }
        await rounds.ChangeAsync(run, c => c.Round == run.Round ? c with { IsGroupDue = false } : c, cancellationToken);
        // One that was issued before shows it as not in effect.
        if (known.CertificateSha256 is not null)
            await certify.CertifyAsync(run, cancellationToken);
    }

    private Task<bool> RecordAsync(
        CaseRun run,
        string planId,
        StepOutcome outcome,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    ) =>
        rounds.RecordChangeAsync(
            run,
            "group",
            planId,
            [outcome],
            change =>
                rounds.RecordAsync(
                    run,
                    policy,
                    new()
                    {
                        Phase = change.Phase,
                        At = change.At,
                        Action = "offboarding.block-group",
                        Outcome = outcome.InEffect ? "complete" : "incomplete",
                        Controls = [OffboardingControls.StepStuck],
                        PlanId = planId,
                        Counts = StepOutcomes.Counts([outcome]),
                        Also = change.Also,
                    },
                    cancellationToken
                ),
            cancellationToken,
            isLast: outcome.InEffect
        );

    private Task ReportAsync(LeaverCase known, StepOutcome outcome, OffboardingPolicy policy, CancellationToken cancellationToken)
    {
        var detection = CaseFindings.Create(
            known,
            policy,
            CasePhase.Group,
            OffboardingControls.StepStuck,
            $"The person is blocked and is not in the block group: {outcome.Reason}",
            outcome.Remedy ?? "It is tried again every five minutes."
        ) with
        {
            Part = outcome.StepId,
        };
        return findings.ReportAsync(known, [CasePhase.Group], outcome.InEffect ? [] : [detection], rounds.Now, cancellationToken);
    }

    [LoggerMessage(5003, LogLevel.Error, "Case {CaseId}: the leaver could not be put into the block group; it is tried again")]
    private static partial void NotInGroup(ILogger logger, string caseId, Exception e);
}
