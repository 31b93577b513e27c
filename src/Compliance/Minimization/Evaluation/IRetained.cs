using Compliance.Minimization.Policy;

namespace Compliance.Minimization.Evaluation;

/// <summary>What rules have to know of a blob or of a row of a table.</summary>
internal interface IRetained
{
    /// <summary>When a rule's time of keeping began (UTC); null where that is not known.</summary>
    DateTimeOffset? Begin(RetentionRule rule);

    /// <summary>Whether an action would change anything.</summary>
    bool Changes(RetentionAction action);

    /// <summary>Whether it is one of so many newest of a data set.</summary>
    bool IsAmongNewest(DataSet set, int count);
}
