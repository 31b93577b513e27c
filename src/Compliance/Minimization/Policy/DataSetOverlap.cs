using Compliance.Text;

namespace Compliance.Minimization.Policy;

/// <summary>Two data sets that can have the same data. Which of them decides is settled; it may not be what was meant.</summary>
/// <param name="First">The one that is first in the policy.</param>
/// <param name="Second">The other.</param>
/// <param name="Where">Where both are, such as <c>sttrain*/raw/claims/*</c>.</param>
/// <param name="Decides">Which decides there; null where it can be either, by what is in question.</param>
/// <param name="Why">Why, as the end of a sentence.</param>
internal sealed record DataSetOverlap(DataSet First, DataSet Second, string Where, DataSet? Decides, string Why)
{
    private const string Either = "their places are equally specific, so of each blob or row it is the one that deletes it latest or never";

    /// <summary>
    /// The overlaps of data sets, in their order. Where it cannot be seen from the policy whether two ever meet, they are taken to.
    /// </summary>
    public static IReadOnlyList<DataSetOverlap> Find(IReadOnlyList<DataSet> sets)
    {
        var overlaps = new List<DataSetOverlap>();
        for (var i = 0; i < sets.Count; i++)
        {
            for (var j = i + 1; j < sets.Count; j++)
            {
                if (WhereBoth(sets[i], sets[j]) is { } where)
                    overlaps.Add(Between(sets[i], sets[j], where));
            }
        }
        return overlaps;
    }

    private static DataSetOverlap Between(DataSet first, DataSet second, string where) =>
        PlaceOrder.Compare(first, second, out var because) switch
        {
            < 0 => new(first, second, where, first, because),
            > 0 => new(first, second, where, second, because),
            _ => new(first, second, where, null, Either),
        };

    private static string? WhereBoth(DataSet a, DataSet b)
    {
        if (Narrower(a.Place.Accounts, b.Place.Accounts) is not { } account)
            return null;
        var rest = (a.Tables, b.Tables) switch
        {
            (null, null) => WhereBoth(a.Place, b.Place),
            ({ } tablesOfA, { } tablesOfB) => WhereBoth(tablesOfA, tablesOfB),
            _ => null,
        };
        return rest is null ? null : $"{account}/{rest}";
    }

    private static string? WhereBoth(DataPlace a, DataPlace b)
    {
        if (Narrower(a.Containers, b.Containers) is not { } container || Longer(a.Prefix, b.Prefix) is not { } prefix)
            return null;
        return Contradicts(a.Tags, b.Tags) || Contradicts(a.Metadata, b.Metadata) ? null : $"{container}/{prefix}*";
    }

    private static string? WhereBoth(TablePlace a, TablePlace b)
    {
        if (Narrower(a.Names, b.Names) is not { } table || Contradicts(a.Rows, b.Rows) || Partition(a, b) is not { } partition)
            return null;
        return $"{table}/{partition}";
    }

    private static string? Partition(TablePlace a, TablePlace b)
    {
        if (a.Partitions.Count == 0 && b.Partitions.Count == 0)
            return Longer(a.PartitionPrefix, b.PartitionPrefix) is { } prefix ? $"{prefix}*" : null;
        var (named, other) = a.Partitions.Count > 0 ? (a, b) : (b, a);
        return named.Partitions.FirstOrDefault(p =>
            other.Partitions.Count > 0 ? other.Partitions.Contains(p) : p.StartsWith(other.PartitionPrefix, StringComparison.Ordinal)
        );
    }

    private static bool Contradicts(IReadOnlyDictionary<string, string> a, IReadOnlyDictionary<string, string> b) =>
        a.Any(t => b.TryGetValue(t.Key, out var other) && other != t.Value);

    private static string? Longer(string a, string b)
    {
        var (longer, shorter) = a.Length >= b.Length ? (a, b) : (b, a);
        return longer.StartsWith(shorter, StringComparison.Ordinal) ? longer : null;
    }

    // The first two patterns that have a name in common, as the one of them that is within the other, or that name.
    private static string? Narrower(IReadOnlyList<string> a, IReadOnlyList<string> b) =>
        a.SelectMany(x => b.Select(y => Narrower(x, y))).FirstOrDefault(n => n is not null);

    private static string? Narrower(string a, string b)
    {
        if (!HasWildcard(a))
            return Glob.Matches(b, a) ? a : null;
        if (!HasWildcard(b))
            return Glob.Matches(a, b) ? b : null;
        if (Glob.Common(a, b) is not { } common)
            return null;
        // Read as a name, a star is any character of another pattern's star.
        if (!b.Contains('?') && Glob.Matches(b, a))
            return a;
        return !a.Contains('?') && Glob.Matches(a, b) ? b : common;
    }

    private static bool HasWildcard(string pattern) => pattern.AsSpan().ContainsAny('*', '?');
}
