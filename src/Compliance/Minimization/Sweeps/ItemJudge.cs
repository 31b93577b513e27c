using Compliance.Minimization.Deletion;
using Compliance.Minimization.Evaluation;
using Compliance.Minimization.Manifests;
using Compliance.Minimization.Policy;

namespace Compliance.Minimization.Sweeps;

/// <summary>
/// Decides right before the act whether an item of the plan still may be deleted. Pure: the policy that planned it decides again, by the
/// same time, on what is there now.
/// </summary>
/// <param name="evaluator">The policy of the plan.</param>
/// <param name="newest">The newest of the container as they are now.</param>
/// <param name="at">The time of the plan (UTC).</param>
internal sealed class ItemJudge(RetentionEvaluator evaluator, NewestBlobs newest, DateTimeOffset at)
{
    /// <summary>Decides.</summary>
    /// <param name="planned">The item of the plan.</param>
    /// <param name="seen">What is there now.</param>
    /// <returns>What to delete; or why it stays.</returns>
    public (DeletionTarget? Target, SweepResult Kept, string? Reason) Judge(ManifestRow planned, BlobFacts seen)
    {
        // Deleted, and a version since: the same content, which is what was planned.
        var isSame = seen.IsCurrent == planned.IsCurrent || (planned.IsCurrent && seen.VersionId == planned.VersionId);
        if (Bare(seen.ETag) != Bare(planned.ETag) || !isSame)
            return (null, SweepResult.Changed, "It was written again after the plan was made.");
        var decision = evaluator.Decide(seen, newest, at);
        if (decision.Verdict == Verdict.Held)
            return (null, seen.IsLeased ? SweepResult.Leased : SweepResult.Held, decision.Reason);
        if (decision.Action != RetentionAction.Delete || decision.DataSet?.Id != planned.DataSet || decision.Rule?.Id != planned.Rule)
            return (null, SweepResult.Changed, $"The policy decides otherwise now. {decision.Reason}");
        var target = DeletionTarget.From(seen, TagCondition(seen), out var problem);
        return target is not null ? (target, SweepResult.Deleted, null) : (null, SweepResult.Held, DeletionTexts.Sentence(problem!.Value));
    }

    /// <summary>
    /// The tags it has now, as a condition: a change of tags leaves the ETag as it is. That a tag was added is not part of it, since
    /// nothing documents how the service compares a tag that is not there; the time for that is between this reading and the delete.
    /// Null for an item without tags, and for a version or snapshot, whose tags are not indexed.
    /// </summary>
    public static string? TagCondition(BlobFacts seen) =>
        seen is { IsCurrent: true, Snapshot: null, Tags.Count: > 0 }
            ? string.Join(
                " AND ",
                seen.Tags.OrderBy(t => t.Key, StringComparer.Ordinal).Select(t => $"\"{Quoted(t.Key, '"')}\" = '{Quoted(t.Value, '\'')}'")
            )
            : null;

    // Neither occurs in a tag, by the service's rules; were it otherwise, the condition would not hold, and the item stay.
    private static string Quoted(string text, char quote) => text.Replace(quote, '_');

    private static string? Bare(string? etag) => etag?.Trim('"');
}
