namespace Compliance.Offboarding.Guards;

/// <summary>
/// Counts leavers before they are blocked, so that a faulty HR feed stops. A place is taken and counted in one act, whoever else counts at
/// the same time.
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
    /// <param name="policy">For the caps.</param>
    /// <param name="staff">How many users the tenant has; null, or none, holds.</param>
    /// <param name="cancellationToken">Stops the wait.</param>
    /// <exception cref="Azure.RequestFailedException">Storage failed: whether a place was taken is not known. Ask again.</exception>
    Task<Hold?> ReserveAsync(
        string tenantId,
        string caseId,
        DateTimeOffset now,
        OffboardingPolicy policy,
        long? staff,
        CancellationToken cancellationToken
    );

    /// <summary>
    /// Counts a case that two people approved although a cap, or another guard, held it: it takes a place from those who come later.
    /// </summary>
    /// <inheritdoc cref="ReserveAsync" path="/exception"/>
    Task CountApprovedAsync(string tenantId, string caseId, DateTimeOffset now, CancellationToken cancellationToken);

    /// <summary>Gives the place back of a case that ended without blocking. Nothing happens when it has none.</summary>
    /// <exception cref="Azure.RequestFailedException">Storage failed. Do it again.</exception>
    Task ReleaseAsync(string tenantId, string caseId, CancellationToken cancellationToken);
}
