using System.Globalization;
using BlobStandIn.State;

namespace BlobStandIn.Http;

/// <summary>Acquires, renews, releases and breaks leases of blobs.</summary>
internal static class BlobLeases
{
    /// <summary>Changes a lease as a request asks.</summary>
    public static StandInError? Change(StandInContainer container, BlobFamily family, StandInRequest request)
    {
        var current = family.Current!;
        var now = container.Account.Now;
        var headers = request.Context.Response.Headers;
        headers.ETag = Answers.ETag(current.ETag);
        headers.LastModified = Answers.Date(current.Modified);
        var lease = current.Extras.Lease;
        var isHolder = string.Equals(lease?.Id, request.Header("x-ms-lease-id"), StringComparison.OrdinalIgnoreCase);
        switch (request.Header("x-ms-lease-action")?.ToLowerInvariant())
        {
            case "acquire":
                var id = request.Header("x-ms-proposed-lease-id") ?? Answers.RequestId();
                if (current.IsLeased(now) && !string.Equals(lease!.Id, id, StringComparison.OrdinalIgnoreCase))
                    return StandInError.LeaseTaken;
                request.Context.Response.StatusCode = 201;
                Set(family, new(id, Until(now, request)), headers);
                return null;
            case "renew" when isHolder:
                Set(family, lease! with { Until = Until(now, request) }, headers);
                return null;
            case "release" when isHolder:
                Set(family, null, headers);
                return null;
            case "break" when current.IsLeased(now):
                request.Context.Response.StatusCode = 202;
                headers["x-ms-lease-time"] = "0";
                Set(family, null, headers);
                return null;
            case "renew" or "release":
                return StandInError.LeaseIdMismatchOnLease;
            case "break":
                return StandInError.LeaseNotPresent with { Status = 409, Code = "LeaseNotPresentWithLeaseOperation" };
            default:
                return StandInError.InvalidHeader;
        }
    }

    private static void Set(BlobFamily family, BlobLease? lease, IHeaderDictionary headers)
    {
        family.Current = family.Current! with { Extras = family.Current.Extras with { Lease = lease } };
        if (lease is not null)
            headers["x-ms-lease-id"] = lease.Id;
    }

    // Seconds; -1, or none as in a renewal, for one without an end.
    private static DateTime Until(DateTime now, StandInRequest request) =>
        int.TryParse(request.Header("x-ms-lease-duration"), CultureInfo.InvariantCulture, out var seconds) && seconds > 0
            ? now.AddSeconds(seconds)
            : DateTime.MaxValue;
}
