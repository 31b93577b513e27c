using Compliance.Findings;
using Compliance.Storage;
using Compliance.Tenants;

namespace Compliance.Credentials;

/// <summary>
/// What earlier runs listed, held against what this one lists: what no list shows any more may be deleted, or only hidden from this app.
/// The difference is asked, not guessed.
/// </summary>
internal sealed class EarlierListings(TableKnownSubscriptions subscriptions, TableKnownResources resources, IResourceLookup lookup)
{
    /// <summary>Begins to load what earlier runs listed.</summary>
    public KnownListings Load(string tenantId, CancellationToken cancellationToken) =>
        new(subscriptions.LoadAsync(tenantId, cancellationToken), resources.LoadAsync(tenantId, cancellationToken));

    /// <summary>The subscriptions that earlier runs listed and this one did not, where the list of them was read to its end.</summary>
    public async Task<UnlistedSubscriptions> UnlistedAsync(
        CredentialObservation observed,
        IReadOnlyDictionary<string, string> known,
        CancellationToken cancellationToken
    )
    {
        if (!observed.Inventory.Outcomes.Any(o => o.Source == Sources.Subscriptions && o.Complete))
            return UnlistedSubscriptions.None;
        var missing = new List<(string, string)>();
        var gone = new List<string>();
        var deleted = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        var unlisted = known.Where(s => !observed.Inventory.Subscriptions.ContainsKey(s.Key));
        foreach (var (id, name) in unlisted.OrderBy(s => s.Key, StringComparer.Ordinal))
        {
            if ((await lookup.FindAsync($"/subscriptions/{id}", cancellationToken)).Exists == false)
                deleted.Add(id);
            if (deleted.Contains(id) || observed.Policy.RetiredSubscriptions.Contains(id))
                gone.Add(id);
            else
                missing.Add((id, name));
        }
        return new(missing, gone, deleted);
    }

    /// <summary>
    /// What earlier runs listed and this one did not, where the list that should show it was read to its end. Lower-case ids, sorted.
    /// </summary>
    public static IReadOnlyList<string> Unlisted(
        IReadOnlyCollection<string> known,
        RunInventory inventory,
        IReadOnlyList<SourceOutcome> outcomes
    )
    {
        var unread = outcomes.Where(o => !o.Complete).Select(o => o.Source).ToHashSet(StringComparer.OrdinalIgnoreCase);
        var unlisted = known.Where(id => !inventory.Resources.Contains(id) && !unread.Contains(Sources.Resources(SubscriptionOf(id))));
        return [.. unlisted.Order(StringComparer.Ordinal)];
    }

    /// <summary>
    /// What became of a resource that no list shows any more. In a subscription that is shown to this app the service is asked; one that
    /// went with its subscription is gone; of one in a hidden subscription nothing is known, and GAP-002 reports that once for all of them.
    /// </summary>
    public async Task<ResourceState> StateOfAsync(
        string resourceId,
        CredentialObservation observed,
        UnlistedSubscriptions unlisted,
        CancellationToken cancellationToken
    )
    {
        var subscription = SubscriptionOf(resourceId);
        if (!observed.Inventory.Subscriptions.ContainsKey(subscription))
            return new(unlisted.Deleted.Contains(subscription), null);
        var answer = await lookup.FindAsync(resourceId, cancellationToken);
        if (answer.Exists == false)
            return new(true, null);
        var hidden = new SourceOutcome(
            Sources.Resources(subscription),
            Complete: false,
            0,
            DetectionBuilder.SubjectOf(resourceId),
            $"Earlier runs read it, and no list shows it any more: {answer.Reason?.TrimEnd('.')}.",
            answer.Permission,
            answer.Remedy,
            resourceId
        );
        return new(false, (hidden, observed.Builder.Gap(hidden, observed.Answers)));
    }

    /// <summary>Remembers what this run listed, and forgets what is gone.</summary>
    public async Task UpdateAsync(
        CredentialObservation observed,
        IReadOnlyCollection<string> knownResources,
        IReadOnlySet<string> goneResources,
        IReadOnlyCollection<string> goneSubscriptions,
        CancellationToken cancellationToken
    )
    {
        string[] seen = [.. observed.Inventory.Resources.Where(ResourceManagerReader.CanAsk)];
        await resources.UpdateAsync(observed.TenantId, knownResources, seen, goneResources, cancellationToken);
        await subscriptions.UpdateAsync(observed.TenantId, observed.Inventory.Subscriptions, goneSubscriptions, cancellationToken);
    }

    /// <summary>A subscription's Resource Manager id, in lower case.</summary>
    public static string SubscriptionId(string subscription) => $"/subscriptions/{subscription}".ToLowerInvariant();

    private static string SubscriptionOf(string resourceId) => resourceId.Split('/') is ["", "subscriptions", var id, ..] ? id : "";
}

/// <summary>What earlier runs listed, as it is loaded.</summary>
/// <param name="Subscriptions">Ids with names.</param>
/// <param name="Resources">Lower-case Resource Manager ids.</param>
internal sealed record KnownListings(Task<IReadOnlyDictionary<string, string>> Subscriptions, Task<IReadOnlyCollection<string>> Resources)
{
    /// <summary>Nothing was listed.</summary>
    public static KnownListings None { get; } =
        new(
            Task.FromResult<IReadOnlyDictionary<string, string>>(new Dictionary<string, string>()),
            Task.FromResult<IReadOnlyCollection<string>>([])
        );
}

/// <summary>Subscriptions that are not listed any more.</summary>
/// <param name="Missing">Hidden from this app, with their names as last seen.</param>
/// <param name="Gone">Gone by the service or by policy.</param>
/// <param name="Deleted">Gone by the service.</param>
internal sealed record UnlistedSubscriptions(
    IReadOnlyList<(string Id, string Name)> Missing,
    IReadOnlyList<string> Gone,
    IReadOnlySet<string> Deleted
)
{
    /// <summary>All are listed.</summary>
    public static UnlistedSubscriptions None { get; } = new([], [], new HashSet<string>());
}
