namespace Compliance.Findings;

/// <summary>How the read of one source went. A source that is not listed was not read at all.</summary>
/// <param name="Source">Source key, see <see cref="Sources"/>.</param>
/// <param name="Complete">True only when every page was read to its end without a doubt.</param>
/// <param name="Objects">Objects read.</param>
/// <param name="Subject">What could not be read, for the finding; null when complete.</param>
/// <param name="Reason">Why it is not complete; null when it is.</param>
/// <param name="Permission">The permission that seems to be missing; null when that is not the reason.</param>
/// <param name="Remedy">The command or step that corrects it; null when complete.</param>
/// <param name="ResourceId">Resource Manager id of the resource the source belongs to; null for Graph.</param>
public sealed record SourceOutcome(
    string Source,
    bool Complete,
    long Objects,
    Subject? Subject = null,
    string? Reason = null,
    string? Permission = null,
    string? Remedy = null,
    string? ResourceId = null
);

/// <summary>The names of the sources.</summary>
public static class Sources
{
    private const string OwnedPrefix = "graph/ownedObjects/";

    /// <summary>Graph <c>/applications</c>.</summary>
    public const string Applications = "graph/applications";

    /// <summary>Graph <c>/servicePrincipals</c>.</summary>
    public const string ServicePrincipals = "graph/servicePrincipals";

    /// <summary>Resource Manager's list of subscriptions.</summary>
    public const string Subscriptions = "arm/subscriptions";

    /// <summary>Owners of the applications and service principals that were asked for.</summary>
    public const string Owners = "graph/owners";

    /// <summary>The people whom owner tags and policy name.</summary>
    public const string People = "graph/people";

    /// <summary>Rotation policies of the keys that are due.</summary>
    public const string RotationPolicies = "keyvault/rotationPolicies";

    /// <summary>What a user owns, who is named by an override of the policy.</summary>
    public static string OwnedBy(string address) => $"{OwnedPrefix}{address}";

    /// <summary>Whether a source is what some user owns.</summary>
    public static bool IsOwned(string source) => source.StartsWith(OwnedPrefix, StringComparison.Ordinal);

    /// <summary>This app's own schedule.</summary>
    public const string Schedule = "app/schedule";

    /// <summary>Whether this app's acts are paused.</summary>
    public const string Pause = "app/pause";

    /// <summary>The events of Key Vault that arrived here. What a lost one was about is read by every complete check.</summary>
    public const string VaultEvents = "keyvault/events";

    /// <summary>One queue of this app.</summary>
    public static string Queue(string name) => $"app/queues/{name}";

    /// <summary>The container of events that Event Grid could not deliver.</summary>
    public static string DeadLetters(string container) => $"app/deadLetters/{container}";

    /// <summary>The resources of one subscription.</summary>
    public static string Resources(string subscriptionId) => $"arm/subscriptions/{subscriptionId}/resources";

    /// <summary>Whether all of one subscription is shown to us.</summary>
    public static string Permissions(string subscriptionId) => $"arm/subscriptions/{subscriptionId}/permissions";

    /// <summary>One collection (<c>secrets</c>, <c>keys</c>, <c>certificates</c>) of one vault, by the vault's resource id.</summary>
    public static string Vault(string vaultResourceId, string collection) => $"keyvault{vaultResourceId.ToLowerInvariant()}/{collection}";
}

/// <summary>What this run has seen, and so what it may resolve.</summary>
/// <param name="Outcomes">One per source that was read, or tried.</param>
/// <param name="SeenResources">Lower-case Resource Manager ids that appeared in this run's listings.</param>
/// <param name="GoneResources">Lower-case Resource Manager ids that the service itself said do not exist (404), asked in this run.</param>
public sealed record Coverage(
    IReadOnlyCollection<SourceOutcome> Outcomes,
    IReadOnlySet<string> SeenResources,
    IReadOnlySet<string> GoneResources
);
