using Compliance.Callers;
using Compliance.Changes.Approvals;
using Compliance.Offboarding.Cases;
using Compliance.Storage;

namespace Compliance.Offboarding.Desk;

/// <summary>
/// A token outlives the block by up to a day, and an account may be one that this app may not block: whose access has ended decides
/// nothing any more.
/// </summary>
internal sealed class EndedAccess(TenantId tenant, ILeaverCases cases, TimeProvider time) : IApproverCheck
{
    // With continuous access evaluation a token lives for 28 hours.
    private static readonly TimeSpan TokensLive = TimeSpan.FromHours(30);

    /// <inheritdoc/>
    public async Task<string?> ObjectionAsync(CallerIdentity person, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        // A case may be blocked long after it was due, so that it is looked for among all who left of late.
        var hasLeft = (await cases.OpenAsync(tenant.Value, now - CaseRules.Remembered, cancellationToken)).Any(c =>
            (c.BlockedAt > now - TokensLive || c is { BegunAt: not null, BlockedAt: null })
            && c.EmployedIn is null
            && !CaseRules.IsTakenBack(c)
            && !CaseRules.IsLater(c, now)
            && string.Equals(c.UserId, person.ObjectId, StringComparison.OrdinalIgnoreCase)
        );
        return hasLeft ? "your own access has ended: ask somebody else" : null;
    }
}
