using Compliance.Minimization.Policy;

namespace Compliance.Minimization.Evaluation;

/// <summary>
/// Which blobs are the newest of a data set in a container: those it keeps whatever their age. Filled by a first pass over all of them;
/// memory grows with what is kept, not with what there is. A blob without a date counts as newer than any other.
/// </summary>
internal sealed class NewestBlobs
{
    // Oldest first; of one time the last name is kept longer.
    private static readonly Comparer<(DateTimeOffset At, string Name)> ByAge = Comparer<(DateTimeOffset At, string Name)>.Create(
        (a, b) => a.At != b.At ? a.At.CompareTo(b.At) : string.CompareOrdinal(a.Name, b.Name)
    );

    private readonly Dictionary<(string Set, string Account, string Container), Kept> _kept = [];
    private bool _isComplete;

    /// <summary>None, for one blob without the others: which are the newest is then not known, which the caller has to report.</summary>
    public static NewestBlobs None { get; } = new() { _isComplete = true };

    /// <summary>
    /// One more blob of a data set that keeps some. Versions and snapshots do not count as blobs of their own. As many are remembered as
    /// the rule that keeps the most of them does.
    /// </summary>
    public void Add(DataSet set, BlobFacts blob)
    {
        if (_isComplete)
            throw new InvalidOperationException("the first pass is over");
        var count = set.MaxKeepNewest;
        if (count == 0 || !blob.IsCurrent || blob.Snapshot is not null)
            return;
        var key = (set.Id, blob.Account, blob.Container);
        if (!_kept.TryGetValue(key, out var kept))
            _kept[key] = kept = new();
        kept.Add(blob, count);
    }

    /// <summary>The first pass is over.</summary>
    public void Complete()
    {
        _isComplete = true;
        foreach (var kept in _kept.Values)
            kept.Complete();
    }

    /// <summary>Whether a blob, or the blob it is a version or snapshot of, is one of so many newest.</summary>
    /// <param name="set">The data set.</param>
    /// <param name="count">How many; not more than the data set or one of its rules keeps.</param>
    /// <param name="blob">The blob.</param>
    /// <exception cref="InvalidOperationException">The first pass is not over: what it would have kept would be deleted.</exception>
    public bool Contains(DataSet set, int count, BlobFacts blob) =>
        _isComplete
            ? _kept.TryGetValue((set.Id, blob.Account, blob.Container), out var kept) && kept.RankOf(blob.Name) < count
            : throw new InvalidOperationException("the first pass is not over");

    private sealed class Kept
    {
        // The oldest of the kept ones first.
        private readonly PriorityQueue<string, (DateTimeOffset, string)> _oldest = new(ByAge);

        // By name: 0 until the first pass is over, then 0 for the newest.
        private readonly Dictionary<string, int> _ranks = new(StringComparer.Ordinal);

        public void Add(BlobFacts blob, int count)
        {
            if (!_ranks.TryAdd(blob.Name, 0))
                return;
            _oldest.Enqueue(blob.Name, (blob.LastModified ?? DateTimeOffset.MaxValue, blob.Name));
            if (_oldest.Count > count)
                _ranks.Remove(_oldest.Dequeue());
        }

        public void Complete()
        {
            while (_oldest.TryDequeue(out var name, out _))
                _ranks[name] = _oldest.Count;
        }

        public int RankOf(string name) => _ranks.TryGetValue(name, out var rank) ? rank : int.MaxValue;
    }
}
