using System.Text.Json.Serialization;

namespace Compliance.Ledger;

/// <summary>Keeps who did what, when and why, for an auditor. Ids only: no personal data, no secrets.</summary>
public interface IEvidenceLog
{
    /// <summary>Appends one record. The same record id appended again is kept once.</summary>
    /// <exception cref="Azure.RequestFailedException">The record is not known to be kept; append it again.</exception>
    Task<EvidenceReceipt> AppendAsync(EvidenceRecord record, CancellationToken cancellationToken);
}

/// <summary>One act.</summary>
public sealed record EvidenceRecord
{
    /// <summary>Version of this shape.</summary>
    public int Version { get; init; } = 1;

    /// <summary>Derived from run or plan, step and phase, so that a retry writes the same record.</summary>
    public required string Id { get; init; }

    /// <summary>When (UTC).</summary>
    public required DateTimeOffset Time { get; init; }

    /// <summary>Who: the function, and what set it off.</summary>
    public required string Actor { get; init; }

    /// <summary>What was done, for example <c>credentials.check</c>.</summary>
    public required string Action { get; init; }

    /// <summary>In which tenant.</summary>
    public required string TenantId { get; init; }

    /// <summary>Why: the policy in force, as the SHA-256 of its file.</summary>
    public required string PolicySha256 { get; init; }

    /// <summary>The controls it served.</summary>
    public required IReadOnlyList<string> Controls { get; init; }

    /// <summary>How it ended: <c>complete</c> or <c>incomplete</c> (something could not be read).</summary>
    public required string Outcome { get; init; }

    /// <summary>Counts by name.</summary>
    public required IReadOnlyDictionary<string, long> Counts { get; init; }

    /// <summary>SHA-256 over the canonical list of findings of the run, lower-case hex; null for an act that is not a check.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? FindingsSha256 { get; init; }

    /// <summary>What or whom the act was about, by id only; null for a run over the whole tenant.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Subject { get; init; }

    /// <summary>Why, by id: the event, the policy rule, the hold. No names of people.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Reason { get; init; }

    /// <summary>Id of the plan that was carried out or decided on.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? PlanId { get; init; }

    /// <summary>
    /// SHA-256 (lower-case hex) of the documents that hold the details, by their name; in a record about a person, salted
    /// (<see cref="Privacy.Pseudonym.Digest"/>).
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? DetailsSha256 { get; init; }

    /// <summary>Joins trigger, logs, traces and this record.</summary>
    public required string CorrelationId { get; init; }

    /// <summary>
    /// Ids in this record that stand for people: ids of cases, object ids. Each is written as its pseudonym wherever it stands; the first
    /// is whom the record is about. Not kept itself.
    /// </summary>
    [JsonIgnore]
    public IReadOnlyList<string> People { get; init; } = [];
}

/// <summary>Where a record is kept.</summary>
/// <param name="RecordId">The record's id.</param>
/// <param name="Location">Container and blob name.</param>
/// <param name="Offset">Byte offset of the record in the blob.</param>
/// <param name="Sha256">SHA-256 of the record's bytes, lower-case hex.</param>
public sealed record EvidenceReceipt(string RecordId, string Location, long Offset, string Sha256);
