using Compliance.Tenants;

namespace Compliance.Minimization.Inventory;

/// <summary>
/// The reads of the inventory and the least permission for each. Service <c>storage</c> is an account's own blob service; its paths are
/// below the account's address.
/// </summary>
internal static class InventoryCalls
{
    /// <summary>The action that no built-in role for reading has.</summary>
    public const string TagsRead = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/tags/read";

    /// <summary>Storage accounts of a subscription.</summary>
    public static readonly DeclaredCall Accounts = DeclaredCall.Arm(
        "GET",
        "/subscriptions/{id}/providers/Microsoft.Storage/storageAccounts",
        "Reader",
        "which storage accounts there are"
    );

    /// <summary>How an account keeps deleted data.</summary>
    public static readonly DeclaredCall BlobService = DeclaredCall.Arm(
        "GET",
        "/subscriptions/{*id}/blobServices/default",
        "Reader",
        "whether an account keeps versions and deleted blobs, and for how long"
    );

    /// <summary>All of them.</summary>
    public static IReadOnlyList<DeclaredCall> All { get; } = [Accounts, BlobService];
}
