using System.Runtime.CompilerServices;
using Azure;
using Compliance.Minimization.Deletion;
using Compliance.Minimization.Evaluation;
using Compliance.Minimization.Inventory;

namespace Compliance.Minimization.Sweeps;

/// <summary>
/// Blobs through the service's own SDK; batches by a request of our own. Storage Blob Data Reader with tags/read to list; to delete, the
/// data actions blobs/delete and blobs/deleteBlobVersion/action.
/// </summary>
/// <param name="accounts">The accounts.</param>
/// <param name="containers">Reads what is known of a container.</param>
/// <param name="listing">Lists its blobs.</param>
/// <param name="http">Sends batches.</param>
/// <param name="time">The clock.</param>
internal sealed class BlobData(
    IOpenAccounts accounts,
    StorageContainers containers,
    BlobListing listing,
    HttpClient http,
    TimeProvider time
) : IBlobData
{
    /// <inheritdoc/>
    public IAsyncEnumerable<BlobFacts> ListAsync(string account, string container, CancellationToken cancellationToken) =>
        ListAsync(account, container, "", cancellationToken);

    /// <inheritdoc/>
    public async Task<BlobFacts?> FindAsync(BlobFacts blob, CancellationToken cancellationToken)
    {
        // Asked for by name, a listing shows more than a read of the blob does: holds, tags, and which version is the current one.
        try
        {
            var here = new List<BlobFacts>();
            // The service has names in their order: what has this name comes before what only begins with it.
            await foreach (var found in ListAsync(blob.Account, blob.Container, blob.Name, cancellationToken))
            {
                if (found.Name != blob.Name)
                    break;
                here.Add(found);
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
            var proof = await at.Data.ProofAsync(targets[0].Container, cancellationToken);
            var batch = BatchRequest.Create(at.Data.Blobs.Uri, targets, proof);
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

    private async IAsyncEnumerable<BlobFacts> ListAsync(
        string account,
        string container,
        string prefix,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var unread = new List<Unread>();
        var at = await accounts.OpenAsync(account, cancellationToken);
        // Without the period of its immutability policy every blob of it is kept: no reason to read none.
        var facts = await ContainerAsync(at, container, cancellationToken);
        var listed = new ListedContainer(at.Facts, facts, at.Data.Blobs.GetBlobContainerClient(container));
        await foreach (var blob in listing.ListAsync(listed, prefix, unread.Add, cancellationToken))
            yield return blob;
        // Without tags it is whole: what they decide is not known then, and stays.
        if (unread.Find(u => u.Permission != InventoryCalls.TagsRead) is { } failed)
            throw UnreadException.From(failed);
    }

    private async Task<ContainerFacts> ContainerAsync(OpenAccount at, string container, CancellationToken cancellationToken)
    {
        try
        {
            return await containers.FindAsync(at.Facts, at.Data, container, [], cancellationToken);
        }
        catch (RequestFailedException e) when (e.Status is 401 or 403)
        {
            throw new UnreadException(containers.Refused(at.Facts, container, e));
        }
    }
}
