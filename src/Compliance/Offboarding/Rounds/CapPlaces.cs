using Compliance.Changes.Caps;
using Compliance.Changes.Guards;
using Compliance.Changes.Plans;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Guards;

namespace Compliance.Offboarding.Rounds;

/// <summary>The places of rounds under the caps on leavers.</summary>
internal sealed class CapPlaces(LeaverRounds rounds, TableCapLedger caps, ILeaverDirectory directory)
{
    /// <summary>Reserves a place for the case's round.</summary>
    /// <returns>Null when it has one; else what holds.</returns>
    public Task<Hold?> ReserveAsync(LeaverCase known, OffboardingPolicy policy, long? staff, CancellationToken cancellationToken) =>
        caps.ReserveAsync(rounds.Tenant, known.InstanceId, rounds.Now, LeaverCaps.From(policy, staff), cancellationToken);

    /// <summary>Whoever was let past a full cap still takes room from those who come after; who has a place keeps it.</summary>
    public Task CountApprovedAsync(LeaverCase known, CancellationToken cancellationToken) =>
        caps.CountApprovedAsync(rounds.Tenant, known.InstanceId, rounds.Now, cancellationToken);

    /// <summary>A round that did nothing to the person leaves its place to others.</summary>
    public async Task ReleaseAsync(CaseRun run, CancellationToken cancellationToken)
    {
        var state = await rounds.StateAsync(run, cancellationToken);
        if (state.Blocked.Any(o => o.InEffect))
            return;
        // Let begin, and its answer not kept or not had: the directory shows whether it was done.
        var isKnown = !state.EverReleased.Any() || (state.Blocked.Count > 0 && state.Blocked.All(o => o.Result is not StepResult.Failed));
        if (
            isKnown
            || state.Facts is not { AccountEnabled: true } facts
            || (await directory.LookUpAsync(facts.UserId, rounds.LoadPolicy(), cancellationToken)).Facts is { AccountEnabled: true }
        )
            await caps.ReleaseAsync(rounds.Tenant, LeaverCase.InstanceIdOf(run.CaseId, run.Round), cancellationToken);
    }
}
