namespace Compliance.Text;

/// <summary>
/// A name pattern: <c>*</c> stands for any characters, <c>?</c> for exactly one, everything else for itself; the whole name must match,
/// case does not matter. Matching takes time in the product of both lengths at worst, whatever the pattern.
/// </summary>
internal static class Glob
{
    /// <summary>Whether a name matches.</summary>
    public static bool Matches(string pattern, string name)
    {
        int p = 0,
            n = 0,
            star = -1,
            resume = 0;
        while (n < name.Length)
        {
            if (p < pattern.Length && pattern[p] == '*')
            {
                star = p++;
                resume = n;
            }
            else if (p < pattern.Length && (pattern[p] == '?' || Same(pattern[p], name[n])))
            {
                p++;
                n++;
            }
            else if (star >= 0)
            {
                p = star + 1;
                n = ++resume;
            }
            else
            {
                return false;
            }
        }

        while (p < pattern.Length && pattern[p] == '*')
            p++;
        return p == pattern.Length;
    }

    /// <summary>A name that two patterns both match; null when there is none.</summary>
    public static string? Common(string a, string b)
    {
        // reach[i, j]: the rest of a from i and the rest of b from j have a name in common.
        var reach = new bool[a.Length + 1, b.Length + 1];
        for (var i = a.Length; i >= 0; i--)
        {
            for (var j = b.Length; j >= 0; j--)
            {
                reach[i, j] =
                    (i == a.Length && j == b.Length)
                    || (i < a.Length && a[i] == '*' && (reach[i + 1, j] || (j < b.Length && reach[i, j + 1])))
                    || (j < b.Length && b[j] == '*' && (reach[i, j + 1] || (i < a.Length && reach[i + 1, j])))
                    || (i < a.Length && j < b.Length && a[i] != '*' && b[j] != '*' && Meets(a[i], b[j]) && reach[i + 1, j + 1]);
            }
        }

        if (!reach[0, 0])
            return null;
        var name = new System.Text.StringBuilder();
        for (int i = 0, j = 0; i < a.Length || j < b.Length;)
        {
            bool starA = i < a.Length && a[i] == '*',
                starB = j < b.Length && b[j] == '*';
            if (starA && reach[i + 1, j])
                i++;
            else if (starB && reach[i, j + 1])
                j++;
            else if (starA)
                Take(b[j++]);
            else if (starB)
                Take(a[i++]);
            else
            {
                Take(a[i] == '?' ? b[j] : a[i]);
                i++;
                j++;
            }
        }

        return name.ToString();

        void Take(char c) => name.Append(c == '?' ? 'x' : c);
    }

    private static bool Meets(char x, char y) => x == '?' || y == '?' || Same(x, y);

    private static bool Same(char x, char y) => x == y || char.ToUpperInvariant(x) == char.ToUpperInvariant(y);
}
