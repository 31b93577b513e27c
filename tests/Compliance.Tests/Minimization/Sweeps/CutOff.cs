using Compliance.Minimization.Deletion;
using Compliance.Minimization.Evaluation;
using Compliance.Minimization.Sweeps;

namespace Compliance.Tests.Minimization.Sweeps;

/// <summary>Dies after so many batches: what the next one does is done, and its answer never comes.</summary>
internal sealed class CutOff(IBlobData blobs, int afterBatches) : IBlobData
{
    private int _batches;

    /// <summary>Items that were deleted without anybody knowing.</summary>
    public int Lost { get; private set; }

    public IAsyncEnumerable<BlobFacts> ListAsync(string account, string container, CancellationToken cancellationToken) =>
        blobs.ListAsync(account, container, cancellationToken);

    public Task<BlobFacts?> FindAsync(BlobFacts blob, CancellationToken cancellationToken) => blobs.FindAsync(blob, cancellationToken);

    public async Task<BatchAnswer> DeleteAsync(IReadOnlyList<DeletionTarget> targets, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _batches) <= afterBatches)
            return await blobs.DeleteAsync(targets, cancellationToken);
        var answer = await blobs.DeleteAsync(targets, cancellationToken);
        lock (this)
            Lost += answer.Items.Count(i => i.Outcome == DeletionOutcome.Deleted);
        throw new OperationCanceledException("killed");
    }
}
