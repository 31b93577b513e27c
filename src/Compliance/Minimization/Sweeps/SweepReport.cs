namespace Compliance.Minimization.Sweeps;

/// <summary>What a sweep came to, for owners and auditors: everything it states was read back or recorded.</summary>
/// <param name="SweepId">The sweep.</param>
/// <param name="At">The time it decided by (UTC).</param>
/// <param name="EndedAt">When it was done (UTC).</param>
/// <param name="PolicySha256">The policy it was planned by, lower-case hex.</param>
/// <param name="Containers">Containers that were planned.</param>
/// <param name="DataSets">One for each data set of the policy.</param>
/// <param name="Unclassified">What no data set has.</param>
/// <param name="Coverage">Items and bytes by classification; what no data set has is <c>unclassified</c>.</param>
/// <param name="Unread">What could not be read, with what to do.</param>
/// <param name="RetainedUntil">Until when storage keeps what was deleted (UTC), and it can be restored; null where it keeps
/// nothing.</param>
internal sealed record SweepReport(
    string SweepId,
    DateTimeOffset At,
    DateTimeOffset EndedAt,
    string PolicySha256,
    int Containers,
    IReadOnlyList<DataSetReport> DataSets,
    SliceTotal Unclassified,
    IReadOnlyDictionary<string, SliceTotal> Coverage,
    IReadOnlyList<string> Unread,
    DateTimeOffset? RetainedUntil
)
{
    /// <summary>Whether everything that is due was deleted, and everything was read.</summary>
    public bool IsComplete =>
        Unread.Count == 0 && DataSets.All(d => d.State is DataSetState.Done or DataSetState.NothingDue && d.Totals.Unknown.Items == 0);
}

/// <summary>What became of a data set.</summary>
internal enum DataSetState
{
    /// <summary>Nothing of it was due.</summary>
    NothingDue,

    /// <summary>What was due was deleted, or is kept with a reason, and was seen so.</summary>
    Done,

    /// <summary>Some of it could not be deleted, or not be seen deleted.</summary>
    Incomplete,

    /// <summary>Its owner or an approver refused, it was cancelled, or the policy changed: nothing more is deleted.</summary>
    NotDone,
}

/// <summary>What a sweep came to for one data set.</summary>
/// <param name="DataSet">The data set.</param>
/// <param name="Classification">How sensitive it is.</param>
/// <param name="Owner">Who answers for it.</param>
/// <param name="Purpose">What it is kept for.</param>
/// <param name="State">What became of it.</param>
/// <param name="Totals">How much there was, and what was planned.</param>
/// <param name="Results">What became of what was due.</param>
/// <param name="Approvers">How many people agreed; 0 where no one had to.</param>
/// <param name="PlanId">The plan that was carried out; null where none was.</param>
/// <param name="CertificateSha256">SHA-256 of its certificate, lower-case hex; null where there is none.</param>
/// <param name="StartedAt">When its first item was tried (UTC); null where none was.</param>
/// <param name="EndedAt">When its last item was tried (UTC); null where none was.</param>
/// <param name="Note">Why it is not done; null where it is.</param>
/// <param name="Development">Accounts of development that have some of it.</param>
/// <param name="PurposeEnds">The last day of its purpose; null when it has no end.</param>
internal sealed record DataSetReport(
    string DataSet,
    string Classification,
    string Owner,
    string Purpose,
    DataSetState State,
    SliceTotals Totals,
    IReadOnlyDictionary<SweepResult, SliceTotal> Results,
    int Approvers,
    string? PlanId,
    string? CertificateSha256,
    DateTimeOffset? StartedAt,
    DateTimeOffset? EndedAt,
    string? Note,
    IReadOnlyList<string> Development,
    DateOnly? PurposeEnds
)
{
    /// <summary>What is left of it.</summary>
    public SliceTotal Left
    {
        get
        {
            var gone = Results
                .Where(r => r.Key is SweepResult.Deleted or SweepResult.AlreadyGone or SweepResult.GoneUnconfirmed)
                .Aggregate(SliceTotal.None, (sum, r) => sum + r.Value);
            return new(Totals.All.Items - gone.Items, Totals.All.Bytes - gone.Bytes);
        }
    }

    /// <summary>What the service answered that it deleted.</summary>
    public SliceTotal Deleted => Results.GetValueOrDefault(SweepResult.Deleted, SliceTotal.None);
}
