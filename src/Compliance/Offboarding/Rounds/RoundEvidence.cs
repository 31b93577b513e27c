using Compliance.Changes.Plans;
using Compliance.Offboarding.Cases;

namespace Compliance.Offboarding.Rounds;

/// <summary>What is recorded about a round.</summary>
internal sealed record RoundEvidence
{
    /// <summary>The part of the record's id after case and round: the same is recorded once.</summary>
    public required string Phase { get; init; }

    /// <summary>
    /// When it was so (UTC): the same whenever it is sent, since an id is looked for in the ledger from that time on.
    /// </summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>What was done, for example <c>offboarding.block</c>.</summary>
    public required string Action { get; init; }

    /// <summary>What it came to, for example <c>complete</c>.</summary>
    public required string Outcome { get; init; }

    /// <summary>Ids of the controls that it is evidence for.</summary>
    public required IReadOnlyList<string> Controls { get; init; }

    /// <summary>The plan that was carried out: the record names its id and the policy that it was made under.</summary>
    public ActionPlan? Plan { get; init; }

    /// <summary>Id of the plan, where only that is known; null when there is none.</summary>
    public string? PlanId { get; init; }

    /// <summary>Counts, by name; null for none.</summary>
    public IReadOnlyDictionary<string, long>? Counts { get; init; }

    /// <summary>SHA-256 of the documents that it rests on, by name; null for none.</summary>
    public IReadOnlyDictionary<string, string>? Details { get; init; }

    /// <summary>Why; null when that says nothing more.</summary>
    public string? Reason { get; init; }

    /// <summary>What is kept together with the record's id; null for nothing.</summary>
    public Func<CaseState, CaseState>? Also { get; init; }

    /// <summary>
    /// Whether a phase of this round is on record. Records go by the person's pseudonym: only the rest of their ids is known.
    /// </summary>
    public static bool IsRecorded(CaseState state, CaseRun run, string phase) =>
        state.Evidence.Any(e => e.EndsWith($"-{run.Round}-{phase}", StringComparison.Ordinal));

    /// <summary>Whether it is on record that the account was blocked in this round.</summary>
    public static bool IsBlockRecorded(CaseState state, CaseRun run) =>
        state.Evidence.Any(e =>
            e.Contains($"-{run.Round}-block-", StringComparison.Ordinal) && e.EndsWith("-done", StringComparison.Ordinal)
        );
}

/// <summary>How a change of what a phase came to is recorded.</summary>
/// <param name="Phase">The part of the record's id after case and round.</param>
/// <param name="At">When it was so (UTC).</param>
/// <param name="Also">Notes, together with the record's id, that it was recorded.</param>
internal sealed record RecordedChange(string Phase, DateTimeOffset At, Func<CaseState, CaseState> Also);

/// <summary>Ids and lists of them.</summary>
internal static class Ids
{
    /// <summary>The list with the item, once.</summary>
    public static IReadOnlyList<string> With(this IReadOnlyList<string> list, string item) =>
        list.Contains(item, StringComparer.Ordinal) ? list : [.. list, item];

    /// <summary>Whether two ids of the directory are the same.</summary>
    public static bool Same(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);
}
