using Compliance.Minimization.Policy;
using Compliance.Text;

namespace Compliance.Minimization.Evaluation;

/// <summary>
/// Decides what becomes of a blob. The same facts give the same decision. What is not known keeps it: a missing date, tags that were not
/// read, a hold that could not be seen. Any thread may call.
/// </summary>
/// <param name="policy">The policy in force.</param>
/// <param name="ownAccounts">Names of this app's own storage accounts: nothing in them is touched.</param>
internal sealed class RetentionEvaluator(RetentionPolicy policy, IReadOnlySet<string> ownAccounts)
{
    // Last access is tracked once a day: a second read on a day leaves no trace.
    private static readonly TimeSpan AccessMargin = TimeSpan.FromDays(1);

    private readonly PreparedSet[] _sets = [.. policy.DataSets.Where(s => s.Tables is null).Select(s => new PreparedSet(s))];

    // A listing is of one container: the data sets of the last one, replaced as a whole.
    private volatile Candidates _last = new("", "", []);

    /// <summary>Decides.</summary>
    /// <param name="blob">What is known of it.</param>
    /// <param name="newest">Which blobs are the newest that data sets keep; its first pass has to be over.</param>
    /// <param name="now">When (UTC).</param>
    public Decision Decide(BlobFacts blob, NewestBlobs newest, DateTimeOffset now)
    {
        if (ownAccounts.Contains(blob.Account))
            return new(Verdict.Keep, null, null, null, "It is in this app's own storage, which no rule reaches.", []);
        if (blob.Container.StartsWith('$') && blob.Container is not ("$root" or "$web"))
            return new(Verdict.Keep, null, null, null, "It is in a container of the service's own, which no rule reaches.", []);
        var match = Find(blob);
        if (match.Unread is { } unread)
            return new(Verdict.Unknown, match.First?.Set, null, null, Unread(unread), match.Sets());
        if (match.First is not { } first)
            return new(Verdict.Unclassified, null, null, null, "No data set of the policy has it.", []);
        // A hold or an exception keeps it whichever data set decides otherwise.
        if (match.WhyKept(blob) is { } kept)
            return new(Verdict.Keep, first.Set, null, null, kept, match.Others());
        var decision = first.Decide(new Item(blob, newest), now, match.Others());
        return decision.Verdict == Verdict.Due && WhyHeld(blob, now) is { } held
            ? decision with
            {
                Verdict = held.IsKnown ? Verdict.Held : Verdict.Unknown,
                Reason = held.Reason,
            }
            : decision;
    }

    /// <summary>
    /// The data sets that have a blob, the one that decides first: the one whose place is the most specific (an account, then a container
    /// without a pattern, the longest prefix, the most tags and metadata); of equal ones the one that keeps longest.
    /// </summary>
    /// <returns>The data sets, and what could not be decided because tags or metadata were not read; null when all was.</returns>
    public (IReadOnlyList<DataSet> Sets, string? Unread) Matching(BlobFacts blob)
    {
        var match = Find(blob);
        return (match.Sets(), match.Unread is { } unread ? Unread(unread) : null);
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
            DateSource.Tag => Date(blob.Tags, rule.Key!),
            _ => null,
        };

    // In the policy's order, and put in by rank: the place decides, then which keeps longest.
    private Match Find(BlobFacts blob)
    {
        var match = new Match();
        foreach (var set in CandidatesFor(blob))
        {
            var place = set.Set.Place;
            if (!blob.Name.StartsWith(place.Prefix, StringComparison.Ordinal))
                continue;
            if ((place.Tags.Count > 0 && blob.Tags is null) || (place.Metadata.Count > 0 && blob.Metadata is null))
                match.Unread ??= set;
            else if (Has(blob.Tags, place.Tags) && Has(blob.Metadata, place.Metadata))
                match.Add(set, blob);
        }
        return match;
    }

    private PreparedSet[] CandidatesFor(BlobFacts blob)
    {
        var last = _last;
        if (last.Account == blob.Account && last.Container == blob.Container)
            return last.Sets;
        var sets = Array.FindAll(
            _sets,
            s => Matches(s.Set.Place.Accounts, blob.Account) && Matches(s.Set.Place.Containers, blob.Container)
        );
        _last = new(blob.Account, blob.Container, sets);
        return sets;
    }

    // Why it stays although something is due; null where nothing keeps it.
    private (bool IsKnown, string Reason)? WhyHeld(BlobFacts blob, DateTimeOffset now)
    {
        if (blob.HasLegalHold is null)
            return (false, "Whether a legal hold keeps it is not known.");
        if (blob.HasLegalHold == true)
            return (true, "A legal hold keeps it.");
        if (blob.ImmutableUntil > now)
            return (true, RetentionText.Around("It is immutable until ", blob.ImmutableUntil.Value, "."));
        if (blob.IsLeased)
            return (true, "Somebody holds a lease of it.");
        if (HasHoldTag(blob.Tags) || HasHoldTag(blob.Metadata))
            return (true, $"It has the tag or metadata {policy.HoldTag}.");
        if (blob.Tags is null || blob.Metadata is null)
            return (false, $"Whether it has the tag or metadata {policy.HoldTag} is not known: they were not read.");
        return blob.ETag is null ? (false, "Its ETag is not known, by which a change since then would be noticed.") : null;
    }

    private bool HasHoldTag(IReadOnlyDictionary<string, string>? values)
    {
        if (values is null or { Count: 0 })
            return false;
        foreach (var (key, _) in values)
            if (string.Equals(key, policy.HoldTag, StringComparison.OrdinalIgnoreCase))
                return true;
        return false;
    }

    // A blob that is colder already is not moved back, and a version of another kind has no tier.
    private static bool Changes(RetentionAction action, BlobFacts blob) =>
        action switch
        {
            RetentionAction.Cool => blob.Tier is "Hot",
            RetentionAction.Cold => blob.Tier is "Hot" or "Cool",
            RetentionAction.Archive => blob.Tier is "Hot" or "Cool" or "Cold",
            _ => true,
        };

    private static bool Matches(IReadOnlyList<string> patterns, string name) => patterns.Any(p => Glob.Matches(p, name));

    private static bool Has(IReadOnlyDictionary<string, string>? found, IReadOnlyDictionary<string, string> wanted)
    {
        if (wanted.Count == 0)
            return true;
        foreach (var (key, value) in wanted)
            if (!found!.TryGetValue(key, out var has) || has != value)
                return false;
        return true;
    }

    private static DateTimeOffset? Date(IReadOnlyDictionary<string, string>? values, string key)
    {
        if (values is null or { Count: 0 })
            return null;
        foreach (var (name, text) in values)
            if (string.Equals(name, key, StringComparison.OrdinalIgnoreCase))
                return RetentionText.Parse(text);
        return null;
    }

    private static string Unread(PreparedSet set) =>
        $"Whether data set {set.Set.Id} has it is not known: its tags or metadata were not read.";

    private sealed record Candidates(string Account, string Container, PreparedSet[] Sets);

    /// <summary>The data sets that have a blob. Most often there is one, for which nothing is allocated.</summary>
    private struct Match
    {
        private List<PreparedSet>? _all;

        /// <summary>The one that decides.</summary>
        public PreparedSet? First { get; private set; }

        /// <summary>The first of which it is not known whether it has the blob.</summary>
        public PreparedSet? Unread { get; set; }

        public void Add(PreparedSet set, BlobFacts blob)
        {
            if (First is not { } first)
            {
                First = set;
                return;
            }
            _all ??= [first];
            var at = _all.Count;
            while (at > 0 && ByRank(set, _all[at - 1], blob) < 0)
                at--;
            _all.Insert(at, set);
            First = _all[0];
        }

        public readonly DataSet[] Sets() => _all is null ? Only() : [.. _all.Select(s => s.Set)];

        public readonly DataSet[] Others() => _all is null ? [] : [.. _all.Skip(1).Select(s => s.Set)];

        public readonly string? WhyKept(BlobFacts blob)
        {
            if (_all is null)
                return WhyOnHold(First!.Set) ?? WhyExcepted(First.Set, blob);
            return _all.Select(s => WhyOnHold(s.Set)).FirstOrDefault(w => w is not null)
                ?? _all.Select(s => WhyExcepted(s.Set, blob)).FirstOrDefault(w => w is not null);
        }

        private readonly DataSet[] Only() => First is null ? [] : [First.Set];

        private static string? WhyOnHold(DataSet set) => set.Hold is null ? null : $"Data set {set.Id} is on hold: {set.Hold}";

        private static string? WhyExcepted(DataSet set, BlobFacts blob)
        {
            for (var i = 0; i < set.Except.Count; i++)
                if (Glob.Matches(set.Except[i], blob.Name))
                    return $"An exception of data set {set.Id} keeps it.";
            return null;
        }

        private static int ByRank(PreparedSet a, PreparedSet b, BlobFacts blob)
        {
            if (PlaceOrder.Compare(a.Set, b.Set) is not 0 and var place)
                return place;
            var item = new Item(blob, NewestBlobs.None);
            var later = b.DeletedAt(item).CompareTo(a.DeletedAt(item));
            return later != 0 ? later : string.CompareOrdinal(a.Set.Id, b.Set.Id);
        }
    }

    private readonly record struct Item(BlobFacts Blob, NewestBlobs Newest) : IRetained
    {
        public DateTimeOffset? Begin(RetentionRule rule) => RetentionEvaluator.Begin(rule, Blob);

        public bool Changes(RetentionAction action) => RetentionEvaluator.Changes(action, Blob);

        public bool IsAmongNewest(DataSet set, int count) => Newest.Contains(set, count, Blob);
    }
}
