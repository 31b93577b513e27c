namespace EmbeddedHost;

/// <summary>
/// A long answer, read page by page as it is gone through.
/// Stands for Microsoft.DurableTask.AsyncPageable.
/// </summary>
/// <typeparam name="T">What it is an answer of.</typeparam>
public abstract class AsyncPageable<T> : IAsyncEnumerable<T>
    where T : notnull
{
    /// <summary>The pages.</summary>
    /// <param name="continuationToken">Where to begin; null: at the first.</param>
    /// <param name="pageSizeHint">How much on a page; null: as asked before.</param>
    /// <returns>The pages, read one after the other.</returns>
    public abstract IAsyncEnumerable<Page<T>> AsPages(string? continuationToken = null, int? pageSizeHint = null);

    /// <summary>All that is on the pages.</summary>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <returns>What is on the pages, one by one.</returns>
    public async IAsyncEnumerator<T> GetAsyncEnumerator(CancellationToken cancellationToken = default)
    {
        await foreach (var page in AsPages().WithCancellation(cancellationToken))
        {
            foreach (var value in page.Values)
                yield return value;
        }
    }
}
