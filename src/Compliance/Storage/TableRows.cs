using Azure;
using Azure.Data.Tables;

namespace Compliance.Storage;

/// <summary>The one way to change a row that others change too.</summary>
internal static class TableRows
{
    // Each lost race means that another writer made progress.
    private const int MaxRaces = 100;

    /// <summary>Reads a row.</summary>
    /// <returns>Null when there is none.</returns>
    public static async Task<TableEntity?> FindRowAsync(
        this TableClient table,
        string partition,
        string row,
        CancellationToken cancellationToken
    ) =>
        await table.GetEntityIfExistsAsync<TableEntity>(partition, row, cancellationToken: cancellationToken) is { HasValue: true } found
            ? found.Value
            : null;

    /// <summary>Changes a row, and no other writer's change is lost.</summary>
    /// <param name="table">The table.</param>
    /// <param name="partition">The row's partition.</param>
    /// <param name="row">The row.</param>
    /// <param name="change">
    /// Gives the row to write from the one that is there, or from null while there is none; null where there is nothing to write. Called
    /// again with the newer row when another writer was faster.
    /// </param>
    /// <param name="cancellationToken">Stops between requests.</param>
    /// <exception cref="RequestFailedException">Storage failed, or others changed the row in every attempt.</exception>
    public static Task ChangeRowAsync(
        this TableClient table,
        string partition,
        string row,
        Func<TableEntity?, TableEntity?> change,
        CancellationToken cancellationToken
    ) => table.ChangeRowAsync(partition, row, known => Task.FromResult(change(known)), cancellationToken);

    /// <summary>The same for a change that reads more than the row.</summary>
    /// <inheritdoc cref="ChangeRowAsync(TableClient, string, string, Func{TableEntity?, TableEntity?}, CancellationToken)"/>
    public static Task ChangeRowAsync(
        this TableClient table,
        string partition,
        string row,
        Func<TableEntity?, Task<TableEntity?>> change,
        CancellationToken cancellationToken
    ) =>
        CompareAndSet.RunAsync(
            MaxRaces,
            async _ =>
            {
                var known = await table.FindRowAsync(partition, row, cancellationToken);
                if (await change(known) is not { } after)
                    return null;
                return () =>
                    known is null
                        ? table.AddEntityAsync(after, cancellationToken)
                        : table.UpdateEntityAsync(after, known.ETag, TableUpdateMode.Replace, cancellationToken);
            }
        );
}
