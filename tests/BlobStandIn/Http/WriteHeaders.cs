using System.Globalization;
using BlobStandIn.State;

namespace BlobStandIn.Http;

/// <summary>Headers that decide what a write does, of a request or of an item in a batch.</summary>
internal struct WriteHeaders
{
    private static ParsedTags? _last;

    private long _ifMatch;
    private long _ifNoneMatch;
    private DateTime? _ifModifiedSince;
    private DateTime? _ifUnmodifiedSince;
    private TagCondition? _ifTags;
    private string? _leaseId;

    /// <summary>Whether one of them is not well-formed.</summary>
    public bool IsWrong { get; private set; }

    /// <summary>Whether it shows who it is from.</summary>
    public bool HasAuthorization { get; private set; }

    /// <summary>What a delete does with snapshots.</summary>
    public SnapshotDeletion Snapshots { get; private set; }

    /// <summary>Tier to move to; null for none.</summary>
    public BlobTier? Tier { get; private set; }

    /// <summary>What has to hold.</summary>
    public readonly Conditions Conditions =>
        new()
        {
            IfMatch = _ifMatch,
            IfNoneMatch = _ifNoneMatch,
            IfModifiedSince = _ifModifiedSince,
            IfUnmodifiedSince = _ifUnmodifiedSince,
            IfTags = _ifTags,
            LeaseId = _leaseId,
        };

    /// <summary>Those of a request.</summary>
    public static WriteHeaders From(IHeaderDictionary headers)
    {
        var read = default(WriteHeaders);
        foreach (var (name, value) in headers)
            read.Add(name, value.ToString());
        return read;
    }

    /// <summary>Adds a header; one that does not matter here is ignored.</summary>
    public void Add(ReadOnlySpan<char> name, ReadOnlySpan<char> value)
    {
        if (Is(name, "Authorization"))
            HasAuthorization = !value.IsEmpty;
        else if (Is(name, "If-Match"))
            _ifMatch = Conditions.ETag(value);
        else if (Is(name, "If-None-Match"))
            _ifNoneMatch = Conditions.ETag(value);
        else if (Is(name, "x-ms-if-tags"))
            _ifTags = Tags(value);
        else if (Is(name, "x-ms-lease-id"))
            _leaseId = value.ToString();
        else if (Is(name, "x-ms-delete-snapshots"))
            Snapshots = Enumeration<SnapshotDeletion>(value);
        else if (Is(name, "x-ms-access-tier"))
            Tier = Enumeration<BlobTier>(value);
        else if (Is(name, "If-Modified-Since"))
            _ifModifiedSince = Time(value);
        else if (Is(name, "If-Unmodified-Since"))
            _ifUnmodifiedSince = Time(value);
    }

    private static bool Is(ReadOnlySpan<char> name, string header) => name.Equals(header, StringComparison.OrdinalIgnoreCase);

    // The items of a sweep have the same condition, one after the other.
    private TagCondition? Tags(ReadOnlySpan<char> text)
    {
        var last = _last;
        if (last is null || !text.SequenceEqual(last.Text))
            _last = last = new(text.ToString(), TagCondition.Parse(text));
        IsWrong |= last.Condition is null;
        return last.Condition;
    }

    private T Enumeration<T>(ReadOnlySpan<char> text)
        where T : struct, Enum
    {
        IsWrong |= !Enum.TryParse<T>(text, ignoreCase: true, out var value);
        return value;
    }

    private DateTime? Time(ReadOnlySpan<char> text)
    {
        const DateTimeStyles Styles = DateTimeStyles.AdjustToUniversal | DateTimeStyles.AssumeUniversal;
        if (DateTime.TryParseExact(text, "r", CultureInfo.InvariantCulture, Styles, out var time))
            return time;
        IsWrong = true;
        return null;
    }

    private sealed record ParsedTags(string Text, TagCondition? Condition);
}
