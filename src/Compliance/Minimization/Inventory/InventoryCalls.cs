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

    private const string BlobReader = "Storage Blob Data Reader";

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

    /// <summary>The immutability policy of a container that has one.</summary>
    public static readonly DeclaredCall Immutability = DeclaredCall.Arm(
        "GET",
        "/subscriptions/{*id}/blobServices/default/containers/{name}/immutabilityPolicies/default",
        "Reader",
        "for how long the blobs of a container cannot be deleted"
    );

    /// <summary>Containers of an account.</summary>
    public static readonly DeclaredCall Containers = Storage("/", BlobReader, "containers with their holds");

    /// <summary>Blobs of a container.</summary>
    public static readonly DeclaredCall Blobs = Storage(
        "/{container}",
        BlobReader,
        "blobs, versions and snapshots, with metadata and holds, never their content"
    );

    /// <summary>Index tags of a container's blobs, with their listing.</summary>
    public static readonly DeclaredCall Tags = Storage(
        "/{container}",
        TagsRead,
        "index tags of blobs; without them what a tag decides is not known, and such a blob stays"
    );

    /// <summary>All of them.</summary>
    public static IReadOnlyList<DeclaredCall> All { get; } = [Accounts, BlobService, Immutability, Containers, Blobs, Tags];

    private static DeclaredCall Storage(string path, string permission, string what) => new("storage", "GET", path, permission, what);
}
