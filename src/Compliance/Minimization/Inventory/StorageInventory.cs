using System.Text.Json;
using Compliance.Tenants;

namespace Compliance.Minimization.Inventory;

/// <summary>Reads every storage account of the subscriptions that are shown to this app, in one Resource Graph query.</summary>
internal sealed class StorageInventory(TenantConnection tenant, ResourceManagerReader reader)
{
    private const string Query =
        "resources | where type =~ 'microsoft.storage/storageaccounts' | project id,name,type,subscriptionId,tags,properties | order by id asc";

    /// <summary>Reads them. What could not be read is part of the answer.</summary>
    public async Task<StorageRead> ReadAsync(CancellationToken cancellationToken)
    {
        var accounts = new Dictionary<string, StorageAccountFacts>(StringComparer.OrdinalIgnoreCase);
        var unread = new List<string>();
        var subscriptions = new List<string>();
        try
        {
            await foreach (var (id, _) in reader.SubscriptionsAsync(cancellationToken))
                subscriptions.Add(id);
            if (subscriptions.Count == 0)
                unread.Add($"No subscription is shown to this app: {DeclaredCall.Subscriptions.Grant(null, tenant.Options.ClientId)}");
            else
                await foreach (var row in reader.QueryAsync(Query, subscriptions, cancellationToken))
                    accounts[row.Name] = Facts(row);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            var failure = ReadFailure.From(e, DeclaredCall.ResourceGraph, null, tenant.Options.ClientId);
            unread.Add($"The list of storage accounts could not be read to its end: {failure.Reason}. {failure.Remedy}");
        }
        return new(accounts, unread);
    }

    private static StorageAccountFacts Facts(ResourceRow row)
    {
        var isHierarchical = Property(row.Properties, "isHnsEnabled") is { ValueKind: JsonValueKind.True };
        var endpoint = Property(row.Properties, "primaryEndpoints") is { ValueKind: JsonValueKind.Object } endpoints
            && Property(endpoints, "blob") is { ValueKind: JsonValueKind.String } blob
            && Uri.TryCreate(blob.GetString(), UriKind.Absolute, out var uri)
            ? uri
            : null;
        return new(row.Id, row.Name, row.SubscriptionId, row.Tags, endpoint, isHierarchical);
    }

    private static JsonElement? Property(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : null;
}
