using System.Globalization;

namespace Simulation.Storage.Blobs;

/// <summary>The conditions a request is held to.</summary>
internal static class BlobConditions
{
    /// <summary>Checks the conditions of a write.</summary>
    /// <param name="call">The request.</param>
    /// <param name="there">The blob as it is; null when it is not there.</param>
    /// <param name="exists">Status and code when the blob must not be there but is.</param>
    /// <param name="now">The clock.</param>
    /// <returns>Status and code of the refusal; null when all are met.</returns>
    public static (int Status, string Code)? OfWrite(
        StorageCall call,
        MemoryBlob? there,
        (int Status, string Code) exists,
        DateTimeOffset now
    )
    {
        if (call.Header("If-Match") is { } wanted && (there is null || !Named(wanted, there.ETag)))
            return (412, "ConditionNotMet");
        if (there is null)
            return Lease(call, there, now);
        if (call.Header("If-None-Match") is { } unwanted && Named(unwanted, there.ETag))
            return unwanted == "*" ? exists : (412, "ConditionNotMet");
        if (Date(call, "If-Modified-Since") is { } since && Whole(there.Modified) <= since)
            return (412, "ConditionNotMet");
        if (Date(call, "If-Unmodified-Since") is { } until && Whole(there.Modified) > until)
            return (412, "ConditionNotMet");
        return Lease(call, there, now);
    }

    /// <summary>Checks the conditions of a read.</summary>
    /// <inheritdoc cref="OfWrite" path="/returns"/>
    public static (int Status, string Code)? OfRead(StorageCall call, MemoryBlob there, DateTimeOffset now)
    {
        if (call.Header("x-ms-lease-id") is { } id && LeaseNamed(id, there, now) is { } lease)
            return lease;
        if (call.Header("If-Match") is { } wanted && !Named(wanted, there.ETag))
            return (412, "ConditionNotMet");
        if (call.Header("If-None-Match") is { } unwanted && Named(unwanted, there.ETag))
            return (304, "ConditionNotMet");
        if (Date(call, "If-Modified-Since") is { } since && Whole(there.Modified) <= since)
            return (304, "ConditionNotMet");
        return Date(call, "If-Unmodified-Since") is { } until && Whole(there.Modified) > until ? (412, "ConditionNotMet") : null;
    }

    private static (int Status, string Code)? Lease(StorageCall call, MemoryBlob? there, DateTimeOffset now)
    {
        var id = call.Header("x-ms-lease-id");
        if (id is not null)
            return there is null ? (412, "LeaseNotPresentWithBlobOperation") : LeaseNamed(id, there, now);
        return there is not null && there.Lease.HoldsAt(now) ? (412, "LeaseIdMissing") : null;
    }

    private static (int Status, string Code)? LeaseNamed(string id, MemoryBlob there, DateTimeOffset now) =>
        there.Lease.StateAt(now) switch
        {
            LeaseState.Leased or LeaseState.Breaking => Same(id, there.Lease.Id) ? null : (412, "LeaseIdMismatchWithBlobOperation"),
            LeaseState.Expired => (412, "LeaseLost"),
            _ => (412, "LeaseNotPresentWithBlobOperation"),
        };

    private static bool Same(string id, string? other) => string.Equals(id, other, StringComparison.OrdinalIgnoreCase);

    private static bool Named(string condition, string etag) => condition == "*" || condition.Trim('"') == etag.Trim('"');

    private static DateTimeOffset? Date(StorageCall call, string header) =>
        call.Header(header) is { } text ? DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal) : null;

    // Dates of HTTP know no parts of a second.
    private static DateTimeOffset Whole(DateTimeOffset at) => at.AddTicks(-(at.Ticks % TimeSpan.TicksPerSecond));
}
