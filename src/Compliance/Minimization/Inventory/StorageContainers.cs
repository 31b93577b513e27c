using System.Text.Json;
using Azure.Storage.Blobs.Models;
using Compliance.Tenants;

namespace Compliance.Minimization.Inventory;

/// <summary>Reads the containers of an account, those that are deleted and can be brought back too.</summary>
internal sealed class StorageContainers(TenantConnection tenant, ResourceManagerReader reader)
{
    /// <summary>Reads them. What cannot be read is in the answer; this throws only when stopped.</summary>
    public async Task<ContainerInventory> ReadAsync(StorageAccountFacts account, DataAccount data, CancellationToken cancellationToken)
    {
        var containers = new List<ContainerFacts>();
        var unread = new List<Unread>();
        var trail = new PageTrail();
        try
        {
            var pages = data
                .Blobs.GetBlobContainersAsync(BlobContainerTraits.Metadata, BlobContainerStates.Deleted, prefix: null, cancellationToken)
                .AsPages();
            await foreach (var page in pages.WithCancellation(cancellationToken))
            {
                foreach (var item in page.Values)
                    containers.Add(await FactsAsync(account, item, unread, cancellationToken));
                trail.Next(page.ContinuationToken);
            }
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            unread.Add(BlobFailure.Unread(account, null, e, InventoryCalls.Containers, tenant.Options.ClientId));
        }
        return new(containers, unread);
    }

    /// <summary>What a refusal to read a container means.</summary>
    public Unread Refused(StorageAccountFacts account, string container, Azure.RequestFailedException e) =>
        BlobFailure.Unread(account, container, e, InventoryCalls.Containers, tenant.Options.ClientId);

    /// <summary>Reads one container.</summary>
    /// <param name="account">Its account.</param>
    /// <param name="data">The account's data.</param>
    /// <param name="name">Its name.</param>
    /// <param name="unread">Gets what of it could not be read.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="Azure.RequestFailedException">404: it is not there. Else it could not be read.</exception>
    public async Task<ContainerFacts> FindAsync(
        StorageAccountFacts account,
        DataAccount data,
        string name,
        List<Unread> unread,
        CancellationToken cancellationToken
    )
    {
        var properties = (await data.Blobs.GetBlobContainerClient(name).GetPropertiesAsync(cancellationToken: cancellationToken)).Value;
        return new()
        {
            Account = account.Name,
            Name = name,
            Metadata = properties.Metadata?.ToDictionary(StringComparer.OrdinalIgnoreCase),
            HasLegalHold = properties.HasLegalHold,
            HasImmutabilityPolicy = properties.HasImmutabilityPolicy,
            IsDeleted = false,
            ImmutableFor =
                properties.HasImmutabilityPolicy == true ? await PeriodAsync(account, name, unread, cancellationToken) : null,
        };
    }

    private async Task<ContainerFacts> FactsAsync(
        StorageAccountFacts account,
        BlobContainerItem item,
        List<Unread> unread,
        CancellationToken cancellationToken
    )
    {
        var facts = new ContainerFacts
        {
            Account = account.Name,
            Name = item.Name,
            Metadata = item.Properties.Metadata?.ToDictionary(StringComparer.OrdinalIgnoreCase),
            HasLegalHold = item.Properties.HasLegalHold,
            HasImmutabilityPolicy = item.Properties.HasImmutabilityPolicy,
            IsDeleted = item.IsDeleted == true,
            RemainingDays = item.Properties.RemainingRetentionDays,
        };
        return facts is { HasImmutabilityPolicy: true, IsDeleted: false }
            ? facts with
            {
                ImmutableFor = await PeriodAsync(account, item.Name, unread, cancellationToken),
            }
            : facts;
    }

    // {"properties":{"immutabilityPeriodSinceCreationInDays":30,"state":"Locked"}}
    private async Task<TimeSpan?> PeriodAsync(
        StorageAccountFacts account,
        string container,
        List<Unread> unread,
        CancellationToken cancellationToken
    )
    {
        try
        {
            var path = $"{account.Id}/blobServices/default/containers/{Uri.EscapeDataString(container)}/immutabilityPolicies/default";
            using var answer = await reader.GetAsync($"{path}?{StorageAccounts.ApiVersion}", cancellationToken);
            return
                answer.RootElement.TryGetProperty("properties", out var properties)
                && properties.ValueKind == JsonValueKind.Object
                && properties.TryGetProperty("immutabilityPeriodSinceCreationInDays", out var days)
                && days.TryGetInt32(out var number)
                && number > 0
                ? TimeSpan.FromDays(number)
                : throw new IncompleteReadException("the container has an immutability policy, but its days were not shown");
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            unread.Add(
                Unread.From(
                    $"arm/{account.Name}/containers/{container}/immutabilityPolicy",
                    account.Id,
                    e,
                    InventoryCalls.Immutability,
                    tenant.Options.ClientId
                )
            );
            return null;
        }
    }
}
