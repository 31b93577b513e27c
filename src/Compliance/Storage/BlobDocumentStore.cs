using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Compliance.Text;

namespace Compliance.Storage;

/// <summary>
/// Documents as blobs of one container of the state account, where they can be erased. Storage Blob Data Contributor.
/// </summary>
internal sealed class BlobDocumentStore(StateStorage storage, string container) : IDocumentStore
{
    // Each lost race means that another writer got on.
    private const int MaxRaces = 50;

    private readonly BlobContainerClient _container = storage.Blobs.GetBlobContainerClient(container);

    /// <inheritdoc/>
    public async Task<string> SaveAsync<T>(string name, T document, CancellationToken cancellationToken)
    {
        var bytes = CanonicalJson.Serialize(document);
        await WriteAsync(name, "application/json", bytes, cancellationToken);
        return Convert.ToHexStringLower(SHA256.HashData(bytes));
    }

    /// <inheritdoc/>
    public async Task<T> ChangeAsync<T>(string name, Func<T?, T> change, CancellationToken cancellationToken)
        where T : class
    {
        var blob = Blob(name);
        for (var races = 0; ; races++)
        {
            var (bytes, etag) = await ReadAsync(blob, cancellationToken);
            var after = change(bytes is null ? null : JsonSerializer.Deserialize<T>(bytes, ComplianceJson.Compact));
            var written = CanonicalJson.Serialize(after);
            if (bytes?.ToMemory().Span.SequenceEqual(written) == true)
                return after;
            var options = new BlobUploadOptions
            {
                HttpHeaders = new BlobHttpHeaders { ContentType = "application/json" },
                Conditions = bytes is null
                    ? new BlobRequestConditions { IfNoneMatch = ETag.All }
                    : new BlobRequestConditions { IfMatch = etag },
            };
            try
            {
                await blob.UploadAsync(new BinaryData(written), options, cancellationToken);
                return after;
            }
            catch (RequestFailedException e) when (e.Status == 404 && races < MaxRaces)
            {
                await _container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            }
            catch (RequestFailedException e) when (e.Status is 409 or 412 && races < MaxRaces)
            {
                // Somebody was faster, or our own first try was applied and its answer lost: what is stored now shows.
            }
        }
    }

    /// <inheritdoc/>
    public Task SaveTextAsync(string name, string contentType, string text, CancellationToken cancellationToken) =>
        WriteAsync(name, contentType, Encoding.UTF8.GetBytes(text), cancellationToken);

    /// <inheritdoc/>
    public async Task<T?> LoadAsync<T>(string name, CancellationToken cancellationToken)
        where T : class =>
        await LoadBytesAsync(name, cancellationToken) is { } bytes ? JsonSerializer.Deserialize<T>(bytes, ComplianceJson.Compact) : null;

    /// <inheritdoc/>
    public async Task<BinaryData?> LoadBytesAsync(string name, CancellationToken cancellationToken) =>
        (await ReadAsync(Blob(name), cancellationToken)).Bytes;

    private static async Task<(BinaryData? Bytes, ETag ETag)> ReadAsync(BlobClient blob, CancellationToken cancellationToken)
    {
        try
        {
            var read = (await blob.DownloadContentAsync(cancellationToken)).Value;
            return (read.Content, read.Details.ETag);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return (null, default);
        }
    }

    private async Task WriteAsync(string name, string contentType, byte[] bytes, CancellationToken cancellationToken)
    {
        var blob = Blob(name);
        var options = new BlobUploadOptions
        {
            HttpHeaders = new BlobHttpHeaders { ContentType = contentType },
            Conditions = new BlobRequestConditions { IfNoneMatch = ETag.All },
        };
        try
        {
            await blob.UploadAsync(new BinaryData(bytes), options, cancellationToken);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            await _container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            await WriteAsync(name, contentType, bytes, cancellationToken);
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412)
        {
            // The very same is left alone, so that its time of writing stays.
            if ((await LoadBytesAsync(name, cancellationToken))?.ToMemory().Span.SequenceEqual(bytes) == true)
                return;
            options.Conditions = null;
            await blob.UploadAsync(new BinaryData(bytes), options, cancellationToken);
        }
    }

    private BlobClient Blob(string name)
    {
        // Each part on its own, so that no name climbs out of its folder.
        var safe = name.Split('/').Select(part => StateKeys.Safe(part, "a part of a document's name"));
        return _container.GetBlobClient(string.Join('/', safe));
    }
}
