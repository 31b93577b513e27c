namespace BlobStandIn.State;

/// <summary>What has to hold for a write, all of it: the real service joins them, Azurite takes only the first.</summary>
internal readonly record struct Conditions
{
    /// <summary>An ETag that fits any blob.</summary>
    public const long Any = -1;

    /// <summary>An ETag that fits no blob.</summary>
    public const long Unknown = -2;

    /// <summary>ETag that it has to have; 0 for no condition.</summary>
    public long IfMatch { get; init; }

    /// <summary>ETag that it must not have; 0 for no condition.</summary>
    public long IfNoneMatch { get; init; }

    /// <summary>It must have been written after this (UTC); null for no condition.</summary>
    public DateTime? IfModifiedSince { get; init; }

    /// <summary>It must not have been written after this (UTC); null for no condition.</summary>
    public DateTime? IfUnmodifiedSince { get; init; }

    /// <summary>Condition on its tags; null for none.</summary>
    public TagCondition? IfTags { get; init; }

    /// <summary>Lease that the caller holds; null for none.</summary>
    public string? LeaseId { get; init; }

    /// <summary>Number of an ETag, as in <c>"0x8DB"</c>.</summary>
    public static long ETag(ReadOnlySpan<char> text)
    {
        text = text.Trim(" \"");
        if (text is "*")
            return Any;
        return
            text.StartsWith("0x", StringComparison.Ordinal)
            && long.TryParse(text[2..], System.Globalization.NumberStyles.AllowHexSpecifier, null, out var tag)
            && tag > 0
            ? tag
            : Unknown;
    }

    /// <summary>What refuses a write; null where all of it holds. Leases are of the current version alone.</summary>
    public StandInError? Check(StoredBlob blob, DateTime now, bool hasLeases)
    {
        if (IfMatch is not (0 or Any) && IfMatch != blob.ETag)
            return StandInError.ConditionNotMet;
        // A star is not heeded: https://github.com/apache/opendal/issues/8176. Of a new blob it is checked where it is made.
        if (IfNoneMatch == blob.ETag)
            return StandInError.ConditionNotMet;
        // Both headers are to the second.
        var modified = blob.Modified.AddTicks(-(blob.Modified.Ticks % TimeSpan.TicksPerSecond));
        if (modified <= IfModifiedSince || modified > IfUnmodifiedSince)
            return StandInError.ConditionNotMet;
        if (IfTags is { } tags && !tags.Holds(blob.Extras.Tags))
            return StandInError.ConditionNotMet;
        return hasLeases ? CheckLease(blob, now) : null;
    }

    /// <summary>Whether the caller may write as far as a lease goes.</summary>
    public StandInError? CheckLease(StoredBlob blob, DateTime now)
    {
        if (!blob.IsLeased(now))
            return LeaseId is null ? null : StandInError.LeaseNotPresent;
        if (LeaseId is null)
            return StandInError.LeaseIdMissing;
        return string.Equals(LeaseId, blob.Extras.Lease!.Id, StringComparison.OrdinalIgnoreCase) ? null : StandInError.LeaseIdMismatch;
    }
}
