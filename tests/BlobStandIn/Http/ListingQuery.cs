using System.Globalization;
using System.Text;

namespace BlobStandIn.Http;

/// <summary>Where a listing is: after an item of a name.</summary>
/// <param name="Name">The name.</param>
/// <param name="After">Order of the last item that was listed; -1 for none of the name.</param>
internal readonly record struct ListingCursor(string Name, long After)
{
    /// <summary>As a marker, which clients don't read.</summary>
    public string ToMarker() =>
        Convert.ToBase64String(Encoding.Unicode.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{After}!{Name}")));

    /// <summary>Of a marker; null where it is none.</summary>
    public static ListingCursor? FromMarker(string marker)
    {
        var bytes = new byte[marker.Length];
        if (!Convert.TryFromBase64String(marker, bytes, out var length))
            return null;
        var text = Encoding.Unicode.GetString(bytes, 0, length);
        var mark = text.IndexOf('!', StringComparison.Ordinal);
        return mark > 0 && long.TryParse(text.AsSpan(0, mark), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var after)
            ? new(text[(mark + 1)..], after)
            : null;
    }
}

/// <summary>What a listing asks for.</summary>
internal sealed record ListingQuery
{
    /// <summary>Most items of a page.</summary>
    public const int MaxPage = 5_000;

    private readonly HashSet<string> _include;

    private ListingQuery(HashSet<string> include) => _include = include;

    public required string Prefix { get; init; }

    public required string Delimiter { get; init; }

    public required string Marker { get; init; }

    public required int MaxResults { get; init; }

    public required ListingCursor Start { get; init; }

    /// <summary>The name to end before; empty for none.</summary>
    public required string EndBefore { get; init; }

    public bool Snapshots => _include.Contains("snapshots");

    public bool Versions => _include.Contains("versions");

    public bool Deleted => _include.Contains("deleted");

    public bool Metadata => _include.Contains("metadata");

    public bool Tags => _include.Contains("tags");

    public bool LegalHold => _include.Contains("legalhold");

    public bool Immutability => _include.Contains("immutabilitypolicy");

    /// <summary>Of a request; null where a value is out of range.</summary>
    public static ListingQuery? From(StandInRequest request)
    {
        var (prefix, marker, startFrom) = (request.Query("prefix"), request.Query("marker"), request.Query("startFrom"));
        var first = string.CompareOrdinal(startFrom, prefix) > 0 ? startFrom : prefix;
        var size = request.Query("maxresults");
        var max = MaxPage;
        if (size.Length > 0 && (!int.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out max) || max == 0))
            return null;
        if ((marker.Length == 0 ? new ListingCursor(first, -1) : ListingCursor.FromMarker(marker)) is not { } start)
            return null;
        var include = request.Query("include").Split(',', StringSplitOptions.RemoveEmptyEntries);
        // The client for .NET writes some with a capital letter.
        return new(new HashSet<string>(include, StringComparer.OrdinalIgnoreCase))
        {
            Prefix = prefix,
            Delimiter = request.Query("delimiter"),
            Marker = marker,
            MaxResults = Math.Min(max, MaxPage),
            Start = start,
            EndBefore = request.Query("endBefore"),
        };
    }
}
