using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Compliance.Minimization.Evaluation;

namespace Compliance.Minimization.Inventory;

/// <summary>The container that is listed.</summary>
/// <param name="Account">Its account.</param>
/// <param name="Facts">What is known of it.</param>
/// <param name="Client">Its client.</param>
internal sealed record ListedContainer(StorageAccountFacts Account, ContainerFacts Facts, BlobContainerClient Client);

/// <summary>A blob, version or snapshot that is deleted and can still be brought back.</summary>
/// <param name="Blob">What is known of it.</param>
/// <param name="DeletedOn">When it was deleted (UTC); null where that was not shown.</param>
/// <param name="RemainingDays">For how many days it can be brought back; null where that was not shown.</param>
internal sealed record DeletedBlob(BlobFacts Blob, DateTimeOffset? DeletedOn, int? RemainingDays);

/// <summary>Makes of an item of a listing what is known of a blob. Pure.</summary>
internal static class ListedBlob
{
    private const string DirectoryMark = "hdi_isfolder";

    /// <summary>Whether it is an entry of a directory, which is no blob.</summary>
    public static bool IsDirectory(StorageAccountFacts account, BlobItem item) =>
        account.IsHierarchical
        && item.Metadata is { } metadata
        && metadata.Any(m =>
            m.Key.Equals(DirectoryMark, StringComparison.OrdinalIgnoreCase) && m.Value.Equals("true", StringComparison.OrdinalIgnoreCase)
        );

    /// <summary>The facts.</summary>
    /// <param name="at">The container.</param>
    /// <param name="item">The item.</param>
    /// <param name="isTagged">Whether index tags were asked for.</param>
    public static BlobFacts Facts(ListedContainer at, BlobItem item, bool isTagged)
    {
        var properties = item.Properties;
        return new()
        {
            Account = at.Account.Name,
            Container = at.Facts.Name,
            Name = item.Name,
            VersionId = item.VersionId,
            Snapshot = item.Snapshot,
            // A blob written while versions were off has no version id.
            IsCurrent = item.Snapshot is null && (item.VersionId is null || item.IsLatestVersion == true),
            IsBlockBlob = properties.BlobType == BlobType.Block,
            Created = properties.CreatedOn?.ToUniversalTime(),
            // Where the listing has none the client gives the year 1, which would be older than any rule.
            LastModified = properties.LastModified is { Year: > 1 } modified ? modified.ToUniversalTime() : null,
            LastAccessed = properties.LastAccessedOn?.ToUniversalTime(),
            ETag = properties.ETag?.ToString() is { Length: > 0 } etag ? etag : null,
            Size = properties.ContentLength ?? 0,
            Tier = properties.AccessTier?.ToString(),
            Tags = Tags(at.Account, item, isTagged),
            Metadata = (item.Metadata ?? new Dictionary<string, string>()).ToDictionary(StringComparer.OrdinalIgnoreCase),
            HasLegalHold = properties.HasLegalHold || at.Facts.HasLegalHold == true ? true : at.Facts.HasLegalHold,
            ImmutableUntil = ImmutableUntil(at.Facts, properties),
            IsLeased = properties.LeaseStatus == LeaseStatus.Locked,
        };
    }

    // A blob without tags is listed without the element; one with some, whose tags are not shown, still has their number.
    private static Dictionary<string, string>? Tags(StorageAccountFacts account, BlobItem item, bool isTagged)
    {
        if (item.Tags is { Count: > 0 } tags)
            return tags.ToDictionary(StringComparer.Ordinal);
        return account.IsHierarchical || (isTagged && item.Properties.TagCount is null or 0) ? [] : null;
    }

    // The policy of a container is in no listing of its blobs: it counts from when a blob was made. Without its days, or that time, the
    // blob is kept.
    private static DateTimeOffset? ImmutableUntil(ContainerFacts container, BlobItemProperties properties)
    {
        var own = properties.ImmutabilityPolicy?.ExpiresOn?.ToUniversalTime();
        if (container.HasImmutabilityPolicy == false)
            return own;
        var whole =
            container.ImmutableFor is { } period && properties.CreatedOn is { } created
                ? created.ToUniversalTime() + period
                : DateTimeOffset.MaxValue;
        return own > whole ? own : whole;
    }
}
