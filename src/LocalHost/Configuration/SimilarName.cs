namespace LocalHost.Configuration;

/// <summary>Finds what a misspelt name was meant to be.</summary>
internal static class SimilarName
{
    /// <summary>The known name that takes the fewest edits to get to.</summary>
    public static string Nearest(string name, IEnumerable<string> known) => known.MinBy(k => Edits(name, k))!;

    /// <summary>How many letters have to be put in, left out or replaced to get from one name to another, whatever their case.</summary>
    public static int Edits(string name, string known)
    {
        // Levenshtein's distance, one row at a time.
        var (from, to) = (name.ToUpperInvariant(), known.ToUpperInvariant());
        var row = Enumerable.Range(0, to.Length + 1).ToArray();
        for (var i = 1; i <= from.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= to.Length; j++)
            {
                var replaced = diagonal + (from[i - 1] == to[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
