using Compliance.Minimization.Policy;

namespace Compliance.Minimization.Evaluation;

/// <summary>What becomes of a blob.</summary>
internal enum Verdict
{
    /// <summary>It is not old enough, or stays by the policy.</summary>
    Keep,

    /// <summary>A rule's action is due.</summary>
    Due,

    /// <summary>An action would be due, and something keeps the blob: a hold, a lease, immutability.</summary>
    Held,

    /// <summary>Something that has to be known is not: it stays, and is reported.</summary>
    Unknown,

    /// <summary>No data set has it: it stays, and is reported.</summary>
    Unclassified,
}

/// <summary>What becomes of a blob, and why.</summary>
/// <param name="Verdict">What.</param>
/// <param name="DataSet">The data set that decides; null where none has it.</param>
/// <param name="Rule">The rule that is due, or would be next; null where none is.</param>
/// <param name="DueAt">When the rule is due (UTC); null where that is not known or there is no rule.</param>
/// <param name="Reason">Why, as one sentence.</param>
/// <param name="Others">Other data sets that have it and do not decide.</param>
internal sealed record Decision(
    Verdict Verdict,
    DataSet? DataSet,
    RetentionRule? Rule,
    DateTimeOffset? DueAt,
    string Reason,
    IReadOnlyList<DataSet> Others
)
{
    /// <summary>The action that is due; null where none is.</summary>
    public RetentionAction? Action => Verdict == Verdict.Due ? Rule?.Action ?? RetentionAction.Delete : null;
}
