using System.Text.Json.Serialization;
using Compliance.Changes.Flow;
using Compliance.Changes.Plans;
using Compliance.Offboarding.Certificates;

namespace Compliance.Offboarding.Cases;

/// <summary>What an orchestration of a case is started with, and gives to each of its steps.</summary>
/// <param name="CaseId">The case.</param>
/// <param name="Round">Which orchestration of the case.</param>
/// <param name="CorrelationId">Joins the event, logs and evidence.</param>
public sealed record CaseRun(string CaseId, int Round, string CorrelationId) : IChangeRun<CaseRun>
{
    /// <summary>Attempts so far of what is under way, to block or to remove; a new history goes on counting.</summary>
    public int Attempt { get; init; }

    /// <summary>Whether this round has got past blocking: a new history goes on with the removal.</summary>
    public bool IsBlocked { get; init; }

    /// <summary>Which pass of the attempt: more than the first when Graph's quota of writes had no room for all of it.</summary>
    public int Pass { get; init; }

    /// <inheritdoc/>
    public CaseRun WithAttempt(int attempt) => this with { Attempt = attempt };
}

/// <summary>What one pass of acting or verifying left.</summary>
/// <param name="Outcome">What to do next: <see cref="NextAction.Proceed"/> when everything removable was seen removed.</param>
/// <param name="Left">Accesses that are still there or whose state is unknown and that trying again may remove.</param>
/// <param name="Stuck">Accesses that trying again does not remove: a permission is missing, or a person has to act.</param>
/// <param name="NewPlan">True when access outside the plans was seen, so that another plan is due.</param>
public sealed record CaseProgress(NextAction Outcome, int Left, int Stuck, bool NewPlan);

/// <summary>What a case has done so far, as kept beside its documents.</summary>
internal sealed record CaseState
{
    /// <summary>The facts the guards decided on.</summary>
    public LeaverFacts? Facts { get; init; }

    /// <summary>Outcomes of blocking.</summary>
    public IReadOnlyList<StepOutcome> Blocked { get; init; } = [];

    /// <summary>What became of putting the person into the block group; null when that was not due.</summary>
    public BlockGroupState? Group { get; init; }

    /// <summary>Ids of the plans made, in order.</summary>
    public IReadOnlyList<string> Plans { get; init; } = [];

    /// <summary>Plans that may be carried out: within the guards, or approved.</summary>
    public IReadOnlyList<string> Released { get; init; } = [];

    /// <summary>
    /// Block plans that could be carried out and may not be any more: whether one was done is known by its outcome alone, which a crash may
    /// have cut off.
    /// </summary>
    public IReadOnlyList<string> Withdrawn { get; init; } = [];

    /// <summary>
    /// The removal plan made last and not begun; null when there is none. Once approved it is carried out as it was approved.
    /// </summary>
    public string? Pending { get; init; }

    /// <summary>Plans whose carrying out was begun, in order.</summary>
    public IReadOnlyList<string> Begun { get; init; } = [];

    /// <summary>The last outcome of each removal step.</summary>
    public IReadOnlyList<StepOutcome> Outcomes { get; init; } = [];

    /// <summary>Ids of the steps that passes of an attempt still going on have tried.</summary>
    public IReadOnlyList<string> Tried { get; init; } = [];

    /// <summary>The last outcome of each step of giving access back.</summary>
    public IReadOnlyList<StepOutcome> Restored { get; init; } = [];

    /// <summary>Whether what this round took was given back, as far as it can be.</summary>
    public bool GivenBack { get; init; }

    /// <summary>Whether nothing could be given back, because the user was deleted before it was known what this round took.</summary>
    public bool IsUserDeleted { get; init; }

    /// <summary>Keys of access that is reported as a person's to remove and was not seen gone since.</summary>
    public IReadOnlyList<string> Stuck { get; init; } = [];

    /// <summary>Steps of giving back that did not succeed and are tried no more: the next undo of the same person has them too.</summary>
    public IReadOnlyList<NotGivenBack> NotGivenBack { get; init; } = [];

    /// <summary>What this round took and no snapshot has: a person gives it back.</summary>
    public IReadOnlyList<ManualStep> NotInSnapshot { get; init; } = [];

    /// <summary>How often the undo plan that was carried out last was tried to its end; null before there is one.</summary>
    public RestoreCount? Restores { get; init; }

    /// <summary>What was recorded last of each plan's outcomes, as a digest: the same is not recorded again.</summary>
    public IReadOnlyDictionary<string, string> Recorded { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>The certificate issued last; null before there is one.</summary>
    public CertifiedState? Certified { get; init; }

    /// <summary>The last comparison with a fresh read; null before there is one.</summary>
    public VerifiedCase? Verified { get; init; }

    /// <summary>Requests for approval made so far.</summary>
    public IReadOnlyList<string> Approvals { get; init; } = [];

    /// <summary>Ids of the evidence records written so far.</summary>
    public IReadOnlyList<string> Evidence { get; init; } = [];

    /// <summary>Every plan that could be carried out at some time, the latest last: something may have been done to the person.</summary>
    [JsonIgnore]
    public IEnumerable<string> EverReleased => Withdrawn.Except(Released, StringComparer.Ordinal).Concat(Released);
}

/// <summary>A step of giving back that did not succeed and is tried no more.</summary>
/// <param name="Step">The step.</param>
/// <param name="Reason">Why, in words; null when no reason was given.</param>
internal sealed record NotGivenBack(PlanStep Step, string? Reason);

/// <summary>How often an undo plan was tried.</summary>
/// <param name="PlanId">The plan.</param>
/// <param name="Count">How often to its end.</param>
internal sealed record RestoreCount(string PlanId, int Count);

/// <summary>What a certificate was issued on.</summary>
/// <param name="Signature">Digest of all it says but for its times.</param>
/// <param name="At">When the fresh read began (UTC).</param>
internal sealed record CertifiedState(string Signature, DateTimeOffset At);
