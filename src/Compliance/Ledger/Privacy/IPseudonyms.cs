namespace Compliance.Ledger.Privacy;

/// <summary>Keeps who is who outside the ledger, where it can be erased.</summary>
internal interface IPseudonyms
{
    /// <summary>The person's pseudonym; made at the first call.</summary>
    /// <param name="tenantId">Entra tenant id.</param>
    /// <param name="personId">Id of a case, or an object id.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<Pseudonym> OfAsync(string tenantId, string personId, CancellationToken cancellationToken);

    /// <summary>The person's pseudonym; null when there is none, or it was erased.</summary>
    /// <inheritdoc cref="OfAsync"/>
    Task<Pseudonym?> FindAsync(string tenantId, string personId, CancellationToken cancellationToken);

    /// <summary>Erases who the pseudonym stands for, and the salt. Nobody can bring it back.</summary>
    /// <inheritdoc cref="OfAsync"/>
    Task EraseAsync(string tenantId, string personId, CancellationToken cancellationToken);
}
