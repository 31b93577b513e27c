using Azure;
using Azure.Data.Tables;

namespace Compliance.Storage;

/// <summary>
/// The subscriptions seen in earlier runs, so that one that is no longer shown to us is noticed. Table <c>subscriptions</c>: one partition
/// a tenant, one row a subscription.
/// </summary>
internal sealed class TableKnownSubscriptions(StateStorage storage)
{
    /// <summary>The table.</summary>
    public const string Table = "subscriptions";

    private const string Name = "Name";

    /// <summary>Subscription ids with their names as last seen.</summary>
    public async Task<IReadOnlyDictionary<string, string>> LoadAsync(string tenantId, CancellationToken cancellationToken)
    {
        var tenant = StateKeys.Safe(tenantId, "a tenant id");
        var table = await storage.TableAsync(Table, cancellationToken);
        var known = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        await foreach (
            var row in table.QueryAsync<TableEntity>(
                TableClient.CreateQueryFilter($"PartitionKey eq {tenant}"),
                cancellationToken: cancellationToken
            )
        )
            known[row.RowKey] = row.GetString(Name) ?? "";
        return known;
    }

    /// <summary>Remembers newly seen subscriptions and forgets those confirmed gone.</summary>
    public async Task UpdateAsync(
        string tenantId,
        IReadOnlyDictionary<string, string> seen,
        IReadOnlyCollection<string> gone,
        CancellationToken cancellationToken
    )
    {
        var tenant = StateKeys.Safe(tenantId, "a tenant id");
        var known = await LoadAsync(tenantId, cancellationToken);
        var table = await storage.TableAsync(Table, cancellationToken);
        // The last to write wins: every run that sees a subscription writes the same of it.
        var news = seen.Where(s => !known.TryGetValue(s.Key, out var name) || name != s.Value)
            .DistinctBy(s => s.Key, StringComparer.OrdinalIgnoreCase)
            .Select(s => new TableTransactionAction(
                TableTransactionActionType.UpsertReplace,
                new TableEntity(tenant, StateKeys.Safe(s.Key, "a subscription id")) { [Name] = s.Value }
            ));
        foreach (var batch in news.Chunk(100))
            await table.SubmitTransactionAsync(batch, cancellationToken);
        // What a run both saw and believes gone stays known: seeing is the stronger evidence.
        foreach (var id in gone.Where(g => known.ContainsKey(g) && !seen.Keys.Contains(g, StringComparer.OrdinalIgnoreCase)))
            await table.DeleteEntityAsync(tenant, StateKeys.Safe(id, "a subscription id"), ETag.All, cancellationToken);
    }
}
