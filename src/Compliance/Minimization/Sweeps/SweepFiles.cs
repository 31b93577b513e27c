using System.Runtime.CompilerServices;
using System.Security.Cryptography;
using System.Text;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Azure.Storage.Blobs.Specialized;
using Compliance.Minimization.Manifests;
using Compliance.Storage;

namespace Compliance.Minimization.Sweeps;

/// <summary>
/// Manifests and outcomes as append blobs of container <c>sweeps</c> in the state account: names of blobs can name people, so they can be
/// erased. Storage Blob Data Contributor.
/// </summary>
internal sealed class SweepFiles(StateStorage storage)
{
    /// <summary>The container. It is stored: it never changes.</summary>
    public const string Container = "sweeps";

    // Of names that differ in letter case or in what a path resolves, a part of the hash keeps the files apart.
    private const int MaxReadable = 40;

    private readonly BlobContainerClient _container = storage.Blobs.GetBlobContainerClient(Container);

    /// <summary>What the names of all files about a container of a sweep begin with.</summary>
    public static string Folder(string sweepId, string account, string container) =>
        $"{StateKeys.Safe(sweepId, "a sweep's id")}/{account}/{container.Replace("$", "_", StringComparison.Ordinal)}";

    /// <summary>A data set, as a part of a file's name.</summary>
    public static string SafeName(string? dataSet)
    {
        if (dataSet is null)
            return "_unclassified";
        var readable = new string([.. dataSet.Select(c => char.IsAsciiLetterOrDigit(c) || c == '-' ? c : '-').Take(MaxReadable)]);
        return $"{readable}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(dataSet)))[..8]}";
    }

    /// <summary>Begins a file; one of that name is there no more.</summary>
    public async Task<AppendedFile> CreateAsync(string name, CancellationToken cancellationToken)
    {
        var blob = _container.GetAppendBlobClient(name);
        var options = new AppendBlobCreateOptions { HttpHeaders = new() { ContentType = "application/x-ndjson" } };
        try
        {
            await blob.CreateAsync(options, cancellationToken);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            await _container.CreateIfNotExistsAsync(cancellationToken: cancellationToken);
            await blob.CreateAsync(options, cancellationToken);
        }
        return new(blob, 0);
    }

    /// <summary>A file to go on with; made when it is not there.</summary>
    /// <returns>The file, and what it has so far.</returns>
    public async Task<(AppendedFile File, ReadOnlyMemory<byte> Content)> OpenAsync(string name, CancellationToken cancellationToken)
    {
        var blob = _container.GetAppendBlobClient(name);
        try
        {
            await blob.CreateAsync(
                new AppendBlobCreateOptions
                {
                    HttpHeaders = new() { ContentType = "application/x-ndjson" },
                    Conditions = new() { IfNoneMatch = ETag.All },
                },
                cancellationToken
            );
            return (new(blob, 0), default);
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412)
        {
            var content = (await blob.DownloadContentAsync(cancellationToken)).Value.Content.ToMemory();
            return (new(blob, content.Length), content);
        }
    }

    /// <summary>Reads a file as it comes.</summary>
    /// <exception cref="RequestFailedException">It is not there, or cannot be read.</exception>
    public Task<Stream> ReadAsync(string name, CancellationToken cancellationToken) =>
        _container.GetBlobClient(name).OpenReadAsync(new BlobOpenReadOptions(allowModifications: false), cancellationToken);

    /// <summary>The rows of a slice's manifest. Act on none before the last one was read: only then it is known that they are the
    /// plan's.</summary>
    /// <exception cref="ManifestException">It is not the manifest that was planned.</exception>
    public async IAsyncEnumerable<ManifestRow> RowsAsync(Slice slice, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await using var manifest = await ReadAsync(slice.Manifest, cancellationToken);
        await foreach (var row in ManifestReader.ReadAsync(manifest, slice.PlanId, cancellationToken))
            yield return row;
    }

    /// <summary>The whole of a small file; null when it is not there.</summary>
    public async Task<ReadOnlyMemory<byte>?> LoadAsync(string name, CancellationToken cancellationToken)
    {
        try
        {
            return (await _container.GetBlobClient(name).DownloadContentAsync(cancellationToken)).Value.Content.ToMemory();
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
    }

    /// <summary>Names of the files that begin so.</summary>
    public async Task<IReadOnlyList<string>> ListAsync(string prefix, CancellationToken cancellationToken)
    {
        var names = new List<string>();
        try
        {
            await foreach (var blob in _container.GetBlobsAsync(BlobTraits.None, BlobStates.None, prefix, cancellationToken))
                names.Add(blob.Name);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            // Nothing was ever kept.
        }
        return names;
    }
}

/// <summary>
/// A file that is only appended to. It knows how long it is: what another process wrote meanwhile makes the next append fail, so that of
/// two at once one ends.
/// </summary>
internal sealed class AppendedFile(AppendBlobClient blob, long length)
{
    private long _length = length;

    /// <summary>Appends whole lines.</summary>
    /// <exception cref="RequestFailedException">412: somebody else appends to it, or an answer was lost. Open it again.</exception>
    public async Task AppendAsync(ReadOnlyMemory<byte> lines, CancellationToken cancellationToken)
    {
        using var content = new MemoryStream(lines.ToArray(), writable: false);
        await blob.AppendBlockAsync(
            content,
            new AppendBlobAppendBlockOptions { Conditions = new() { IfAppendPositionEqual = _length } },
            cancellationToken
        );
        _length += lines.Length;
    }
}
