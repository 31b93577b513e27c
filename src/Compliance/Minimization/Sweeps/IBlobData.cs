using Compliance.Minimization.Deletion;
using Compliance.Minimization.Evaluation;

namespace Compliance.Minimization.Sweeps;

/// <summary>The blobs that a sweep reads and deletes. Deleting is the only thing it changes.</summary>
internal interface IBlobData
{
    /// <summary>
    /// Blobs, versions and snapshots of a container in the service's order of names, with tags and metadata as far as they can be read.
    /// </summary>
    /// <exception cref="Azure.RequestFailedException">It could not be read to its end.</exception>
    IAsyncEnumerable<BlobFacts> ListAsync(string account, string container, CancellationToken cancellationToken);

    /// <summary>One blob, version or snapshot as it is now; null when it is not there.</summary>
    /// <exception cref="Azure.RequestFailedException">Whether it is there is not known.</exception>
    Task<BlobFacts?> FindAsync(BlobFacts blob, CancellationToken cancellationToken);

    /// <summary>Deletes up to 256 of one container. A failed call makes every item unknown and throws nothing.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled: what was deleted is not known.</exception>
    Task<BatchAnswer> DeleteAsync(IReadOnlyList<DeletionTarget> targets, CancellationToken cancellationToken);
}
