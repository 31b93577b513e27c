namespace Compliance.Changes.Approvals;

/// <summary>A question that two people have to answer before a plan goes on.</summary>
public sealed record ApprovalRequest
{
    /// <summary>Id of the request: the case's or sweep's id and the start of the plan's id.</summary>
    public required string Id { get; init; }

    /// <summary>Entra tenant id.</summary>
    public required string TenantId { get; init; }

    /// <summary>The plan that is asked about; another plan is another request, so a changed plan or policy voids earlier answers.</summary>
    public required string PlanId { get; init; }

    /// <summary>The case; empty when it is about none.</summary>
    public required string CaseId { get; init; }

    /// <summary>Object id of whom the plan is about: may not approve. Empty when it is about no person.</summary>
    public required string SubjectId { get; init; }

    /// <summary>Object ids of who asked for the plan, when a person did: may not approve.</summary>
    public IReadOnlyList<string> Requesters { get; init; } = [];

    /// <summary>
    /// Object id of whose data the plan is about: one of the two, with the role Compliance.Owner. Null, or when their access was ended or
    /// they asked for the plan, two approvers answer.
    /// </summary>
    public string? OwnerId { get; init; }

    /// <summary>Mail address of the owner; null where it is not known.</summary>
    public string? OwnerAddress { get; init; }

    /// <summary>Whether the case's id is that of a person, and is written as a pseudonym in the ledger.</summary>
    public bool IsCasePerson { get; init; } = true;

    /// <summary>Why approvals are due: the guards that hold, in words.</summary>
    public required IReadOnlyList<string> Reasons { get; init; }

    /// <summary>The guards that hold, by name. The answers cover these alone: one that holds later asks again.</summary>
    public IReadOnlyList<string> Guards { get; init; } = [];

    /// <summary>Ids of the controls that the hold serves.</summary>
    public IReadOnlyList<string> Controls { get; init; } = [];

    /// <summary>Policy in force, lower-case hex SHA-256.</summary>
    public required string PolicySha256 { get; init; }

    /// <summary>When what is asked about was looked at (UTC): a request that was voided since then stays void.</summary>
    public required DateTimeOffset AskedAt { get; init; }

    /// <summary>Until when an answer is expected (UTC). Past it the hold stays and is escalated; an answer still counts.</summary>
    public required DateTimeOffset Deadline { get; init; }

    /// <summary>Instance id of the orchestration that waits; empty when none does.</summary>
    public required string InstanceId { get; init; }

    /// <summary>How many different people have to say yes: two, but for the confirmation of what is done already.</summary>
    public int PeopleNeeded { get; init; } = ApprovalRules.PeopleNeeded;

    /// <summary>How long a yes counts before the plan is begun.</summary>
    public TimeSpan ValidFor { get; init; } = TimeSpan.FromHours(72);

    /// <summary>When the plan was begun (UTC): from then on it is decided for good. Null before.</summary>
    public DateTimeOffset? BegunAt { get; init; }

    /// <summary>Object ids of those whose access was ended after they answered: their yes does not count any more.</summary>
    public IReadOnlyList<string> Ended { get; init; } = [];

    /// <summary>Answers so far; of several of one person the last that was taken counts.</summary>
    public IReadOnlyList<ApprovalAnswer> Answers { get; init; } = [];
}

/// <summary>One person's answer.</summary>
/// <param name="ApproverId">Entra object id.</param>
/// <param name="Approve">True for yes; one no refuses the plan.</param>
/// <param name="At">When (UTC).</param>
/// <param name="Comment">What the person wrote; null when nothing.</param>
public sealed record ApprovalAnswer(string ApproverId, bool Approve, DateTimeOffset At, string? Comment);

/// <summary>Where a request stands.</summary>
public enum ApprovalState
{
    /// <summary>Not enough answers.</summary>
    Open,

    /// <summary>As many different people as are needed approved, and none refused.</summary>
    Approved,

    /// <summary>Somebody refused.</summary>
    Refused,
}
