using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Data.Tables;
using Compliance.Storage;

namespace Compliance.Credentials;

/// <summary>
/// The resources with credentials that earlier runs listed, in table <c>resources</c>: one partition a tenant, one row a resource. One that
/// no list shows any more is noticed by this although nothing was wrong with it.
/// </summary>
internal sealed class TableKnownResources(StateStorage storage)
{
    /// <summary>The table.</summary>
    public const string Table = "resources";

    private const string Id = "ResourceId";

    // The service's own limit of one transaction.
    private const int MaxRows = 100;

    /// <summary>Resource Manager ids in lower case.</summary>
    public async Task<IReadOnlyCollection<string>> LoadAsync(string tenantId, CancellationToken cancellationToken)
    {
        var tenant = StateKeys.Safe(tenantId, "a tenant id");
        var table = await storage.TableAsync(Table, cancellationToken);
        var known = new List<string>();
        var filter = TableClient.CreateQueryFilter($"PartitionKey eq {tenant}");
        await foreach (var row in table.QueryAsync<TableEntity>(filter, cancellationToken: cancellationToken))
            known.Add(row.GetString(Id));
        return known;
    }

    /// <summary>Remembers what is new and forgets what is gone.</summary>
    /// <param name="tenantId">The tenant.</param>
    /// <param name="known">What <see cref="LoadAsync"/> gave.</param>
    /// <param name="seen">Lower-case ids that this run listed.</param>
    /// <param name="gone">Lower-case ids that the service itself said do not exist.</param>
    /// <param name="cancellationToken">Stops between writes.</param>
    public async Task UpdateAsync(
        string tenantId,
        IReadOnlyCollection<string> known,
        IReadOnlyCollection<string> seen,
        IReadOnlySet<string> gone,
        CancellationToken cancellationToken
    )
    {
        var tenant = StateKeys.Safe(tenantId, "a tenant id");
        var table = await storage.TableAsync(Table, cancellationToken);
        // Overlapping runs write the same of a resource, so that the last to write may win.
        foreach (var some in seen.Except(known, StringComparer.Ordinal).Chunk(MaxRows))
        {
            var rows = some.Select(id => new TableEntity(tenant, Key(id)) { [Id] = id });
            await table.SubmitTransactionAsync(
                rows.Select(row => new TableTransactionAction(TableTransactionActionType.UpsertReplace, row)),
                cancellationToken
            );
        }
        foreach (var id in known.Where(gone.Contains))
            await table.DeleteEntityAsync(tenant, Key(id), ETag.All, cancellationToken);
    }

    // Keys may not hold a slash.
    private static string Key(string resourceId) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(resourceId)));
}
