using System.Text.Json;
using Azure;
using Azure.Core;

namespace Compliance.Tenants;

/// <summary>A resource as Resource Graph lists it.</summary>
/// <param name="Id">Resource Manager id.</param>
/// <param name="Name">Name.</param>
/// <param name="Type">For example <c>microsoft.keyvault/vaults</c>.</param>
/// <param name="SubscriptionId">Its subscription.</param>
/// <param name="Tags">Its tags; keys compare without case.</param>
/// <param name="Properties">Its properties; undefined when it has none.</param>
internal sealed record ResourceRow(
    string Id,
    string Name,
    string Type,
    string SubscriptionId,
    IReadOnlyDictionary<string, string> Tags,
    JsonElement Properties
);

/// <summary>Reads Resource Manager through its pipeline, for what its SDK lacks.</summary>
internal sealed class ResourceManagerReader(TenantConnection tenant)
{
    private const string QueryPath = "/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01";
    private const int PageSize = 1000;

    // By type: types of one provider need not share a version. Key Vault's older versions stop on 2027-02-27.
    private static readonly Dictionary<string, string> ApiVersions = new(StringComparer.OrdinalIgnoreCase)
    {
        ["microsoft.appconfiguration/configurationstores"] = "2024-05-01",
        ["microsoft.automation/automationaccounts"] = "2023-11-01",
        ["microsoft.batch/batchaccounts"] = "2024-02-01",
        ["microsoft.botservice/botservices"] = "2022-09-15",
        ["microsoft.cache/redis"] = "2024-03-01",
        ["microsoft.cognitiveservices/accounts"] = "2023-05-01",
        ["microsoft.communication/communicationservices"] = "2023-04-01",
        ["microsoft.containerregistry/registries"] = "2023-07-01",
        ["microsoft.containerservice/managedclusters"] = "2024-05-01",
        ["microsoft.dbforpostgresql/flexibleservers"] = "2022-12-01",
        ["microsoft.devices/iothubs"] = "2023-06-30",
        ["microsoft.documentdb/databaseaccounts"] = "2024-05-15",
        ["microsoft.documentdb/mongoclusters"] = "2024-07-01",
        ["microsoft.eventgrid/domains"] = "2022-06-15",
        ["microsoft.eventgrid/partnernamespaces"] = "2022-06-15",
        ["microsoft.eventgrid/topics"] = "2022-06-15",
        ["microsoft.eventhub/namespaces"] = "2021-11-01",
        ["microsoft.insights/components"] = "2020-02-02",
        ["microsoft.keyvault/vaults"] = "2026-02-01",
        ["microsoft.machinelearningservices/workspaces/onlineendpoints"] = "2024-04-01",
        ["microsoft.machinelearningservices/workspaces/serverlessendpoints"] = "2024-04-01",
        ["microsoft.maps/accounts"] = "2023-06-01",
        ["microsoft.operationalinsights/workspaces"] = "2022-10-01",
        ["microsoft.relay/namespaces"] = "2021-11-01",
        ["microsoft.search/searchservices"] = "2023-11-01",
        ["microsoft.servicebus/namespaces"] = "2021-11-01",
        ["microsoft.signalrservice/signalr"] = "2023-02-01",
        ["microsoft.signalrservice/webpubsub"] = "2023-02-01",
        ["microsoft.sql/managedinstances"] = "2021-11-01",
        ["microsoft.sql/servers"] = "2021-11-01",
        ["microsoft.storage/storageaccounts"] = "2023-05-01",
        ["microsoft.synapse/workspaces"] = "2021-06-01",
    };

    /// <summary>Every subscription that is shown to us, page by page.</summary>
    /// <exception cref="IncompleteReadException">The same next page was given twice.</exception>
    public async IAsyncEnumerable<(string Id, string Name)> SubscriptionsAsync(
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var trail = new PageTrail();
        await foreach (
            var page in tenant
                .ResourceManager.GetSubscriptions()
                .GetAllAsync(cancellationToken)
                .AsPages()
                .WithCancellation(cancellationToken)
        )
        {
            foreach (var subscription in page.Values)
                yield return (subscription.Data.SubscriptionId, subscription.Data.DisplayName);
            trail.Next(page.ContinuationToken);
        }
    }

    /// <summary>The rows of a Resource Graph query over the given subscriptions.</summary>
    /// <exception cref="IncompleteReadException">The answer says itself that it is not whole, or its count does not add up.</exception>
    public async IAsyncEnumerable<ResourceRow> QueryAsync(
        string query,
        IReadOnlyCollection<string> subscriptions,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        // A query takes at most 1,000 subscriptions.
        foreach (var some in subscriptions.Chunk(1000))
        {
            string? skipToken = null;
            var read = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
            var trail = new PageTrail();
            do
            {
                using var answer = await PostAsync(query, some, skipToken, cancellationToken);
                var root = answer.RootElement;
                if (
                    root.ValueKind != JsonValueKind.Object
                    || !root.TryGetProperty("data", out var data)
                    || data.ValueKind != JsonValueKind.Array
                )
                    throw new IncompleteReadException("the answer has no 'data' array");
                foreach (var item in data.EnumerateArray())
                    if (Row(item) is var row && read.Add(row.Id))
                        yield return row;
                skipToken =
                    root.TryGetProperty("$skipToken", out var token) && token.ValueKind == JsonValueKind.String ? token.GetString() : null;
                trail.Next(skipToken);
                if (
                    skipToken is null
                    && root.TryGetProperty("resultTruncated", out var cut)
                    && cut.ValueKind == JsonValueKind.String
                    && cut.GetString() == "true"
                )
                    throw new IncompleteReadException("Resource Graph cut the result off");
                if (
                    skipToken is null
                    && root.TryGetProperty("totalRecords", out var total)
                    && total.TryGetInt64(out var all)
                    && all != read.Count
                )
                    throw new IncompleteReadException($"Resource Graph counts {all} resources but gave {read.Count}");
            } while (skipToken is not null);
        }
    }

    /// <summary>
    /// Whether everything in a subscription is shown to us: a role at the subscription or above it reads every type. With a role on single
    /// resource groups alone every list leaves out the rest and is complete all the same.
    /// </summary>
    /// <exception cref="RequestFailedException">It could not be asked.</exception>
    /// <exception cref="IncompleteReadException">The answer has no permissions in it, or no end.</exception>
    public async Task<bool> IsWholeShownAsync(string subscriptionId, CancellationToken cancellationToken)
    {
        var path =
            $"/subscriptions/{Uri.EscapeDataString(subscriptionId)}/providers/Microsoft.Authorization/permissions?api-version=2022-04-01";
        // One for each role, and what one takes away another may give.
        await foreach (var permission in ListAsync(path, cancellationToken))
            if (ReadsEverything(permission))
                return true;
        return false;
    }

    /// <summary>Every item of a list, page by page to its last one.</summary>
    /// <param name="path">Path and query below the service's address, with the version of the interface.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="RequestFailedException">A page could not be read.</exception>
    /// <exception cref="IncompleteReadException">An answer is no list, or has no end.</exception>
    public async IAsyncEnumerable<JsonElement> ListAsync(
        string path,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        var trail = new PageTrail();
        string? next = tenant.ResourceManagerAddress + path;
        while (next is not null)
        {
            if (!next.StartsWith(tenant.ResourceManagerAddress + "/", StringComparison.OrdinalIgnoreCase))
                throw ForeignHostException.From(next);
            trail.Next(next);
            using var page = await GetAsync(new Uri(next), cancellationToken);
            var root = page.RootElement;
            if (
                root.ValueKind != JsonValueKind.Object
                || !root.TryGetProperty("value", out var items)
                || items.ValueKind != JsonValueKind.Array
            )
                throw new IncompleteReadException("the answer has no 'value' array");
            foreach (var item in items.EnumerateArray())
                yield return item;
            next =
                root.TryGetProperty("nextLink", out var link)
                && link.ValueKind == JsonValueKind.String
                && link.GetString() is { Length: > 0 } text
                    ? text
                    : null;
        }
    }

    /// <summary>One object.</summary>
    /// <param name="path">Path and query below the service's address, with the version of the interface.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    /// <exception cref="RequestFailedException">It could not be read.</exception>
    public Task<JsonDocument> GetAsync(string path, CancellationToken cancellationToken) =>
        GetAsync(new Uri(tenant.ResourceManagerAddress + path), cancellationToken);

    private async Task<JsonDocument> GetAsync(Uri address, CancellationToken cancellationToken)
    {
        using var message = tenant.ResourceManagerPipeline.CreateMessage();
        message.Request.Method = RequestMethod.Get;
        message.Request.Uri.Reset(address);
        await tenant.ResourceManagerPipeline.SendAsync(message, cancellationToken);
        return message.Response.IsError ? throw new RequestFailedException(message.Response) : JsonDocument.Parse(message.Response.Content);
    }

    // {"actions":["*"],"notActions":["Microsoft.Authorization/*/Delete"],"dataActions":[],"notDataActions":[]}
    private static bool ReadsEverything(JsonElement permission)
    {
        string[] Actions(string name) =>
            permission.ValueKind == JsonValueKind.Object
            && permission.TryGetProperty(name, out var actions)
            && actions.ValueKind == JsonValueKind.Array
                ? [.. actions.EnumerateArray().Select(a => a.ToString())]
                : [];
        // Roles and locks have no credentials: it is no gap when reading them is taken away.
        static bool TakesReading(string action) =>
            !action.StartsWith("Microsoft.Authorization/", StringComparison.OrdinalIgnoreCase)
            && (
                action == "*"
                || action.EndsWith("/*", StringComparison.Ordinal)
                || action.EndsWith("/read", StringComparison.OrdinalIgnoreCase)
            );
        return Actions("actions").Any(a => a == "*" || a.Equals("*/read", StringComparison.OrdinalIgnoreCase))
            && !Actions("notActions").Any(TakesReading);
    }

    /// <summary>
    /// Whether a resource or subscription exists, asked of the service itself. False only when it says so of the resource, its group or the
    /// subscription.
    /// </summary>
    /// <exception cref="RequestFailedException">It could not be asked.</exception>
    /// <exception cref="IncompleteReadException">The answer does not say what is missing.</exception>
    public async Task<bool> ExistsAsync(string resourceId, CancellationToken cancellationToken)
    {
        using var message = tenant.ResourceManagerPipeline.CreateMessage();
        message.Request.Method = RequestMethod.Get;
        message.Request.Uri.Reset(new Uri($"{tenant.ResourceManagerAddress}{resourceId}?api-version={ApiVersionOf(resourceId)}"));
        await tenant.ResourceManagerPipeline.SendAsync(message, cancellationToken);
        if (!message.Response.IsError)
            return true;
        if (message.Response.Status != 404)
            throw new RequestFailedException(message.Response);
        // Of something in a subscription that is not shown to us "subscription not found" says nothing about the resource.
        string[] missing = IsSubscription(resourceId) ? ["SubscriptionNotFound"] : ["ResourceNotFound", "ResourceGroupNotFound"];
        if (!missing.Contains(ErrorCode(message.Response)))
            throw new IncompleteReadException("the answer 404 does not state that it does not exist");
        return false;
    }

    private static bool IsSubscription(string resourceId) => resourceId.Split('/') is ["", _, _];

    // {"error":{"code":"ResourceNotFound","message":"The Resource '…' was not found."}}
    private static string? ErrorCode(Response response)
    {
        try
        {
            using var body = JsonDocument.Parse(response.Content);
            return
                body.RootElement.ValueKind == JsonValueKind.Object
                && body.RootElement.TryGetProperty("error", out var error)
                && error.ValueKind == JsonValueKind.Object
                && error.TryGetProperty("code", out var code)
                ? code.ToString()
                : null;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    // The version to ask for a resource with; null when its type's is not known.
    // /subscriptions/S/resourceGroups/G/providers/P/TYPE/NAME/SUBTYPE/NAME is of type P/TYPE/SUBTYPE.
    private static string? KnownApiVersion(string resourceId)
    {
        var at = resourceId.LastIndexOf("/providers/", StringComparison.OrdinalIgnoreCase);
        if (at < 0)
            return null;
        var parts = resourceId[(at + "/providers/".Length)..].Split('/');
        return ApiVersions.GetValueOrDefault(string.Join('/', parts.Where((_, i) => i == 0 || i % 2 == 1)));
    }

    /// <summary>Whether a resource can be asked for by itself: the version to ask with is known.</summary>
    public static bool CanAsk(string resourceId) => KnownApiVersion(resourceId) is not null;

    private static string ApiVersionOf(string resourceId) => KnownApiVersion(resourceId) ?? "2022-12-01";

    private async Task<JsonDocument> PostAsync(string query, string[] subscriptions, string? skipToken, CancellationToken cancellationToken)
    {
        using var message = tenant.ResourceManagerPipeline.CreateMessage();
        message.Request.Method = RequestMethod.Post;
        message.Request.Uri.Reset(new Uri(tenant.ResourceManagerAddress + QueryPath));
        message.Request.Headers.Add("Content-Type", "application/json");
        var options = new Dictionary<string, object> { ["resultFormat"] = "objectArray", ["$top"] = PageSize };
        if (skipToken is not null)
            options["$skipToken"] = skipToken;
        message.Request.Content = RequestContent.Create(
            JsonSerializer.SerializeToUtf8Bytes(
                new
                {
                    subscriptions,
                    query,
                    options,
                }
            )
        );
        await tenant.ResourceManagerPipeline.SendAsync(message, cancellationToken);
        return message.Response.IsError ? throw new RequestFailedException(message.Response) : JsonDocument.Parse(message.Response.Content);
    }

    private static ResourceRow Row(JsonElement row)
    {
        string Text(string name) =>
            row.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
                ? value.GetString()!
                : throw new IncompleteReadException($"a resource without '{name}' was read");
        var tags =
            row.TryGetProperty("tags", out var given) && given.ValueKind == JsonValueKind.Object
                ? given.EnumerateObject().ToDictionary(t => t.Name, t => t.Value.ToString(), StringComparer.OrdinalIgnoreCase)
                : new(StringComparer.OrdinalIgnoreCase);
        return new(
            Text("id"),
            Text("name"),
            Text("type"),
            Text("subscriptionId"),
            tags,
            row.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object
                ? properties.Clone()
                : default
        );
    }
}
