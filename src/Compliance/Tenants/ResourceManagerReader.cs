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
internal sealed record ResourceRow(string Id, string Name, string Type, string SubscriptionId, IReadOnlyDictionary<string, string> Tags, JsonElement Properties);

/// <summary>Reads Resource Manager through its pipeline, for what its SDK lacks.</summary>
internal sealed class ResourceManagerReader(TenantConnection tenant)
{
    private const string QueryPath = "/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01";
    private const int PageSize = 1000;

    // Microsoft.KeyVault's older versions stop on 2027-02-27.
    private static readonly Dictionary<string, string> ApiVersions = new(StringComparer.OrdinalIgnoreCase)
    {
        ["microsoft.keyvault"] = "2026-02-01",
        ["microsoft.storage"] = "2023-05-01",
        ["microsoft.cognitiveservices"] = "2023-05-01",
        ["microsoft.documentdb"] = "2024-05-15",
        ["microsoft.servicebus"] = "2021-11-01",
        ["microsoft.eventhub"] = "2021-11-01",
        ["microsoft.search"] = "2023-11-01",
    };

    /// <summary>Every subscription that is shown to us, page by page.</summary>
    /// <exception cref="IncompleteReadException">The same next page was given twice.</exception>
    public async IAsyncEnumerable<(string Id, string Name)> SubscriptionsAsync([System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
    {
        var trail = new PageTrail();
        await foreach (var page in tenant.ResourceManager.GetSubscriptions().GetAllAsync(stop).AsPages().WithCancellation(stop))
        {
            foreach (var subscription in page.Values)
                yield return (subscription.Data.SubscriptionId, subscription.Data.DisplayName);
            trail.Next(page.ContinuationToken);
        }
    }

    /// <summary>The rows of a Resource Graph query over the given subscriptions.</summary>
    /// <exception cref="IncompleteReadException">The answer says itself that it is not whole, or its count does not add up.</exception>
    public async IAsyncEnumerable<ResourceRow> QueryAsync(
        string query, IReadOnlyCollection<string> subscriptions, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken stop)
    {
        // A query takes at most 1,000 subscriptions.
        foreach (var some in subscriptions.Chunk(1000))
        {
            string? skipToken = null;
            var read = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
            var trail = new PageTrail();
            do
            {
                using var answer = await PostAsync(query, some, skipToken, stop);
                var root = answer.RootElement;
                if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("data", out var data) || data.ValueKind != JsonValueKind.Array)
                    throw new IncompleteReadException("the answer has no 'data' array");
                foreach (var item in data.EnumerateArray())
                    if (Row(item) is var row && read.Add(row.Id))
                        yield return row;
                skipToken = root.TryGetProperty("$skipToken", out var token) && token.ValueKind == JsonValueKind.String ? token.GetString() : null;
                trail.Next(skipToken);
                if (skipToken is null && root.TryGetProperty("resultTruncated", out var cut) && cut.ValueKind == JsonValueKind.String && cut.GetString() == "true")
                    throw new IncompleteReadException("Resource Graph cut the result off");
                if (skipToken is null && root.TryGetProperty("totalRecords", out var total) && total.TryGetInt64(out var all) && all != read.Count)
                    throw new IncompleteReadException($"Resource Graph counts {all} resources but gave {read.Count}");
            }
            while (skipToken is not null);
        }
    }

    /// <summary>True only when the service says that the resource, its group or its subscription does not exist.</summary>
    /// <exception cref="RequestFailedException">It could not be asked.</exception>
    public async Task<bool> IsGoneAsync(string resourceId, CancellationToken stop)
    {
        using var message = tenant.ResourceManagerPipeline.CreateMessage();
        message.Request.Method = RequestMethod.Get;
        message.Request.Uri.Reset(new Uri($"{tenant.ResourceManagerAddress}{resourceId}?api-version={ApiVersionOf(resourceId)}"));
        await tenant.ResourceManagerPipeline.SendAsync(message, stop);
        if (message.Response.Status != 404)
            return false;
        try
        {
            using var body = JsonDocument.Parse(message.Response.Content);
            return body.RootElement.TryGetProperty("error", out var error) && error.TryGetProperty("code", out var code)
                && code.GetString() is "ResourceNotFound" or "SubscriptionNotFound" or "ResourceGroupNotFound";
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static string ApiVersionOf(string resourceId)
    {
        var at = resourceId.IndexOf("/providers/", StringComparison.OrdinalIgnoreCase);
        var provider = at < 0 ? "" : resourceId[(at + "/providers/".Length)..].Split('/')[0];
        return ApiVersions.GetValueOrDefault(provider, "2022-12-01");
    }

    private async Task<JsonDocument> PostAsync(string query, string[] subscriptions, string? skipToken, CancellationToken stop)
    {
        using var message = tenant.ResourceManagerPipeline.CreateMessage();
        message.Request.Method = RequestMethod.Post;
        message.Request.Uri.Reset(new Uri(tenant.ResourceManagerAddress + QueryPath));
        message.Request.Headers.Add("Content-Type", "application/json");
        var options = new Dictionary<string, object> { ["resultFormat"] = "objectArray", ["$top"] = PageSize };
        if (skipToken is not null)
            options["$skipToken"] = skipToken;
        message.Request.Content = RequestContent.Create(JsonSerializer.SerializeToUtf8Bytes(new { subscriptions, query, options }));
        await tenant.ResourceManagerPipeline.SendAsync(message, stop);
        return message.Response.IsError ? throw new RequestFailedException(message.Response) : JsonDocument.Parse(message.Response.Content);
    }

    private static ResourceRow Row(JsonElement row)
    {
        string Text(string name) => row.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()!
            : throw new IncompleteReadException($"a resource without '{name}' was read");
        var tags = Credentials.Credential.EmptyTags;
        if (row.TryGetProperty("tags", out var given) && given.ValueKind == JsonValueKind.Object)
            tags = given.EnumerateObject().ToDictionary(t => t.Name, t => t.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        return new(Text("id"), Text("name"), Text("type"), Text("subscriptionId"), tags,
            row.TryGetProperty("properties", out var properties) && properties.ValueKind == JsonValueKind.Object ? properties.Clone() : default);
    }
}
