using BlobStandIn.Faults;

namespace BlobStandIn.Http;

/// <summary>A request as it was sent.</summary>
/// <param name="context">Its connection.</param>
/// <param name="target">Path and query as they were sent.</param>
internal sealed class StandInRequest(HttpContext context, string target)
{
    /// <summary>Its connection.</summary>
    public HttpContext Context => context;

    /// <summary>Path and query as they were sent.</summary>
    public string Target => target;

    /// <summary>Account.</summary>
    public string Account { get; } = new RequestTarget(target).Account.ToString();

    /// <summary>Container; empty for none.</summary>
    public string Container { get; } = Uri.UnescapeDataString(new RequestTarget(target).Container);

    /// <summary>Blob, without escapes; empty for none, null where it can be no name.</summary>
    public string? Blob
    {
        get
        {
            Span<char> name = stackalloc char[RequestTarget.MaxName];
            var length = RequestTarget.Unescape(new RequestTarget(target).Blob, name);
            return length < 0 ? null : name[..length].ToString();
        }
    }

    /// <summary>What it asks for.</summary>
    public StandInOperation Operation
    {
        get
        {
            var parts = new RequestTarget(target);
            var comp = parts.Query("comp").ToString();
            if (parts.Container.IsEmpty)
                return OfAccount(context.Request.Method, comp);
            return parts.Blob.IsEmpty ? OfContainer(context.Request.Method, comp) : OfBlob(context.Request, comp);
        }
    }

    /// <summary>A value of the query; empty for none.</summary>
    public string Query(string name) => Uri.UnescapeDataString(new RequestTarget(target).Query(name));

    /// <summary>A header; null for none.</summary>
    public string? Header(string name) =>
        context.Request.Headers.TryGetValue(name, out var value) && value.Count > 0 ? value.ToString() : null;

    /// <summary>Metadata in its headers.</summary>
    public Dictionary<string, string> Metadata() =>
        context
            .Request.Headers.Where(h => h.Key.StartsWith("x-ms-meta-", StringComparison.OrdinalIgnoreCase))
            .ToDictionary(h => h.Key[10..], h => h.Value.ToString(), StringComparer.OrdinalIgnoreCase);

    private static StandInOperation OfAccount(string method, string comp) =>
        (method, comp) switch
        {
            ("GET", "list") => StandInOperation.ListContainers,
            ("GET" or "HEAD", "properties") => StandInOperation.ReadAccount,
            ("POST", "batch") => StandInOperation.Batch,
            _ => StandInOperation.Unknown,
        };

    private static StandInOperation OfContainer(string method, string comp) =>
        (method, comp) switch
        {
            ("GET", "list") => StandInOperation.ListBlobs,
            ("POST", "batch") => StandInOperation.Batch,
            ("GET" or "HEAD", "" or "metadata") => StandInOperation.ReadContainer,
            ("PUT", "") => StandInOperation.CreateContainer,
            ("DELETE", "") => StandInOperation.DeleteContainer,
            _ => StandInOperation.Unknown,
        };

    private static StandInOperation OfBlob(HttpRequest request, string comp) =>
        (request.Method, comp) switch
        {
            ("DELETE", "") => StandInOperation.DeleteBlob,
            ("GET" or "HEAD", "" or "metadata") => StandInOperation.ReadBlob,
            ("GET", "tags") => StandInOperation.ReadTags,
            ("PUT", "tags") => StandInOperation.SetTags,
            ("PUT", "metadata") => StandInOperation.SetMetadata,
            ("PUT", "tier") => StandInOperation.SetTier,
            ("PUT", "lease") => StandInOperation.Lease,
            ("PUT", "snapshot") => StandInOperation.Snapshot,
            ("PUT", "undelete") => StandInOperation.Undelete,
            ("PUT", "") when request.Headers.ContainsKey("x-ms-copy-source") => StandInOperation.CopyBlob,
            ("PUT", "") => StandInOperation.PutBlob,
            _ => StandInOperation.Unknown,
        };
}
