using Compliance.Minimization.Policy;

namespace Compliance.Minimization.Evaluation;

/// <summary>
/// Which blobs are the newest of a data set in a container: those it keeps whatever their age. Filled by a first pass over all of them;
/// memory grows with what is kept, not with what there is. A blob without a date counts as newer than any other.
/// </summary>
internal sealed class NewestBlobs
{
    private readonly Dictionary<(string Set, string Account, string Container), Kept> _kept = [];
    private bool _isComplete;

    /// <summary>One more blob of a data set that keeps some. Versions and snapshots do not count as blobs of their own.</summary>
    public void Add(DataSet set, BlobFacts blob)
    {
        if (_isComplete)
            throw new InvalidOperationException("the first pass is over");
        if (set.KeepNewest == 0 || !blob.IsCurrent || blob.Snapshot is not null)
            return;
        var key = (set.Id, blob.Account, blob.Container);
        if (!_kept.TryGetValue(key, out var kept))
            _kept[key] = kept = new();
        kept.Add(blob, set.KeepNewest);
    }

    /// <summary>The first pass is over.</summary>
    public void Complete() => _isComplete = true;

    /// <summary>Whether a blob, or the blob it is a version or snapshot of, is one of them.</summary>
    /// <exception cref="InvalidOperationException">The first pass is not over: what it would have kept would be deleted.</exception>
    public bool Contains(DataSet set, BlobFacts blob) =>
        _isComplete
            ? _kept.TryGetValue((set.Id, blob.Account, blob.Container), out var kept) && kept.Names.Contains(blob.Name)
            : throw new InvalidOperationException("the first pass is not over");

    private sealed class Kept
    {
        // The oldest of the kept ones first; of one time the last name is kept longer.
        private readonly PriorityQueue<string, (DateTimeOffset, string)> _oldest = new(
            Comparer<(DateTimeOffset At, string Name)>.Create(
                (a, b) => a.At != b.At ? a.At.CompareTo(b.At) : string.CompareOrdinal(a.Name, b.Name)
            )
        );

        public HashSet<string> Names { get; } = new(StringComparer.Ordinal);

        public void Add(BlobFacts blob, int count)
        {
            if (!Names.Add(blob.Name))
                return;
            _oldest.Enqueue(blob.Name, (blob.LastModified ?? DateTimeOffset.MaxValue, blob.Name));
            if (_oldest.Count > count)
                Names.Remove(_oldest.Dequeue());
        }
    }
}
