using System.Text.Json.Nodes;
using Azure;
using Compliance.Tenants;

namespace Compliance.Tests.Tenants;

/// <summary>Lists of Resource Manager that are not what they claim to be.</summary>
public sealed class ResourceManagerReaderTests : IDisposable
{
    private const string Vault = "/subscriptions/s1/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv";

    private readonly PaperTenant _tenant = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _tenant.Dispose();

    [Fact]
    public async Task Every_page_is_read_and_a_resource_that_comes_twice_counts_once()
    {
        Pages(
            // Resource Graph calls a page truncated that has a token for the next one.
            $$"""{"totalRecords":3,"resultTruncated":"true","data":[{{Row("a")}},{{Row("b")}}],"$skipToken":"1"}""",
            $$"""{"totalRecords":3,"data":[{{Row("B")}},{{Row("c")}}]}"""
        );

        Assert.Equal(["a", "b", "c"], (await QueryAsync("s1")).Select(r => r.Name));
        Assert.Contains("\"$skipToken\":\"1\"", _tenant.Requests[1], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"totalRecords":2,"data":[ROW]}""", "counts 2 resources but gave 1")]
    [InlineData("""{"totalRecords":0,"data":[ROW]}""", "counts 0 resources but gave 1")]
    [InlineData("""{"resultTruncated":"true","data":[ROW]}""", "cut the result off")]
    [InlineData("""{"data":[ROW],"$skipToken":"again"}""", "twice")]
    [InlineData("""{"data":{}}""", "no 'data' array")]
    [InlineData("{}", "no 'data' array")]
    [InlineData("[]", "no 'data' array")]
    [InlineData("""{"data":[{"id":"/x","name":"x","type":"t"}]}""", "without 'subscriptionId'")]
    [InlineData("""{"data":[{"name":"x","type":"t","subscriptionId":"s1"}]}""", "without 'id'")]
    public async Task A_list_that_is_not_whole_is_no_list(string json, string reason)
    {
        Pages(json.Replace("ROW", Row("a"), StringComparison.Ordinal));

        var incomplete = await Assert.ThrowsAsync<IncompleteReadException>(() => QueryAsync("s1"));

        Assert.Contains(reason, incomplete.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_that_is_refused_is_no_empty_list()
    {
        _tenant.Answer = (_, _) => PaperTenant.Json(403, """{"error":{"code":"AuthorizationFailed","message":"no"}}""");

        Assert.Equal(403, (await Assert.ThrowsAsync<RequestFailedException>(() => QueryAsync("s1"))).Status);
    }

    [Fact]
    public async Task A_query_asks_for_a_thousand_subscriptions_at_most()
    {
        Pages("""{"totalRecords":0,"data":[]}""");

        await QueryAsync([.. Enumerable.Range(0, 2001).Select(i => $"s{i}")]);

        Assert.Equal(
            [1000, 1000, 1],
            _tenant.Requests.Select(r => JsonNode.Parse(r[r.IndexOf('{', StringComparison.Ordinal)..])!["subscriptions"]!.AsArray().Count)
        );
    }

    [Fact]
    public async Task Subscriptions_whose_next_page_repeats_have_no_end()
    {
        _tenant.Answer = (request, _) =>
            PaperTenant.Json(
                200,
                """
                {"value":[{"id":"/subscriptions/s1","subscriptionId":"s1","displayName":"one"}],
                "nextLink":"https://localhost:7443/subscriptions?api-version=1&page=2"}
                """
            );

        await Assert.ThrowsAsync<IncompleteReadException>(async () =>
            await new ResourceManagerReader(_tenant.Connection).SubscriptionsAsync(Stop).ToListAsync(Stop)
        );
    }

    // What is missing has to be what was asked for.
    [Theory]
    [InlineData(Vault, 200, "", "there")]
    [InlineData(Vault, 404, "ResourceNotFound", "gone")]
    [InlineData(Vault, 404, "ResourceGroupNotFound", "gone")]
    [InlineData(Vault, 404, "SubscriptionNotFound", "unknown")]
    [InlineData(Vault, 404, "InvalidResourceType", "unknown")]
    [InlineData(Vault, 404, "", "unknown")]
    [InlineData(Vault, 403, "ResourceNotFound", "refused")]
    [InlineData(Vault, 410, "ResourceNotFound", "refused")]
    [InlineData("/subscriptions/s1", 404, "SubscriptionNotFound", "gone")]
    [InlineData("/subscriptions/s1", 404, "ResourceNotFound", "unknown")]
    public async Task Gone_is_only_what_the_service_itself_calls_missing(string id, int status, string code, string outcome)
    {
        _tenant.Answer = (_, _) =>
            PaperTenant.Json(status, code.Length == 0 ? "<html>" : $$"""{"error":{"code":"{{code}}","message":"m"} }""");

        string seen;
        try
        {
            seen = await new ResourceManagerReader(_tenant.Connection).ExistsAsync(id, Stop) ? "there" : "gone";
        }
        catch (IncompleteReadException)
        {
            seen = "unknown";
        }
        catch (RequestFailedException)
        {
            seen = "refused";
        }

        Assert.Equal(outcome, seen);
    }

    // What Reader, Owner, Contributor and roles of an organisation's own give and take away.
    [Theory]
    [InlineData("""{"actions":["*/read"]}""", true)]
    [InlineData("""{"actions":["*/READ"],"notActions":[]}""", true)]
    [InlineData("""{"actions":["*"],"notActions":[]}""", true)]
    [InlineData("""{"actions":["*"],"notActions":["Microsoft.Authorization/*/Delete","Microsoft.Authorization/*/Write"]}""", true)]
    [InlineData("""{"actions":["*"],"notActions":["microsoft.authorization/*"]}""", true)]
    [InlineData("""{"actions":["*"],"notActions":["Microsoft.Compute/virtualMachines/start/action"]}""", true)]
    [InlineData("""{"actions":["*"],"notActions":["*"]}""", false)]
    [InlineData("""{"actions":["*"],"notActions":["Microsoft.KeyVault/*"]}""", false)]
    [InlineData("""{"actions":["*"],"notActions":["Microsoft.KeyVault/vaults/READ"]}""", false)]
    [InlineData("""{"actions":["Microsoft.KeyVault/*/read"]}""", false)]
    [InlineData("""{"actions":["*/write"]}""", false)]
    [InlineData("""{"actions":[]}""", false)]
    [InlineData("""{"actions":"*"}""", false)]
    [InlineData("{}", false)]
    [InlineData("\"*\"", false)]
    [InlineData("""{"actions":["*"],"notActions":["*/read"]},{"actions":["*/read"]}""", true)]
    public async Task Everything_is_shown_where_one_role_reads_every_type(string permissions, bool isWhole)
    {
        Pages($$"""{"value":[{{permissions}}]}""");

        Assert.Equal(isWhole, await new ResourceManagerReader(_tenant.Connection).IsWholeShownAsync("s1", Stop));
        Assert.StartsWith(
            "GET https://localhost:7443/subscriptions/s1/providers/Microsoft.Authorization/permissions?",
            Assert.Single(_tenant.Requests),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_role_on_a_later_page_shows_everything_as_well()
    {
        const string Next = "https://localhost:7443/subscriptions/s1/permissions?page=2";
        Pages($$"""{"value":[{"actions":[]}],"nextLink":"{{Next}}"}""", """{"value":[{"actions":["*/read"]}],"nextLink":""}""");

        Assert.True(await new ResourceManagerReader(_tenant.Connection).IsWholeShownAsync("s1", Stop));
        Assert.Equal($"GET {Next}", _tenant.Requests[1]);
    }

    [Theory]
    [InlineData(200, "{}", typeof(IncompleteReadException))]
    [InlineData(200, "[]", typeof(IncompleteReadException))]
    [InlineData(200, """{"value":{}}""", typeof(IncompleteReadException))]
    [InlineData(200, """{"value":[],"nextLink":"https://localhost:7443/again"}""", typeof(IncompleteReadException))]
    [InlineData(200, """{"value":[],"nextLink":"https://localhost.evil.example/s1"}""", typeof(ForeignHostException))]
    [InlineData(403, """{"error":{"code":"AuthorizationFailed","message":"no"}}""", typeof(RequestFailedException))]
    public async Task Permissions_that_are_not_read_show_nothing(int status, string json, Type failure)
    {
        _tenant.Answer = (_, _) => PaperTenant.Json(status, json);

        await Assert.ThrowsAsync(failure, () => new ResourceManagerReader(_tenant.Connection).IsWholeShownAsync("s1", Stop));
    }

    private static string Row(string name) =>
        $$"""{"id":"/subscriptions/s1/{{name}}","name":"{{name}}","type":"t","subscriptionId":"s1","tags":{"Owner":"o"} }""";

    private void Pages(params string[] pages)
    {
        var asked = 0;
        _tenant.Answer = (_, _) => PaperTenant.Json(200, pages[Math.Min(asked++, pages.Length - 1)]);
    }

    private async Task<List<ResourceRow>> QueryAsync(params string[] subscriptions) =>
        await new ResourceManagerReader(_tenant.Connection).QueryAsync("resources", subscriptions, Stop).ToListAsync(Stop);
}
