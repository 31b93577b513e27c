using Compliance.Callers;
using Compliance.Changes.Approvals;
using Compliance.Notifications;
using Compliance.Offboarding.Cases;
using Compliance.Storage;

namespace Compliance.Offboarding.Desk;

/// <summary>
/// A token outlives the block by up to a day, and an account may be one that this app may not block: whose access has ended decides
/// nothing any more.
/// </summary>
internal sealed class EndedAccess(TenantId tenant, ILeaverCases cases, TimeProvider time)
    : IApproverCheck,
        IEndedPeople
{
    // With continuous access evaluation a token lives for 28 hours.
    private static readonly TimeSpan TokensLive = TimeSpan.FromHours(30);

    /// <inheritdoc/>
    public async Task<string?> ObjectionAsync(CallerIdentity person, CancellationToken cancellationToken) =>
        (await EndedAsync([person.ObjectId], TokensLive, cancellationToken)).Count > 0
            ? "your own access has ended: ask somebody else"
            : null;

    /// <inheritdoc/>
    public Task<IReadOnlyCollection<string>> EndedAsync(IReadOnlyCollection<string> people, CancellationToken cancellationToken) =>
        EndedAsync(people, CaseRules.Remembered, cancellationToken);

    /// <summary>Those of these people whose access this app has begun to end, or ended so long ago at most.</summary>
    public async Task<IReadOnlyCollection<string>> EndedAsync(
        IReadOnlyCollection<string> people,
        TimeSpan within,
        CancellationToken cancellationToken
    )
    {
        if (people.Count == 0)
            return [];
        var now = time.GetUtcNow();
        // A case may be blocked long after it was due, so that it is looked for among all who left of late.
        var left = (await cases.OpenAsync(tenant.Value, now - CaseRules.Remembered, cancellationToken))
            .Where(c =>
                (c.BlockedAt > now - within || c is { BegunAt: not null, BlockedAt: null })
                && c.EmployedIn is null
                && !CaseRules.IsTakenBack(c)
                && !CaseRules.IsLater(c, now)
            )
            .Select(c => c.UserId)
            .ToHashSet(StringComparer.OrdinalIgnoreCase);
        return [.. people.Where(left.Contains)];
    }
}
