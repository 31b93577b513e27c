using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Compliance.Text;

namespace Compliance.Storage;

/// <summary>
/// Keeps the documents of a capability (snapshots, plans, outcomes, certificates) in a container of its own in the state account: they
/// may name people and so can be erased. Storage Blob Data Contributor.
/// </summary>
internal sealed class BlobDocumentStore(StateStorage storage, string container)
{
    private const int MaxRaces = 50;

    private readonly BlobContainerClient _container = storage.Blobs.GetBlobContainerClient(container);

    /// <summary>
    /// Writes the document (canonical JSON) unless the very same is there; returns the SHA-256 of its bytes, lower-case hex.
    /// </summary>
    /// <param name="name">For example <c>leaver-1f0c…/1/snapshot.json</c>.</param>
    /// <param name="document">The document.</param>
    /// <param name="cancellationToken">Stops the write.</param>
    public async Task<string> SaveAsync<T>(string name, T document, CancellationToken cancellationToken)
    {
        var bytes = CanonicalJson.Serialize(document);
        await WriteAsync(name, "application/json", bytes, cancellationToken);
        return Convert.ToHexStringLower(SHA256.HashData(bytes));
    }

    /// <summary>
    /// Changes a document and no other writer's change is lost: <paramref name="change"/> is called again with the newer document when
    /// another writer was faster, and with null while there is none.
    /// </summary>
    /// <returns>The document as it is now.</returns>
    /// <exception cref="Azure.RequestFailedException">Storage failed, or others changed the document in every attempt.</exception>
    public async Task<T> ChangeAsync<T>(string name, Func<T?, T> change, CancellationToken cancellationToken)
        where T : class
    {
        var blob = Blob(name);
        T after = null!;
        await CompareAndSet.RunAsync(
            MaxRaces,
            async _ =>
            {
                var (bytes, etag) = await ReadAsync(blob, cancellationToken);
                after = change(bytes is null ? null : JsonSerializer.Deserialize<T>(bytes, ComplianceJson.Compact));
                var written = CanonicalJson.Serialize(after);
                if (bytes?.ToMemory().Span.SequenceEqual(written) == true)
                    return null;
                var conditions = bytes is null
                    ? new BlobRequestConditions { IfNoneMatch = ETag.All }
                    : new BlobRequestConditions { IfMatch = etag };
                return () => UploadAsync(blob, written, conditions, cancellationToken);
            }
        );
        return after;
    }

    /// <summary>Writes a text such as an HTML page.</summary>
    public Task SaveTextAsync(string name, string contentType, string text, CancellationToken cancellationToken) =>
        WriteAsync(name, contentType, Encoding.UTF8.GetBytes(text), cancellationToken);

    /// <summary>Reads a document; null when there is none.</summary>
    public async Task<T?> LoadAsync<T>(string name, CancellationToken cancellationToken)
        where T : class =>
        await LoadBytesAsync(name, cancellationToken) is { } bytes ? JsonSerializer.Deserialize<T>(bytes, ComplianceJson.Compact) : null;

    /// <summary>Reads a document's bytes; null when there is none.</summary>
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

    // The first document of all finds no container. It is made, and the write counts as lost: it is tried again.
    private async Task UploadAsync(
        BlobClient blob,
        byte[] bytes,
        BlobRequestConditions conditions,
        CancellationToken cancellationToken
    )
    {
        var options = new BlobUploadOptions
        {
            HttpHeaders = new BlobHttpHeaders { ContentType = "application/json" },
            Conditions = conditions,
        };
        try
        {
            await blob.UploadAsync(new BinaryData(bytes), options, cancellationToken);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            await _container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            throw;
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
