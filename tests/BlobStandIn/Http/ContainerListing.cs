using BlobStandIn.State;

namespace BlobStandIn.Http;

/// <summary>A page of an account's containers.</summary>
internal static class ContainerListing
{
    /// <summary>Writes the page.</summary>
    public static async Task WriteAsync(HttpContext context, StandInAccount account, ListingQuery query, string endpoint)
    {
        var all = account
            .Containers(query.Deleted)
            .Where(c => c.Name.StartsWith(query.Prefix, StringComparison.Ordinal))
            .SkipWhile(c => query.Marker.Length > 0 && string.CompareOrdinal(c.Name, query.Start.Name) <= 0)
            .ToList();
        // Those of one name are on one page: the marker is a name.
        var count = Math.Min(all.Count, query.MaxResults);
        while (count < all.Count && all[count].Name == all[count - 1].Name)
            count++;
        using var xml = new Utf8Buffer(16 * 1024);
        xml.Raw("<?xml version=\"1.0\" encoding=\"utf-8\"?><EnumerationResults ServiceEndpoint=\""u8).Xml(endpoint);
        xml.Raw("\"><Prefix>"u8).Xml(query.Prefix).Raw("</Prefix><MaxResults>"u8).Number(query.MaxResults);
        xml.Raw("</MaxResults><Containers>"u8);
        foreach (var container in all.Take(count))
            Write(xml, container, query);
        xml.Raw("</Containers><NextMarker>"u8);
        if (count < all.Count)
            xml.Raw(new ListingCursor(all[count - 1].Name, 0).ToMarker());
        xml.Raw("</NextMarker></EnumerationResults>"u8);
        context.Response.ContentType = "application/xml";
        await context.Response.Body.WriteAsync(xml.Written, context.RequestAborted);
    }

    private static void Write(Utf8Buffer xml, StandInContainer container, ListingQuery query)
    {
        xml.Raw("<Container><Name>"u8).Xml(container.Name).Raw("</Name>"u8);
        if (container.DeletedAt is not null)
            xml.Raw("<Deleted>true</Deleted><Version>"u8).Raw(Answers.Id(container.Created)).Raw("</Version>"u8);
        xml.Raw("<Properties><Last-Modified>"u8).Date(container.Created).Raw("</Last-Modified><Etag>"u8);
        xml.ETag(container.Created.Ticks).Raw("</Etag><LeaseStatus>unlocked</LeaseStatus><LeaseState>available</LeaseState>"u8);
        xml.Raw("<HasImmutabilityPolicy>"u8).Raw(container.Immutability is null ? "false"u8 : "true"u8);
        xml.Raw("</HasImmutabilityPolicy><HasLegalHold>"u8).Raw(container.HasLegalHold ? "true"u8 : "false"u8);
        xml.Raw("</HasLegalHold>"u8);
        if (container.DeletedAt is { } deletedAt)
        {
            var left = deletedAt + (container.Account.SoftDelete ?? TimeSpan.Zero) - container.Account.Now;
            xml.Raw("<DeletedTime>"u8).Date(deletedAt).Raw("</DeletedTime><RemainingRetentionDays>"u8);
            xml.Number((long)left.TotalDays).Raw("</RemainingRetentionDays>"u8);
        }
        xml.Raw("</Properties>"u8);
        if (query.Metadata)
            ListedBlob.WriteMetadata(xml, container.Metadata);
        xml.Raw("</Container>"u8);
    }
}
