using Compliance.Changes.Guards;
using Compliance.Offboarding.Cases;
using Compliance.Offboarding.Guards;

namespace Compliance.Offboarding.Rounds;

/// <summary>What may hold the block of a leaver now.</summary>
internal sealed class BlockGuards(LeaverRounds rounds, OwnIdentity self)
{
    /// <summary>Why the person is not blocked without two approvals; the caps, which count, aside.</summary>
    public async Task<List<Hold>> BeforeBlockingAsync(
        CaseRun run,
        LeaverCase known,
        LeaverFacts facts,
        OffboardingPolicy policy,
        CancellationToken cancellationToken
    )
    {
        var holds = new List<Hold>(LeaverGuards.BeforeBlocking(await WithoutLeaversAsync(run, facts, cancellationToken), policy, self));
        if (known.UserId is { } earlier && !Ids.Same(earlier, facts.UserId))
            holds.Add(
                new(
                    GuardNames.OtherMatch,
                    $"HR's event fits {facts.PrincipalName} now; before, it fitted the account {earlier}: make sure who is meant, and "
                        + "that the other one was not harmed"
                )
            );
        return holds;
    }

    /// <summary>Whether everything that is to be known of the person before blocking could be read.</summary>
    public bool IsRead(LeaverFacts facts, OffboardingPolicy policy) =>
        facts.Staff > 0 && LeaverGuards.BeforeBlocking(facts, policy, self).All(h => h.Guard != GuardNames.Unreadable);

    // Administrators who leave at the same time do not count for each other. Each is first noted as leaving and counts then: of two at
    // once, one at least sees the other.
    private async Task<LeaverFacts> WithoutLeaversAsync(CaseRun run, LeaverFacts facts, CancellationToken cancellationToken)
    {
        if (facts is not { GlobalAdministrator: true, OtherGlobalAdministrators: > 0 })
            return facts;
        var now = rounds.Now;
        await rounds.ChangeAsync(
            run,
            c => CaseRules.IsSuperseded(c, run.Round) ? c : c with { UserId = c.UserId ?? facts.UserId },
            cancellationToken
        );
        var leaving = (await rounds.OpenCasesAsync(dueSince: null, cancellationToken))
            .Where(c => c.Id != run.CaseId && CaseRules.IsActing(c) && !CaseRules.IsLater(c, now) && c.UserId is not null)
            .Select(c => c.UserId!)
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        return facts with { OtherGlobalAdministrators = facts.OtherGlobalAdministratorIds.Count(id => !leaving.Contains(id)) };
    }
}
