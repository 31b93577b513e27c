namespace Compliance.Minimization.Policy;

/// <summary>Which of two data sets is the more specific one by its place alone: it decides on what both have.</summary>
internal static class PlaceOrder
{
    /// <summary>Compares two data sets of blobs, or two of tables.</summary>
    /// <returns>Below 0 where the first decides, above 0 where the second does, 0 where the place leaves it open.</returns>
    public static int Compare(DataSet a, DataSet b) => Compare(a, b, out _);

    /// <inheritdoc cref="Compare(DataSet, DataSet)"/>
    /// <param name="a">One.</param>
    /// <param name="b">The other.</param>
    /// <param name="because">Why the one that decides does.</param>
    public static int Compare(DataSet a, DataSet b, out string because)
    {
        because = "no account of it is a pattern";
        if (Exact(b.Place.Accounts) - Exact(a.Place.Accounts) is not 0 and var byAccount)
            return byAccount;
        return a.Tables is { } tablesOfA && b.Tables is { } tablesOfB
            ? Compare(tablesOfA, tablesOfB, out because)
            : Compare(a.Place, b.Place, out because);
    }

    private static int Compare(DataPlace a, DataPlace b, out string because)
    {
        because = "no container of it is a pattern";
        if (Exact(b.Containers) - Exact(a.Containers) is not 0 and var byContainer)
            return byContainer;
        because = "its prefix is longer";
        if (b.Prefix.Length - a.Prefix.Length is not 0 and var byPrefix)
            return byPrefix;
        because = "it has more tags and metadata";
        return b.Tags.Count + b.Metadata.Count - a.Tags.Count - a.Metadata.Count;
    }

    private static int Compare(TablePlace a, TablePlace b, out string because)
    {
        because = "no table of it is a pattern";
        if (Exact(b.Names) - Exact(a.Names) is not 0 and var byName)
            return byName;
        because = "it names its partitions, or more of their beginning";
        if (Partition(b).CompareTo(Partition(a)) is not 0 and var byPartition)
            return byPartition;
        because = "it asks for more properties";
        return b.Rows.Count - a.Rows.Count;
    }

    private static int Partition(TablePlace place) => place.Partitions.Count > 0 ? int.MaxValue : place.PartitionPrefix.Length;

    private static int Exact(IReadOnlyList<string> patterns)
    {
        for (var i = 0; i < patterns.Count; i++)
            if (patterns[i].AsSpan().ContainsAny('*', '?'))
                return 0;
        return 1;
    }
}
