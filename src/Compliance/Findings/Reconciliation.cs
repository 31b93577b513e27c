namespace Compliance.Findings;

/// <summary>What happened to a finding in a run.</summary>
internal enum ChangeKind
{
    /// <summary>Seen for the first time.</summary>
    Opened,

    /// <summary>Still there, and something about it is different.</summary>
    Updated,

    /// <summary>Seen again after it was resolved.</summary>
    Reopened,

    /// <summary>A waiver covers it now.</summary>
    Waived,

    /// <summary>No waiver covers it any more.</summary>
    Unwaived,

    /// <summary>Gone, by a complete read of its source.</summary>
    Resolved,
}

/// <summary>One finding that has to be written.</summary>
/// <param name="Finding">As it is to be stored, with the version it replaces.</param>
/// <param name="Kind">What happened.</param>
internal sealed record FindingChange(StoredFinding Finding, ChangeKind Kind);

/// <summary>What a run makes of the findings.</summary>
/// <param name="Changes">What has to be written, by id; empty when nothing changed.</param>
/// <param name="Findings">Every finding that is open or waived afterwards, and those resolved by this run, by id.</param>
internal sealed record Reconciliation(IReadOnlyList<FindingChange> Changes, IReadOnlyList<Finding> Findings)
{
    /// <summary>How many changes of one kind.</summary>
    public int Count(ChangeKind kind) => Changes.Count(c => c.Kind == kind);

    /// <summary>Findings that were open before this run and still are, changed or not.</summary>
    public int StillOpen =>
        Findings.Count(f => f.Status == FindingStatus.Open)
        - Count(ChangeKind.Unwaived)
        - Changes.Count(c => c.Kind is ChangeKind.Opened or ChangeKind.Reopened && c.Finding.Finding.Status == FindingStatus.Open);
}
