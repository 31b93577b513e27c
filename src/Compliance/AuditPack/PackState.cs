using Compliance.Changes.Approvals;
using Compliance.Findings;

namespace Compliance.AuditPack;

/// <summary>What the state account knows beside the ledger, as it is now.</summary>
/// <param name="Findings">Findings of the controls that were asked for, whatever their status.</param>
/// <param name="Approvals">All requests for approval.</param>
/// <param name="People">Pseudonyms, as the ledger has them, of ids that stand for people; an id that is not here was erased, or no record
/// ever named it.</param>
/// <param name="Named">Names, addresses and ids of everybody whom the state account names anywhere, to be kept out of texts.</param>
internal sealed record PackState(
    IReadOnlyCollection<Finding> Findings,
    IReadOnlyCollection<KnownApproval> Approvals,
    IReadOnlyDictionary<string, string> People,
    IReadOnlyCollection<string> Named
);

/// <summary>A request for approval as it is kept.</summary>
/// <param name="Request">The request.</param>
/// <param name="VoidedAt">When it stopped to count (UTC); null when it did not.</param>
internal sealed record KnownApproval(ApprovalRequest Request, DateTimeOffset? VoidedAt);

/// <summary>Reads findings and approvals for a pack. Only reads: nothing is made where it is missing.</summary>
internal interface IPackState
{
    /// <summary>Reads them.</summary>
    /// <param name="controls">Ids of the controls whose findings are wanted.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="IOException">They cannot be read to the end.</exception>
    Task<PackState> ReadAsync(IReadOnlyCollection<string> controls, CancellationToken cancellationToken);
}
