namespace Compliance.Minimization.Sweeps;

/// <summary>What became of an item of the plan.</summary>
internal enum SweepResult
{
    /// <summary>The service answered that it deleted it.</summary>
    Deleted,

    /// <summary>It was gone before this app asked. Never counted as deleted by it.</summary>
    AlreadyGone,

    /// <summary>This app asked, the answer was lost, and it is gone: who deleted it is not known.</summary>
    GoneUnconfirmed,

    /// <summary>It is no longer what was planned: written, tagged or classified otherwise since. It stays.</summary>
    Changed,

    /// <summary>A hold, or a policy of immutability, keeps it.</summary>
    Held,

    /// <summary>Somebody has a lease of it.</summary>
    Leased,

    /// <summary>The service refused: a permission is missing.</summary>
    Refused,

    /// <summary>It was not deleted for another reason.</summary>
    Failed,
}

/// <summary>What became of one item, as one line of a report. Of several lines about an item the last one counts.</summary>
internal sealed record OutcomeRow
{
    /// <summary>Number of its row in the manifest, from 0.</summary>
    public required long Row { get; init; }

    /// <summary>Name, as the service has it.</summary>
    public required string Name { get; init; }

    /// <summary>Version id; null for one without versions.</summary>
    public string? VersionId { get; init; }

    /// <summary>Snapshot; null for none.</summary>
    public string? Snapshot { get; init; }

    /// <summary>ETag of the plan.</summary>
    public string? ETag { get; init; }

    /// <summary>Bytes.</summary>
    public long Size { get; init; }

    /// <summary>The rule.</summary>
    public string? Rule { get; init; }

    /// <summary>What became of it.</summary>
    public required SweepResult Result { get; init; }

    /// <summary>HTTP status of the service's answer; null where it was not asked or did not answer.</summary>
    public int? Status { get; init; }

    /// <summary>Error code of the service; null for none.</summary>
    public string? Code { get; init; }

    /// <summary>Id under which the service's own log has the request; null where none was read.</summary>
    public string? RequestId { get; init; }

    /// <summary>Why it is kept, as one sentence; null for what is gone.</summary>
    public string? Reason { get; init; }

    /// <summary>When (UTC).</summary>
    public required DateTimeOffset At { get; init; }
}

/// <summary>First line of a file of outcomes.</summary>
/// <param name="Format">Always <see cref="Name"/>.</param>
/// <param name="Version">Version of the format.</param>
/// <param name="SweepId">The sweep.</param>
/// <param name="DataSet">The data set.</param>
/// <param name="Account">Storage account.</param>
/// <param name="Container">Container.</param>
/// <param name="PlanId">Root of the manifest.</param>
/// <param name="Part">Number of the manifest's part, from 0.</param>
/// <param name="Salt">Random hex: the ledger has the digest of this file for ever, which confirms no guess at its names.</param>
internal sealed record OutcomeHeader(
    string Format,
    int Version,
    string SweepId,
    string DataSet,
    string Account,
    string Container,
    string PlanId,
    int Part,
    string Salt
)
{
    /// <summary>The format's name.</summary>
    public const string Name = "compliance-sweep-outcomes";

    /// <summary>The version that is written.</summary>
    public const int Current = 1;
}
