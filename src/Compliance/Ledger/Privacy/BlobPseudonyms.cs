using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Azure;
using Azure.Storage.Blobs;
using Azure.Storage.Blobs.Models;
using Compliance.Storage;
using Compliance.Text;

namespace Compliance.Ledger.Privacy;

/// <summary>
/// Pseudonyms as blobs of container <c>details</c> in the evidence account, which has no immutability policy: <c>{tenant}/people/{SHA-256
/// of the id}.json</c>. Storage Blob Data Owner at the container, to erase versions too. Made once, whoever asks first.
/// </summary>
/// <param name="storage">The evidence account.</param>
/// <param name="time">The clock.</param>
internal sealed class BlobPseudonyms(StateStorage storage, TimeProvider time)
{
    /// <summary>Name of the container.</summary>
    public const string Container = "details";

    // Forgotten all at once rather than one by one: they are read again when needed.
    private const int MaxKept = 10_000;

    private readonly ConcurrentDictionary<(string Tenant, string Person), Pseudonym> _kept = new();

    /// <summary>The blob of a person.</summary>
    public static string BlobName(string tenantId, string personId) =>
        $"{StateKeys.Safe(tenantId, "a tenant id")}/people/"
            + $"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(personId)))}.json";

    /// <summary>The person's pseudonym; made at the first call.</summary>
    /// <param name="tenantId">Entra tenant id.</param>
    /// <param name="personId">Id of a case, or an object id.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task<Pseudonym> GetOrCreateAsync(string tenantId, string personId, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(personId);
        if (_kept.TryGetValue((tenantId, personId), out var kept))
            return kept;
        var blob = await BlobAsync(tenantId, personId, cancellationToken);
        var pseudonym = Pseudonym.New(personId);
        try
        {
            await blob.UploadAsync(
                BinaryData.FromObjectAsJson(pseudonym, ComplianceJson.Compact),
                new BlobUploadOptions { Conditions = new() { IfNoneMatch = ETag.All } },
                cancellationToken
            );
        }
        catch (RequestFailedException e) when (e.Status is 409 or 412)
        {
            pseudonym =
                await ReadAsync(blob, cancellationToken)
                ?? throw new RequestFailedException(
                    0,
                    "a pseudonym was erased while it was asked for: the record is not written; ask again"
                );
        }
        return Keep(tenantId, pseudonym);
    }

    /// <summary>The person's pseudonym; null when there is none, or it was erased.</summary>
    /// <inheritdoc cref="GetOrCreateAsync"/>
    public async Task<Pseudonym?> FindAsync(string tenantId, string personId, CancellationToken cancellationToken) =>
        await ReadAsync(await BlobAsync(tenantId, personId, cancellationToken), cancellationToken);

    /// <summary>Erases whom the pseudonym names, and the salt, with all that the service keeps of them.</summary>
    /// <returns>Until when storage keeps it all the same (UTC), where soft delete is on; null where it is gone for good.</returns>
    /// <inheritdoc cref="GetOrCreateAsync"/>
    public async Task<DateTimeOffset?> EraseAsync(string tenantId, string personId, CancellationToken cancellationToken)
    {
        var container = await storage.EvidenceContainerAsync(Container, cancellationToken);
        var until = await BlobErasure.EraseAsync(container, BlobName(tenantId, personId), time, cancellationToken);
        _kept.TryRemove((tenantId, personId), out _);
        return until;
    }

    /// <summary>Until when storage keeps an erased pseudonym (UTC); null where it keeps none.</summary>
    /// <inheritdoc cref="GetOrCreateAsync"/>
    public async Task<DateTimeOffset?> RetainedUntilAsync(string tenantId, string personId, CancellationToken cancellationToken) =>
        await BlobErasure.RetainedUntilAsync(
            await storage.EvidenceContainerAsync(Container, cancellationToken),
            BlobName(tenantId, personId),
            time,
            cancellationToken
        );

    private Pseudonym Keep(string tenantId, Pseudonym pseudonym)
    {
        if (_kept.Count >= MaxKept)
            _kept.Clear();
        return _kept[(tenantId, pseudonym.Id)] = pseudonym;
    }

    private async Task<BlobClient> BlobAsync(string tenantId, string personId, CancellationToken cancellationToken) =>
        (await storage.EvidenceContainerAsync(Container, cancellationToken)).GetBlobClient(BlobName(tenantId, personId));

    private static async Task<Pseudonym?> ReadAsync(BlobClient blob, CancellationToken cancellationToken)
    {
        try
        {
            return (await blob.DownloadContentAsync(cancellationToken)).Value.Content.ToObjectFromJson<Pseudonym>(ComplianceJson.Compact);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            return null;
        }
        catch (JsonException e)
        {
            throw new RequestFailedException(0, $"{Container}/{blob.Name} is not what this program wrote: {e.Message}", e);
        }
    }
}
