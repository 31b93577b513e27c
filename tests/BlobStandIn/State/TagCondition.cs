namespace BlobStandIn.State;

/// <summary>
/// A condition on index tags, as in <c>"hold" &lt;&gt; 'yes' AND "class" = 'raw'</c>: comparisons for equality joined by AND, which is
/// what the sweep writes. A tag that a blob does not have equals nothing.
/// </summary>
internal sealed class TagCondition
{
    private readonly List<(string Key, bool IsEqual, string Value)> _terms;

    private TagCondition(List<(string Key, bool IsEqual, string Value)> terms) => _terms = terms;

    /// <summary>Reads one; null where it is not of this form.</summary>
    public static TagCondition? Parse(ReadOnlySpan<char> text)
    {
        var terms = new List<(string, bool, string)>();
        while (true)
        {
            if (!TryQuoted(ref text, '"', out var key))
                return null;
            var isEqual = text is ['=', ..];
            if (!isEqual && text is not ['<', '>', ..])
                return null;
            text = text[(isEqual ? 1 : 2)..].TrimStart(' ');
            if (!TryQuoted(ref text, '\'', out var value))
                return null;
            terms.Add((key, isEqual, value));
            if (text.IsEmpty)
                return new(terms);
            if (!text.StartsWith("AND ", StringComparison.OrdinalIgnoreCase))
                return null;
            text = text[4..].TrimStart(' ');
        }
    }

    /// <summary>Whether all of it holds.</summary>
    public bool Holds(IReadOnlyDictionary<string, string> tags)
    {
        foreach (var (key, isEqual, value) in _terms)
        {
            if ((tags.TryGetValue(key, out var found) && found == value) != isEqual)
                return false;
        }
        return true;
    }

    private static bool TryQuoted(ref ReadOnlySpan<char> text, char mark, out string inner)
    {
        inner = "";
        var end = text.Length > 0 && text[0] == mark ? text[1..].IndexOf(mark) : -1;
        if (end < 0)
            return false;
        inner = text.Slice(1, end).ToString();
        text = text[(end + 2)..].TrimStart(' ');
        return true;
    }
}
