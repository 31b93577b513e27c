using Compliance.Offboarding.Cases;
using Compliance.Text;

namespace Compliance.Offboarding.Rounds;

/// <summary>
/// Reads all access of a round's person. The block group takes access away: it is no access to remove, and none that remains.
/// </summary>
internal sealed class AccessReads(LeaverRounds rounds, ILeaverDirectory directory)
{
    /// <summary>The access now.</summary>
    public async Task<AccessSnapshot> ReadAsync(CaseState state, OffboardingPolicy policy, CancellationToken cancellationToken)
    {
        var facts = state.Facts!;
        var snapshot = await directory.ReadAccessAsync(facts.UserId, facts.PrincipalName, policy, cancellationToken);
        return BlockGroup.Without(snapshot, policy.BlockGroup, state.Group?.Id);
    }

    /// <summary>
    /// The access that a removal is planned from: the round's first snapshot, which is kept and recorded, until a plan was carried out and
    /// verified; a later plan is made from a fresh one. Where the first is not complete it is read afresh at once, and what it has stays.
    /// All that is planned from is kept, and an undo restores from it.
    /// </summary>
    public async Task<AccessSnapshot> ReadForPlanAsync(
        CaseRun run,
        CaseState state,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var first = await rounds.FindSnapshotAsync(run, cancellationToken);
        var isFirst = state is { Outcomes: [], Verified: null };
        var snapshot = isFirst && first is { Complete: true } ? first : await ReadAsync(state, policy, cancellationToken);
        if (first is null)
        {
            first = await rounds.KeepSnapshotAsync(run, snapshot, cancellationToken);
            // Of two at once both plan from the one that is kept.
            snapshot = isFirst && first.Complete ? first : snapshot;
        }
        await rounds.KeepSeenAsync(run, snapshot, cancellationToken);
        if (isFirst)
            snapshot = snapshot.With(await rounds.FindSeenAsync(run, cancellationToken));
        // Asked of the record, not of the document: a crash may have come between the two.
        if (!RoundEvidence.IsRecorded(state, run, "snapshot"))
            await RecordAsync(run, first, policy, cancellationToken);
        return snapshot;
    }

    private Task<CaseState> RecordAsync(CaseRun run, AccessSnapshot first, OffboardingPolicy policy, CancellationToken cancellationToken) =>
        rounds.RecordAsync(
            run,
            policy,
            new()
            {
                Phase = "snapshot",
                At = first.TakenAt,
                Action = "offboarding.snapshot",
                Outcome = first.Complete ? "complete" : "incomplete",
                Controls = [OffboardingControls.NotClear],
                Counts = new Dictionary<string, long>
                {
                    ["accesses"] = first.Accesses.Count,
                    ["unread"] = first.Sources.Count(s => !s.Complete),
                },
                Details = new Dictionary<string, string> { ["snapshot.json"] = CanonicalJson.Sha256Of(first) },
            },
            cancellationToken
        );
}
