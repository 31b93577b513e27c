using Compliance.Changes.Plans;
using Compliance.Text;

namespace Compliance.Offboarding.Certificates;

/// <summary>
/// What was taken away from a leaver, when, and when it was seen gone; what is left, and what was not looked at. Its canonical JSON is what
/// its digest is over; the shape is <c>schemas/revocation-certificate.schema.json</c>. Times are UTC, durations whole seconds.
/// </summary>
public sealed record RevocationCertificate
{
    /// <summary>Version of this shape.</summary>
    public int Version { get; init; } = 1;

    /// <summary>The case.</summary>
    public required string CaseId { get; init; }

    /// <summary>Entra tenant id.</summary>
    public required string TenantId { get; init; }

    /// <summary>Object id of the person.</summary>
    public required string SubjectId { get; init; }

    /// <summary>Display name of the person; null when the directory has none.</summary>
    public string? SubjectName { get; init; }

    /// <summary>Under which name the person appears in the evidence; null when there is none.</summary>
    public string? Pseudonym { get; init; }

    /// <summary>SHA-256 of the policy in force.</summary>
    public required string PolicySha256 { get; init; }

    /// <summary>When it was issued: the time of the read it is about, so that issuing it again gives the same certificate.</summary>
    public required DateTimeOffset IssuedAt { get; init; }

    /// <summary>The event that asked for it.</summary>
    public required CertifiedEvent Event { get; init; }

    /// <summary>
    /// <c>clear</c> when all that is to be removed was seen removed, <c>blocked</c> when some is left, <c>open</c> when the account was not
    /// blocked.
    /// </summary>
    public required string State { get; init; }

    /// <summary>When the account was disabled and its sessions revoked.</summary>
    public DateTimeOffset? BlockedAt { get; init; }

    /// <summary>When everything removable was seen removed.</summary>
    public DateTimeOffset? ClearAt { get; init; }

    /// <summary>From when access was to end (the event's arrival, or the time of leaving if that was later) to blocked.</summary>
    public long? SecondsToBlocked { get; init; }

    /// <summary>From the same moment to clear.</summary>
    public long? SecondsToClear { get; init; }

    /// <summary>Every access the person had.</summary>
    public required IReadOnlyList<CertifiedAccess> Accesses { get; init; }

    /// <summary>What a person still has to do.</summary>
    public required IReadOnlyList<CertifiedTask> Remaining { get; init; }

    /// <summary>Steps that were refused, not permitted, or failed last time.</summary>
    public required IReadOnlyList<CertifiedFailure> NotDone { get; init; }

    /// <summary>What may live on in spite of it all, in words.</summary>
    public required IReadOnlyList<string> Residual { get; init; }

    /// <summary>Sources that could not be read: what they would show is unknown.</summary>
    public required IReadOnlyList<CertifiedGap> Unread { get; init; }

    /// <summary>Systems that this program does not look into.</summary>
    public required IReadOnlyList<string> NotInspected { get; init; }

    /// <summary>The plans, the oldest first.</summary>
    public required IReadOnlyList<string> PlanIds { get; init; }

    /// <summary>Who approved what.</summary>
    public required IReadOnlyList<CertifiedApproval> Approvals { get; init; }

    /// <summary>Records of the evidence log.</summary>
    public required IReadOnlyList<string> EvidenceRecordIds { get; init; }

    /// <summary>SHA-256 over the canonical JSON (RFC 8785), lower-case hex: what the evidence record names.</summary>
    public string Sha256() => CanonicalJson.Sha256Of(this);
}

/// <summary>The event behind a case.</summary>
/// <param name="Source">CloudEvents <c>source</c>.</param>
/// <param name="Id">CloudEvents <c>id</c>.</param>
/// <param name="ReceivedAt">When the first event of the case arrived here.</param>
/// <param name="DueAt">When access was to end; null when at once.</param>
public sealed record CertifiedEvent(string Source, string Id, DateTimeOffset ReceivedAt, DateTimeOffset? DueAt);

/// <summary>One access and how it stands.</summary>
/// <param name="Kind">Kind of access.</param>
/// <param name="Id">What it is, in its service.</param>
/// <param name="Name">As people see it.</param>
/// <param name="Scope">Where it held; null when it has no scope.</param>
/// <param name="Asset">What the scope holds.</param>
/// <param name="State">How it stands.</param>
/// <param name="RemovedAt">When the service said that it is removed.</param>
/// <param name="SeenRemovedAt">When a read first showed it gone.</param>
/// <param name="Why">Why it is not removed.</param>
/// <param name="WhatToDo">What to do about it.</param>
public sealed record CertifiedAccess(
    AccessKind Kind,
    string Id,
    string Name,
    string? Scope,
    AssetClass Asset,
    AccessState State,
    DateTimeOffset? RemovedAt,
    DateTimeOffset? SeenRemovedAt,
    string? Why,
    string? WhatToDo
);

/// <summary>Something a person has to do.</summary>
/// <param name="Type">Kind of target.</param>
/// <param name="Id">Which.</param>
/// <param name="Name">As people see it.</param>
/// <param name="Why">Why this program does not do it.</param>
/// <param name="WhatToDo">What to do.</param>
public sealed record CertifiedTask(string Type, string Id, string Name, string Why, string WhatToDo);

/// <summary>A step that is not in effect.</summary>
/// <param name="Action">What was tried.</param>
/// <param name="Type">Kind of target.</param>
/// <param name="Id">Which.</param>
/// <param name="Name">As people see it.</param>
/// <param name="Result">How it ended.</param>
/// <param name="At">When.</param>
/// <param name="Reason">Why.</param>
/// <param name="Permission">The missing permission; null when that is not the reason.</param>
/// <param name="Remedy">What corrects it.</param>
public sealed record CertifiedFailure(
    string Action,
    string Type,
    string Id,
    string Name,
    StepResult Result,
    DateTimeOffset At,
    string Reason,
    string? Permission,
    string? Remedy
);

/// <summary>A source that could not be read.</summary>
/// <param name="Source">Which.</param>
/// <param name="Reason">Why.</param>
/// <param name="Remedy">What corrects it.</param>
public sealed record CertifiedGap(string Source, string Reason, string? Remedy);

/// <summary>One person's answer to a plan.</summary>
/// <param name="RequestId">The request.</param>
/// <param name="PlanId">The plan it was about.</param>
/// <param name="ApproverId">Object id of who answered.</param>
/// <param name="Approved">Yes or no.</param>
/// <param name="At">When.</param>
public sealed record CertifiedApproval(string RequestId, string PlanId, string ApproverId, bool Approved, DateTimeOffset At);
