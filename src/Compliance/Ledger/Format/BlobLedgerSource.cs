using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;

namespace Compliance.Ledger.Format;

/// <summary>A tenant's log where it is written. Least role: Storage Blob Data Reader on both containers.</summary>
/// <param name="service">The evidence account.</param>
/// <param name="tenantId">The tenant, whose id every path begins with.</param>
internal sealed class BlobLedgerSource(BlobServiceClient service, string tenantId) : LedgerSource
{
    private readonly BlobContainerClient _ledger = service.GetBlobContainerClient(LedgerLayout.Container);
    private readonly BlobContainerClient _head = service.GetBlobContainerClient(LedgerLayout.HeadContainer);

    /// <inheritdoc/>
    public override async Task<IReadOnlyList<LedgerFile>> LogsAsync(CancellationToken cancellationToken) =>
        [
            .. (await ListAsync(LedgerLayout.LogFolder, cancellationToken))
                .Where(f => LedgerLayout.TryParseLog(f.Path, out _))
                .OrderBy(f => f.Path, StringComparer.Ordinal),
        ];

    /// <inheritdoc/>
    public override async Task<IReadOnlyList<long>> CheckpointsAsync(CancellationToken cancellationToken) =>
        [
            .. (await ListAsync(LedgerLayout.CheckpointFolder, cancellationToken))
                .Select(f => LedgerLayout.TryParseCheckpoint(f.Path, out var size) ? size : -1)
                .Where(s => s >= 0)
                .Order(),
        ];

    /// <inheritdoc/>
    public override async Task<Stream> OpenAsync(string path, long offset, CancellationToken cancellationToken)
    {
        var blob = (LedgerLayout.IsHead(path) ? _head : _ledger).GetBlobClient($"{tenantId}/{path}");
        try
        {
            BlobDownloadStreamingResult content = await blob.DownloadStreamingAsync(new() { Range = new(offset) }, cancellationToken);
            return content.Content;
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            throw new FileNotFoundException($"there is no {path}", path, e);
        }
        catch (RequestFailedException e) when (e.Status == 416)
        {
            // Nothing from there on.
            return Stream.Null;
        }
        catch (Exception e) when (e is RequestFailedException or AggregateException)
        {
            throw new IOException($"{path} cannot be read: {e.Message}", e);
        }
    }

    private async Task<List<LedgerFile>> ListAsync(string folder, CancellationToken cancellationToken)
    {
        var files = new List<LedgerFile>();
        try
        {
            await foreach (var blob in _ledger.GetBlobsAsync(BlobTraits.None, BlobStates.None, $"{tenantId}/{folder}", cancellationToken))
                files.Add(new(blob.Name[(tenantId.Length + 1)..], blob.Properties.ContentLength ?? 0));
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            // No container yet: nothing was ever written.
        }
        catch (Exception e) when (e is RequestFailedException or AggregateException)
        {
            throw new IOException($"{folder} cannot be listed: {e.Message}", e);
        }
        return files;
    }
}
