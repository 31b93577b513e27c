namespace Compliance.Text;

/// <summary>How far two names are apart, to find what a misspelt one was meant to be.</summary>
internal static class EditDistance
{
    // No name that somebody meant to write is longer.
    private const int MaxLength = 64;

    /// <summary>Levenshtein's distance without regard to case; <see cref="int.MaxValue"/> for what is too long to be a name.</summary>
    public static int Between(string a, string b)
    {
        if (a.Length > MaxLength)
            return int.MaxValue;
        var row = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++)
            row[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            var diagonal = row[0];
            row[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? diagonal : diagonal + 1;
                diagonal = row[j];
                row[j] = Math.Min(cost, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[b.Length];
    }
}
