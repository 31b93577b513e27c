namespace Compliance.Findings;

/// <summary>The findings of one tenant, kept between runs.</summary>
public interface IFindingStore
{
    /// <summary>All findings of the given controls, whatever their status, by id.</summary>
    /// <exception cref="Azure.RequestFailedException">Storage could not be read to the end.</exception>
    Task<IReadOnlyDictionary<string, StoredFinding>> LoadAsync(
        string tenantId,
        IReadOnlyCollection<string> controlIds,
        CancellationToken cancellationToken
    );

    /// <summary>
    /// Writes findings in transactions. Each is written only if nobody changed it since it was loaded; those that lost are returned
    /// untouched, for the caller to load and decide again.
    /// </summary>
    Task<IReadOnlyList<string>> SaveAsync(
        string tenantId,
        IReadOnlyCollection<StoredFinding> findings,
        CancellationToken cancellationToken
    );

    /// <summary>Open and waived findings, all controls, highest severity first.</summary>
    IAsyncEnumerable<Finding> ListOpenAsync(string tenantId, CancellationToken cancellationToken);
}

/// <summary>A finding with the version it was read at.</summary>
/// <param name="Finding">The finding.</param>
/// <param name="ETag">Version in storage; null for one that is new.</param>
public sealed record StoredFinding(Finding Finding, string? ETag);
