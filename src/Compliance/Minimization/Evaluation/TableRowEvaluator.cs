using System.Globalization;
using Compliance.Minimization.Policy;
using Compliance.Text;

namespace Compliance.Minimization.Evaluation;

/// <summary>
/// Decides what becomes of a row of a table, as <see cref="RetentionEvaluator"/> does for blobs. Pure. What is not known keeps it:
/// properties that were not read, one that cannot be compared, a date that is none.
/// </summary>
/// <param name="policy">The policy in force.</param>
/// <param name="ownAccounts">Names of this app's own storage accounts: nothing in them is touched.</param>
internal sealed class TableRowEvaluator(RetentionPolicy policy, IReadOnlySet<string> ownAccounts)
{
    private readonly PreparedSet[] _sets = [.. policy.DataSets.Where(s => s.Tables is not null).Select(s => new PreparedSet(s))];

    /// <summary>Decides.</summary>
    /// <param name="row">What is known of it.</param>
    /// <param name="now">When (UTC).</param>
    public Decision Decide(TableRowFacts row, DateTimeOffset now)
    {
        if (ownAccounts.Contains(row.Account))
            return new(Verdict.Keep, null, null, null, "It is in this app's own storage, which no rule reaches.", []);
        if (row.Table.StartsWith('$'))
            return new(Verdict.Keep, null, null, null, "It is in a table of the service's own, which no rule reaches.", []);
        var item = new Item(row);
        var places = _sets.Where(s => IsAt(s.Set, row)).ToList();
        var sets = places.Where(s => Has(row, s.Set.Tables!) == true).ToList();
        sets.Sort((a, b) => ByRank(a, b, item));
        IReadOnlyList<DataSet> all = [.. sets.Select(s => s.Set)];
        if (places.Find(s => Has(row, s.Set.Tables!) is null) is { } unread)
        {
            var reason = $"Whether data set {unread.Set.Id} has it is not known: its properties were not read, or cannot be compared.";
            return new(Verdict.Unknown, all is [var known, ..] ? known : null, null, null, reason, all);
        }
        if (sets is not [var first, ..])
            return new(Verdict.Unclassified, null, null, null, "No data set of the policy has it.", []);
        IReadOnlyList<DataSet> others = [.. all.Skip(1)];
        // A hold keeps it whichever data set decides otherwise.
        if (all.FirstOrDefault(s => s.Hold is not null) is { } held)
            return new(Verdict.Keep, first.Set, null, null, $"Data set {held.Id} is on hold: {held.Hold}", others);
        var decision = first.Decide(item, now, others);
        return decision.Verdict == Verdict.Due && WhyHeld(row) is { } why
            ? decision with
            {
                Verdict = why.IsKnown ? Verdict.Held : Verdict.Unknown,
                Reason = why.Reason,
            }
            : decision;
    }

    // Why it stays although something is due; null where nothing keeps it.
    private (bool IsKnown, string Reason)? WhyHeld(TableRowFacts row)
    {
        if (row.Properties is null)
            return (false, $"Whether it has the property {policy.HoldTag} is not known: its properties were not read.");
        if (row.Properties.Keys.Any(k => string.Equals(k, policy.HoldTag, StringComparison.OrdinalIgnoreCase)))
            return (true, $"It has the property {policy.HoldTag}.");
        return row.ETag is null ? (false, "Its ETag is not known, by which a change since then would be noticed.") : null;
    }

    private static bool IsAt(DataSet set, TableRowFacts row)
    {
        var place = set.Tables!;
        return set.Place.Accounts.Any(p => Glob.Matches(p, row.Account))
            && place.Names.Any(p => Glob.Matches(p, row.Table))
            && row.PartitionKey.StartsWith(place.PartitionPrefix, StringComparison.Ordinal)
            && (place.Partitions.Count == 0 || place.Partitions.Contains(row.PartitionKey, StringComparer.Ordinal));
    }

    // Whether it has the properties that a place asks for; null where that is not known. One that differs settles it.
    private static bool? Has(TableRowFacts row, TablePlace place)
    {
        if (place.Rows.Count == 0)
            return true;
        if (row.Properties is not { } properties)
            return null;
        bool? has = true;
        foreach (var (name, wanted) in place.Rows)
        {
            if (!properties.TryGetValue(name, out var value))
                return false;
            if (Text(value) is not { } text)
                has = null;
            else if (text != wanted)
                return false;
        }
        return has;
    }

    // As a policy writes it; null for what has no such form, such as bytes and fractions.
    private static string? Text(object? value) =>
        value switch
        {
            string text => text,
            bool flag => flag ? "true" : "false",
            int or long => Convert.ToString(value, CultureInfo.InvariantCulture),
            Guid id => id.ToString("D"),
            _ => null,
        };

    private static int ByRank(PreparedSet a, PreparedSet b, Item item)
    {
        if (PlaceOrder.Compare(a.Set, b.Set) is not 0 and var place)
            return place;
        var later = b.DeletedAt(item).CompareTo(a.DeletedAt(item));
        return later != 0 ? later : string.CompareOrdinal(a.Set.Id, b.Set.Id);
    }

    private readonly record struct Item(TableRowFacts Row) : IRetained
    {
        public DateTimeOffset? Begin(RetentionRule rule) =>
            rule.From switch
            {
                DateSource.Timestamp => Row.Timestamp,
                DateSource.Property => Row.Properties?.GetValueOrDefault(rule.Key!) switch
                {
                    DateTimeOffset time => time,
                    DateTime { Kind: DateTimeKind.Utc } time => new DateTimeOffset(time),
                    string text => RetentionText.Parse(text),
                    _ => null,
                },
                _ => null,
            };

        public bool Changes(RetentionAction action) => true;

        public bool IsAmongNewest(DataSet set, int count) => false;
    }
}
