using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Compliance.Ledger.Format;
using Compliance.Storage;
using Compliance.Text;

namespace Compliance.Ledger.Checkpoints;

/// <summary>A blob of <c>ledger-head</c> as it was read.</summary>
/// <param name="Bytes">Its content.</param>
/// <param name="ETag">Its version.</param>
internal sealed record StoredBytes(byte[] Bytes, ETag ETag);

/// <summary>Where the checkpointer left the log. Nobody need trust it: without it the log is read from its begin.</summary>
/// <param name="Size">Leaves before it.</param>
/// <param name="Path">The append blob of the last of them.</param>
/// <param name="Offset">The byte behind its line feed.</param>
internal sealed record LedgerProgress(long Size, string Path, long Offset);

/// <summary>Writes what a checkpoint consists of, for one tenant. Least role: Storage Blob Data Contributor on both containers.</summary>
/// <param name="storage">The evidence account.</param>
/// <param name="tenant">The tenant, whose id every path begins with.</param>
internal sealed class LedgerStore(StateStorage storage, string tenant)
{
    /// <summary>The path of <see cref="LedgerProgress"/> in <c>ledger-head</c>.</summary>
    public const string ProgressPath = "progress.json";

    private const int MaxProgressBytes = 4096;

    private const int MaxRaces = 20;

    /// <summary>The latest checkpoint's note; null when there is none.</summary>
    /// <exception cref="CheckpointProblemException">It is too long to be one.</exception>
    /// <exception cref="RequestFailedException">It cannot be read.</exception>
    public async Task<StoredBytes?> HeadAsync(CancellationToken cancellationToken)
    {
        var blob = await BlobAsync(LedgerLayout.HeadContainer, LedgerLayout.Head, cancellationToken);
        var head = await ReadAsync(blob, SignedNote.MaxBytes, cancellationToken);
        if (head?.Bytes.Length > SignedNote.MaxBytes)
            throw new CheckpointProblemException(
                CheckpointProblem.In(CheckpointProblem.Head, $"the latest checkpoint has more than {SignedNote.MaxBytes} bytes")
            );
        return head;
    }

    /// <summary>Where the last checkpointer stopped; null when that is not known.</summary>
    /// <exception cref="RequestFailedException">It cannot be read.</exception>
    public async Task<(LedgerProgress? Progress, ETag? ETag)> ProgressAsync(CancellationToken cancellationToken)
    {
        var stored = await ReadAsync(
            await BlobAsync(LedgerLayout.HeadContainer, ProgressPath, cancellationToken),
            MaxProgressBytes,
            cancellationToken
        );
        if (stored is null)
            return (null, null);
        try
        {
            return (
                JsonSerializer.Deserialize<LedgerProgress>(stored.Bytes, ComplianceJson.Compact) is { Size: > 0, Offset: > 0 } progress
                && LedgerLayout.TryParseLog(progress.Path, out _)
                    ? progress
                    : null,
                stored.ETag
            );
        }
        catch (JsonException)
        {
            return (null, stored.ETag);
        }
    }

    /// <summary>
    /// Writes what never changes: a full tile or bundle, a numbered checkpoint. There already with the same bytes is as good.
    /// </summary>
    /// <returns>Null when it is there now with these bytes; else the other bytes that are there.</returns>
    /// <exception cref="RequestFailedException">It is not known to be written.</exception>
    public async Task<byte[]?> WriteOnceAsync(string path, byte[] bytes, CancellationToken cancellationToken)
    {
        var blob = await BlobAsync(LedgerLayout.Container, path, cancellationToken);
        try
        {
            await blob.UploadAsync(
                new BinaryData(bytes),
                new BlobUploadOptions { Conditions = new() { IfNoneMatch = ETag.All } },
                cancellationToken
            );
            return null;
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412)
        {
            // Ours of a try whose answer was lost, another checkpointer's, or somebody's who should not write here.
            var max = Math.Max(bytes.Length, SignedNote.MaxBytes);
            var there = await ReadAsync(blob, max, cancellationToken);
            if (there is null)
                throw;
            return there.Bytes.AsSpan().SequenceEqual(bytes) ? null : there.Bytes;
        }
    }

    /// <summary>Writes a partial tile or bundle. Its path shows its width, so that whoever writes it writes the same.</summary>
    /// <exception cref="RequestFailedException">It is not known to be written.</exception>
    public async Task WritePartialAsync(string path, byte[] bytes, CancellationToken cancellationToken) =>
        await (await BlobAsync(LedgerLayout.HeadContainer, path, cancellationToken)).UploadAsync(
            new BinaryData(bytes),
            overwrite: true,
            cancellationToken
        );

    /// <summary>Keeps where the log was left, unless another checkpointer got further.</summary>
    /// <exception cref="RequestFailedException">It is not known to be written.</exception>
    public Task SaveProgressAsync(LedgerProgress progress, CancellationToken cancellationToken) =>
        AdvanceAsync(
            ProgressPath,
            JsonSerializer.SerializeToUtf8Bytes(progress, ComplianceJson.Compact),
            async () =>
            {
                var (known, etag) = await ProgressAsync(cancellationToken);
                // One that claims more than was ever signed would never be replaced.
                var further =
                    known == progress
                    || (
                        known?.Size > progress.Size
                        && await (
                            await BlobAsync(LedgerLayout.Container, LedgerLayout.Checkpoint(known.Size), cancellationToken)
                        ).ExistsAsync(cancellationToken)
                    );
                return (further, etag);
            },
            cancellationToken
        );

    /// <summary>Makes a checkpoint the latest one, unless a larger one is it already.</summary>
    /// <param name="note">The signed checkpoint.</param>
    /// <param name="size">Its size.</param>
    /// <param name="sizeOf">Reads and trusts what is there.</param>
    /// <param name="cancellationToken">Stops between requests.</param>
    /// <exception cref="CheckpointProblemException">What is there is no trusted checkpoint.</exception>
    /// <exception cref="RequestFailedException">It is not known to be written.</exception>
    public Task MoveHeadAsync(byte[] note, long size, Func<byte[], long> sizeOf, CancellationToken cancellationToken) =>
        AdvanceAsync(
            LedgerLayout.Head,
            note,
            async () => await HeadAsync(cancellationToken) is { } head ? (sizeOf(head.Bytes) >= size, head.ETag) : (false, null),
            cancellationToken
        );

    private async Task AdvanceAsync(
        string path,
        byte[] bytes,
        Func<Task<(bool Further, ETag? ETag)>> read,
        CancellationToken cancellationToken
    )
    {
        var blob = await BlobAsync(LedgerLayout.HeadContainer, path, cancellationToken);
        await CompareAndSet.RunAsync(
            MaxRaces,
            async _ =>
            {
                var (further, etag) = await read();
                if (further)
                    return null;
                var conditions = etag is { } known
                    ? new BlobRequestConditions { IfMatch = known }
                    : new BlobRequestConditions { IfNoneMatch = ETag.All };
                return () => blob.UploadAsync(new BinaryData(bytes), new BlobUploadOptions { Conditions = conditions }, cancellationToken);
            }
        );
    }

    private async Task<BlobClient> BlobAsync(string container, string path, CancellationToken cancellationToken) =>
        (await storage.EvidenceContainerAsync(container, cancellationToken)).GetBlobClient($"{tenant}/{path}");

    // One byte more than the most shows that there is more.
    private static async Task<StoredBytes?> ReadAsync(BlobClient blob, int max, CancellationToken cancellationToken)
    {
        try
        {
            using BlobDownloadStreamingResult answer = await blob.DownloadStreamingAsync(
                new() { Range = new(0, max + 1L) },
                cancellationToken
            );
            using var bytes = new MemoryStream();
            await answer.Content.CopyToAsync(bytes, cancellationToken);
            return new(bytes.ToArray(), answer.Details.ETag);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
        catch (RequestFailedException e) when (e.Status == 416)
        {
            BlobProperties empty = await blob.GetPropertiesAsync(cancellationToken: cancellationToken);
            return new([], empty.ETag);
        }
    }
}
