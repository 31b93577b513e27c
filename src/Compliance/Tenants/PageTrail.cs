namespace Compliance.Tenants;

/// <summary>
/// The next pages that one source has named so far: a list that names one twice has no end, and the SDKs would read it for ever.
/// </summary>
internal sealed class PageTrail
{
    private readonly HashSet<string> _links = new(StringComparer.Ordinal);

    /// <summary>Notes the next page; null or empty is the end.</summary>
    /// <exception cref="IncompleteReadException">It was named before.</exception>
    public void Next(string? link)
    {
        if (!string.IsNullOrEmpty(link) && !_links.Add(link))
            throw new IncompleteReadException("the same next page was given twice, so there is no end to read to");
    }
}
