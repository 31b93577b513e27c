using System.Globalization;
using System.Text;
using BlobStandIn.State;

namespace BlobStandIn.Http;

/// <summary>Reads of one blob.</summary>
internal static class BlobReads
{
    /// <summary>Answers with a blob's properties and, unless they alone are asked for, its content.</summary>
    public static async Task<StandInError?> ReadAsync(StandInContainer container, StandInRequest request)
    {
        var error = Find(container, request, out var blob, out var isCurrent);
        if (blob is null)
            return error;
        var conditions = WriteHeaders.From(request.Context.Request.Headers).Conditions with { LeaseId = null };
        if (conditions.Check(blob, container.Account.Now, hasLeases: false) is { } unmet)
            return unmet;
        var response = request.Context.Response;
        SetProperties(response.Headers, blob, isCurrent, container.Account.Now);
        response.ContentType = blob.Extras.ContentType;
        if (!HttpMethods.IsGet(request.Context.Request.Method))
        {
            response.ContentLength = blob.Size;
            return null;
        }
        var (start, length) = Range(request, blob.Size, response);
        response.ContentLength = length;
        await WriteContentAsync(request.Context, blob.Extras.Content, start, length);
        return null;
    }

    /// <summary>Answers with a blob's tags.</summary>
    public static async Task<StandInError?> ReadTagsAsync(StandInContainer container, StandInRequest request)
    {
        if (container.Account.IsHierarchical)
            return StandInError.InvalidQuery;
        var error = Find(container, request, out var blob, out _);
        if (blob is null)
            return error;
        using var xml = new Utf8Buffer(1024);
        ListedBlob.WriteTags(xml.Raw("<?xml version=\"1.0\" encoding=\"utf-8\"?><Tags>"u8), blob.Extras.Tags).Raw("</Tags>"u8);
        await Answers.XmlAsync(request.Context, Encoding.UTF8.GetString(xml.Written.Span));
        return null;
    }

    private static StandInError? Find(StandInContainer container, StandInRequest request, out StoredBlob? blob, out bool isCurrent)
    {
        var target = new RequestTarget(request.Target);
        var isWrong = false;
        var (version, snapshot) = (target.Time("versionid", ref isWrong), target.Time("snapshot", ref isWrong));
        (blob, isCurrent) = container.Change(
            request.Blob ?? "",
            false,
            family => (Items.Find(family, version, snapshot), family.Current is { } c && c == Items.Find(family, version, snapshot))
        );
        return isWrong ? StandInError.InvalidQuery : StandInError.BlobNotFound;
    }

    private static void SetProperties(IHeaderDictionary headers, StoredBlob blob, bool isCurrent, DateTime now)
    {
        headers.ETag = Answers.ETag(blob.ETag);
        headers.LastModified = Answers.Date(blob.Modified);
        headers["x-ms-creation-time"] = Answers.Date(blob.Created);
        headers["x-ms-blob-type"] = "BlockBlob";
        headers["x-ms-server-encrypted"] = "true";
        headers["x-ms-access-tier"] = blob.Tier.ToString();
        headers["x-ms-lease-status"] = blob.IsLeased(now) ? "locked" : "unlocked";
        headers["x-ms-lease-state"] = blob.IsLeased(now) ? "leased" : "available";
        if (blob.Version != default)
            headers["x-ms-version-id"] = Answers.Id(blob.Version);
        if (blob.Version != default && isCurrent)
            headers["x-ms-is-current-version"] = "true";
        if (blob.Accessed != default)
            headers["x-ms-last-access-time"] = Answers.Date(blob.Accessed);
        if (blob.Extras.Tags.Count > 0)
            headers["x-ms-tag-count"] = blob.Extras.Tags.Count.ToString(CultureInfo.InvariantCulture);
        if (blob.Extras.HasLegalHold)
            headers["x-ms-legal-hold"] = "true";
        if (blob.Extras.ImmutableUntil != default)
        {
            headers["x-ms-immutability-policy-until-date"] = Answers.Date(blob.Extras.ImmutableUntil);
            headers["x-ms-immutability-policy-mode"] = "unlocked";
        }
        foreach (var (key, value) in blob.Extras.Metadata)
            headers[$"x-ms-meta-{key}"] = value;
    }

    // bytes=0-1023, of which the end can be missing.
    private static (long Start, long Length) Range(StandInRequest request, long size, HttpResponse response)
    {
        var range = request.Header("x-ms-range") ?? request.Header("Range");
        var parts = range?.Replace("bytes=", "", StringComparison.Ordinal).Split('-');
        if (parts is not [var first, var last] || !long.TryParse(first, CultureInfo.InvariantCulture, out var start) || start >= size)
            return (0, size);
        var end = long.TryParse(last, CultureInfo.InvariantCulture, out var given) ? Math.Min(given, size - 1) : size - 1;
        response.StatusCode = 206;
        response.Headers.ContentRange = string.Create(CultureInfo.InvariantCulture, $"bytes {start}-{end}/{size}");
        return (start, end - start + 1);
    }

    private static async Task WriteContentAsync(HttpContext context, byte[]? content, long start, long length)
    {
        if (content is not null)
        {
            await context.Response.Body.WriteAsync(content.AsMemory((int)start, (int)length), context.RequestAborted);
            return;
        }
        var zeros = new byte[Math.Min(length, 64 * 1024)];
        for (var left = length; left > 0; left -= zeros.Length)
            await context.Response.Body.WriteAsync(zeros.AsMemory(0, (int)Math.Min(left, zeros.Length)), context.RequestAborted);
    }
}
