using Compliance.Changes.Flow;

namespace Compliance.Minimization.Sweeps;

/// <summary>Knows who answers for data.</summary>
internal interface IDataOwners
{
    /// <summary>An owner who can sign in; null for one who cannot, or is not known any more.</summary>
    /// <param name="owner">Mail address or object id, as the policy has it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<ChangeOwner?> FindAsync(string owner, CancellationToken cancellationToken);
}
