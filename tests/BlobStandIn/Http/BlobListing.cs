using BlobStandIn.State;

namespace BlobStandIn.Http;

/// <summary>
/// A page of a container's blobs, written a slice at a time: between slices others change the container, as on the real service.
/// </summary>
/// <param name="container">The container.</param>
/// <param name="query">What is asked for.</param>
internal sealed class BlobListing(StandInContainer container, ListingQuery query)
{
    private const int Slice = 256;

    private readonly ListedBlob _blob = new(query, container.Account);
    private ListingCursor _cursor = query.Start;
    private int _written;
    private bool _isFull;
    private bool _hasMore;
    private bool _isOver;

    /// <summary>Writes the page.</summary>
    public async Task WriteAsync(HttpContext context, string endpoint)
    {
        context.Response.ContentType = "application/xml";
        using var xml = new Utf8Buffer(128 * 1024);
        Begin(xml, endpoint);
        while (!_isOver)
        {
            var end = Math.Min(_written + Slice, query.MaxResults);
            _isFull = false;
            container.Visit(_cursor.Name, family => Add(xml, family, end));
            if (container.DeletedAt is not null)
            {
                // A page that ends early would be taken for the last one.
                context.Abort();
                return;
            }
            _isOver |= !_isFull;
            if (_isOver)
                End(xml);
            await context.Response.BodyWriter.WriteAsync(xml.Written, context.RequestAborted);
            xml.Clear();
        }
    }

    private void Begin(Utf8Buffer xml, string endpoint)
    {
        xml.Raw("<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults ServiceEndpoint=\""u8).Xml(endpoint);
        xml.Raw("\" ContainerName=\""u8).Xml(container.Name).Raw("\"><Prefix>"u8).Xml(query.Prefix);
        xml.Raw("</Prefix><Marker>"u8).Xml(query.Marker).Raw("</Marker><MaxResults>"u8).Number(query.MaxResults);
        xml.Raw("</MaxResults><Delimiter>"u8).Xml(query.Delimiter).Raw("</Delimiter><Blobs>"u8);
    }

    private void End(Utf8Buffer xml)
    {
        xml.Raw("</Blobs><NextMarker>"u8);
        if (_hasMore)
            xml.Raw(_cursor.ToMarker());
        xml.Raw("</NextMarker></EnumerationResults>"u8);
    }

    // Null ends the slice, or all of it; otherwise the name to continue at, empty for the next one.
    private string? Add(Utf8Buffer xml, BlobFamily family, int end)
    {
        var name = family.Name;
        var isPast = query.EndBefore.Length > 0 && string.CompareOrdinal(name, query.EndBefore) >= 0;
        if (isPast || !name.StartsWith(query.Prefix, StringComparison.Ordinal))
        {
            _isOver = true;
            return null;
        }
        if (query.Delimiter.Length > 0 && name.IndexOf(query.Delimiter, query.Prefix.Length, StringComparison.Ordinal) is var at and >= 0)
            return AddPrefix(xml, family, name[..(at + query.Delimiter.Length)], end);
        foreach (var blob in family.Others)
        {
            if (IsListed(blob) && !AddItem(xml, name, blob, isCurrent: false, end))
                return null;
        }
        return family.Current is null || AddItem(xml, name, family.Current, isCurrent: true, end) ? "" : null;
    }

    private bool IsListed(StoredBlob blob)
    {
        if (blob.IsDeleted && !query.Deleted)
            return false;
        if (blob.IsSnapshot)
            return query.Snapshots;
        return query.Versions || blob.Version == default;
    }

    private bool AddItem(Utf8Buffer xml, string name, StoredBlob blob, bool isCurrent, int end)
    {
        // The current one is last, though a snapshot can have a later id.
        var order = isCurrent ? long.MaxValue : blob.Order.Ticks;
        if (name == _cursor.Name && order <= _cursor.After)
            return true;
        if (!HasRoom(end))
            return false;
        _blob.Write(xml, name, blob, isCurrent);
        _cursor = new(name, order);
        _written++;
        return true;
    }

    private string? AddPrefix(Utf8Buffer xml, BlobFamily family, string prefix, int end)
    {
        if (family.Current is null && !family.Others.Any(IsListed))
            return "";
        if (!HasRoom(end))
            return null;
        xml.Raw("<BlobPrefix>"u8);
        ListedBlob.WriteName(xml, prefix);
        xml.Raw("</BlobPrefix>"u8);
        _written++;
        // The first name that does not begin with the prefix.
        _cursor = new(prefix[..^1] + (char)(prefix[^1] + 1), -1);
        return _cursor.Name;
    }

    private bool HasRoom(int end)
    {
        if (_written < end)
            return true;
        _isFull = true;
        if (_written == query.MaxResults)
            _isOver = _hasMore = true;
        return false;
    }
}
