using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace Compliance.Storage;

/// <summary>
/// Deletes blobs with everything that the service keeps of them: snapshots and versions. What soft delete keeps longer cannot be deleted
/// earlier by anybody, and is reported. Both of our accounts have neither versions nor soft delete, unless an organisation's policy
/// forces them on.
/// </summary>
/// <remarks>Storage Blob Data Owner at the container: Storage Blob Data Contributor cannot delete a version.</remarks>
internal static class BlobErasure
{
    // The longest that the service has.
    private const int MaxRetentionDays = 365;

    /// <summary>Deletes all blobs whose names begin so. Cut off anywhere, it is done again.</summary>
    /// <returns>Until when the service keeps what was deleted, as <see cref="RetainedUntilAsync"/> has it.</returns>
    /// <exception cref="RequestFailedException">Something could not be deleted: nothing is known to be erased. Call again.</exception>
    public static async Task<DateTimeOffset?> EraseAsync(
        BlobContainerClient container,
        string prefix,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        // Where there are versions, the current one becomes a version by this.
        await foreach (var blob in ListAsync(container, BlobStates.None, prefix, cancellationToken))
            await container.DeleteBlobIfExistsAsync(
                blob.Name,
                DeleteSnapshotsOption.IncludeSnapshots,
                cancellationToken: cancellationToken
            );
        await foreach (var blob in ListAsync(container, BlobStates.Version, prefix, cancellationToken))
            await DeleteVersionAsync(container.GetBlobClient(blob.Name), blob, cancellationToken);
        return await RetainedUntilAsync(container, prefix, time, cancellationToken);
    }

    /// <summary>Until when, at the latest, the service keeps deleted blobs whose names begin so (UTC); null where it keeps none.</summary>
    public static async Task<DateTimeOffset?> RetainedUntilAsync(
        BlobContainerClient container,
        string prefix,
        TimeProvider time,
        CancellationToken cancellationToken
    )
    {
        DateTimeOffset? until = null;
        await foreach (
            var blob in ListAsync(container, BlobStates.Version | BlobStates.Snapshots | BlobStates.Deleted, prefix, cancellationToken)
        )
        {
            if (!blob.Deleted)
                continue;
            // The service reports whole days that are left: the one that has begun is not over.
            var now = time.GetUtcNow();
            var deleted = blob.Properties.DeletedOn ?? now;
            var days = Math.Max(0, (now - deleted).Days) + (blob.Properties.RemainingRetentionDays ?? MaxRetentionDays) + 1;
            until = new[] { until ?? DateTimeOffset.MinValue, deleted.AddDays(days) }.Max();
        }
        return until;
    }

    private static async Task DeleteVersionAsync(BlobClient blob, BlobItem version, CancellationToken cancellationToken)
    {
        // Written meanwhile: the next call deletes it.
        if (version.VersionId is not { } id || version.IsLatestVersion == true)
            return;
        try
        {
            await blob.WithVersion(id).DeleteIfExistsAsync(cancellationToken: cancellationToken);
        }
        catch (RequestFailedException e) when (e.Status == 403)
        {
            throw new RequestFailedException(
                403,
                $"container {blob.BlobContainerName} of {blob.Uri.Host} keeps versions, and the identity cannot delete them "
                    + $"(403 {e.ErrorCode}): assign it Storage Blob Data Owner at the container, or switch versioning off",
                e.ErrorCode,
                e
            );
        }
    }

    private static async IAsyncEnumerable<BlobItem> ListAsync(
        BlobContainerClient container,
        BlobStates states,
        string prefix,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        await using var blobs = container
            .GetBlobsAsync(BlobTraits.None, states, prefix, cancellationToken)
            .GetAsyncEnumerator(cancellationToken);
        while (await NextAsync())
            yield return blobs.Current;

        async ValueTask<bool> NextAsync()
        {
            try
            {
                return await blobs.MoveNextAsync();
            }
            catch (RequestFailedException e) when (e.Status == 404)
            {
                // Without the container there is nothing of it.
                return false;
            }
        }
    }
}
