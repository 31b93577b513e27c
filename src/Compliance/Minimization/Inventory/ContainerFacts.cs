namespace Compliance.Minimization.Inventory;

/// <summary>What is known of one container. What was not shown is null, and never taken for nothing.</summary>
internal sealed record ContainerFacts
{
    /// <summary>Its account's name.</summary>
    public required string Account { get; init; }

    /// <summary>Its name.</summary>
    public required string Name { get; init; }

    /// <summary>Its metadata, keys in any case; null where they were not read.</summary>
    public required IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>Whether a legal hold keeps all of it.</summary>
    public required bool? HasLegalHold { get; init; }

    /// <summary>Whether an immutability policy keeps each of its blobs for a time.</summary>
    public required bool? HasImmutabilityPolicy { get; init; }

    /// <summary>For how long that policy keeps a blob from when it was made; null where it has none, or that was not read.</summary>
    public TimeSpan? ImmutableFor { get; init; }

    /// <summary>Whether it is deleted and can be brought back.</summary>
    public required bool IsDeleted { get; init; }

    /// <summary>For how many days it can be brought back; null where it is not deleted.</summary>
    public int? RemainingDays { get; init; }
}

/// <summary>The containers of one account.</summary>
/// <param name="Containers">Those that were read, in the service's order.</param>
/// <param name="Unread">What was not.</param>
internal sealed record ContainerInventory(IReadOnlyList<ContainerFacts> Containers, IReadOnlyList<Unread> Unread);
