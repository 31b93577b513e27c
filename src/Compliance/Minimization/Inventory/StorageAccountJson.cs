using System.Text.Json;
using Compliance.Tenants;

namespace Compliance.Minimization.Inventory;

/// <summary>Resource Manager's form of a storage account. What has to be there and is not makes the list incomplete.</summary>
internal static class StorageAccountJson
{
    // {"id":"/subscriptions/…/resourceGroups/rg-data/providers/Microsoft.Storage/storageAccounts/ctsraw","name":"ctsraw",
    // "kind":"StorageV2","location":"westeurope","tags":{"environment":"production"},
    // "properties":{"isHnsEnabled":true,"primaryEndpoints":{"blob":"https://ctsraw.blob.core.windows.net/"}}}
    /// <summary>One item of the list of accounts.</summary>
    /// <exception cref="IncompleteReadException">It lacks what every account has.</exception>
    public static StorageAccountFacts Account(JsonElement item)
    {
        var id = Text(item, "id");
        if (id.Split('/') is not ["", "subscriptions", var subscription, _, var group, "providers", _, _, var name])
            throw new IncompleteReadException("a storage account with an id of another form was read");
        var properties = Child(item, "properties") ?? throw new IncompleteReadException("a storage account without 'properties' was read");
        return new()
        {
            Id = id,
            Name = name,
            SubscriptionId = subscription,
            ResourceGroup = group,
            Location = Text(item, "location"),
            Kind = Text(item, "kind"),
            Tags = Tags(item),
            IsHierarchical = IsTrue(properties, "isHnsEnabled"),
            BlobEndpoint = Child(properties, "primaryEndpoints") is { } endpoints ? Address(endpoints) : null,
        };
    }

    // {"properties":{"isVersioningEnabled":true,"deleteRetentionPolicy":{"enabled":true,"days":7,"allowPermanentDelete":false},
    // "containerDeleteRetentionPolicy":{"enabled":true,"days":7},"changeFeed":{"enabled":true},"restorePolicy":{"enabled":false},
    // "lastAccessTimeTrackingPolicy":{"enable":true,"trackingGranularityInDays":1,"blobType":["blockBlob"]}}}
    /// <summary>The blob service of an account. What it leaves out is off.</summary>
    /// <exception cref="IncompleteReadException">It has no properties, or keeps deleted data without a time.</exception>
    public static BlobServiceFacts BlobService(JsonElement service)
    {
        var properties = Child(service, "properties") ?? throw new IncompleteReadException("a blob service without 'properties' was read");
        return new()
        {
            IsVersioned = IsTrue(properties, "isVersioningEnabled"),
            SoftDeleteDays = Days(properties, "deleteRetentionPolicy"),
            ContainerSoftDeleteDays = Days(properties, "containerDeleteRetentionPolicy"),
            AllowsPermanentDelete = Child(properties, "deleteRetentionPolicy") is { } p && IsTrue(p, "allowPermanentDelete"),
            TracksLastAccess = Child(properties, "lastAccessTimeTrackingPolicy") is { } tracking && IsTrue(tracking, "enable"),
            HasChangeFeed = Child(properties, "changeFeed") is { } feed && IsTrue(feed, "enabled"),
            HasPointInTimeRestore = Child(properties, "restorePolicy") is { } restore && IsTrue(restore, "enabled"),
        };
    }

    private static int? Days(JsonElement properties, string policy)
    {
        if (Child(properties, policy) is not { } given || !IsTrue(given, "enabled"))
            return null;
        return given.TryGetProperty("days", out var days) && days.ValueKind == JsonValueKind.Number && days.TryGetInt32(out var number)
            ? number
            : throw new IncompleteReadException($"'{policy}' is on but has no days");
    }

    private static Uri? Address(JsonElement endpoints)
    {
        if (!endpoints.TryGetProperty("blob", out var blob) || blob.ValueKind == JsonValueKind.Null)
            return null;
        return blob.ValueKind == JsonValueKind.String && Uri.TryCreate(blob.GetString(), UriKind.Absolute, out var address)
            ? address
            : throw new IncompleteReadException("a storage account whose blob endpoint is no address was read");
    }

    private static Dictionary<string, string> Tags(JsonElement item)
    {
        var tags = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (Child(item, "tags") is { } given)
            foreach (var tag in given.EnumerateObject())
                tags[tag.Name] = tag.Value.ToString();
        return tags;
    }

    private static string Text(JsonElement item, string name) =>
        item.ValueKind == JsonValueKind.Object && item.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new IncompleteReadException($"a storage account without '{name}' was read");

    private static JsonElement? Child(JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object
            ? value
            : null;

    private static bool IsTrue(JsonElement element, string name) =>
        element.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.True;
}
