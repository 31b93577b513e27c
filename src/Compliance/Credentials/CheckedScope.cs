using Compliance.Findings;
using Compliance.Ledger;

namespace Compliance.Credentials;

/// <summary>A run over a scope that has ended: what it read, what it found and what became of the kept findings.</summary>
internal sealed record CheckedScope
{
    /// <summary>Puts together what the run found and what was saved of it.</summary>
    public CheckedScope(CredentialObservation observed, string? tenantName, ScopeResult found, SavedFindings saved)
    {
        (Observed, TenantName, Detections, Newer) = (observed, tenantName, found.Detections, found.Newer);
        (Changes, Findings, GoneResources) = (saved.Result.Changes, saved.Result.Findings, saved.GoneResources);
        IsComplete = found.IsComplete && saved.Hidden.Count == 0;
        Outcomes = [.. found.Outcomes, .. saved.Hidden];
        Counts = CountsOf(observed.Inventory, Outcomes, saved.Result);
        FindingsSha256 = FindingDigest.Compute(saved.Result.Findings);
    }

    /// <summary>What was read.</summary>
    public CredentialObservation Observed { get; }

    /// <summary>The tenant's display name; null when it could not be read.</summary>
    public string? TenantName { get; }

    /// <summary>What is wrong.</summary>
    public IReadOnlyList<Detection> Detections { get; }

    /// <summary>How each source went, those among them that are hidden now.</summary>
    public IReadOnlyList<SourceOutcome> Outcomes { get; }

    /// <summary>Whether everything in the scope was read to its end.</summary>
    public bool IsComplete { get; }

    /// <summary>A newer run whose findings are kept; null when what this one found is kept.</summary>
    public RunStamp? Newer { get; }

    /// <summary>What the run changed.</summary>
    public IReadOnlyList<FindingChange> Changes { get; }

    /// <summary>The findings after the run, and those that it resolved.</summary>
    public IReadOnlyList<Finding> Findings { get; }

    /// <summary>Lower-case ids of resources that do not exist any more.</summary>
    public IReadOnlySet<string> GoneResources { get; }

    /// <summary>Counts by name, for the report and the evidence.</summary>
    public IReadOnlyDictionary<string, long> Counts { get; }

    /// <summary>SHA-256 over the canonical list of findings, lower-case hex.</summary>
    public string FindingsSha256 { get; }

    /// <summary>Where the evidence is; null until it is recorded.</summary>
    public EvidenceReceipt? Receipt { get; init; }

    private static Dictionary<string, long> CountsOf(
        RunInventory inventory,
        IReadOnlyList<SourceOutcome> outcomes,
        Reconciliation result
    ) =>
        new(StringComparer.Ordinal)
        {
            ["credentials"] = inventory.Credentials,
            ["objects"] = outcomes.Sum(o => o.Objects),
            ["sources"] = outcomes.Count,
            ["sourcesIncomplete"] = outcomes.Count(o => !o.Complete),
            ["open"] = result.Findings.Count(f => f.Status == FindingStatus.Open),
            ["waived"] = result.Findings.Count(f => f.Status == FindingStatus.Waived),
            ["opened"] = result.Count(ChangeKind.Opened),
            ["stillOpen"] = result.StillOpen,
            ["reopened"] = result.Count(ChangeKind.Reopened),
            ["resolved"] = result.Count(ChangeKind.Resolved),
        };
}
