using System.Runtime.CompilerServices;
using Azure;
using Azure.Storage.Blobs.Models;
using Compliance.Minimization.Evaluation;
using Compliance.Tenants;

namespace Compliance.Minimization.Inventory;

/// <summary>Lists blobs with all that decides whether one may be deleted, one page in memory.</summary>
/// <param name="identity">Client id of the identity in use, for the command that grants a role; null for the Azure CLI's user.</param>
/// <param name="pageSize">Blobs a page; null for the service's own 5,000.</param>
internal sealed class BlobListing(string? identity, int? pageSize = null)
{
    /// <summary>Blobs with their versions and snapshots, without what is deleted and without directories.</summary>
    /// <param name="at">The container.</param>
    /// <param name="prefix">What names begin with; empty for all.</param>
    /// <param name="unread">Gets what could not be read: with an entry the listing is not whole, or lacks the tags.</param>
    /// <param name="cancellationToken">Ends the listing.</param>
    public async IAsyncEnumerable<BlobFacts> ListAsync(
        ListedContainer at,
        string prefix,
        Action<Unread> unread,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        // What an account with directories does not have it does not take in a request either.
        var options = at.Account.IsHierarchical
            ? new GetBlobsOptions { Traits = BlobTraits.Metadata, States = BlobStates.Snapshots }
            : new GetBlobsOptions
            {
                Traits = BlobTraits.Metadata | BlobTraits.Tags | BlobTraits.LegalHold | BlobTraits.ImmutabilityPolicy,
                States = BlobStates.Snapshots | BlobStates.Version,
            };
        options.Prefix = prefix;
        await foreach (var (item, isTagged) in ItemsAsync(at, options, unread, cancellationToken))
            if (!ListedBlob.IsDirectory(at.Account, item))
                yield return ListedBlob.Facts(at, item, isTagged);
    }

    /// <summary>What is deleted and can still be brought back: blobs, versions and snapshots.</summary>
    /// <inheritdoc cref="ListAsync" path="/param"/>
    public async IAsyncEnumerable<DeletedBlob> ListDeletedAsync(
        ListedContainer at,
        string prefix,
        Action<Unread> unread,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var options = new GetBlobsOptions
        {
            Traits = BlobTraits.Metadata,
            States = BlobStates.Deleted | BlobStates.Snapshots | (at.Account.IsHierarchical ? BlobStates.None : BlobStates.Version),
            Prefix = prefix,
        };
        await foreach (var (item, isTagged) in ItemsAsync(at, options, unread, cancellationToken))
            if (item.Deleted && !ListedBlob.IsDirectory(at.Account, item))
                yield return new(
                    ListedBlob.Facts(at, item, isTagged) with
                    {
                        IsCurrent = false,
                    },
                    item.Properties.DeletedOn?.ToUniversalTime(),
                    item.Properties.RemainingRetentionDays
                );
    }

    private async IAsyncEnumerable<(BlobItem Item, bool IsTagged)> ItemsAsync(
        ListedContainer at,
        GetBlobsOptions options,
        Action<Unread> unread,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var trail = new PageTrail();
        var pages = Pages(at, options, cancellationToken);
        try
        {
            for (var isFirst = true; ; isFirst = false)
            {
                var (page, failure) = await NextAsync(pages, trail, cancellationToken);
                if (isFirst && failure is RequestFailedException { Status: 403 } && options.Traits.HasFlag(BlobTraits.Tags))
                {
                    // The role that reads blobs does not read their tags: the listing is refused as a whole.
                    await pages.DisposeAsync();
                    options.Traits &= ~BlobTraits.Tags;
                    pages = Pages(at, options, cancellationToken);
                    (page, failure) = await NextAsync(pages, trail, cancellationToken);
                    if (failure is null)
                        unread(BlobFailure.TagsUnread(at.Account, at.Facts.Name));
                }
                if (failure is not null)
                    unread(BlobFailure.Unread(at.Account, at.Facts.Name, failure, InventoryCalls.Blobs, identity));
                if (page is null)
                    yield break;
                foreach (var item in page.Values)
                    yield return (item, options.Traits.HasFlag(BlobTraits.Tags));
            }
        }
        finally
        {
            await pages.DisposeAsync();
        }
    }

    private IAsyncEnumerator<Page<BlobItem>> Pages(ListedContainer at, GetBlobsOptions options, CancellationToken cancellationToken) =>
        at.Client.GetBlobsAsync(options, cancellationToken)
            .AsPages(continuationToken: null, pageSize)
            .GetAsyncEnumerator(cancellationToken);

    // The next page; neither page nor failure at the end.
    private static async ValueTask<(Page<BlobItem>? Page, Exception? Failure)> NextAsync(
        IAsyncEnumerator<Page<BlobItem>> pages,
        PageTrail trail,
        CancellationToken cancellationToken
    )
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            if (!await pages.MoveNextAsync())
                return (null, null);
            trail.Next(pages.Current.ContinuationToken);
            return (pages.Current, null);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            return (null, e);
        }
    }
}
