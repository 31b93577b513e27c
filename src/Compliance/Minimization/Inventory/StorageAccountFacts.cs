namespace Compliance.Minimization.Inventory;

/// <summary>A storage account as Resource Manager lists it.</summary>
/// <param name="Id">Resource Manager id.</param>
/// <param name="Name">Name.</param>
/// <param name="SubscriptionId">Its subscription.</param>
/// <param name="Tags">Its tags; keys compare without case.</param>
/// <param name="BlobEndpoint">Address of its blob service; null where it has none.</param>
/// <param name="IsHierarchical">Whether it has directories: then it has no tags and no versions.</param>
internal sealed record StorageAccountFacts(
    string Id,
    string Name,
    string SubscriptionId,
    IReadOnlyDictionary<string, string> Tags,
    Uri? BlobEndpoint,
    bool IsHierarchical
)
{
    /// <summary>Whether its tags call it an account of development.</summary>
    public bool IsDevelopment =>
        Tags.TryGetValue("environment", out var environment)
        && (
            environment.Equals("dev", StringComparison.OrdinalIgnoreCase)
            || environment.Equals("development", StringComparison.OrdinalIgnoreCase)
        );
}

/// <summary>The storage accounts that were seen, and what could not be read.</summary>
/// <param name="Accounts">The accounts, by name.</param>
/// <param name="Unread">What could not be read, with what to do; empty when all was.</param>
internal sealed record StorageRead(IReadOnlyDictionary<string, StorageAccountFacts> Accounts, IReadOnlyList<string> Unread);
