namespace Compliance.Runs;

/// <summary>Does several things, each on its own: what fails for one keeps no other from being done.</summary>
internal static class Each
{
    /// <summary>Does something for each item in turn.</summary>
    /// <exception cref="AggregateException">It failed for some; the others were done.</exception>
    public static async Task RunAsync<T>(IEnumerable<T> items, Func<T, Task> act, CancellationToken cancellationToken)
    {
        var failures = new List<Exception>();
        foreach (var item in items)
        {
            try
            {
                await act(item);
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                failures.Add(e);
            }
        }
        if (failures.Count > 0)
            throw new AggregateException(failures);
    }
}
