using Compliance.Minimization.Policy;

namespace Compliance.Minimization.Evaluation;

/// <summary>A data set with what is the same for everything it decides on, worked out once.</summary>
internal sealed class PreparedSet
{
    private readonly PreparedRule[] _rules;
    private readonly DateTimeOffset? _purposeEnd;
    private readonly string _purposeEnded;
    private readonly bool _deletes;

    /// <summary>Prepares a data set.</summary>
    public PreparedSet(DataSet set)
    {
        Set = set;
        _rules = [.. set.Rules.Select(r => new PreparedRule(r, set))];
        _deletes = set.Rules.Any(r => r.Action == RetentionAction.Delete);
        // The last day is one of the purpose still.
        _purposeEnd = set.PurposeEnds is { } day && day < DateOnly.MaxValue ? new(day.AddDays(1), default, TimeSpan.Zero) : null;
        _purposeEnded = $"Its purpose ended with {set.PurposeEnds:yyyy-MM-dd}.";
    }

    /// <summary>The data set.</summary>
    public DataSet Set { get; }

    /// <summary>When it would delete an item (UTC); never where it deletes none, or the date is not known.</summary>
    public DateTimeOffset DeletedAt<T>(T item)
        where T : struct, IRetained
    {
        if (!_deletes)
            return DateTimeOffset.MaxValue;
        var earliest = _purposeEnd ?? DateTimeOffset.MaxValue;
        foreach (var rule in _rules)
            if (rule.Rule.Action == RetentionAction.Delete && item.Begin(rule.Rule) is { } begin)
                earliest = Earlier(earliest, rule.Rule.After.EndFrom(begin));
        return earliest;
    }

    /// <summary>What its rules ask for. Whether something holds an item that is due is for the caller to find.</summary>
    public Decision Decide<T>(T item, DateTimeOffset now, IReadOnlyList<DataSet> others)
        where T : struct, IRetained
    {
        var outlook = new Outlook();
        foreach (var rule in _rules)
        {
            var begin = item.Begin(rule.Rule);
            var at = begin is { } known ? rule.Rule.After.EndFrom(known) : DateTimeOffset.MaxValue;
            var isDue = begin is not null && at <= now && item.Changes(rule.Rule.Action);
            if (rule.KeepNewest > 0 && item.IsAmongNewest(Set, rule.KeepNewest))
                outlook.Exempt(rule, isDue || (HasEnded(now) && rule.Rule.Action == RetentionAction.Delete));
            else if (begin is null)
                outlook.AddUndated(rule);
            else
                outlook.Add(rule, begin.Value, at, isDue, now);
        }
        return Decide(outlook, now, others);
    }

    private Decision Decide(in Outlook outlook, DateTimeOffset now, IReadOnlyList<DataSet> others)
    {
        Decision With(Verdict verdict, PreparedRule? rule, DateTimeOffset? at, string reason) =>
            new(verdict, Set, rule?.Rule, at, reason, others);
        if (outlook.Exempted == _rules.Length && _rules.Length > 0)
            return With(Verdict.Keep, null, null, $"It is among the {outlook.Newest} newest, which data set {Set.Id} keeps.");
        // The end of the purpose needs no other date.
        if (outlook.Due?.Rule.Action != RetentionAction.Delete && outlook.Deletes is { } deletes && HasEnded(now))
            return With(Verdict.Due, deletes, _purposeEnd, _purposeEnded);
        if (outlook.Due is { } due)
            return With(Verdict.Due, due, outlook.DueAt, due.Due(outlook.DueFrom));
        if (outlook.Undated is { } undated)
            return With(Verdict.Unknown, undated, null, undated.Undated);
        if (outlook.Kept is { } kept)
            return With(Verdict.Keep, kept, null, kept.Newest);
        return outlook.Next is { } next
            ? With(Verdict.Keep, next, outlook.NextAt, next.Next(outlook.NextAt))
            : With(Verdict.Keep, null, null, "What its rules ask for is done.");
    }

    private bool HasEnded(DateTimeOffset now) => _purposeEnd <= now;

    private static DateTimeOffset Earlier(DateTimeOffset a, DateTimeOffset b) => a <= b ? a : b;

    /// <summary>What the rules of a data set ask for, taken in one by one in their order.</summary>
    private struct Outlook
    {
        /// <summary>The strongest that is due, of equal ones the first by id.</summary>
        public PreparedRule? Due { get; private set; }

        public DateTimeOffset DueFrom { get; private set; }

        public DateTimeOffset DueAt { get; private set; }

        /// <summary>The first whose date is not known.</summary>
        public PreparedRule? Undated { get; private set; }

        /// <summary>The first to be due later.</summary>
        public PreparedRule? Next { get; private set; }

        public DateTimeOffset NextAt { get; private set; }

        /// <summary>The first that deletes, due or not.</summary>
        public PreparedRule? Deletes { get; private set; }

        /// <summary>The first that would be due and keeps it as one of the newest.</summary>
        public PreparedRule? Kept { get; private set; }

        /// <summary>How many rules keep it as one of the newest, and the smallest number that one of them keeps.</summary>
        public int Exempted { get; private set; }

        public int Newest { get; private set; }

        public void Exempt(PreparedRule rule, bool wouldBeDue)
        {
            Newest = Exempted == 0 ? rule.KeepNewest : Math.Min(Newest, rule.KeepNewest);
            Exempted++;
            if (wouldBeDue)
                Kept ??= rule;
        }

        public void AddUndated(PreparedRule rule)
        {
            AddDeleting(rule);
            Undated ??= rule;
        }

        public void Add(PreparedRule rule, DateTimeOffset begin, DateTimeOffset at, bool isDue, DateTimeOffset now)
        {
            AddDeleting(rule);
            if (isDue && IsBefore(rule.Rule, Due?.Rule))
                (Due, DueFrom, DueAt) = (rule, begin, at);
            else if (at > now && (Next is null || at < NextAt))
                (Next, NextAt) = (rule, at);
        }

        private void AddDeleting(PreparedRule rule)
        {
            if (rule.Rule.Action == RetentionAction.Delete)
                Deletes ??= rule;
        }

        private static bool IsBefore(RetentionRule rule, RetentionRule? other) =>
            other is null
            || rule.Action > other.Action
            || (rule.Action == other.Action && string.CompareOrdinal(rule.Id, other.Id) < 0);
    }
}
