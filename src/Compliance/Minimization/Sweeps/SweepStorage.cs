using Azure;
using Azure.Storage.Blobs.Models;
using Compliance.Minimization.Inventory;
using Compliance.Storage;

namespace Compliance.Minimization.Sweeps;

/// <summary>A container that a sweep plans.</summary>
/// <param name="Account">Storage account.</param>
/// <param name="Container">Container.</param>
internal sealed record SweepPlace(string Account, string Container);

/// <summary>Everything that a sweep plans, and what could not be listed.</summary>
/// <param name="Places">The containers.</param>
/// <param name="Unread">What could not be read, with what to do.</param>
internal sealed record SweepPlaces(IReadOnlyList<SweepPlace> Places, IReadOnlyList<string> Unread);

/// <summary>What a sweep has to know of storage beside the blobs.</summary>
internal interface ISweepStorage
{
    /// <summary>Every container of every account that is shown to this app. What could not be listed is part of the answer.</summary>
    Task<SweepPlaces> PlacesAsync(CancellationToken cancellationToken);

    /// <summary>Names of the accounts that are development's, by their tags.</summary>
    Task<IReadOnlySet<string>> DevelopmentAccountsAsync(CancellationToken cancellationToken);

    /// <summary>Until when the service keeps what was deleted from a container, at the latest (UTC); null where it keeps nothing.</summary>
    Task<DateTimeOffset?> RetainedUntilAsync(string account, string container, CancellationToken cancellationToken);
}

/// <summary>Knows it from Resource Manager and from the accounts.</summary>
/// <remarks>Reader and Storage Blob Data Reader at the subscriptions that are watched.</remarks>
internal sealed class SweepStorage(AccountDirectory accounts, OwnAccounts own, TimeProvider time) : ISweepStorage
{
    /// <inheritdoc/>
    public async Task<SweepPlaces> PlacesAsync(CancellationToken cancellationToken)
    {
        var read = await accounts.ReadAsync(cancellationToken);
        var places = new List<SweepPlace>();
        var unread = read.Unread.ToList();
        foreach (var account in read.Accounts.Values.OrderBy(a => a.Name, StringComparer.Ordinal))
        {
            if (own.Names.Contains(account.Name))
                continue;
            try
            {
                var opened = await accounts.OpenAsync(account.Name, cancellationToken);
                var listed = opened.Blobs.GetBlobContainersAsync(BlobContainerTraits.None, BlobContainerStates.None, null, cancellationToken);
                await foreach (var container in listed)
                    places.Add(new(account.Name, container.Name));
            }
            catch (RequestFailedException e) when (e.ErrorCode == AccountDirectory.NoBlobs)
            {
                // There is nothing in it.
            }
            catch (RequestFailedException e) when (e.Status is 401 or 403 or 404)
            {
                unread.Add(
                    $"The containers of storage account {account.Name} could not be listed ({e.Status} {e.ErrorCode}): assign this app "
                        + "Storage Blob Data Reader at the account, and let it through its firewall."
                );
            }
        }
        return new(places, unread);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlySet<string>> DevelopmentAccountsAsync(CancellationToken cancellationToken) =>
        (await accounts.ReadAsync(cancellationToken))
            .Accounts.Values.Where(a => a.IsDevelopment)
            .Select(a => a.Name)
            .ToHashSet(StringComparer.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public async Task<DateTimeOffset?> RetainedUntilAsync(string account, string container, CancellationToken cancellationToken)
    {
        try
        {
            var client = (await accounts.OpenAsync(account, cancellationToken)).Blobs.GetBlobContainerClient(container);
            return await BlobErasure.RetainedUntilAsync(client, "", time, cancellationToken);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            // With the account its blobs are gone.
            return null;
        }
    }
}
