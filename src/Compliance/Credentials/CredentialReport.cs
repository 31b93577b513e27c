using System.Text.Json.Serialization;
using Compliance.Controls;
using Compliance.Findings;

namespace Compliance.Credentials;

/// <summary>
/// The result of one run of the credential-rotation check; its JSON form is described by <c>credential-report.schema.json</c>.
/// </summary>
public sealed record CredentialReport
{
    /// <summary>The run itself.</summary>
    public required ReportRun Run { get; init; }

    /// <summary>The tenant it looked at.</summary>
    public required ReportTenant Tenant { get; init; }

    /// <summary>Open and waived findings, and those resolved by this run; highest severity first.</summary>
    public required IReadOnlyList<ReportFinding> Findings { get; init; }

    /// <summary>What could not be read or is not known. Each is also a finding.</summary>
    public required IReadOnlyList<ReportUnknown> Unknown { get; init; }

    /// <summary>Where the evidence of this run is.</summary>
    public required ReportEvidence Evidence { get; init; }
}

/// <summary>One run.</summary>
public sealed record ReportRun
{
    /// <summary>Its id.</summary>
    public required string Id { get; init; }

    /// <summary>The function that ran.</summary>
    public required string Control { get; init; }

    /// <summary>What set it off: <c>timer</c>, <c>manual</c> or <c>event</c>.</summary>
    public required string Trigger { get; init; }

    /// <summary>When it started (UTC); ages are counted to this instant.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Whether every source was read to its end.</summary>
    public required bool Complete { get; init; }

    /// <summary>SHA-256 of the policy file, lower-case hex.</summary>
    public required string PolicySha256 { get; init; }

    /// <summary>Joins trigger, logs, traces and evidence.</summary>
    public required string CorrelationId { get; init; }

    /// <summary>Counts: objects read, findings opened, still open, reopened, resolved, waived.</summary>
    public required IReadOnlyDictionary<string, long> Counts { get; init; }

    /// <summary>What the policy's author should know, for example a waiver that ended.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }
}

/// <summary>A tenant.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Name">Its display name; null when it could not be read.</param>
public sealed record ReportTenant(string Id, string? Name);

/// <summary>One finding as people read it.</summary>
public sealed record ReportFinding
{
    /// <summary>Stable id.</summary>
    public required string Id { get; init; }

    /// <summary>Control id.</summary>
    public required string Control { get; init; }

    /// <summary>Severity after policy.</summary>
    [JsonConverter(typeof(CamelCaseEnum<Severity>))]
    public required Severity Severity { get; init; }

    /// <summary>Open, waived, or resolved by this run.</summary>
    [JsonConverter(typeof(CamelCaseEnum<FindingStatus>))]
    public required FindingStatus Status { get; init; }

    /// <summary>What it is about.</summary>
    public required Subject Subject { get; init; }

    /// <summary>
    /// Which part of the subject: key id, thumbprint or key name, as <c>part</c> of a waiver takes it; null for the whole, and in a report
    /// of an earlier version.
    /// </summary>
    public string? Part { get; init; }

    /// <summary>Age in whole days; null when unknown or not applicable.</summary>
    public required int? AgeDays { get; init; }

    /// <summary>End of the credential; null when it has none.</summary>
    public required DateTimeOffset? Expires { get; init; }

    /// <summary>Address of the person who should act; null when nobody was found.</summary>
    public required string? Owner { get; init; }

    /// <summary>Why it is a finding.</summary>
    public required string Reason { get; init; }

    /// <summary>What to do.</summary>
    public required string NextStep { get; init; }
}

/// <summary>Something that could not be read or is not known.</summary>
/// <param name="Source">The source, see <see cref="Sources"/>.</param>
/// <param name="Subject">What it is about.</param>
/// <param name="Reason">Why.</param>
/// <param name="Permission">The permission that seems to be missing; null when that is not the reason.</param>
/// <param name="Remedy">The command or step that corrects it; null when there is none.</param>
/// <param name="Scope"><c>source</c> when a whole source is incomplete, <c>object</c> when one object could not be judged.</param>
public sealed record ReportUnknown(string Source, Subject Subject, string Reason, string? Permission, string? Remedy, string Scope);

/// <summary>Where the evidence record of a run is.</summary>
/// <param name="RecordId">Its id.</param>
/// <param name="Location">Container and blob.</param>
/// <param name="Offset">Byte offset in the blob.</param>
/// <param name="Sha256">SHA-256 of the record's bytes, lower-case hex.</param>
/// <param name="FindingsSha256">SHA-256 over the canonical list of findings, lower-case hex.</param>
public sealed record ReportEvidence(string RecordId, string Location, long Offset, string Sha256, string FindingsSha256);

/// <summary>Writes enum values in camel case.</summary>
/// <typeparam name="T">The enum.</typeparam>
public sealed class CamelCaseEnum<T>() : JsonStringEnumConverter<T>(System.Text.Json.JsonNamingPolicy.CamelCase, allowIntegerValues: false)
    where T : struct, Enum;
