using Compliance.Minimization.Inventory;

namespace Compliance.Tests.Minimization.Inventory;

/// <summary>An account as Resource Manager shows it.</summary>
internal static class SampleAccount
{
    public static StorageAccountFacts Named(string name) =>
        new()
        {
            Id = $"/subscriptions/s1/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/{name}",
            Name = name,
            SubscriptionId = "s1",
            ResourceGroup = "rg",
            Location = "westeurope",
            Kind = "StorageV2",
            Tags = new Dictionary<string, string>(),
            IsHierarchical = false,
            BlobEndpoint = new Uri($"https://{name}.blob.core.windows.net/"),
        };
}
