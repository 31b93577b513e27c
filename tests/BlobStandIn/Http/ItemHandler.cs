using BlobStandIn.Faults;
using BlobStandIn.State;

namespace BlobStandIn.Http;

/// <summary>Carries out a delete or a change of tier, by itself or as an item of a batch.</summary>
/// <param name="faults">What is made to fail.</param>
/// <param name="log">Counts them.</param>
internal sealed class ItemHandler(StandInFaults faults, RequestLog log)
{
    /// <summary>Carries out one.</summary>
    /// <param name="container">Its container; null where there is none.</param>
    /// <param name="target">Its target.</param>
    /// <param name="headers">Its headers.</param>
    /// <param name="isDelete">Whether it is a delete; otherwise it sets a tier.</param>
    /// <returns>What refuses it; null where it was done.</returns>
    public StandInError? Handle(StandInContainer? container, RequestTarget target, in WriteHeaders headers, bool isDelete)
    {
        if (!isDelete)
            return Refusal(target, headers) ?? SetTier(container, target, headers);
        var error = Refusal(target, headers) ?? Delete(container, target, headers);
        log.AddDelete(error?.Code);
        return error;
    }

    private StandInError? Refusal(RequestTarget target, in WriteHeaders headers)
    {
        if (!headers.HasAuthorization && target.Query("sig").IsEmpty)
            return StandInError.NotAuthenticated;
        if (headers.IsWrong)
            return StandInError.InvalidHeader;
        var isBusy = faults.BusyItems.Strikes() || faults.Quota?.TryTake() == false;
        return isBusy ? StandInError.ServerBusy with { RetryAfter = faults.RetryAfter } : null;
    }

    private StandInError? Delete(StandInContainer? container, RequestTarget target, in WriteHeaders headers)
    {
        if (container is null)
            return StandInError.ContainerNotFound;
        Span<char> buffer = stackalloc char[RequestTarget.MaxName];
        var length = RequestTarget.Unescape(target.Blob, buffer);
        if (length <= 0)
            return StandInError.InvalidInput;
        ReadOnlySpan<char> name = buffer[..length];
        var isWrong = false;
        var (version, snapshot) = (target.Time("versionid", ref isWrong), target.Time("snapshot", ref isWrong));
        if (isWrong)
            return StandInError.InvalidQuery;
        if (faults.NeedsNames && Before(container.Name, name.ToString()) is { } error)
            return error;
        return container.Delete(name, new(version, snapshot, headers.Snapshots, headers.Conditions));
    }

    private StandInError? Before(string container, string name)
    {
        faults.BeforeDelete?.Invoke(container, name);
        return faults.Refuse?.Invoke(container, name);
    }

    private static StandInError? SetTier(StandInContainer? container, RequestTarget target, in WriteHeaders headers)
    {
        if (container is null)
            return StandInError.ContainerNotFound;
        if (headers.Tier is not { } tier)
            return StandInError.InvalidHeader;
        var conditions = headers.Conditions;
        var isWrong = false;
        var (version, snapshot) = (target.Time("versionid", ref isWrong), target.Time("snapshot", ref isWrong));
        if (isWrong)
            return StandInError.InvalidQuery;
        var error = StandInError.BlobNotFound;
        container.Change(
            Uri.UnescapeDataString(target.Blob),
            false,
            family =>
            {
                if (Items.Find(family, version, snapshot) is not { } blob)
                    return false;
                error = conditions.Check(blob, container.Account.Now, hasLeases: false);
                if (error is null)
                    family.Replace(blob, blob with { Tier = tier });
                return true;
            }
        );
        return error;
    }
}

/// <summary>Which item of a name a request means.</summary>
internal static class Items
{
    /// <summary>The item; null for none.</summary>
    /// <param name="family">All there is of the name.</param>
    /// <param name="version">Version id; the default for none.</param>
    /// <param name="snapshot">Snapshot time; the default for none.</param>
    public static StoredBlob? Find(BlobFamily family, DateTime version, DateTime snapshot)
    {
        if (snapshot != default)
            return family.Snapshot(snapshot);
        return version == default ? family.Current : family.Version(version);
    }
}
