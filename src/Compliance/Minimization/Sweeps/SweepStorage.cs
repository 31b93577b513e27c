using Azure;
using Compliance.Minimization.Inventory;
using Compliance.Storage;
using Compliance.Tenants;

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

    /// <summary>For how many days what is deleted from an account can be restored; null where it cannot, or that is not known.</summary>
    Task<int?> UndoDaysAsync(string account, CancellationToken cancellationToken);

    /// <summary>Until when the service keeps what was deleted from a container, at the latest (UTC); null where it keeps nothing.</summary>
    Task<DateTimeOffset?> RetainedUntilAsync(string account, string container, CancellationToken cancellationToken);
}

/// <summary>Knows it from Resource Manager and from the accounts.</summary>
/// <remarks>Reader and Storage Blob Data Reader at the subscriptions that are watched.</remarks>
internal sealed class SweepStorage(
    AccountCatalogue accounts,
    StorageContainers containers,
    OwnAccounts own,
    TenantConnection tenant,
    TimeProvider time
) : ISweepStorage
{
    /// <inheritdoc/>
    public async Task<SweepPlaces> PlacesAsync(CancellationToken cancellationToken)
    {
        var read = await accounts.ReadAsync(cancellationToken);
        var places = new List<SweepPlace>();
        var unread = read.Unread.ToList();
        foreach (var facts in read.Accounts.Where(a => a.BlobEndpoint is not null && !own.Names.Contains(a.Name)))
        {
            if (accounts.Open(facts, out var closed) is not { } account)
            {
                // Accounts of a sandbox tenant have no data, unless an emulator has it.
                if (tenant.Options.PinnedThumbprint is null)
                    unread.Add(closed!);
                continue;
            }
            var found = await containers.ReadAsync(facts, account.Data, cancellationToken);
            places.AddRange(found.Containers.Where(c => !c.IsDeleted).Select(c => new SweepPlace(facts.Name, c.Name)));
            unread.AddRange(found.Unread);
        }
        return new(places, [.. unread.Select(u => $"{u.Source} could not be read: {u.Reason}. {u.Remedy}")]);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlySet<string>> DevelopmentAccountsAsync(CancellationToken cancellationToken) =>
        (await accounts.ReadAsync(cancellationToken))
            .Accounts.Where(a => IsDevelopment(a.Tags))
            .Select(a => a.Name)
            .ToHashSet(StringComparer.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public async Task<int?> UndoDaysAsync(string account, CancellationToken cancellationToken) =>
        (await accounts.OpenAsync(account, cancellationToken)).Facts.BlobService?.SoftDeleteDays;

    /// <inheritdoc/>
    public async Task<DateTimeOffset?> RetainedUntilAsync(string account, string container, CancellationToken cancellationToken)
    {
        try
        {
            var opened = await accounts.OpenAsync(account, cancellationToken);
            // By what is set; where that could not be read, by what is still listed as deleted.
            if (opened.Facts.BlobService is { } service)
                return service.SoftDeleteDays is { } days ? time.GetUtcNow().AddDays(days + 1) : null;
            return await BlobErasure.RetainedUntilAsync(opened.Data.Blobs.GetBlobContainerClient(container), "", time, cancellationToken);
        }
        catch (RequestFailedException e) when (e.Status == 404)
        {
            // With the account its blobs are gone.
            return null;
        }
    }

    private static bool IsDevelopment(IReadOnlyDictionary<string, string> tags) =>
        tags.TryGetValue("environment", out var environment)
        && (
            environment.Equals("dev", StringComparison.OrdinalIgnoreCase)
            || environment.Equals("development", StringComparison.OrdinalIgnoreCase)
        );
}
