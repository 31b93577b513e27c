using System.Xml;
using BlobStandIn.Faults;
using BlobStandIn.State;

namespace BlobStandIn.Http;

/// <summary>Reads and writes of one blob, as far as the clients need them in tests.</summary>
/// <param name="items">What carries out a delete or a change of tier.</param>
internal sealed class BlobHandler(ItemHandler items)
{
    /// <summary>Carries out one.</summary>
    /// <returns>What refuses it; null where it was answered.</returns>
    public Task<StandInError?> HandleAsync(StandInContainer container, StandInRequest request, StandInOperation operation) =>
        operation switch
        {
            StandInOperation.ReadBlob => BlobReads.ReadAsync(container, request),
            StandInOperation.ReadTags => BlobReads.ReadTagsAsync(container, request),
            StandInOperation.PutBlob => PutAsync(container, request),
            StandInOperation.SetTags => SetTagsAsync(container, request),
            _ => Task.FromResult(Handle(container, request, operation)),
        };

    private StandInError? Handle(StandInContainer container, StandInRequest request, StandInOperation operation) =>
        operation switch
        {
            StandInOperation.DeleteBlob => Item(container, request, isDelete: true),
            StandInOperation.SetTier => Item(container, request, isDelete: false),
            StandInOperation.Undelete => Undelete(container, request),
            StandInOperation.CopyBlob => Copy(container, request),
            StandInOperation.SetMetadata => Write(container, request, 200, SetMetadata),
            StandInOperation.Snapshot => Write(container, request, 201, TakeSnapshot),
            StandInOperation.Lease => Write(container, request, 200, BlobLeases.Change),
            _ => StandInError.NotSupported,
        };

    private StandInError? Item(StandInContainer container, StandInRequest request, bool isDelete)
    {
        var headers = WriteHeaders.From(request.Context.Request.Headers);
        if (items.Handle(container, new(request.Target), headers, isDelete) is { } error)
            return error;
        request.Context.Response.StatusCode = isDelete ? 202 : 200;
        return null;
    }

    private static StandInError? Undelete(StandInContainer container, StandInRequest request) =>
        container.Change(
            request.Blob ?? "",
            false,
            family =>
            {
                BlobWrites.Undelete(family);
                return true;
            }
        )
            ? null
            : StandInError.BlobNotFound;

    private static StandInError? SetMetadata(StandInContainer container, BlobFamily family, StandInRequest request)
    {
        if (Refusal(container, family.Current!, request) is { } error)
            return error;
        SetWritten(request, BlobWrites.SetMetadata(container.Account, family, request.Metadata()));
        return null;
    }

    private static StandInError? TakeSnapshot(StandInContainer container, BlobFamily family, StandInRequest request)
    {
        var snapshot = BlobWrites.TakeSnapshot(container.Account, family);
        SetWritten(request, snapshot);
        request.Context.Response.Headers["x-ms-snapshot"] = Answers.Id(snapshot.Extras.Snapshot);
        return null;
    }

    private static async Task<StandInError?> PutAsync(StandInContainer container, StandInRequest request)
    {
        using var content = new MemoryStream();
        await request.Context.Request.Body.CopyToAsync(content, request.Context.RequestAborted);
        var extras = new BlobExtras
        {
            Content = content.ToArray(),
            Metadata = request.Metadata(),
            Tags = TagsFrom(request.Header("x-ms-tags")),
            ContentType =
                request.Header("x-ms-blob-content-type") ?? request.Context.Request.ContentType ?? BlobExtras.None.ContentType,
        };
        if (extras.Tags.Count > 0 && container.Account.IsHierarchical)
            return StandInError.InvalidHeader;
        return Put(container, request, content.Length, extras, 201);
    }

    // From a blob of the same account, or a version or snapshot of one.
    private static StandInError? Copy(StandInContainer container, StandInRequest request)
    {
        var source = new Uri(request.Header("x-ms-copy-source")!).PathAndQuery;
        var target = new RequestTarget(source);
        var isWrong = false;
        var (version, snapshot) = (target.Time("versionid", ref isWrong), target.Time("snapshot", ref isWrong));
        var from = container.Account.Find(target.Container.ToString());
        var blob = from?.Change(Uri.UnescapeDataString(target.Blob), false, family => Items.Find(family, version, snapshot));
        if (blob is null || isWrong)
            return StandInError.BlobNotFound;
        var extras = new BlobExtras
        {
            Content = blob.Extras.Content,
            ContentType = blob.Extras.ContentType,
            Metadata = request.Metadata() is { Count: > 0 } metadata ? metadata : blob.Extras.Metadata,
            Tags = TagsFrom(request.Header("x-ms-tags")),
        };
        request.Context.Response.Headers["x-ms-copy-id"] = Answers.RequestId();
        request.Context.Response.Headers["x-ms-copy-status"] = "success";
        return Put(container, request, blob.Size, extras, 202);
    }

    private static StandInError? Put(StandInContainer container, StandInRequest request, long size, BlobExtras extras, int status)
    {
        if (request.Blob is not { Length: > 0 } name)
            return StandInError.InvalidInput;
        StandInError? error = null;
        container.Change(
            name,
            true,
            family =>
            {
                error = family.Current is { } current ? RefusalOfPut(container, current, request) : RefusalOfNew(request);
                if (error is null)
                    SetWritten(request, BlobWrites.Put(container.Account, family, size, extras));
                return true;
            }
        );
        if (error is null)
            request.Context.Response.StatusCode = status;
        return error;
    }

    private static StandInError? RefusalOfNew(StandInRequest request) =>
        WriteHeaders.From(request.Context.Request.Headers).Conditions.IfMatch == 0 ? null : StandInError.ConditionNotMet;

    private static StandInError? RefusalOfPut(StandInContainer container, StoredBlob blob, StandInRequest request)
    {
        var conditions = WriteHeaders.From(request.Context.Request.Headers).Conditions;
        if (conditions.IfNoneMatch == Conditions.Any)
            return StandInError.BlobExists;
        // With versions a write takes nothing away: what was there stays as a version.
        return conditions.Check(blob, container.Account.Now, hasLeases: true)
            ?? (container.Account.IsVersioned ? null : container.Hold(blob));
    }

    private static StandInError? Refusal(StandInContainer container, StoredBlob blob, StandInRequest request) =>
        WriteHeaders.From(request.Context.Request.Headers).Conditions.Check(blob, container.Account.Now, hasLeases: true)
        ?? container.Hold(blob);

    private static StandInError? Write(
        StandInContainer container,
        StandInRequest request,
        int status,
        Func<StandInContainer, BlobFamily, StandInRequest, StandInError?> write
    )
    {
        var error = StandInError.BlobNotFound;
        request.Context.Response.StatusCode = status;
        container.Change(
            request.Blob ?? "",
            false,
            family => family.Current is null ? StandInError.BlobNotFound : error = write(container, family, request)
        );
        return error;
    }

    private static async Task<StandInError?> SetTagsAsync(StandInContainer container, StandInRequest request)
    {
        if (container.Account.IsHierarchical)
            return StandInError.InvalidQuery;
        var tags = new Dictionary<string, string>(StringComparer.Ordinal);
        using (var xml = XmlReader.Create(request.Context.Request.Body, new() { Async = true }))
        {
            while (await ReadToAsync(xml, "Key"))
            {
                var key = await xml.ReadElementContentAsStringAsync();
                if (xml.Name != "Value" && !await ReadToAsync(xml, "Value"))
                    return StandInError.InvalidInput;
                tags[key] = await xml.ReadElementContentAsStringAsync();
            }
        }
        // The ETag stays, and with it the version.
        return Write(
            container,
            request,
            204,
            (_, family, _) =>
            {
                family.Current = family.Current! with { Extras = family.Current.Extras with { Tags = tags } };
                return null;
            }
        );
    }

    private static async Task<bool> ReadToAsync(XmlReader xml, string element)
    {
        while (xml.Name != element || xml.NodeType != XmlNodeType.Element)
        {
            if (!await xml.ReadAsync())
                return false;
        }
        return true;
    }

    // As in a query: class=raw&hold=yes.
    private static Dictionary<string, string> TagsFrom(string? header) =>
        (header ?? "")
            .Split('&', StringSplitOptions.RemoveEmptyEntries)
            .Select(p => p.Split('=', 2))
            .ToDictionary(p => Text(p[0]), p => Text(p.Length > 1 ? p[1] : ""), StringComparer.Ordinal);

    private static string Text(string escaped) => Uri.UnescapeDataString(escaped.Replace('+', ' '));

    private static void SetWritten(StandInRequest request, StoredBlob blob)
    {
        var headers = request.Context.Response.Headers;
        headers.ETag = Answers.ETag(blob.ETag);
        headers.LastModified = Answers.Date(blob.Modified);
        headers["x-ms-request-server-encrypted"] = "true";
        if (blob.Version != default)
            headers["x-ms-version-id"] = Answers.Id(blob.Version);
    }
}
