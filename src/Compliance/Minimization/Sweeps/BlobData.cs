using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs.Models;
using Compliance.Minimization.Deletion;
using Compliance.Minimization.Evaluation;
using Compliance.Minimization.Inventory;

namespace Compliance.Minimization.Sweeps;

/// <summary>
/// Blobs through the service's own SDK; batches by a request of our own. Storage Blob Data Reader with tags/read to list; to delete, the
/// data actions blobs/delete and blobs/deleteBlobVersion/action.
/// </summary>
/// <param name="accounts">The accounts.</param>
/// <param name="http">Sends batches.</param>
/// <param name="time">The clock.</param>
internal sealed class BlobData(IAccountBlobs accounts, HttpClient http, TimeProvider time) : IBlobData
{
    private const int PageSize = 5000;
    private const string Directory = "hdi_isfolder";

    /// <inheritdoc/>
    public async IAsyncEnumerable<BlobFacts> ListAsync(
        string account,
        string container,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var at = await accounts.OpenAsync(account, cancellationToken);
        var client = at.Blobs.GetBlobContainerClient(container);
        var (traits, states) = Asked(at.IsHierarchical);
        var listed = client.GetBlobsAsync(traits, states, prefix: null, cancellationToken);
        var properties = (await client.GetPropertiesAsync(cancellationToken: cancellationToken)).Value;
        await foreach (var page in listed.AsPages(pageSizeHint: PageSize).WithCancellation(cancellationToken))
            foreach (var blob in page.Values)
                if (blob.Metadata?.ContainsKey(Directory) != true)
                    yield return Facts((account, container), blob, at.IsHierarchical, properties);
    }

    /// <inheritdoc/>
    public async Task<BlobFacts?> FindAsync(BlobFacts blob, CancellationToken cancellationToken)
    {
        // Asked for by name, a listing shows more than a read of the blob does: holds, tags, and which version is the current one.
        var at = await accounts.OpenAsync(blob.Account, cancellationToken);
        var client = at.Blobs.GetBlobContainerClient(blob.Container);
        var (traits, states) = Asked(at.IsHierarchical);
        try
        {
            var properties = (await client.GetPropertiesAsync(cancellationToken: cancellationToken)).Value;
            // The service has names in their order: what has this name comes before what only begins with it.
            var here = new List<BlobFacts>();
            await foreach (var found in client.GetBlobsAsync(traits, states, blob.Name, cancellationToken))
            {
                if (found.Name != blob.Name)
                    break;
                here.Add(Facts((blob.Account, blob.Container), found, at.IsHierarchical, properties));
            }
            return ItemMatch.Find(here, blob.Snapshot, blob.IsCurrent, blob.VersionId);
        }
        catch (RequestFailedException e) when (e.Status == 404 && e.ErrorCode == "ContainerNotFound")
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public async Task<BatchAnswer> DeleteAsync(IReadOnlyList<DeletionTarget> targets, CancellationToken cancellationToken)
    {
        try
        {
            var at = await accounts.OpenAsync(targets[0].Account, cancellationToken);
            var proof = await at.ProofAsync(targets[0].Container, cancellationToken);
            var batch = BatchRequest.Create(at.Blobs.Uri, targets, proof);
            using var request = new HttpRequestMessage(HttpMethod.Post, Outer(batch.Address, proof))
            {
                Content = new ReadOnlyMemoryContent(batch.Body),
            };
            request.Content.Headers.TryAddWithoutValidation("Content-Type", batch.ContentType);
            request.Headers.TryAddWithoutValidation("x-ms-version", BatchRequest.Version);
            if (proof.Authorization is { } authorization)
                request.Headers.TryAddWithoutValidation("Authorization", authorization);
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            return await BatchAnswer.ReadAsync(Head(response), body, targets.Count, time.GetUtcNow(), cancellationToken);
        }
        catch (HttpRequestException)
        {
            return Lost(targets.Count);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // It took longer than the client waits.
            return Lost(targets.Count);
        }
    }

    private static BatchAnswer Lost(int count) => new([.. Enumerable.Repeat(ItemAnswer.None, count)], AnswerFault.CutOff, 0);

    private static Uri Outer(Uri address, BatchProof proof) =>
        proof.Query is { } query ? new Uri($"{address.AbsoluteUri}&{query}") : address;

    private static AnswerHead Head(HttpResponseMessage response) =>
        new(
            (int)response.StatusCode,
            response.Content.Headers.TryGetValues("Content-Type", out var types) ? types.First() : null,
            Header(response, "x-ms-error-code"),
            Header(response, "x-ms-request-id"),
            Header(response, "Retry-After")
        );

    private static string? Header(HttpResponseMessage response, string name) =>
        response.Headers.TryGetValues(name, out var values) ? values.First() : null;

    private static (BlobTraits Traits, BlobStates States) Asked(bool isHierarchical) =>
        isHierarchical
            ? (BlobTraits.Metadata | BlobTraits.LegalHold | BlobTraits.ImmutabilityPolicy, BlobStates.Snapshots)
            : (
                BlobTraits.Metadata | BlobTraits.Tags | BlobTraits.LegalHold | BlobTraits.ImmutabilityPolicy,
                BlobStates.Snapshots | BlobStates.Version
            );

    private static BlobFacts Facts(
        (string Account, string Container) at,
        BlobItem blob,
        bool isHierarchical,
        BlobContainerProperties container
    )
    {
        var properties = blob.Properties;
        return new()
        {
            Account = at.Account,
            Container = at.Container,
            Name = blob.Name,
            VersionId = blob.VersionId,
            Snapshot = blob.Snapshot,
            IsCurrent = blob.Snapshot is null && (blob.VersionId is null || blob.IsLatestVersion == true),
            IsBlockBlob = properties.BlobType == BlobType.Block,
            Created = properties.CreatedOn,
            LastModified = properties.LastModified,
            LastAccessed = properties.LastAccessedOn,
            ETag = properties.ETag?.ToString(),
            Size = properties.ContentLength ?? 0,
            Tier = properties.AccessTier?.ToString(),
            Tags = Tags(blob, isHierarchical),
            Metadata = blob.Metadata is { } metadata
                ? new Dictionary<string, string>(metadata, StringComparer.OrdinalIgnoreCase)
                : new Dictionary<string, string>(),
            HasLegalHold = properties.HasLegalHold || container.HasLegalHold == true,
            ImmutableUntil = properties.ImmutabilityPolicy?.ExpiresOn,
            IsLeased = properties.LeaseState is LeaseState.Leased or LeaseState.Breaking,
        };
    }

    // A listing names the tags of those that have some; where the count says otherwise they were not read.
    private static Dictionary<string, string>? Tags(BlobItem blob, bool isHierarchical)
    {
        if (blob.Tags is { Count: > 0 } tags)
            return new Dictionary<string, string>(tags, StringComparer.Ordinal);
        return isHierarchical || blob.Properties.TagCount is null or 0 ? new Dictionary<string, string>() : null;
    }
}
