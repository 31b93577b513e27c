using System.Text.Json.Serialization;
using Compliance.Minimization.Manifests;

namespace Compliance.Minimization.Sweeps;

/// <summary>What a sweep plans for one data set in one container. Made once, and carried out as it was made.</summary>
internal sealed record Slice
{
    /// <summary>The data set; null for blobs that none has.</summary>
    public string? DataSet { get; init; }

    /// <summary>Storage account.</summary>
    public required string Account { get; init; }

    /// <summary>Container.</summary>
    public required string Container { get; init; }

    /// <summary>Name of its manifest.</summary>
    public required string Manifest { get; init; }

    /// <summary>Root of the Merkle tree over the manifest, lower-case hex.</summary>
    public required string PlanId { get; init; }

    /// <summary>The manifest's parts, in their order.</summary>
    public required IReadOnlyList<ManifestPart> Parts { get; init; }

    /// <summary>How much there is, and what becomes of it.</summary>
    public required SliceTotals Totals { get; init; }

    /// <summary>What each rule would delete, by the rule's id.</summary>
    public required IReadOnlyDictionary<string, SliceTotal> Due { get; init; }

    /// <summary>When the oldest that is due was last written (UTC); null where that is not known, or nothing is due.</summary>
    public DateTimeOffset? Oldest { get; init; }

    /// <summary>When the newest that is due was last written (UTC); null where that is not known, or nothing is due.</summary>
    public DateTimeOffset? Newest { get; init; }

    /// <summary>For how many days what is deleted can be brought back; null where it cannot, or that is not known.</summary>
    public int? UndoDays { get; init; }

    /// <summary>Some names of what is due, spread over the slice.</summary>
    public IReadOnlyList<string> Samples { get; init; } = [];

    /// <summary>Its place, as people write it.</summary>
    [JsonIgnore]
    public string Place => $"{Account}/{Container}";
}

/// <summary>Items and their bytes.</summary>
/// <param name="Items">Blobs, versions and snapshots.</param>
/// <param name="Bytes">Their bytes.</param>
internal sealed record SliceTotal(long Items, long Bytes)
{
    /// <summary>Nothing.</summary>
    public static SliceTotal None { get; } = new(0, 0);

    /// <summary>The sum of two.</summary>
    public static SliceTotal operator +(SliceTotal a, SliceTotal b) => new(a.Items + b.Items, a.Bytes + b.Bytes);
}

/// <summary>What becomes of the items of a slice.</summary>
/// <param name="All">All there are.</param>
/// <param name="Due">Those that a rule deletes now.</param>
/// <param name="Moved">Those that a rule moves to a colder tier now.</param>
/// <param name="Reported">Those that a rule reports now.</param>
/// <param name="Held">Those that would be due and are kept by a hold, a lease or immutability.</param>
/// <param name="Unknown">Those of which something that has to be known is not.</param>
internal sealed record SliceTotals(
    SliceTotal All,
    SliceTotal Due,
    SliceTotal Moved,
    SliceTotal Reported,
    SliceTotal Held,
    SliceTotal Unknown
)
{
    /// <summary>Nothing.</summary>
    public static SliceTotals None { get; } =
        new(SliceTotal.None, SliceTotal.None, SliceTotal.None, SliceTotal.None, SliceTotal.None, SliceTotal.None);

    /// <summary>The sum of two.</summary>
    public static SliceTotals operator +(SliceTotals a, SliceTotals b) =>
        new(a.All + b.All, a.Due + b.Due, a.Moved + b.Moved, a.Reported + b.Reported, a.Held + b.Held, a.Unknown + b.Unknown);
}

/// <summary>What a sweep plans in one container.</summary>
/// <param name="Account">Storage account.</param>
/// <param name="Container">Container.</param>
/// <param name="Slices">One for each data set that has something in it.</param>
/// <param name="Unread">Why it could not be read, with what to do; null when it was.</param>
internal sealed record ContainerPlan(string Account, string Container, IReadOnlyList<Slice> Slices, string? Unread);
