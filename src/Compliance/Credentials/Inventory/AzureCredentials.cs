using System.Globalization;
using System.Text.Json;
using Compliance.Findings;
using Compliance.Tenants;
using Microsoft.Extensions.Logging;

namespace Compliance.Credentials.Inventory;

/// <summary>
/// Reads subscriptions, then in one Resource Graph query everything in them that carries keys, then every vault side by side.
/// </summary>
internal sealed partial class AzureCredentials(
    TenantConnection tenant,
    ResourceManagerReader reader,
    VaultCredentials vaults,
    ILogger<AzureCredentials> log
)
{
    private const int SideBySide = 8;
    private const string VaultType = "microsoft.keyvault/vaults";
    private const string StorageType = "microsoft.storage/storageaccounts";

    private const string VaultsQuery =
        "resources | where type =~ '" + VaultType + "' | project id,name,type,subscriptionId,tags,properties | order by id asc";

    private static readonly string[] Types = [VaultType, .. KeyedTypes.Judged.Select(t => t.Type), .. KeyedTypes.NotJudged];

    // A type that is not listed here is found by the setting that most services share.
    private static readonly string Query =
        "resources | where type in~ ("
        + string.Join(",", Types.Select(t => $"'{t}'"))
        + $") or isnotnull(properties.{KeyedTypes.SharedSetting}) | project id,name,type,subscriptionId,tags,properties | order by id asc";

    /// <summary>Reads everything.</summary>
    public async Task ReadAsync(IInventorySink sink, CancellationToken cancellationToken)
    {
        if (await SubscriptionsAsync(sink, cancellationToken) is { } subscriptions)
            await Task.WhenAll(
                ResourcesAsync(subscriptions, sink, cancellationToken),
                PermissionsAsync(subscriptions, sink, cancellationToken)
            );
    }

    /// <summary>Finds one vault by its name; null when it is not shown to us.</summary>
    /// <exception cref="Exception">The listing could not be read.</exception>
    public async Task<ResourceRow?> FindVaultAsync(string name, CancellationToken cancellationToken)
    {
        var subscriptions = new List<string>();
        await foreach (var (id, _) in reader.SubscriptionsAsync(cancellationToken))
            subscriptions.Add(id);
        await foreach (var row in reader.QueryAsync(VaultsQuery, subscriptions, cancellationToken))
            if (IsVault(row) && row.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
                return row;
        return null;
    }

    private async Task<List<string>?> SubscriptionsAsync(IInventorySink sink, CancellationToken cancellationToken)
    {
        var found = new List<string>();
        try
        {
            await foreach (var (id, name) in reader.SubscriptionsAsync(cancellationToken))
            {
                if (!found.Contains(id, StringComparer.OrdinalIgnoreCase))
                    found.Add(id);
                sink.SeenSubscription(id, name);
            }
            // No role anywhere looks like no subscriptions at all.
            sink.Read(
                found.Count > 0
                    ? new SourceOutcome(Sources.Subscriptions, Complete: true, found.Count)
                    : new SourceOutcome(
                        Sources.Subscriptions,
                        Complete: false,
                        0,
                        new Subject(SubjectTypes.Source, Sources.Subscriptions, "subscriptions"),
                        "no subscription is shown to this app's identity",
                        DeclaredCall.Subscriptions.Permission,
                        DeclaredCall.Subscriptions.Grant(null, tenant.Options.ClientId)
                    )
            );
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            var failure = ReadFailure.From(e, DeclaredCall.Subscriptions, null, tenant.Options.ClientId);
            NotRead(log, Sources.Subscriptions, failure.Reason);
            sink.Read(
                failure.Outcome(
                    Sources.Subscriptions,
                    found.Count,
                    new Subject(SubjectTypes.Source, Sources.Subscriptions, "subscriptions"),
                    null
                )
            );
        }
        return found.Count > 0 ? found : null;
    }

    // A subscription is listed to whoever has a role on anything in it, and its lists are then of that alone.
    private Task PermissionsAsync(List<string> subscriptions, IInventorySink sink, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            subscriptions,
            new ParallelOptions { MaxDegreeOfParallelism = SideBySide, CancellationToken = cancellationToken },
            async (id, token) =>
            {
                var (source, scope) = (Sources.Permissions(id), $"/subscriptions/{id}");
                var subject = new Subject(SubjectTypes.Subscription, id, $"all of subscription {id}");
                try
                {
                    sink.Read(
                        await reader.IsWholeShownAsync(id, token)
                            ? new SourceOutcome(source, Complete: true, 0, ResourceId: scope)
                            : new SourceOutcome(
                                source,
                                Complete: false,
                                0,
                                subject,
                                "this app's identity has no role that reads everything at the subscription itself, so only parts of it are "
                                    + "shown: what is in the others was not inspected",
                                DeclaredCall.SubscriptionPermissions.Permission,
                                DeclaredCall.SubscriptionPermissions.Grant(scope, tenant.Options.ClientId),
                                scope
                            )
                    );
                }
                catch (Exception e) when (!token.IsCancellationRequested)
                {
                    var failure = ReadFailure.From(e, DeclaredCall.SubscriptionPermissions, scope, tenant.Options.ClientId);
                    NotRead(log, source, failure.Reason);
                    sink.Read(failure.Outcome(source, 0, subject, scope));
                }
            }
        );

    private async Task ResourcesAsync(List<string> subscriptions, IInventorySink sink, CancellationToken cancellationToken)
    {
        var counts = subscriptions.ToDictionary(s => s, _ => 0L, StringComparer.OrdinalIgnoreCase);
        var found = new List<ResourceRow>();
        var unjudged = new Dictionary<(string Subscription, string Type), int>();
        Exception? failed = null;
        try
        {
            await foreach (var row in reader.QueryAsync(Query, subscriptions, cancellationToken))
            {
                sink.SeenResource(row.Id);
                counts[row.SubscriptionId] = counts.GetValueOrDefault(row.SubscriptionId) + 1;
                if (row.Type.Equals(StorageType, StringComparison.OrdinalIgnoreCase))
                    Storage(row, sink);
                if (IsVault(row))
                    found.Add(row);
                else if (KeyedTypes.FindUnjudged(row.Type) is { } type)
                    unjudged[(row.SubscriptionId, type)] = unjudged.GetValueOrDefault((row.SubscriptionId, type)) + 1;
                else if (KeyedTypes.Find(row.Type) is { } keyed && keyed.IsOn(row.Properties))
                    Keyed(row, keyed, sink);
            }
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            failed = e;
            NotRead(log, "arm/resources", ReadFailure.From(e, DeclaredCall.ResourceGraph, null, tenant.Options.ClientId).Reason);
        }
        foreach (var ((subscription, type), count) in unjudged)
            Unjudged(subscription, type, count, sink);
        foreach (var (subscription, count) in counts)
            sink.Read(
                failed is null
                    ? new SourceOutcome(Sources.Resources(subscription), Complete: true, count)
                    : ReadFailure
                        .From(failed, DeclaredCall.ResourceGraph, $"/subscriptions/{subscription}", tenant.Options.ClientId)
                        .Outcome(
                            Sources.Resources(subscription),
                            count,
                            new Subject(SubjectTypes.Subscription, subscription, $"resources of subscription {subscription}"),
                            null
                        )
            );
        await vaults.ReadAsync(found, sink, cancellationToken);
    }

    private static bool IsVault(ResourceRow row) => row.Type.Equals(VaultType, StringComparison.OrdinalIgnoreCase);

    // properties:
    // {"allowSharedKeyAccess":true,"keyCreationTime":{"key1":"2026-05-01T08:00:00Z","key2":null},
    // "keyPolicy":{"keyExpirationPeriodInDays":90}}
    private static void Storage(ResourceRow row, IInventorySink sink)
    {
        if (Property(row.Properties, "allowSharedKeyAccess") is { ValueKind: JsonValueKind.False })
            return;
        var created = Property(row.Properties, "keyCreationTime");
        var days =
            Property(Property(row.Properties, "keyPolicy"), "keyExpirationPeriodInDays") is { ValueKind: JsonValueKind.Number } n
            && n.TryGetInt32(out var d)
                ? d
                : (int?)null;
        foreach (var key in new[] { "key1", "key2" })
            sink.Observed(
                new Credential
                {
                    Kind = CredentialKind.StorageKey,
                    Subject = new Subject(SubjectTypes.StorageAccount, row.Id.ToLowerInvariant(), row.Name),
                    Part = key,
                    Label = key,
                    Source = Sources.Resources(row.SubscriptionId),
                    ResourceId = row.Id,
                    Started =
                        Property(created, key) is { ValueKind: JsonValueKind.String } text
                        && DateTimeOffset.TryParse(
                            text.GetString(),
                            CultureInfo.InvariantCulture,
                            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
                            out var at
                        )
                            ? at
                            : null,
                    Tags = row.Tags,
                    KeyExpirationDays = days,
                }
            );
    }

    private static void Keyed(ResourceRow row, KeyedType type, IInventorySink sink) =>
        sink.Observed(
            new Credential
            {
                Kind = CredentialKind.ResourceKeys,
                Subject = new Subject(SubjectTypes.Resource, row.Id.ToLowerInvariant(), row.Name),
                Source = Sources.Resources(row.SubscriptionId),
                ResourceId = row.Id,
                Tags = row.Tags,
                ResourceType = type.Type,
            }
        );

    // Once a subscription and type: what no rule judges is said, and not said again for each of a thousand resources.
    private static void Unjudged(string subscription, string type, int count, IInventorySink sink) =>
        sink.Observed(
            new Credential
            {
                Kind = CredentialKind.ResourceKeys,
                Subject = new Subject(
                    SubjectTypes.Resource,
                    $"/subscriptions/{subscription}/providers/{type}".ToLowerInvariant(),
                    $"{type} in subscription {subscription}"
                ),
                Label = count == 1 ? "1 resource" : string.Create(CultureInfo.InvariantCulture, $"{count} resources"),
                Source = Sources.Resources(subscription),
                ResourceId = $"/subscriptions/{subscription}",
                ResourceType = type,
            }
        );

    private static JsonElement? Property(JsonElement? element, string name) =>
        element is { ValueKind: JsonValueKind.Object } o && o.TryGetProperty(name, out var value) ? value : null;

    [LoggerMessage(3110, LogLevel.Warning, "{Source} was not read to its end: {Reason}")]
    private static partial void NotRead(ILogger logger, string source, string reason);
}
