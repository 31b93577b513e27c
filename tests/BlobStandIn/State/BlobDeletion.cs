namespace BlobStandIn.State;

/// <summary>What a delete does with a blob's snapshots.</summary>
internal enum SnapshotDeletion
{
    /// <summary>A blob with snapshots is refused.</summary>
    None,

    /// <summary>They are deleted with it.</summary>
    Include,

    /// <summary>They alone are deleted.</summary>
    Only,
}

/// <summary>What a request asks to delete.</summary>
/// <param name="Version">Version id; the default for the current version.</param>
/// <param name="Snapshot">Snapshot time; the default for none.</param>
/// <param name="Snapshots">What happens to snapshots.</param>
/// <param name="Conditions">What has to hold.</param>
internal readonly record struct DeleteCall(DateTime Version, DateTime Snapshot, SnapshotDeletion Snapshots, Conditions Conditions);

/// <summary>Deletes as the service does: with conditions, leases, holds, versions, snapshots and soft delete.</summary>
internal static class BlobDeletion
{
    /// <summary>Deletes an item of a name.</summary>
    /// <returns>What refuses it; null where it was deleted.</returns>
    public static StandInError? Delete(StandInContainer container, BlobFamily family, in DeleteCall call)
    {
        if (call.Snapshot != default)
            return DeleteOther(container, family, family.Snapshot(call.Snapshot), call);
        if (call.Version == default)
            return DeleteCurrent(container, family, call);
        var version = family.Version(call.Version);
        return version is not null && ReferenceEquals(version, family.Current)
            ? StandInError.NotOnRootBlob
            : DeleteOther(container, family, version, call);
    }

    /// <summary>What refuses a delete of what is not there.</summary>
    public static StandInError Missing(StandInAccount account, in DeleteCall call) =>
        account.AnswersMissingAsUnmet && call.Conditions.IfMatch != 0 ? StandInError.ConditionNotMet : StandInError.BlobNotFound;

    private static StandInError? DeleteOther(StandInContainer container, BlobFamily family, StoredBlob? blob, in DeleteCall call)
    {
        if (blob is null)
            return Missing(container.Account, call);
        if (Refusal(container, blob, call, hasLeases: false) is { } error)
            return error;
        Remove(container.Account, family, blob);
        return null;
    }

    private static StandInError? DeleteCurrent(StandInContainer container, BlobFamily family, in DeleteCall call)
    {
        if (family.Current is not { } current)
            return Missing(container.Account, call);
        if (Refusal(container, current, call, hasLeases: true) is { } error)
            return error;
        if (family.HasSnapshots && call.Snapshots == SnapshotDeletion.None)
            return StandInError.SnapshotsPresent;
        if (call.Snapshots != SnapshotDeletion.None)
            foreach (var snapshot in family.Others.Where(b => b.IsSnapshot && !b.IsDeleted).ToList())
                Remove(container.Account, family, snapshot);
        if (call.Snapshots == SnapshotDeletion.Only)
            return null;
        family.Current = null;
        if (container.Account.IsVersioned)
            // A previous version now, and not soft-deleted: it stays until it is deleted by its id.
            family.Add(current with { Extras = current.Extras with { Lease = null } });
        else if (container.Account.SoftDelete is not null)
            family.Add(SoftDeleted(container.Account, current));
        return null;
    }

    private static StandInError? Refusal(StandInContainer container, StoredBlob blob, in DeleteCall call, bool hasLeases) =>
        call.Conditions.Check(blob, container.Account.Now, hasLeases) ?? container.Hold(blob);

    private static void Remove(StandInAccount account, BlobFamily family, StoredBlob blob)
    {
        family.Remove(blob);
        if (account.SoftDelete is not null)
            family.Add(SoftDeleted(account, blob));
    }

    private static StoredBlob SoftDeleted(StandInAccount account, StoredBlob blob) =>
        blob with
        {
            Extras = blob.Extras with { Lease = null, DeletedAt = account.Now, ErasedAt = account.Now + account.SoftDelete!.Value },
        };
}
