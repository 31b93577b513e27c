using System.Collections.Concurrent;
using Compliance.Tenants;

namespace Compliance.Minimization.Inventory;

/// <summary>
/// Reads the storage accounts of every subscription from the service that owns them. Resource Graph is not asked: it answers late, and
/// leaves accounts out above its limits.
/// </summary>
internal sealed class StorageAccounts(TenantConnection tenant, ResourceManagerReader reader)
{
    /// <summary>Source of the subscriptions themselves.</summary>
    public const string SubscriptionsSource = "arm/subscriptions";

    private const int SideBySide = 8;
    /// <summary>Version of the interface, for all reads of storage accounts.</summary>
    public const string ApiVersion = "api-version=2023-05-01";

    /// <summary>Reads all of them. What cannot be read is in the answer; this throws only when stopped.</summary>
    public async Task<AccountInventory> ReadAsync(CancellationToken cancellationToken)
    {
        var unread = new ConcurrentQueue<Unread>();
        var accounts = new ConcurrentDictionary<string, StorageAccountFacts>(StringComparer.OrdinalIgnoreCase);
        var parallel = new ParallelOptions { MaxDegreeOfParallelism = SideBySide, CancellationToken = cancellationToken };
        await Parallel.ForEachAsync(
            await SubscriptionsAsync(unread, cancellationToken),
            parallel,
            async (id, token) =>
            {
                await WholeAsync(id, unread, token);
                await AccountsAsync(id, accounts, unread, token);
            }
        );
        await Parallel.ForEachAsync(
            accounts.Values.Where(a => a.BlobEndpoint is not null),
            parallel,
            async (account, token) => accounts[account.Id] = await WithServiceAsync(account, unread, token)
        );
        return new(
            [.. accounts.Values.OrderBy(a => a.Id, StringComparer.OrdinalIgnoreCase)],
            [.. unread.OrderBy(u => u.Source, StringComparer.Ordinal)]
        );
    }

    private async Task<IReadOnlyCollection<string>> SubscriptionsAsync(ConcurrentQueue<Unread> unread, CancellationToken cancellationToken)
    {
        var found = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        try
        {
            await foreach (var (id, _) in reader.SubscriptionsAsync(cancellationToken))
                found.Add(id);
            // No role anywhere looks like no subscriptions at all.
            if (found.Count == 0)
                unread.Enqueue(
                    new(
                        SubscriptionsSource,
                        null,
                        "no subscription is shown to this app's identity",
                        DeclaredCall.Subscriptions.Permission,
                        DeclaredCall.Subscriptions.Grant(null, tenant.Options.ClientId)
                    )
                );
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            unread.Enqueue(Unread.From(SubscriptionsSource, null, e, DeclaredCall.Subscriptions, tenant.Options.ClientId));
        }
        return found;
    }

    // A subscription is listed to whoever has a role on anything in it, and its list of accounts is then of those alone.
    private async Task WholeAsync(string subscription, ConcurrentQueue<Unread> unread, CancellationToken cancellationToken)
    {
        var (source, scope) = ($"arm/subscriptions/{subscription}/permissions", $"/subscriptions/{subscription}");
        try
        {
            if (!await reader.IsWholeShownAsync(subscription, cancellationToken))
                unread.Enqueue(
                    new(
                        source,
                        scope,
                        "this app's identity has no role that reads everything at the subscription itself, so storage accounts in parts of "
                            + "it are not shown",
                        DeclaredCall.SubscriptionPermissions.Permission,
                        DeclaredCall.SubscriptionPermissions.Grant(scope, tenant.Options.ClientId)
                    )
                );
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            unread.Enqueue(Unread.From(source, scope, e, DeclaredCall.SubscriptionPermissions, tenant.Options.ClientId));
        }
    }

    private async Task AccountsAsync(
        string subscription,
        ConcurrentDictionary<string, StorageAccountFacts> accounts,
        ConcurrentQueue<Unread> unread,
        CancellationToken cancellationToken
    )
    {
        var scope = $"/subscriptions/{subscription}";
        try
        {
            var path = $"/subscriptions/{Uri.EscapeDataString(subscription)}/providers/Microsoft.Storage/storageAccounts?{ApiVersion}";
            await foreach (var item in reader.ListAsync(path, cancellationToken))
            {
                var account = StorageAccountJson.Account(item);
                accounts[account.Id] = account;
            }
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            unread.Enqueue(Unread.From($"arm{scope}/storageAccounts", scope, e, InventoryCalls.Accounts, tenant.Options.ClientId));
        }
    }

    private async Task<StorageAccountFacts> WithServiceAsync(
        StorageAccountFacts account,
        ConcurrentQueue<Unread> unread,
        CancellationToken cancellationToken
    )
    {
        try
        {
            using var answer = await reader.GetAsync($"{account.Id}/blobServices/default?{ApiVersion}", cancellationToken);
            return account with { BlobService = StorageAccountJson.BlobService(answer.RootElement) };
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            unread.Enqueue(
                Unread.From($"arm/{account.Name}/blobServices", account.Id, e, InventoryCalls.BlobService, tenant.Options.ClientId)
            );
            return account;
        }
    }
}
