using Compliance.Changes.Guards;

namespace Compliance.Changes.Caps;

/// <summary>
/// Counts acts before they are done, so that a faulty source of them is stopped. A place is taken and counted in one act, whoever else
/// counts at the same time.
/// </summary>
internal interface ICapLedger
{
    /// <summary>
    /// Takes a place; null when there was one, or the case has one already. Else the reason to hold, and nothing was taken.
    /// </summary>
    /// <param name="tenantId">Entra tenant id.</param>
    /// <param name="caseId">The case (of one round): it takes one place however often it asks.</param>
    /// <param name="now">When (UTC). The hour is the 60 minutes before it, so that the turn of a clock hour gives no second allowance; the
    /// day is the UTC day.</param>
    /// <param name="limits">How many places there are.</param>
    /// <param name="cancellationToken">Stops the wait.</param>
    /// <exception cref="Azure.RequestFailedException">Storage failed: whether a place was taken is not known. Ask again.</exception>
    Task<Hold?> ReserveAsync(
        string tenantId,
        string caseId,
        DateTimeOffset now,
        CapLimits limits,
        CancellationToken cancellationToken
    );

    /// <summary>
    /// Counts a case that two people approved although a cap, or another guard, held it: it takes a place from those who come later.
    /// </summary>
    /// <inheritdoc cref="ReserveAsync" path="/exception"/>
    Task CountApprovedAsync(string tenantId, string caseId, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Gives the place back of a case that ended before its act. Nothing happens when it has none.</summary>
    /// <exception cref="Azure.RequestFailedException">Storage failed. Do it again.</exception>
    Task ReleaseAsync(string tenantId, string caseId, CancellationToken cancellationToken);
}
