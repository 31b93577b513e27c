using Azure;
using Compliance.Tenants;

namespace Compliance.Minimization.Inventory;

/// <summary>What it means when a blob service refuses or fails.</summary>
internal static class BlobFailure
{
    /// <summary>Shows what an exception of a read means.</summary>
    /// <param name="account">The account.</param>
    /// <param name="container">The container; null for the account.</param>
    /// <param name="e">What was thrown.</param>
    /// <param name="call">The call that failed.</param>
    /// <param name="identity">Client id of the identity in use; null for the Azure CLI's user.</param>
    public static Unread Unread(StorageAccountFacts account, string? container, Exception e, DeclaredCall call, string? identity)
    {
        var source = Source(account.Name, container);
        // A role that is missing is AuthorizationPermissionMismatch.
        return e is RequestFailedException { Status: 403, ErrorCode: "AuthorizationFailure" }
            ? new(
                source,
                account.Id,
                "403 AuthorizationFailure: the account's firewall does not let this network in, or the key is not the account's",
                null,
                "let the app's network through the account's firewall, or give it a private endpoint"
            )
            : Inventory.Unread.From(source, account.Id, e, call, identity);
    }

    /// <summary>The tags of a container's blobs could not be read, while the blobs could.</summary>
    public static Unread TagsUnread(StorageAccountFacts account, string container) =>
        new(
            $"{Source(account.Name, container)}/tags",
            account.Id,
            "403: this app's identity may list the blobs, but not read their index tags",
            InventoryCalls.TagsRead,
            $"assign a role with the data action {InventoryCalls.TagsRead} at '{account.Id}': of the built-in ones only Storage Blob Data "
                + "Owner has it"
        );

    private static string Source(string account, string? container) =>
        container is null ? $"blob/{account}" : $"blob/{account}/{container}";
}
