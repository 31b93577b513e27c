using Compliance.Changes.Caps;
using Compliance.Changes.Guards;
using Compliance.Changes.Plans;

namespace Compliance.Changes.Flow;

/// <summary>
/// What a capability supplies to have its acts planned, guarded, approved, carried out, verified and recorded by
/// <see cref="ChangeFlow{T}"/>.
/// The carrying out itself is the capability's <see cref="Execution.IPlanExecutor"/>.
/// </summary>
/// <typeparam name="TObservation">What is read of the tenant before a plan is made, as a document that can be kept.</typeparam>
internal interface IChange<TObservation>
    where TObservation : class
{
    /// <summary>Its name in lower case: the start of its records' actions, for example <c>sweep</c>.</summary>
    string Name { get; }

    /// <summary>Ids of the controls its records are evidence for.</summary>
    IReadOnlyList<string> Controls { get; }

    /// <summary>The policy in force. Read before each step, so that one that changed or cannot be read holds what comes next.</summary>
    ChangePolicy LoadPolicy();

    /// <summary>
    /// Whether this round of the case is still wanted, and from when. Read before every act: it may have been cancelled, put off or begun
    /// again.
    /// </summary>
    Task<ChangeDue> IsDueAsync(ChangeRun run, CancellationToken cancellationToken);

    /// <summary>Reads the live tenant afresh. What could not be read is part of the observation, never left out.</summary>
    Task<TObservation> ObserveAsync(ChangeRun run, CancellationToken cancellationToken);

    /// <summary>Reads what a plan that was carried out left. The same as before the act, unless seeing that takes more reading.</summary>
    Task<TObservation> ObserveAfterAsync(ChangeRun run, ActionPlan plan, CancellationToken cancellationToken) =>
        ObserveAsync(run, cancellationToken);

    /// <summary>
    /// Whose data the plan is about: with the role Compliance.Owner they are one of the two who approve. Null when two
    /// approvers do.
    /// </summary>
    Task<ChangeOwner?> OwnerAsync(ChangeRun run, TObservation observed, CancellationToken cancellationToken) =>
        Task.FromResult<ChangeOwner?>(null);

    /// <summary>What those who are asked need to know beside why they are: how much, and whether it can be undone. Pure.</summary>
    IReadOnlyList<string> Describe(ActionPlan plan, TObservation observed) => [];

    /// <summary>Whether the id of a case is that of a person, and is written as a pseudonym in the ledger.</summary>
    bool IsAboutPeople => true;

    /// <summary>The plan for what was observed. Pure: the same observation under the same policy gives the same plan.</summary>
    ActionPlan Plan(ChangeRun run, TObservation observed, ChangePolicy policy);

    /// <summary>Why the plan waits for two approvals; empty when nothing holds. Pure. What could not be read holds.</summary>
    IReadOnlyList<Hold> Guard(ActionPlan plan, TObservation observed, ChangePolicy policy);

    /// <summary>How many such plans are carried out without asking; null for a capability without caps. Pure.</summary>
    CapLimits? Limits(TObservation observed, ChangePolicy policy);

    /// <summary>Compares the plan with a fresh observation, step by step. Pure.</summary>
    VerifiedChange Compare(ActionPlan plan, TObservation before, TObservation after, DateTimeOffset at);
}

/// <summary>Whose data a plan is about.</summary>
/// <param name="Id">Entra object id.</param>
/// <param name="Address">Mail address; null where it is not known.</param>
internal sealed record ChangeOwner(string Id, string? Address);

/// <summary>What the flow needs of a capability's policy.</summary>
/// <param name="Sha256">SHA-256 of the policy file, lower-case hex.</param>
/// <param name="ApproveFirstAct">Whether the first plan under a new or changed policy waits for two approvals.</param>
/// <param name="ApprovalWithin">Within what time an answer is expected.</param>
/// <param name="ApprovalValidFor">How long an approval counts before the plan is begun.</param>
internal sealed record ChangePolicy(string Sha256, bool ApproveFirstAct, TimeSpan ApprovalWithin, TimeSpan ApprovalValidFor);

/// <summary>Whether a round may act.</summary>
/// <param name="IsWanted">False when it was cancelled, or another round takes its place.</param>
/// <param name="From">From when it may act (UTC); null for at once.</param>
internal sealed record ChangeDue(bool IsWanted, DateTimeOffset? From = null);

/// <summary>What a fresh read showed of a plan.</summary>
/// <param name="At">When the read began (UTC).</param>
/// <param name="Steps">One for each step, in the plan's order.</param>
/// <param name="Unread">What could not be read, in words: then nothing is clear.</param>
internal sealed record VerifiedChange(DateTimeOffset At, IReadOnlyList<VerifiedStep> Steps, IReadOnlyList<string> Unread)
{
    /// <summary>True when every step was seen in effect and nothing was left unread.</summary>
    public bool Clear => Unread.Count == 0 && Steps.All(s => s.State == StepState.InEffect);
}

/// <summary>What a fresh read showed of a step.</summary>
/// <param name="StepId">Which step.</param>
/// <param name="State">What was seen.</param>
/// <param name="Reason">Why it is not in effect, in words; null when it is.</param>
internal sealed record VerifiedStep(string StepId, StepState State, string? Reason = null);

/// <summary>What was seen of a step's effect.</summary>
internal enum StepState
{
    /// <summary>The new state was seen.</summary>
    InEffect,

    /// <summary>The old state is still there.</summary>
    NotInEffect,

    /// <summary>It could not be read: not in effect until it is seen.</summary>
    Unknown,
}
