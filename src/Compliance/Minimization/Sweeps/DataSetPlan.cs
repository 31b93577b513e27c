using System.Text.Json.Serialization;

namespace Compliance.Minimization.Sweeps;

/// <summary>What a sweep plans for one data set: what its owner is asked about, and what is carried out as it was made.</summary>
/// <param name="Run">The sweep.</param>
/// <param name="DataSet">The data set.</param>
/// <param name="PolicySha256">SHA-256 of the policy it was planned by, lower-case hex.</param>
/// <param name="Requesters">Object ids of who asked for the sweep.</param>
/// <param name="Slices">One for each container that has something of it.</param>
/// <param name="Unread">Containers that may have more of it and could not be read.</param>
internal sealed record DataSetPlan(
    SweepRun Run,
    string DataSet,
    string PolicySha256,
    IReadOnlyList<string> Requesters,
    IReadOnlyList<Slice> Slices,
    IReadOnlyList<string> Unread
)
{
    /// <summary>The case it is carried out as: letters, digits and dashes.</summary>
    [JsonIgnore]
    public string CaseId => CaseOf(Run.SweepId, DataSet);

    /// <summary>How much there is, and what becomes of it.</summary>
    public SliceTotals Totals() => Slices.Aggregate(SliceTotals.None, (sum, s) => sum + s.Totals);

    /// <summary>The case of a data set in a sweep.</summary>
    public static string CaseOf(string sweepId, string dataSet) => $"{sweepId}-{SweepFiles.SafeName(dataSet)}";
}

/// <summary>What is known of a data set's plan when it is decided, carried out or verified.</summary>
/// <param name="Plan">The plan.</param>
/// <param name="FirstActs">Ids of the rules that never deleted anything as they are now.</param>
/// <param name="Left">What a listing after the act shows, by the step's id; none before the act.</param>
internal sealed record SweepObservation(DataSetPlan Plan, IReadOnlyList<string> FirstActs, IReadOnlyDictionary<string, SliceLeft> Left);

/// <summary>What a fresh listing shows of a slice that was carried out.</summary>
/// <param name="StillThere">Items that were reported as gone and are there.</param>
/// <param name="NotDeleted">Items that the service refused to delete, or did not.</param>
/// <param name="Kept">Items that stay with a reason: changed since the plan, held, leased.</param>
/// <param name="Untried">Items whose outcome is not known.</param>
/// <param name="Unread">Why it could not be read; null when it was.</param>
internal sealed record SliceLeft(long StillThere, long NotDeleted, long Kept, long Untried, string? Unread = null);
