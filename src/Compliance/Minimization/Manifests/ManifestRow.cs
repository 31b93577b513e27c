using Compliance.Minimization.Evaluation;
using Compliance.Minimization.Policy;

namespace Compliance.Minimization.Manifests;

/// <summary>The first line of a manifest.</summary>
/// <param name="Format">Always <see cref="Name"/>.</param>
/// <param name="Version">Version of the format.</param>
/// <param name="TenantId">Entra tenant id.</param>
/// <param name="SweepId">The sweep it plans.</param>
/// <param name="PolicySha256">SHA-256 of the policy it was planned by, lower-case hex.</param>
/// <param name="PlannedAt">When it was planned (UTC).</param>
/// <param name="Salt">
/// Random hex. The plan's id is known to the ledger for ever: without the salt a guess at the names of a manifest that was erased could be
/// confirmed by it.
/// </param>
internal sealed record ManifestHeader(
    string Format,
    int Version,
    string TenantId,
    string SweepId,
    string PolicySha256,
    DateTimeOffset PlannedAt,
    string Salt
)
{
    /// <summary>The format's name.</summary>
    public const string Name = "compliance-sweep-manifest";

    /// <summary>The version that is written.</summary>
    public const int Current = 1;
}

/// <summary>One blob, version or snapshot of a manifest: what is planned for it, or why nothing is.</summary>
internal sealed record ManifestRow
{
    /// <summary>Storage account.</summary>
    public required string Account { get; init; }

    /// <summary>Container.</summary>
    public required string Container { get; init; }

    /// <summary>Name, as the service has it.</summary>
    public required string Name { get; init; }

    /// <summary>Version id; null for one without versions.</summary>
    public string? VersionId { get; init; }

    /// <summary>Snapshot; null for none.</summary>
    public string? Snapshot { get; init; }

    /// <summary>Whether it is what a read of the name gives: it is deleted by its name alone.</summary>
    public bool IsCurrent { get; init; }

    /// <summary>Its ETag when it was planned: one that was written since is left alone.</summary>
    public string? ETag { get; init; }

    /// <summary>Bytes.</summary>
    public long Size { get; init; }

    /// <summary>What becomes of it.</summary>
    public required Verdict Verdict { get; init; }

    /// <summary>What is done; null where nothing is.</summary>
    public RetentionAction? Action { get; init; }

    /// <summary>The data set that decided; null where none has it.</summary>
    public string? DataSet { get; init; }

    /// <summary>The rule; null where none decided.</summary>
    public string? Rule { get; init; }

    /// <summary>Why, as one sentence.</summary>
    public required string Reason { get; init; }

    /// <summary>The row of a decision.</summary>
    public static ManifestRow From(BlobFacts blob, Decision decision) =>
        new()
        {
            Account = blob.Account,
            Container = blob.Container,
            Name = blob.Name,
            VersionId = blob.VersionId,
            Snapshot = blob.Snapshot,
            IsCurrent = blob.IsCurrent,
            ETag = blob.ETag,
            Size = blob.Size,
            Verdict = decision.Verdict,
            Action = decision.Action,
            DataSet = decision.DataSet?.Id,
            Rule = decision.Rule?.Id,
            Reason = decision.Reason,
        };
}
