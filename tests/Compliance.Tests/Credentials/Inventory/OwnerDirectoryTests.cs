using System.Text.Json.Nodes;
using Compliance.Credentials;
using Compliance.Credentials.Inventory;
using Compliance.Findings;
using Compliance.Tenants;
using Compliance.Tests.Tenants;

namespace Compliance.Tests.Credentials.Inventory;

/// <summary>Owners and people, out of answers that a test writes word for word.</summary>
public sealed class OwnerDirectoryTests : IDisposable
{
    private static readonly Subject App = new(SubjectTypes.Application, "app", "Crawler");

    private readonly PaperTenant _tenant = new();
    private readonly Dictionary<string, (int Status, string Body)> _answers = new(StringComparer.Ordinal);

    public OwnerDirectoryTests() => _tenant.Answer = (_, body) => Batch(JsonNode.Parse(body)!["requests"]!.AsArray());

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private OwnerDirectory Directory => new(_tenant.Connection, new GraphBatch(_tenant.Connection, _tenant.Time));

    public void Dispose() => _tenant.Dispose();

    [Fact]
    public async Task An_owner_whose_account_is_unread_is_no_gap_where_another_owner_is_known_to_live()
    {
        Owners(
            """{"@odata.type":"#microsoft.graph.user","id":"gone","displayName":"Gone","userPrincipalName":"gone@x.example"}""",
            """{"@odata.type":"#microsoft.graph.user","id":"ada","userPrincipalName":"ada@x.example","accountEnabled":true}"""
        );
        _answers["/users/gone"] = (403, """{"error":{"code":"Authorization_RequestDenied"}}""");

        var answer = await OwnersAsync();

        Assert.Null(answer.Unread);
        Assert.Equal([(bool?)null, true], answer.Owners.Select(o => o.Enabled));
    }

    [Fact]
    public async Task An_owner_whose_account_the_directory_does_not_give_is_a_gap_with_the_permission_that_is_missing()
    {
        Owners("""{"@odata.type":"#microsoft.graph.user","id":"ann","displayName":"Ann","userPrincipalName":"ann@x.example"}""");
        _answers["/users/ann"] = (200, """{"id":"ann","displayName":"Ann","userPrincipalName":"ann@x.example"}""");

        var answer = await OwnersAsync();

        Assert.NotNull(answer.Unread);
        Assert.Equal("User.Read.All", answer.Permission);
    }

    // Graph gives the type of every owner; where one comes without, an address means a person, and none a service principal.
    [Theory]
    [InlineData(
        """{"@odata.type":"#microsoft.graph.user","id":"a","userPrincipalName":"a@x.example","accountEnabled":true}""",
        true,
        "a@x.example",
        "a@x.example",
        true
    )]
    [InlineData(
        """{"@odata.type":"#microsoft.graph.servicePrincipal","id":"a","displayName":"Bot","mail":"a@x.example","accountEnabled":true}""",
        false,
        "Bot",
        null,
        false
    )]
    [InlineData("""{"id":"a","displayName":"Ada","mail":"a@x.example","accountEnabled":true}""", true, "Ada", "a@x.example", true)]
    [InlineData("""{"id":"a","displayName":"Bot","accountEnabled":true}""", false, "Bot", null, false)]
    [InlineData("""{"@odata.type":"#microsoft.graph.user","id":"a","displayName":"Ada","accountEnabled":true}""", true, "Ada", null, false)]
    [InlineData(
        """{"@odata.type":"#microsoft.graph.user","id":"a","displayName":"Ada","mail":"a@x.example","accountEnabled":false}""",
        true,
        "Ada",
        "a@x.example",
        false
    )]
    public async Task An_owner_is_a_person_by_type_or_by_address(string json, bool isUser, string name, string? address, bool isLiving)
    {
        Owners(json);

        var owner = Assert.Single((await OwnersAsync()).Owners);

        Assert.Equal((isUser, name, address, isLiving), (owner.IsUser, owner.Name, owner.Address, owner.IsLiving));
    }

    [Theory]
    [InlineData(200, "{}", true)]
    [InlineData(200, """{"value":{}}""", true)]
    [InlineData(500, "{}", true)]
    [InlineData(403, "{}", true)]
    [InlineData(404, "{}", false)]
    [InlineData(200, """{"value":[]}""", false)]
    public async Task Only_an_empty_list_or_an_object_that_is_gone_has_no_owner(int status, string body, bool isUnread)
    {
        _answers["/applications/app/owners"] = (status, body);

        var answer = await OwnersAsync();

        Assert.Empty(answer.Owners);
        Assert.Equal(isUnread, answer.Unread is not null);
    }

    [Fact]
    public async Task A_name_that_is_no_address_is_asked_for_as_a_user_and_by_no_mail()
    {
        _answers["/users/operations"] = (404, "{}");

        var person = (await Directory.PeopleAsync(["operations"], Stop))["operations"];

        Assert.Equal((0, null), (person.Owners.Count, person.Unread));
        Assert.Single(_tenant.Requests);
    }

    [Fact]
    public async Task A_person_who_could_not_be_read_is_no_person_who_does_not_exist()
    {
        _answers["/users/ada%40x.example"] = (403, """{"error":{"code":"Authorization_RequestDenied"}}""");

        var person = (await Directory.PeopleAsync(["ada@x.example"], Stop))["ada@x.example"];

        Assert.NotNull(person.Unread);
        Assert.Equal("User.Read.All", person.Permission);
        Assert.Single(_tenant.Requests);
    }

    [Fact]
    public async Task What_a_user_owns_is_read_on_every_page()
    {
        const string First = """{"@odata.type":"#microsoft.graph.application","id":"a"},{"@odata.type":"#microsoft.graph.group"}""";
        const string Second = """{"@odata.type":"#microsoft.graph.application","id":"b"}""";
        const string Next = "https://localhost:7443/v1.0/users/ada@x.example/ownedObjects?$skiptoken=2";
        _tenant.Answer = (request, _) =>
            PaperTenant.Json(
                200,
                request.RequestUri!.Query.Contains("skiptoken", StringComparison.Ordinal)
                    ? $$"""{"value":[{{Second}}]}"""
                    : $$"""{"value":[{{First}}],"@odata.nextLink":"{{Next}}"}"""
            );

        var owned = await Directory.OwnedByAsync("ada@x.example", Stop);

        Assert.Null(owned.Unread);
        Assert.Equal(["a", "b"], owned.ObjectIds.Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData(200, """{"value":[],"@odata.nextLink":"https://localhost:7443/v1.0/again"}""", "twice")]
    [InlineData(200, """{"value":[],"@odata.nextLink":"https://localhost.evil.example/v1.0/next"}""", "another host")]
    [InlineData(200, "{}", "no 'value'")]
    [InlineData(403, """{"error":{"code":"Authorization_RequestDenied","message":"no"}}""", "403")]
    public async Task What_a_user_owns_is_not_known_where_the_list_has_no_end_or_is_refused(int status, string body, string reason)
    {
        _tenant.Answer = (_, _) => PaperTenant.Json(status, body);

        var owned = await Directory.OwnedByAsync("ada@x.example", Stop);

        Assert.Contains(reason, owned.Unread, StringComparison.Ordinal);
    }

    private async Task<OwnerAnswer> OwnersAsync() => (await Directory.OwnersAsync([App], Stop))["app"];

    private void Owners(params string[] owners) =>
        _answers["/applications/app/owners"] = (200, $$"""{"value":[{{string.Join(',', owners)}}]}""");

    private HttpResponseMessage Batch(JsonArray requests)
    {
        var responses = new JsonArray();
        foreach (var request in requests)
        {
            var (status, body) = _answers[$"{request!["url"]}".Split('?')[0]];
            responses.Add(
                new JsonObject
                {
                    ["id"] = $"{request["id"]}",
                    ["status"] = status,
                    ["body"] = JsonNode.Parse(body),
                }
            );
        }
        return PaperTenant.Json(200, new JsonObject { ["responses"] = responses }.ToJsonString());
    }
}
