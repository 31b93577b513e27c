namespace BlobStandIn.State;

/// <summary>All that there is of one name. Used only under its container's lock.</summary>
/// <param name="name">The name.</param>
internal sealed class BlobFamily(string name)
{
    // In their order; null while there are none, as of almost every blob.
    private List<StoredBlob>? _others;

    /// <summary>The name.</summary>
    public string Name => name;

    /// <summary>What a read of the name gives; null for nothing.</summary>
    public StoredBlob? Current { get; set; }

    /// <summary>Previous versions, snapshots and soft-deleted items, in their order.</summary>
    public IReadOnlyList<StoredBlob> Others => _others ?? (IReadOnlyList<StoredBlob>)[];

    /// <summary>Whether nothing is left of the name.</summary>
    public bool IsEmpty => Current is null && _others is null;

    /// <summary>Whether it has a snapshot that is not soft-deleted.</summary>
    public bool HasSnapshots => _others?.Exists(b => b.IsSnapshot && !b.IsDeleted) == true;

    /// <summary>A version that is not soft-deleted; null for none.</summary>
    public StoredBlob? Version(DateTime version)
    {
        if (Current is { } current && current.Version == version)
            return current;
        return _others?.Find(b => b.Version == version && !b.IsSnapshot && !b.IsDeleted);
    }

    /// <summary>A snapshot that is not soft-deleted; null for none.</summary>
    public StoredBlob? Snapshot(DateTime snapshot) => _others?.Find(b => b.Extras.Snapshot == snapshot && !b.IsDeleted);

    /// <summary>Adds an item that is not the current one.</summary>
    public void Add(StoredBlob blob)
    {
        _others ??= new(1);
        var at = _others.FindLastIndex(b => b.Order <= blob.Order) + 1;
        _others.Insert(at, blob);
    }

    /// <summary>Takes an item away that is not the current one.</summary>
    public void Remove(StoredBlob blob)
    {
        _others?.Remove(blob);
        if (_others is { Count: 0 })
            _others = null;
    }

    /// <summary>Puts an item in another's place, be it the current one or not.</summary>
    public void Replace(StoredBlob old, StoredBlob blob)
    {
        if (ReferenceEquals(old, Current))
        {
            Current = blob;
            return;
        }
        Remove(old);
        Add(blob);
    }

    /// <summary>Forgets what was soft-deleted longer ago than it is kept.</summary>
    public void Erase(DateTime now)
    {
        _others?.RemoveAll(b => b.IsDeleted && b.Extras.ErasedAt <= now);
        if (_others is { Count: 0 })
            _others = null;
    }
}
