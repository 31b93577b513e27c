using Compliance.Changes.Plans;

namespace Compliance.Changes.Flow;

/// <summary>What a round of a change has done so far, as kept beside its documents.</summary>
internal sealed record ChangeState
{
    /// <summary>The plan that was let begin; null before. It is carried out as it was made, whatever is planned later.</summary>
    public string? Begun { get; init; }

    /// <summary>When it was let begin (UTC); null before.</summary>
    public DateTimeOffset? BegunAt { get; init; }

    /// <summary>Whether its carrying out may have begun: from then on no other plan takes its place in this round.</summary>
    public bool Acting { get; init; }

    /// <summary>The request that the begun plan was approved by; null when it needed no approval.</summary>
    public string? ApprovedBy { get; init; }

    /// <summary>Requests for approval made so far.</summary>
    public IReadOnlyList<string> Requests { get; init; } = [];

    /// <summary>The last outcome of each step.</summary>
    public IReadOnlyList<StepOutcome> Outcomes { get; init; } = [];

    /// <summary>Ids of the steps that passes of an attempt still going on have tried.</summary>
    public IReadOnlyList<string> Tried { get; init; } = [];

    /// <summary>The last comparison with a fresh read; null before there is one.</summary>
    public VerifiedChange? Verified { get; init; }

    /// <summary>Digest of the outcomes that were recorded last; null before.</summary>
    public string? Recorded { get; init; }

    /// <summary>How often outcomes were recorded.</summary>
    public int Records { get; init; }

    /// <summary>Ids of the evidence records, in order.</summary>
    public IReadOnlyList<string> Evidence { get; init; } = [];

    /// <summary>Whether this round is over: nothing of it acts any more.</summary>
    public bool Ended { get; init; }
}

/// <summary>What a change did, for an auditor: everything it says was read or recorded, and can be checked.</summary>
/// <param name="CaseId">The case.</param>
/// <param name="Round">Its round.</param>
/// <param name="Plan">The plan that was carried out.</param>
/// <param name="PlanId">The plan's id.</param>
/// <param name="Approvals">Who answered, and how.</param>
/// <param name="Outcomes">What the services answered to each step.</param>
/// <param name="Verified">What a fresh read showed.</param>
/// <param name="Evidence">The records it rests on.</param>
internal sealed record ChangeCertificate(
    string CaseId,
    int Round,
    ActionPlan Plan,
    string PlanId,
    IReadOnlyList<Approvals.ApprovalAnswer> Approvals,
    IReadOnlyList<StepOutcome> Outcomes,
    VerifiedChange Verified,
    IReadOnlyList<string> Evidence
)
{
    /// <summary>True when every step was seen in effect and nothing was left unread.</summary>
    public bool Clear => Verified.Clear;
}
