namespace Compliance.Changes.Flow;

/// <summary>What was decided before an act.</summary>
/// <param name="Outcome">What to do.</param>
/// <param name="PlanId">The plan decided on; null when there is none.</param>
/// <param name="ApprovalId">The request that two approvers answer; null when none is due.</param>
/// <param name="Deadline">Until when an answer is expected (UTC); null when none is due.</param>
/// <param name="Until">When the act is due (UTC), with <see cref="NextAction.NotDue"/>; null otherwise.</param>
public sealed record ChangeDecision(
    NextAction Outcome,
    string? PlanId = null,
    string? ApprovalId = null,
    DateTime? Deadline = null,
    DateTime? Until = null
);

/// <summary>What an orchestration does next. Stored by number: an order that must not change.</summary>
public enum NextAction
{
    /// <summary>Continue with the next step.</summary>
    Proceed,

    /// <summary>Wait for two approvals.</summary>
    AskApproval,

    /// <summary>Something could not be read or done: try again later.</summary>
    Retry,

    /// <summary>Not all was done yet, since a quota of writes had no room or acts are paused: another pass is due.</summary>
    Throttled,

    /// <summary>It is not known what the act is about: a person has to decide, then try again.</summary>
    Unmatched,

    /// <summary>It was taken back, or approvers refused: nothing more is to be done.</summary>
    Stop,

    /// <summary>The time of the act has not come, or acts are paused: ask again then.</summary>
    NotDue,
}

/// <summary>What one pass of carrying a plan out came to.</summary>
/// <param name="Outcome">What to do next; <see cref="NextAction.Throttled"/>: not all was done.</param>
/// <param name="Until">When the quota has room, or it is to be asked again whether acts are paused (UTC), if nothing was done in this pass:
/// the same pass is due then. Null when the next one is due at once.</param>
public sealed record ChangePass(NextAction Outcome, DateTime? Until = null);

/// <summary>What came of a wait for approvals.</summary>
public enum ApprovalStatus
{
    /// <summary>Still open.</summary>
    Open,

    /// <summary>Two people agreed.</summary>
    Approved,

    /// <summary>Somebody refused.</summary>
    Refused,

    /// <summary>It was taken back, or the plan changed: ask no more.</summary>
    Void,
}
