using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Compliance.Ledger.Format;

namespace ComplianceCli;

/// <summary>Copies one tenant's ledger into a folder, as <see cref="FolderLedgerSource"/> reads it.</summary>
internal static class LedgerDownload
{
    /// <summary>Copies both containers; a file that is there is written again. Storage Blob Data Reader.</summary>
    /// <returns>How many files.</returns>
    /// <exception cref="CliException">A blob's name would leave the folder.</exception>
    public static async Task<int> CopyAsync(BlobServiceClient service, string tenant, string folder, CancellationToken cancellationToken)
    {
        var root = Path.GetFullPath(folder);
        var files = 0;
        // The head first: what comes after it can only be more than it covers.
        foreach (var container in new[] { LedgerLayout.HeadContainer, LedgerLayout.Container })
        {
            var client = service.GetBlobContainerClient(container);
            if (!await client.ExistsAsync(cancellationToken))
                continue;
            await foreach (var blob in client.GetBlobsAsync(BlobTraits.None, BlobStates.None, $"{tenant}/", cancellationToken))
            {
                var path = Path.GetFullPath(Path.Combine(root, blob.Name[(tenant.Length + 1)..]));
                if (!path.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal))
                    throw new CliException($"the blob {blob.Name} would be written outside of {root}");
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                await client.GetBlobClient(blob.Name).DownloadToAsync(path, cancellationToken);
                files++;
            }
        }
        return files;
    }
}
