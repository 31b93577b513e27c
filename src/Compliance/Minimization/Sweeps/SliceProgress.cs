using System.Text.Json.Serialization;

namespace Compliance.Minimization.Sweeps;

/// <summary>A part of a slice that was tried to its end.</summary>
/// <param name="Part">Number of the manifest's part, from 0.</param>
/// <param name="File">Name of its file of outcomes.</param>
/// <param name="Sha256">SHA-256 of that file, lower-case hex.</param>
/// <param name="Results">Items and bytes by what became of them.</param>
/// <param name="StartedAt">When its first outcome came (UTC); null where it has none.</param>
/// <param name="EndedAt">When its last one came (UTC); null where it has none.</param>
internal sealed record DonePart(
    int Part,
    string File,
    string Sha256,
    IReadOnlyDictionary<SweepResult, SliceTotal> Results,
    DateTimeOffset? StartedAt,
    DateTimeOffset? EndedAt
)
{
    /// <summary>Whether something of it may be deleted by another try.</summary>
    [JsonIgnore]
    public bool HasOpen => Results.Keys.Any(IsOpen);

    /// <summary>Whether another try may delete what came to this.</summary>
    public static bool IsOpen(SweepResult result) => result is SweepResult.Refused or SweepResult.Failed;
}

/// <summary>How far the act on a slice came.</summary>
/// <param name="Parts">The parts that were tried to their end, by their number.</param>
internal sealed record SliceProgress(IReadOnlyList<DonePart> Parts)
{
    /// <summary>Not begun.</summary>
    public static SliceProgress None { get; } = new([]);

    /// <summary>Items and bytes of all parts by what became of them.</summary>
    public IReadOnlyDictionary<SweepResult, SliceTotal> Results() =>
        Parts
            .SelectMany(p => p.Results)
            .GroupBy(r => r.Key)
            .ToDictionary(g => g.Key, g => g.Aggregate(SliceTotal.None, (sum, r) => sum + r.Value));

    /// <summary>With one more part; of two of one number the later try.</summary>
    public SliceProgress With(DonePart part) => new([.. Parts.Where(p => p.Part != part.Part).Append(part).OrderBy(p => p.Part)]);
}
