using System.Runtime.CompilerServices;
using Compliance.Minimization.Evaluation;
using Compliance.Minimization.Manifests;

namespace Compliance.Minimization.Sweeps;

/// <summary>A row of a manifest, and what a listing shows of it now.</summary>
/// <param name="Number">Number of the row in its manifest, from 0.</param>
/// <param name="Planned">The row.</param>
/// <param name="Seen">What is there now; null where the listing did not show it at its place.</param>
internal sealed record JoinedRow(long Number, ManifestRow Planned, BlobFacts? Seen);

/// <summary>
/// Puts a manifest beside a fresh listing. Both are in the service's order of names, so that one pass over each is enough, whatever their
/// size. Where the orders differ a row goes without its blob, and whoever acts has to find it by itself.
/// </summary>
internal static class SliceJoin
{
    /// <summary>Joins.</summary>
    public static async IAsyncEnumerable<JoinedRow> JoinAsync(
        IAsyncEnumerable<ManifestRow> planned,
        IAsyncEnumerable<BlobFacts> listed,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var listing = new Listing(listed.GetAsyncEnumerator(cancellationToken));
        await using var _ = listing;
        var number = 0L;
        await foreach (var row in planned.WithCancellation(cancellationToken))
        {
            await listing.MoveToAsync(row.Name);
            yield return new(number++, row, listing.Find(row));
        }
    }

    // What is listed under one name at a time: a blob, its versions and snapshots.
    private sealed class Listing(IAsyncEnumerator<BlobFacts> blobs) : IAsyncDisposable
    {
        private readonly List<BlobFacts> _here = [];
        private string? _name;
        private BlobFacts? _ahead;
        private bool _isOver;

        public ValueTask DisposeAsync() => blobs.DisposeAsync();

        public async ValueTask MoveToAsync(string name)
        {
            if (_name == name)
                return;
            _here.Clear();
            _name = name;
            while (await PeekAsync() is { } next && string.CompareOrdinal(next.Name, name) <= 0)
            {
                if (next.Name == name)
                    _here.Add(next);
                _ahead = null;
            }
        }

        public BlobFacts? Find(ManifestRow row) => ItemMatch.Find(_here, row.Snapshot, row.IsCurrent, row.VersionId);

        private async ValueTask<BlobFacts?> PeekAsync()
        {
            if (_ahead is null && !_isOver)
            {
                _isOver = !await blobs.MoveNextAsync();
                _ahead = _isOver ? null : blobs.Current;
            }
            return _ahead;
        }
    }
}

/// <summary>Finds an item of a plan among what is listed under its name.</summary>
internal static class ItemMatch
{
    /// <summary>
    /// Finds it. Of what was the current one: the current one, whatever it is now; where there is none, the version that it became when it
    /// was deleted.
    /// </summary>
    public static BlobFacts? Find(List<BlobFacts> here, string? snapshot, bool isCurrent, string? versionId)
    {
        if (snapshot is not null)
            return here.Find(b => b.Snapshot == snapshot);
        var current = isCurrent ? here.Find(b => b.IsCurrent && b.Snapshot is null) : null;
        return current ?? (versionId is null ? null : here.Find(b => b.VersionId == versionId && b.Snapshot is null));
    }
}
