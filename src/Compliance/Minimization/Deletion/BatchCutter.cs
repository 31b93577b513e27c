using System.Runtime.CompilerServices;

namespace Compliance.Minimization.Deletion;

/// <summary>
/// Cuts a plan into what fits into one batch each: one container, at most 256 targets, at most 4 MB. It holds one batch at a time,
/// however long the plan is, and keeps the plan's order.
/// </summary>
internal static class BatchCutter
{
    // The last line of a body.
    private const int EndBytes = 64;

    /// <summary>Cuts.</summary>
    public static async IAsyncEnumerable<IReadOnlyList<DeletionTarget>> CutAsync(
        IAsyncEnumerable<DeletionTarget> plan,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var batch = new List<DeletionTarget>();
        var bytes = EndBytes;
        await foreach (var target in plan.WithCancellation(cancellationToken))
        {
            var more = BatchRequest.MaxBytesFor(target);
            if (batch.Count > 0 && (IsFull(batch, bytes + more) || IsElsewhere(batch[0], target)))
            {
                yield return batch;
                batch = [];
                bytes = EndBytes;
            }
            batch.Add(target);
            bytes += more;
        }
        if (batch.Count > 0)
            yield return batch;
    }

    private static bool IsFull(List<DeletionTarget> batch, int bytes) =>
        batch.Count == BatchRequest.MaxTargets || bytes > BatchRequest.MaxBytes;

    private static bool IsElsewhere(DeletionTarget first, DeletionTarget next) =>
        first.Account != next.Account || first.Container != next.Container;
}
