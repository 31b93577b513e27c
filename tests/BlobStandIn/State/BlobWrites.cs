namespace BlobStandIn.State;

/// <summary>Writes that make another item of a name, and the one that brings items back.</summary>
internal static class BlobWrites
{
    /// <summary>Writes content: what was current stays as a version, or as a soft-deleted snapshot, or is replaced.</summary>
    public static StoredBlob Put(StandInAccount account, BlobFamily family, long size, BlobExtras extras)
    {
        var stamp = account.NextStamp();
        KeepReplaced(account, family, stamp);
        return family.Current = new()
        {
            ETag = stamp.Ticks,
            Size = size,
            Created = stamp,
            Modified = stamp,
            Version = account.IsVersioned ? stamp : default,
            Extras = extras,
        };
    }

    /// <summary>Changes what a blob has beside its content; on a versioned account that is a version too.</summary>
    public static StoredBlob SetMetadata(StandInAccount account, BlobFamily family, IReadOnlyDictionary<string, string> metadata)
    {
        var current = family.Current!;
        var stamp = account.NextStamp();
        if (account.IsVersioned)
            family.Add(current with { Extras = current.Extras with { Lease = null } });
        return family.Current = current with
        {
            ETag = stamp.Ticks,
            Modified = stamp,
            Version = account.IsVersioned ? stamp : default,
            Extras = current.Extras with { Metadata = metadata },
        };
    }

    /// <summary>Makes a snapshot of the current version.</summary>
    public static StoredBlob TakeSnapshot(StandInAccount account, BlobFamily family)
    {
        var current = family.Current!;
        var snapshot = current with { Version = default, Extras = current.Extras with { Lease = null, Snapshot = account.NextStamp() } };
        family.Add(snapshot);
        return snapshot;
    }

    /// <summary>
    /// Brings back all that is soft-deleted of a name: without versions the blob and its snapshots, with versions all the versions, of
    /// which none becomes the current one.
    /// </summary>
    public static void Undelete(BlobFamily family)
    {
        foreach (var deleted in family.Others.Where(b => b.IsDeleted).ToList())
        {
            family.Remove(deleted);
            var restored = deleted with { Extras = deleted.Extras with { DeletedAt = default, ErasedAt = default } };
            if (restored.IsSnapshot || restored.Version != default)
                family.Add(restored);
            else
                family.Current = restored;
        }
    }

    private static void KeepReplaced(StandInAccount account, BlobFamily family, DateTime stamp)
    {
        if (family.Current is { } current)
        {
            var kept = current with { Extras = current.Extras with { Lease = null } };
            if (account.IsVersioned)
                family.Add(kept);
            else if (account.SoftDelete is { } retention)
                family.Add(AsDeletedSnapshot(kept, stamp, account.Now, account.Now + retention));
        }
        // A soft-deleted blob can't be brought back over the new one: it becomes a soft-deleted snapshot of it.
        else if (family.Others.FirstOrDefault(b => b.IsDeleted && b.Order == DateTime.MaxValue) is { } deleted)
        {
            family.Remove(deleted);
            family.Add(AsDeletedSnapshot(deleted, stamp, deleted.Extras.DeletedAt, deleted.Extras.ErasedAt));
        }
    }

    private static StoredBlob AsDeletedSnapshot(StoredBlob blob, DateTime stamp, DateTime deletedAt, DateTime erasedAt) =>
        blob with
        {
            Version = default,
            Extras = blob.Extras with { Snapshot = stamp, DeletedAt = deletedAt, ErasedAt = erasedAt },
        };
}
