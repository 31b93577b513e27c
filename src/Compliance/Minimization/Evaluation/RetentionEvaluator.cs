using System.Globalization;
using Compliance.Minimization.Policy;
using Compliance.Text;

namespace Compliance.Minimization.Evaluation;

/// <summary>
/// Decides what becomes of a blob. Pure. What is not known keeps it: a missing date, tags that were not read, a hold that could not be
/// seen.
/// </summary>
/// <param name="policy">The policy in force.</param>
/// <param name="ownAccounts">Names of this app's own storage accounts: nothing in them is touched.</param>
internal sealed class RetentionEvaluator(RetentionPolicy policy, IReadOnlySet<string> ownAccounts)
{
    // Last access is tracked once a day: a second read on a day leaves no trace.
    private static readonly TimeSpan AccessMargin = TimeSpan.FromDays(1);

    /// <summary>Decides.</summary>
    /// <param name="blob">What is known of it.</param>
    /// <param name="isAmongNewest">Whether it is one of the newest that its data set keeps.</param>
    /// <param name="now">When (UTC).</param>
    public Decision Decide(BlobFacts blob, Func<DataSet, bool> isAmongNewest, DateTimeOffset now)
    {
        if (ownAccounts.Contains(blob.Account))
            return new(Verdict.Keep, null, null, null, "It is in this app's own storage, which no rule reaches.", []);
        if (blob.Container.StartsWith('$') && blob.Container is not ("$root" or "$web"))
            return new(Verdict.Keep, null, null, null, "It is in a container of the service's own, which no rule reaches.", []);
        var (sets, unread) = Matching(blob);
        if (unread is not null)
            return new(Verdict.Unknown, sets is [var first, ..] ? first : null, null, null, unread, sets);
        if (sets is not [var set, ..])
            return new(Verdict.Unclassified, null, null, null, "No data set of the policy has it.", []);
        IReadOnlyList<DataSet> others = [.. sets.Skip(1)];
        // A hold or an exception keeps it whichever data set decides otherwise.
        if (sets.FirstOrDefault(s => s.Hold is not null) is { } held)
            return new(Verdict.Keep, set, null, null, $"Data set {held.Id} is on hold: {held.Hold}", others);
        if (sets.FirstOrDefault(s => s.Except.Any(p => Glob.Matches(p, blob.Name))) is { } excepting)
            return new(Verdict.Keep, set, null, null, $"An exception of data set {excepting.Id} keeps it.", others);
        if (set.KeepNewest > 0 && isAmongNewest(set))
            return new(Verdict.Keep, set, null, null, $"It is among the {set.KeepNewest} newest, which data set {set.Id} keeps.", others);
        return Decide(blob, set, now) with { Others = others };
    }

    /// <summary>
    /// The data sets that have a blob, the one that decides first: the one whose place is the most specific (an account, then a container
    /// without a pattern, the longest prefix, the most tags and metadata); of equal ones the one that keeps longest.
    /// </summary>
    /// <returns>The data sets, and what could not be decided because tags or metadata were not read; null when all was.</returns>
    public (IReadOnlyList<DataSet> Sets, string? Unread) Matching(BlobFacts blob)
    {
        var sets = new List<DataSet>();
        string? unread = null;
        foreach (var set in policy.DataSets.Where(s => IsAt(s.Place, blob)))
        {
            var place = set.Place;
            if ((place.Tags.Count > 0 && blob.Tags is null) || (place.Metadata.Count > 0 && blob.Metadata is null))
                unread ??= $"Whether data set {set.Id} has it is not known: its tags or metadata were not read.";
            else if (Has(blob.Tags, place.Tags) && Has(blob.Metadata, place.Metadata))
                sets.Add(set);
        }
        sets.Sort((a, b) => ByRank(a, b, blob));
        return (sets, unread);
    }

    /// <summary>When a rule's time of keeping began for a blob (UTC); null where that is not known.</summary>
    public static DateTimeOffset? Begin(RetentionRule rule, BlobFacts blob) =>
        rule.From switch
        {
            DateSource.Created => blob.Created,
            DateSource.LastModified => blob.LastModified,
            DateSource.LastAccessed => blob.IsBlockBlob && blob.LastAccessed is { } at ? at + AccessMargin : null,
            DateSource.Name => rule.Template!.Find(blob.Name),
            DateSource.Metadata => Date(blob.Metadata, rule.Key!),
            _ => Date(blob.Tags, rule.Key!),
        };

    private Decision Decide(BlobFacts blob, DataSet set, DateTimeOffset now)
    {
        var dated = set.Rules.Select(r => (Rule: r, Begin: Begin(r, blob))).ToList();
        var due = dated
            .Where(d => d.Begin is { } begin && d.Rule.After.EndFrom(begin) <= now && Changes(d.Rule.Action, blob))
            .OrderByDescending(d => d.Rule.Action)
            .ThenBy(d => d.Rule.Id, StringComparer.Ordinal)
            .Select(d => (d.Rule, At: (DateTimeOffset?)d.Rule.After.EndFrom(d.Begin!.Value), Why: Because(d.Rule, d.Begin!.Value)))
            .FirstOrDefault();
        // The end of the purpose needs no other date.
        if (
            due.Rule?.Action != RetentionAction.Delete
            && PurposeEnd(set) is { } ended
            && ended <= now
            && set.Rules.FirstOrDefault(r => r.Action == RetentionAction.Delete) is { } deletes
        )
            due = (deletes, ended, $"Its purpose ended with {set.PurposeEnds:yyyy-MM-dd}.");
        if (due.Rule is not null)
            return WhyHeld(blob, now) is { } held
                ? new(held.IsKnown ? Verdict.Held : Verdict.Unknown, set, due.Rule, due.At, held.Reason, [])
                : new(Verdict.Due, set, due.Rule, due.At, due.Why, []);
        if (dated.Find(d => d.Begin is null).Rule is { } undated)
            return new(Verdict.Unknown, set, undated, null, $"Rule {undated.Id} needs {Name(undated)}, which is not known of it.", []);
        var next = dated
            .Select(d => (d.Rule, At: d.Rule.After.EndFrom(d.Begin!.Value)))
            .Where(d => d.At > now)
            .OrderBy(d => d.At)
            .FirstOrDefault();
        return next.Rule is null
            ? new(Verdict.Keep, set, null, null, "What its rules ask for is done.", [])
            : new(Verdict.Keep, set, next.Rule, next.At, $"Rule {next.Rule.Id} is due on {Text(next.At)}.", []);
    }

    // Why it stays although something is due; null where nothing keeps it.
    private (bool IsKnown, string Reason)? WhyHeld(BlobFacts blob, DateTimeOffset now)
    {
        if (blob.HasLegalHold is null)
            return (false, "Whether a legal hold keeps it is not known.");
        if (blob.HasLegalHold == true)
            return (true, "A legal hold keeps it.");
        if (blob.ImmutableUntil > now)
            return (true, $"It is immutable until {Text(blob.ImmutableUntil.Value)}.");
        if (blob.IsLeased)
            return (true, "Somebody holds a lease of it.");
        if (HasHoldTag(blob.Tags) || HasHoldTag(blob.Metadata))
            return (true, $"It has the tag or metadata {policy.HoldTag}.");
        if (blob.Tags is null || blob.Metadata is null)
            return (false, $"Whether it has the tag or metadata {policy.HoldTag} is not known: they were not read.");
        return blob.ETag is null ? (false, "Its ETag is not known, by which a change since then would be noticed.") : null;
    }

    private bool HasHoldTag(IReadOnlyDictionary<string, string>? values) =>
        values?.Keys.Any(k => string.Equals(k, policy.HoldTag, StringComparison.OrdinalIgnoreCase)) == true;

    // A blob that is colder already is not moved back, and a version of another kind has no tier.
    private static bool Changes(RetentionAction action, BlobFacts blob) =>
        action switch
        {
            RetentionAction.Cool => blob.Tier is "Hot",
            RetentionAction.Cold => blob.Tier is "Hot" or "Cool",
            RetentionAction.Archive => blob.Tier is "Hot" or "Cool" or "Cold",
            _ => true,
        };

    // The last day is one of the purpose still.
    private static DateTimeOffset? PurposeEnd(DataSet set) =>
        set.PurposeEnds is { } day && day < DateOnly.MaxValue ? new DateTimeOffset(day.AddDays(1), default, TimeSpan.Zero) : null;

    private static bool IsAt(DataPlace place, BlobFacts blob) =>
        place.Accounts.Any(p => Glob.Matches(p, blob.Account))
        && place.Containers.Any(p => Glob.Matches(p, blob.Container))
        && blob.Name.StartsWith(place.Prefix, StringComparison.Ordinal);

    private static bool Has(IReadOnlyDictionary<string, string>? found, IReadOnlyDictionary<string, string> wanted) =>
        wanted.All(w => found!.TryGetValue(w.Key, out var value) && value == w.Value);

    private static int ByRank(DataSet a, DataSet b, BlobFacts blob)
    {
        int[] differences =
        [
            Exact(b.Place.Accounts) - Exact(a.Place.Accounts),
            Exact(b.Place.Containers) - Exact(a.Place.Containers),
            b.Place.Prefix.Length - a.Place.Prefix.Length,
            b.Place.Tags.Count + b.Place.Metadata.Count - a.Place.Tags.Count - a.Place.Metadata.Count,
            DeletedAt(b, blob).CompareTo(DeletedAt(a, blob)),
            string.CompareOrdinal(a.Id, b.Id),
        ];
        return Array.Find(differences, d => d != 0);
    }

    private static int Exact(IReadOnlyList<string> patterns) => patterns.All(p => p.AsSpan().IndexOfAny('*', '?') < 0) ? 1 : 0;

    // When a data set would delete a blob; never where it deletes none, or the date is not known.
    private static DateTimeOffset DeletedAt(DataSet set, BlobFacts blob)
    {
        var rules = set.Rules.Where(r => r.Action == RetentionAction.Delete).ToList();
        if (rules.Count == 0)
            return DateTimeOffset.MaxValue;
        var ends = rules.Select(r => Begin(r, blob) is { } begin ? r.After.EndFrom(begin) : DateTimeOffset.MaxValue);
        return ends.Append(PurposeEnd(set) ?? DateTimeOffset.MaxValue).Min();
    }

    // A day counts from its end, as in a name: what it states may be of its last second.
    private static DateTimeOffset? Date(IReadOnlyDictionary<string, string>? values, string key)
    {
        const DateTimeStyles Utc = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        var text = values?.FirstOrDefault(v => string.Equals(v.Key, key, StringComparison.OrdinalIgnoreCase)).Value;
        if (DateTimeOffset.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, Utc, out var day))
            return day < DateTimeOffset.MaxValue.AddDays(-1) ? day.AddDays(1) : null;
        string[] forms = ["yyyy-MM-dd'T'HH:mm:ss'Z'", "yyyy-MM-dd'T'HH:mm:sszzz"];
        return DateTimeOffset.TryParseExact(text, forms, CultureInfo.InvariantCulture, Utc, out var time) ? time : null;
    }

    private static string Because(RetentionRule rule, DateTimeOffset begin) =>
        $"Rule {rule.Id} keeps it {rule.After} from {Text(begin)} ({Name(rule)}).";

    private static string Name(RetentionRule rule) =>
        rule.From switch
        {
            DateSource.Created => "the time it was made",
            DateSource.LastModified => "the time it was last written",
            DateSource.LastAccessed => "the day after it was last read",
            DateSource.Name => "the date in its name",
            DateSource.Metadata => $"the date in metadata {rule.Key}",
            _ => $"the date in tag {rule.Key}",
        };

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);
}
