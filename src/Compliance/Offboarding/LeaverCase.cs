using System.Globalization;

namespace Compliance.Offboarding;

/// <summary>Where a leaver case stands.</summary>
public enum LeaverStage
{
    /// <summary>Known; the time of leaving has not come.</summary>
    Scheduled,

    /// <summary>Nobody or several people in the tenant fit: a finding asks for a decision.</summary>
    Unmatched,

    /// <summary>A guard holds it: two approvers decide.</summary>
    Held,

    /// <summary>The time has come, and the account could not be disabled yet: that is tried again while access is removed.</summary>
    Blocking,

    /// <summary>The account cannot sign in; access is being removed.</summary>
    Blocked,

    /// <summary>The removal plan waits for two approvals.</summary>
    AwaitingApproval,

    /// <summary>Removing, or trying again what failed.</summary>
    Removing,

    /// <summary>Everything removable was seen removed; the person is watched for the policy's days.</summary>
    Clear,

    /// <summary>The watch ended.</summary>
    Closed,

    /// <summary>HR took it back before anything was done.</summary>
    Cancelled,

    /// <summary>Access is being given back.</summary>
    Restoring,

    /// <summary>Access was given back, as far as it can be.</summary>
    Restored,
}

/// <summary>What was done to a case before its evidence was written: all that the record says.</summary>
/// <param name="Id">Id of the record.</param>
/// <param name="At">When it was done (UTC).</param>
/// <param name="Actor">Who did it.</param>
/// <param name="Action">What was done.</param>
/// <param name="Control">The control that it is evidence for.</param>
/// <param name="Reason">Why.</param>
/// <param name="CorrelationId">Joins it with logs and traces.</param>
/// <param name="Times">How often it was done when only the last time is kept, see <see cref="Cases.CaseRules.MaxUnrecorded"/>.</param>
/// <param name="PolicySha256">The policy in force when it was done; null for what an earlier version kept.</param>
public sealed record UnrecordedAct(
    string Id,
    DateTimeOffset At,
    string Actor,
    string Action,
    string Control,
    string Reason,
    string CorrelationId,
    int Times = 1,
    string? PolicySha256 = null
);

/// <summary>One person's leaving of one employment. One case per tenant, employee id and employment.</summary>
public sealed record LeaverCase
{
    /// <summary>What replaces a detail of a case that was erased.</summary>
    public const string Erased = "erased";

    /// <summary>
    /// The case's id: <c>leaver-</c> and the start of a SHA-256 over tenant, employee id and the employment that it began with. Also the
    /// orchestration's instance id, with <see cref="Round"/>.
    /// </summary>
    public required string Id { get; init; }

    /// <summary>Entra tenant id.</summary>
    public required string TenantId { get; init; }

    /// <summary>HR's id of the person.</summary>
    public required string EmployeeId { get; init; }

    /// <summary>Which employment; empty while HR has not reported on a case that was started for cause.</summary>
    public required string Employment { get; init; }

    /// <summary>
    /// What the ledger calls the case while its erasure is finished; null before and after. Without it one that was cut off at its end
    /// would be taken for done.
    /// </summary>
    public string? ErasingAs { get; init; }

    /// <summary>Counts orchestrations of the case: a reopened case runs another round.</summary>
    public int Round { get; init; } = 1;

    /// <summary>The highest sequence taken in.</summary>
    public required long Sequence { get; init; }

    /// <summary>The event with that sequence: what holds now.</summary>
    public required HrEvent Latest { get; init; }

    /// <summary>When the first event of the case arrived here (UTC).</summary>
    public required DateTimeOffset ReceivedAt { get; init; }

    /// <summary>When access ends (UTC), from <see cref="HrEvent.Leaves"/> or a start for cause; null when cancelled or rehired.</summary>
    public DateTimeOffset? DueAt { get; init; }

    /// <summary>Where it stands.</summary>
    public required LeaverStage Stage { get; init; }

    /// <summary>
    /// Object id of the user that the case is about, once matched. Each round matches again; another match holds until two people approve
    /// it.
    /// </summary>
    public string? UserId { get; init; }

    /// <summary>True while something that any round took from this user has not been given back.</summary>
    public bool IsTaken { get; init; }

    /// <summary>The same of another user, whom an earlier round took for the leaver.</summary>
    public bool IsTakenFromOther { get; init; }

    /// <summary>
    /// The event, by its sequence, after which approvers refused to give access back; null when they did not. A later event asks again.
    /// </summary>
    public long? UndoRefusedAt { get; init; }

    /// <summary>
    /// Another employment in which the person works on, as HR reported: this case acts no more. Null when there is none.
    /// </summary>
    public string? EmployedIn { get; init; }

    /// <summary>The latest start for cause, beside HR; null when there was none.</summary>
    public ForCauseStart? Cause { get; init; }

    /// <summary>Why it stands where it stands, for people; null when there is nothing to say.</summary>
    public string? Note { get; init; }

    /// <summary>When the guards let blocking begin in this round (UTC): from then on something may have been done. Null before.</summary>
    public DateTimeOffset? BegunAt { get; init; }

    /// <summary>When this round came to rest (UTC): nothing of it acts any more. Null while it may.</summary>
    public DateTimeOffset? RestedAt { get; init; }

    /// <summary>When the account was disabled and its sessions revoked (UTC).</summary>
    public DateTimeOffset? BlockedAt { get; init; }

    /// <summary>True while the person is blocked and not yet in the block group of the policy.</summary>
    public bool IsGroupDue { get; init; }

    /// <summary>True while something is known that an undo could not give back, to whomever a round took for the leaver.</summary>
    public bool IsNotGivenBack { get; init; }

    /// <summary>
    /// What was done to the case and is not on record yet, since an outage of the ledger holds nothing up; null when there is nothing.
    /// </summary>
    public IReadOnlyList<UnrecordedAct>? Unrecorded { get; init; }

    /// <summary>When everything removable was seen removed (UTC).</summary>
    public DateTimeOffset? ClearAt { get; init; }

    /// <summary>Id of the plan in force; null before there is one.</summary>
    public string? PlanId { get; init; }

    /// <summary>SHA-256 of the revocation certificate's canonical JSON; null before there is one.</summary>
    public string? CertificateSha256 { get; init; }

    /// <summary>
    /// True once the orchestration of this round is known to be started; until then every event of the case, and a sweep, asks for it
    /// again.
    /// </summary>
    public bool Dispatched { get; init; }

    /// <summary>Instance id of the orchestration of this round.</summary>
    public string InstanceId => InstanceIdOf(Id, Round);

    /// <summary>Instance id of giving back: one a case, so that two never act side by side.</summary>
    public string UndoInstanceId => $"{Id}-undo";

    /// <summary>Instance id of the orchestration of one round of a case.</summary>
    public static string InstanceIdOf(string id, int round) =>
        round == 1 ? id : string.Create(CultureInfo.InvariantCulture, $"{id}-{round}");
}
