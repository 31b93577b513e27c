using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Compliance.Findings;
using Compliance.Plans;
using Compliance.State;

namespace Compliance.Offboarding;

/// <summary>Documents of leaver cases as blobs of container <c>leavers</c> in the state account. Storage Blob Data Contributor.</summary>
internal sealed class BlobCaseDocuments(StateStorage storage) : ICaseDocuments
{
    /// <summary>The container.</summary>
    public const string Container = "leavers";

    // The digest of the content, so that writing the same again is one small request.
    private const string Digest = "sha256";

    private readonly BlobContainerClient _container = storage.Blobs.GetBlobContainerClient(Container);

    /// <inheritdoc/>
    public async Task<string> SaveAsync<T>(string name, T document, CancellationToken stop)
    {
        var bytes = CanonicalJson.Of(document);
        var sha256 = Convert.ToHexStringLower(SHA256.HashData(bytes));
        await WriteAsync(name, "application/json", bytes, sha256, stop);
        return sha256;
    }

    /// <inheritdoc/>
    public Task SaveTextAsync(string name, string contentType, string text, CancellationToken stop)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        return WriteAsync(name, contentType, bytes, Convert.ToHexStringLower(SHA256.HashData(bytes)), stop);
    }

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">What is stored is not such a document.</exception>
    public async Task<T?> LoadAsync<T>(string name, CancellationToken stop)
        where T : class
    {
        if (await LoadBytesAsync(name, stop) is not { } bytes)
            return null;
        try
        {
            return bytes.ToObjectFromJson<T>(ComplianceJson.Compact);
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{Container}/{name} is not what this app writes: {e.Message}", e);
        }
    }

    /// <inheritdoc/>
    public async Task<BinaryData?> LoadBytesAsync(string name, CancellationToken stop)
    {
        try
        {
            var content = await Blob(name).DownloadContentAsync(stop);
            return content.Value.Content;
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    private async Task WriteAsync(string name, string contentType, byte[] bytes, string sha256, CancellationToken stop)
    {
        var blob = Blob(name);
        if (await KeptAsync(blob, stop) == sha256)
            return;
        var options = new BlobUploadOptions
        {
            HttpHeaders = new BlobHttpHeaders { ContentType = contentType },
            Metadata = new Dictionary<string, string> { [Digest] = sha256 },
        };
        try
        {
            await blob.UploadAsync(new BinaryData(bytes), options, stop);
        }
        catch (RequestFailedException e) when (e.ErrorCode == BlobErrorCode.ContainerNotFound)
        {
            await _container.CreateIfNotExistsAsync(cancellationToken: stop);
            await blob.UploadAsync(new BinaryData(bytes), options, stop);
        }
    }

    private static async Task<string?> KeptAsync(BlobClient blob, CancellationToken stop)
    {
        try
        {
            var kept = await blob.GetPropertiesAsync(cancellationToken: stop);
            return kept.Value.Metadata.TryGetValue(Digest, out var sha256) ? sha256 : null;
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    // Every part is a safe key, so that no name climbs out of its case's folder.
    private BlobClient Blob(string name) => _container.GetBlobClient(string.Join('/', name.Split('/').Select(p => StateKeys.Safe(p, "a part of a document's name"))));
}
