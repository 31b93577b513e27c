using System.Text.Json.Nodes;
using SandboxTenant.Data;

namespace SandboxTenant.Demo;

/// <summary>One of the demo's storage accounts with data.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Subscription">Short name of its subscription.</param>
/// <param name="Group">Resource group.</param>
/// <param name="Environment">Value of its tag <c>environment</c>.</param>
/// <param name="Classification">Value of its tag <c>dataClassification</c>.</param>
/// <param name="Containers">Its containers.</param>
internal sealed record DemoAccount(
    string Name,
    string Subscription,
    string Group,
    string Environment,
    string Classification,
    IReadOnlyList<string> Containers
)
{
    /// <summary>Whether it has directories.</summary>
    public bool IsHierarchical { get; init; }

    /// <summary>Whether what is overwritten stays as a version, with a change feed beside.</summary>
    public bool IsVersioned { get; init; }

    /// <summary>Days of soft delete; 0 for none.</summary>
    public int SoftDeleteDays { get; init; }
}

/// <summary>
/// Adds the storage accounts that hold an AI company's data: raw training sets, features, models, what users asked, what was predicted,
/// exports, and a copy of some of it in development. Shared keys are off, so that nothing of it changes what the credential check finds.
/// </summary>
/// <param name="tenant">Where they go.</param>
/// <param name="subscription">Id of a subscription by its short name.</param>
/// <param name="at">Time as so many days from the tenant's.</param>
/// <param name="owner">Who answers for the data.</param>
internal sealed class DemoStorage(TenantData tenant, Func<string, string> subscription, Func<int, string> at, string owner)
{
    /// <summary>The accounts.</summary>
    public static IReadOnlyList<DemoAccount> Accounts { get; } =
    [
        new("ctsraw", "production", "rg-training", "production", "restricted", ["raw", "prompts"])
        {
            IsVersioned = true,
            SoftDeleteDays = 7,
        },
        new("ctsml", "production", "rg-serving", "production", "confidential", ["features", "models", "logs"])
        {
            IsVersioned = true,
            SoftDeleteDays = 14,
        },
        new("ctsdev", "development", "rg-scratch", "dev", "internal", ["prompts-copy", "scratch"]),
        new("ctsexports", "production", "rg-platform", "production", "confidential", ["exports"])
        {
            IsHierarchical = true,
            SoftDeleteDays = 7,
        },
    ];

    /// <summary>Adds them.</summary>
    public void Add()
    {
        foreach (var account in Accounts)
            Account(account);
    }

    private void Account(DemoAccount account)
    {
        const string Provider = "Microsoft.Storage/storageAccounts";
        var id = $"/subscriptions/{subscription(account.Subscription)}/resourceGroups/{account.Group}/providers/{Provider}/{account.Name}";
        tenant.Add(
            "resources",
            new JsonObject
            {
                ["id"] = id,
                ["name"] = account.Name,
                ["type"] = Provider,
                ["kind"] = "StorageV2",
                ["sku"] = new JsonObject { ["name"] = "Standard_ZRS", ["tier"] = "Standard" },
                ["location"] = "westeurope",
                ["tags"] = new JsonObject
                {
                    ["environment"] = account.Environment,
                    ["dataClassification"] = account.Classification,
                    ["owner"] = owner,
                },
                ["properties"] = new JsonObject
                {
                    ["provisioningState"] = "Succeeded",
                    ["creationTime"] = at(-800),
                    ["allowSharedKeyAccess"] = false,
                    ["isHnsEnabled"] = account.IsHierarchical,
                    ["minimumTlsVersion"] = "TLS1_2",
                    ["supportsHttpsTrafficOnly"] = true,
                    ["primaryEndpoints"] = new JsonObject
                    {
                        ["blob"] = $"https://{account.Name}.blob.core.windows.net/",
                        ["dfs"] = $"https://{account.Name}.dfs.core.windows.net/",
                    },
                },
            }
        );
        if (account.SoftDeleteDays > 0)
            tenant.Add("blobServices", BlobService(account, id));
        foreach (var container in account.Containers)
            tenant.Add("containers", Container(id, container));
    }

    private static JsonObject BlobService(DemoAccount account, string id)
    {
        JsonObject Days() => new() { ["enabled"] = true, ["days"] = account.SoftDeleteDays };
        var softDelete = Days();
        softDelete["allowPermanentDelete"] = false;
        return new JsonObject
        {
            ["id"] = $"{id}/blobServices/default",
            ["name"] = "default",
            ["type"] = "Microsoft.Storage/storageAccounts/blobServices",
            ["sku"] = new JsonObject { ["name"] = "Standard_ZRS", ["tier"] = "Standard" },
            ["properties"] = new JsonObject
            {
                ["cors"] = new JsonObject { ["corsRules"] = new JsonArray() },
                ["deleteRetentionPolicy"] = softDelete,
                ["containerDeleteRetentionPolicy"] = Days(),
                ["isVersioningEnabled"] = account.IsVersioned,
                ["changeFeed"] = new JsonObject { ["enabled"] = account.IsVersioned },
                ["lastAccessTimeTrackingPolicy"] = new JsonObject
                {
                    ["enable"] = account.IsVersioned,
                    ["name"] = "AccessTimeTracking",
                    ["trackingGranularityInDays"] = 1,
                    ["blobType"] = new JsonArray("blockBlob"),
                },
            },
        };
    }

    private static JsonObject Container(string account, string name) =>
        new()
        {
            ["id"] = $"{account}/blobServices/default/containers/{name}",
            ["name"] = name,
            ["type"] = "Microsoft.Storage/storageAccounts/blobServices/containers",
            ["properties"] = new JsonObject
            {
                ["publicAccess"] = "None",
                ["hasImmutabilityPolicy"] = false,
                ["hasLegalHold"] = false,
                ["leaseState"] = "Available",
                ["leaseStatus"] = "Unlocked",
                ["deleted"] = false,
            },
        };
}
