namespace EmbeddedHost;

/// <summary>
/// One page of a long answer.
/// Stands for Microsoft.DurableTask.Page.
/// </summary>
/// <typeparam name="T">What it is a page of.</typeparam>
/// <param name="values">What is on the page.</param>
/// <param name="continuationToken">Where the next page begins; null: this is the last.</param>
public sealed class Page<T>(IReadOnlyList<T> values, string? continuationToken = null)
    where T : notnull
{
    /// <summary>What is on the page.</summary>
    public IReadOnlyList<T> Values => values;

    /// <summary>Where the next page begins; null: this is the last.</summary>
    public string? ContinuationToken => continuationToken;
}
