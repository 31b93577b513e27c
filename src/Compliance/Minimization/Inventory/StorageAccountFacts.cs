namespace Compliance.Minimization.Inventory;

/// <summary>What Resource Manager shows of one storage account.</summary>
internal sealed record StorageAccountFacts
{
    /// <summary>Resource Manager id.</summary>
    public required string Id { get; init; }

    /// <summary>Name, unique in Azure.</summary>
    public required string Name { get; init; }

    /// <summary>Id of its subscription.</summary>
    public required string SubscriptionId { get; init; }

    /// <summary>Its resource group.</summary>
    public required string ResourceGroup { get; init; }

    /// <summary>Its region.</summary>
    public required string Location { get; init; }

    /// <summary>Kind, such as <c>StorageV2</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Its tags; keys compare without case.</summary>
    public required IReadOnlyDictionary<string, string> Tags { get; init; }

    /// <summary>
    /// Whether it has directories. Then it has no versions, no index tags, no change feed and no immutability of single blobs.
    /// </summary>
    public required bool IsHierarchical { get; init; }

    /// <summary>Address of its blob service; null for an account without one, such as one for file shares alone.</summary>
    public required Uri? BlobEndpoint { get; init; }

    /// <summary>How its blob service keeps what is deleted; null where it has none, or that was not read.</summary>
    public BlobServiceFacts? BlobService { get; init; }
}

/// <summary>How a blob service keeps what is deleted or overwritten, and what it records.</summary>
internal sealed record BlobServiceFacts
{
    /// <summary>Whether what is overwritten or deleted stays as a version.</summary>
    public required bool IsVersioned { get; init; }

    /// <summary>For how many days a deleted blob, version or snapshot can be brought back; null when it is gone at once.</summary>
    public required int? SoftDeleteDays { get; init; }

    /// <summary>For how many days a deleted container can be brought back; null when it is gone at once.</summary>
    public required int? ContainerSoftDeleteDays { get; init; }

    /// <summary>Whether soft-deleted versions and snapshots may be deleted for good before their time.</summary>
    public required bool AllowsPermanentDelete { get; init; }

    /// <summary>Whether the day of the last read is tracked.</summary>
    public required bool TracksLastAccess { get; init; }

    /// <summary>Whether every change is written to the change feed.</summary>
    public required bool HasChangeFeed { get; init; }

    /// <summary>Whether containers can be restored to a point in time, which brings deleted data back.</summary>
    public required bool HasPointInTimeRestore { get; init; }
}

/// <summary>The storage accounts of a tenant.</summary>
/// <param name="Accounts">Those that were read, by id.</param>
/// <param name="Unread">What was not, by source.</param>
internal sealed record AccountInventory(IReadOnlyList<StorageAccountFacts> Accounts, IReadOnlyList<Unread> Unread);
