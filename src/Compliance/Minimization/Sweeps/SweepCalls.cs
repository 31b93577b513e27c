using Compliance.Tenants;

namespace Compliance.Minimization.Sweeps;

/// <summary>The calls of a sweep that change something, and the least permission for each: data actions, at the account.</summary>
internal static class SweepCalls
{
    private const string Blobs = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs";

    /// <summary>Deletes blobs and snapshots, up to 256 of one container at a time.</summary>
    public static readonly DeclaredCall Delete = new(
        "storage",
        "POST",
        "/{container}",
        $"{Blobs}/delete",
        "deletes what the retention policy lets no one keep, once its plan was decided on"
    );

    /// <summary>Deletes versions, in the same request.</summary>
    public static readonly DeclaredCall DeleteVersion = new(
        "storage",
        "POST",
        "/{container}",
        $"{Blobs}/deleteBlobVersion/action",
        "the same for versions, which the service keeps of what was deleted"
    );

    /// <summary>All of them.</summary>
    public static IReadOnlyList<DeclaredCall> All { get; } = [Delete, DeleteVersion];
}
