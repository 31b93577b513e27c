using Compliance.Changes.Flow;
using Compliance.Changes.Plans;
using Compliance.Findings;
using Compliance.Offboarding.Actions;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Certificates;
using Compliance.Offboarding.Directory;

namespace Compliance.Offboarding.Rounds;

/// <summary>Reads all access again and compares. A step counts only when its effect was seen.</summary>
internal sealed class VerifyStep(LeaverRounds rounds, RoundOpening opening, AccessReads access, CaseFindings findings)
{
    /// <inheritdoc cref="LeaverSteps.VerifyAsync"/>
    public async Task<CaseProgress> VerifyAsync(CaseRun run, CancellationToken cancellationToken)
    {
        var (policy, known, isSuperseded) = await opening.OpenToReadAsync(run, cancellationToken);
        if (isSuperseded)
            return new(NextAction.Stop, 0, 0, false);
        var state = await rounds.StateAsync(run, cancellationToken);
        var before = await rounds.SeenAsync(run, cancellationToken);
        var plans = await rounds.LoadBegunPlansAsync(run, state, cancellationToken);
        var after = await access.ReadAsync(state, policy, cancellationToken);
        state = await rounds.ChangeStateAsync(
            run,
            s => s with { Verified = Verification.Compare(plans, s.Outcomes, before, after, s.Verified) },
            cancellationToken
        );
        var verified = state.Verified!;
        // A person whose account was not seen blocked is not clear.
        var isClear = verified.Clear && known.BlockedAt is not null;
        var (left, stuck) = Split(verified, plans, state.Outcomes);
        // A later try that fails otherwise does not show that what kept the first one is gone.
        var reported = stuck
            .Concat(left.Where(a => state.Stuck.Contains(a.Access.Key, StringComparer.Ordinal) && !IsSeenRemoved(a)))
            .ToList();
        await rounds.ChangeStateAsync(run, s => s with { Stuck = [.. reported.Select(a => a.Access.Key)] }, cancellationToken);
        var detections = reported.Select(a => Stuck(known, a, plans, policy)).ToList();
        if (!isClear && (known.BlockedAt ?? known.BegunAt) is { } begun && rounds.Now > begun + policy.ClearWithin)
        {
            detections.Add(NotClear(known, left.Count + stuck.Count + verified.Outside.Count, verified.Unread.Count, policy));
            await RecordEscalatedAsync(run, known, begun, (left.Count, stuck.Count), policy, cancellationToken);
        }
        CasePhase[] phases = isClear ? [CasePhase.Removal, CasePhase.Watch] : [CasePhase.Removal];
        await findings.ReportAsync(known, phases, detections, rounds.Now, cancellationToken);
        await ReportSecretsAsync(known, before, policy, cancellationToken);
        // Whoever sees the stage sees the findings of it.
        if (isClear)
            await NoteClearAsync(run, verified.At, cancellationToken);
        var next = isClear ? NextAction.Proceed : NextAction.Retry;
        return new(next, left.Count + verified.Unread.Count, stuck.Count, verified.Outside.Count > 0);
    }

    private static Detection Stuck(LeaverCase known, VerifiedAccess access, IReadOnlyList<ActionPlan> plans, OffboardingPolicy policy)
    {
        var isUnknown = access.State == AccessState.Unknown;
        // Whether it can be read or not, there is the same to do.
        var whatToDo = isUnknown ? Verification.FindManual(plans, access.Access)?.WhatToDo ?? access.WhatToDo : access.WhatToDo;
        return CaseFindings.Create(
            known,
            policy,
            CasePhase.Removal,
            OffboardingControls.StepStuck,
            $"{access.Access.Kind} {access.Access.Name}: {access.Why}",
            whatToDo ?? "A person has to remove it."
        ) with
        {
            Part = access.Access.Key,
            Unknown = isUnknown,
        };
    }

    private static bool IsSeenRemoved(VerifiedAccess access) => access is { State: AccessState.Unknown, SeenRemovedAt: not null };

    private static Detection NotClear(LeaverCase known, int remaining, int unread, OffboardingPolicy policy) =>
        CaseFindings.Create(
            known,
            policy,
            CasePhase.Removal,
            OffboardingControls.NotClear,
            $"{remaining} accesses were not seen removed within {policy.ClearWithin.TotalHours:0.#} h of blocking, "
                + $"and {unread} sources were not read.",
            $"compliance offboard show {known.Id} lists them with what keeps them."
        );

    private Task<CaseState> RecordEscalatedAsync(
        CaseRun run,
        LeaverCase known,
        DateTimeOffset begun,
        (long Left, long Stuck) remaining,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    ) =>
        rounds.RecordAsync(
            run,
            policy,
            new()
            {
                Phase = "escalated",
                At = begun + policy.ClearWithin,
                Action = "offboarding.escalated",
                Outcome = "incomplete",
                Controls = [OffboardingControls.NotClear],
                PlanId = known.PlanId,
                Counts = new Dictionary<string, long> { ["left"] = remaining.Left, ["stuck"] = remaining.Stuck },
            },
            cancellationToken
        );

    private Task<LeaverCase> NoteClearAsync(CaseRun run, DateTimeOffset at, CancellationToken cancellationToken) =>
        rounds.ChangeAsync(
            run,
            c =>
                CaseRules.IsSupersededOrLater(c, run.Round, rounds.Now)
                    ? c
                    : LeaverTransitions.Apply(c, StageChange.SeenClear) with
                    {
                        ClearAt = c.ClearAt ?? at,
                        RestedAt = c.RestedAt ?? at,
                        Note = null,
                    },
            cancellationToken
        );

    // The credential capability receives what the leaver could read; those findings have a source of their own and stay until what they
    // name was rotated.
    private async Task ReportSecretsAsync(
        LeaverCase known,
        AccessSnapshot before,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        if (known.BlockedAt is not { } blocked || LeaverSecrets.Detections(before, known.Id, blocked, policy) is not { Count: > 0 } secrets)
            return;
        await findings.OpenAsync(rounds.Tenant, known.Id, [OffboardingControls.KnownByLeaver], secrets, rounds.Now, cancellationToken);
    }

    // Left: trying again may help. Stuck: a permission or a person is needed.
    private static (List<VerifiedAccess> Left, List<VerifiedAccess> Stuck) Split(
        VerifiedCase verified,
        IReadOnlyList<ActionPlan> plans,
        IReadOnlyList<StepOutcome> outcomes
    )
    {
        var last = outcomes.ToDictionary(o => o.StepId, StringComparer.Ordinal);
        var steps = plans
            .SelectMany(p => p.Steps)
            .Where(s => s.Arguments.ContainsKey(StepArguments.Access))
            .GroupBy(s => s.Arguments[StepArguments.Access], StringComparer.Ordinal)
            .ToDictionary(g => g.Key, g => g.Last().Id, StringComparer.Ordinal);
        bool Hopeless(VerifiedAccess access) =>
            access switch
            {
                { State: AccessState.LeftToPerson } => true,
                // A read that did not come to its end does not end what a person has to do, nor bring back what was seen gone.
                _ when IsSeenRemoved(access) => false,
                _ when steps.TryGetValue(access.Access.Key, out var step) => last.GetValueOrDefault(step)?.Result
                    is StepResult.NotPermitted
                        or StepResult.Refused,
                { State: AccessState.Unknown } => Verification.FindManual(plans, access.Access) is not null,
                _ => false,
            };
        var there = verified.Accesses.Where(a => a.State != AccessState.Removed).ToList();
        return ([.. there.Where(a => !Hopeless(a))], [.. there.Where(Hopeless)]);
    }
}
