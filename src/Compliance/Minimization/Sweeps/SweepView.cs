namespace Compliance.Minimization.Sweeps;

/// <summary>A sweep and where its data sets are.</summary>
/// <param name="Sweep">The sweep.</param>
/// <param name="DataSets">Its data sets, with what is planned of each.</param>
internal sealed record SweepView(Sweep Sweep, IReadOnlyList<DataSetView> DataSets);

/// <summary>A data set of a sweep.</summary>
/// <param name="CaseId">The case it is carried out as.</param>
/// <param name="DataSet">The data set.</param>
/// <param name="Owner">Who answers for it.</param>
/// <param name="Totals">How much there is, and what becomes of it.</param>
/// <param name="Due">What each rule deletes.</param>
/// <param name="Oldest">When the oldest that is due was last written (UTC).</param>
/// <param name="Newest">When the newest that is due was last written (UTC).</param>
/// <param name="Samples">Some names of what is due.</param>
/// <param name="Holds">Why two people are asked; empty where no one is.</param>
internal sealed record DataSetView(
    string CaseId,
    string DataSet,
    string? Owner,
    SliceTotals Totals,
    IReadOnlyDictionary<string, SliceTotal> Due,
    DateTimeOffset? Oldest,
    DateTimeOffset? Newest,
    IReadOnlyList<string> Samples,
    IReadOnlyList<string> Holds
);
