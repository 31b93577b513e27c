using Compliance.Changes.Execution;
using Compliance.Changes.Plans;
using Compliance.Observability;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Planning;
using Microsoft.Extensions.Logging;

namespace Compliance.Offboarding.Cases;

public sealed partial class LeaverSteps
{
    // Whoever does not answer by then is asked again by the sweep: the removal does not wait.
    private static readonly TimeSpan GroupWithin = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Puts those into the block group who are blocked and could not be put there yet. What keeps one out keeps no other out.
    /// </summary>
    public async Task BlockGroupsAsync(CancellationToken cancellationToken)
    {
        foreach (var known in await _parts.Cases.OpenAsync(Tenant, dueSince: null, cancellationToken))
            if (IsGroupDue(known))
                await BlockGroupAsync(new CaseRun(known.Id, known.Round, CorrelationId.Current(known.InstanceId)), cancellationToken);
    }

    private static bool IsGroupDue(LeaverCase known) => known is { IsGroupDue: true, EmployedIn: null } && !CaseRules.IsTakenBack(known);

    // Beside the disable and after it: whatever becomes of it holds nothing up.
    private async Task BlockGroupAsync(CaseRun run, CancellationToken cancellationToken)
    {
        try
        {
            var known = await CaseAsync(run, cancellationToken);
            // It stays due while it is held.
            if (
                known.Round == run.Round
                && IsGroupDue(known)
                && await _parts.Pause.HoldingAsync(isBlocking: true, cancellationToken) is null
            )
                await PutInGroupAsync(run, known, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            NotInGroup(_log, run.CaseId, e);
        }
    }

    private async Task PutInGroupAsync(CaseRun run, LeaverCase known, CancellationToken cancellationToken)
    {
        var (policy, state) = (_parts.Policy.Load(), await StateAsync(run, cancellationToken));
        if (policy.BlockGroup is { } id && state.Facts is { } facts)
        {
            var (planId, outcome) =
                state.Group is { Outcome: { InEffect: true } done } kept && Same(kept.Id, id)
                    ? (kept.PlanId, done)
                    : await TryGroupAsync(run, facts, id, policy, cancellationToken);
            await RecordChangeAsync(
                run,
                "group",
                planId,
                [outcome],
                outcome.InEffect,
                change =>
                    RecordAsync(
                        run,
                        change.At,
                        policy,
                        [LeaverControls.StepStuck],
                        change.Phase,
                        "offboarding.block-group",
                        outcome.InEffect ? "complete" : "incomplete",
                        planId,
                        StepOutcomes.Counts([outcome]),
                        also: change.Also,
                        cancellationToken: cancellationToken
                    ),
                cancellationToken
            );
            await ReportAsync(
                known,
                [CasePhase.Group],
                outcome.InEffect
                    ? []
                    :
                    [
                        CaseFindings.Create(
                            known,
                            policy,
                            CasePhase.Group,
                            LeaverControls.StepStuck,
                            $"The person is blocked and is not in the block group: {outcome.Reason}",
                            outcome.Remedy ?? "It is tried again every five minutes.",
                            part: outcome.StepId
                        ),
                    ],
                cancellationToken
            );
            if (!outcome.InEffect)
                return;
        }
        else
        {
            await ReportAsync(known, [CasePhase.Group], [], cancellationToken);
        }
        await ChangeAsync(run, c => c.Round == run.Round ? c with { IsGroupDue = false } : c, cancellationToken);
        // One that was issued before says that it is not in effect.
        if (known.CertificateSha256 is not null)
            await CertifyAsync(run, cancellationToken);
    }

    private async Task<(string PlanId, StepOutcome Outcome)> TryGroupAsync(
        CaseRun run,
        LeaverFacts facts,
        string id,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        using var limit = new CancellationTokenSource(GroupWithin, _parts.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        BlockGroup group;
        try
        {
            group = await _parts.Directory.BlockGroupAsync(id, facts.UserId, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            group = BlockGroup.NotRead(id, "the directory did not answer");
        }
        var plan = BlockPlanner.Group(Tenant, run.CaseId, facts, group, policy);
        var planId = plan.Id();
        var stepId = PlanStep.IdOf(LeaverActions.AddToBlockGroup, group.Target);
        await _parts.Documents.SaveAsync(Name(run, $"plan-{planId}.json"), plan, cancellationToken);
        // Kept before the act: who was a member already was not put there by this program, and an undo leaves them there.
        var isRead = group is { Problem: null, Unread: null };
        var state = await ChangeStateAsync(
            run,
            s =>
                s with
                {
                    Group =
                        s.Group is { } kept && Same(kept.Id, id) && kept.WasMember is not null
                            ? kept
                            : new(id, planId, isRead ? group.IsMember : null, null),
                    Plans = With(s.Plans, planId),
                },
            cancellationToken
        );
        var outcome = group switch
        {
            { Unread: { } why } => new StepOutcome(stepId, StepResult.Failed, Now, why, Remedy: "It is tried again every five minutes."),
            { Problem: { } why } => new StepOutcome(stepId, StepResult.Refused, Now, why, Remedy: BlockPlanner.OtherGroup),
            _ when state.Group!.WasMember == true => new StepOutcome(stepId, StepResult.AlreadySo, Now, "was a member before"),
            _ => await ActAsync(),
        };
        state = await ChangeStateAsync(
            run,
            s =>
                s.Group is { Outcome.InEffect: true }
                    ? s
                    : s with
                    {
                        Group = s.Group! with { PlanId = planId, Outcome = outcome },
                        // What was not put in by this program is not taken out by it.
                        Begun = s.Group!.WasMember == true ? s.Begun : With(s.Begun, planId),
                    },
            cancellationToken
        );
        return (state.Group!.PlanId, state.Group.Outcome!);

        async Task<StepOutcome> ActAsync()
        {
            try
            {
                var pass = await _parts.Executor.RunAsync(plan, None, None, either.Token);
                const string paused = "acts are paused, blocking included";
                return IsHeld(pass)
                    ? new(stepId, StepResult.Failed, Now, paused, Remedy: "It is tried again every five minutes.")
                    : pass.Outcomes[0];
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return new(stepId, StepResult.Failed, Now, "the directory did not answer", Remedy: "It is tried again every five minutes.");
            }
        }
    }

    // The block group takes access away: it is no access to remove, and none that remains.
    private static AccessSnapshot WithoutGroup(AccessSnapshot snapshot, OffboardingPolicy policy, CaseState state) =>
        BlockGroup.Without(snapshot, policy.BlockGroup, state.Group?.Id);

    private static IEnumerable<StepOutcome> GroupOutcome(CaseState state) => state.Group?.Outcome is { } outcome ? [outcome] : [];

    [LoggerMessage(5003, LogLevel.Error, "Case {CaseId}: the leaver could not be put into the block group; it is tried again")]
    private static partial void NotInGroup(ILogger logger, string caseId, Exception e);
}
