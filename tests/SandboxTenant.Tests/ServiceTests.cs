using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using SandboxTenant.Data;
using SandboxTenant.Demo;

namespace SandboxTenant.Tests;

/// <summary>What the services answer beyond what the SDKs show, on the demo tenant (read only).</summary>
public sealed class ServiceTests(DemoFixture demo)
{
    private PinnedClients Clients => demo.Clients;

    [Fact]
    public async Task Each_service_refuses_a_call_without_a_token_in_its_own_words()
    {
        var graph = await Clients.SendAsync("GET", "/v1.0/users", token: "");
        var arm = await Clients.SendAsync("GET", "/subscriptions?api-version=2022-12-01", token: "");
        var vault = await Clients.SendAsync("GET", demo.Sandbox.VaultAddress("kv-nw-prod") + "secrets?api-version=7.6", token: "");

        Assert.Equal((401, "InvalidAuthenticationToken"), (graph.Status, (string?)graph.Body!["error"]!["code"]));
        Assert.Equal((401, "AuthenticationFailed"), (arm.Status, (string?)arm.Body!["error"]!["code"]));
        Assert.StartsWith("Bearer authorization_uri=", arm.Response.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        Assert.Equal((401, "Unauthorized"), (vault.Status, (string?)vault.Body!["error"]!["code"]));
        Assert.Contains(
            "resource=\"https://vault.localhost\"",
            vault.Response.Headers.WwwAuthenticate.ToString(),
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_token_for_one_service_does_not_open_another()
    {
        var token = await Clients.TokenAsync("https://graph.microsoft.com");

        Assert.Equal(401, (await Clients.SendAsync("GET", "/subscriptions?api-version=2022-12-01", token: token)).Status);
        Assert.Equal(401, (await Clients.SendAsync("GET", "/v1.0/users", token: token[..^3] + "abc")).Status);
    }

    [Theory]
    [InlineData("good", 200)]
    [InlineData("wrong", 401)]
    public async Task Sign_in_takes_the_secret_from_a_basic_header_too(string kind, int status)
    {
        var basic =
            kind == "good" ? $"{demo.Sandbox.ClientId}:{Uri.EscapeDataString(demo.Sandbox.ClientSecret)}" : $"{demo.Sandbox.ClientId}:none";
        using var form = new FormUrlEncodedContent(
            new Dictionary<string, string> { ["grant_type"] = "client_credentials", ["scope"] = "https://graph.microsoft.com/.default" }
        );
        var answer = await Clients.SendAsync(
            "POST",
            $"/{demo.Sandbox.TenantId}/oauth2/v2.0/token",
            form,
            "",
            ("Authorization", "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes(basic)))
        );

        Assert.Equal((status, status == 200 ? null : "invalid_client"), (answer.Status, (string?)answer.Body!["error"]));
    }

    [Fact]
    public async Task Tokens_are_signed_by_the_key_the_sandbox_publishes()
    {
        var token = (await Clients.TokenAsync("https://graph.microsoft.com")).Split('.');
        var keys = (await Clients.SendAsync("GET", $"/{demo.Sandbox.TenantId}/discovery/v2.0/keys", token: "")).Body!["keys"]!
            .AsArray()
            .Single()!;
        using var rsa = System.Security.Cryptography.RSA.Create(
            new System.Security.Cryptography.RSAParameters
            {
                Modulus = System.Buffers.Text.Base64Url.DecodeFromChars((string)keys["n"]!),
                Exponent = System.Buffers.Text.Base64Url.DecodeFromChars((string)keys["e"]!),
            }
        );
        var payload = JsonNode.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(token[1]))!;

        Assert.True(
            rsa.VerifyData(
                Encoding.ASCII.GetBytes($"{token[0]}.{token[1]}"),
                System.Buffers.Text.Base64Url.DecodeFromChars(token[2]),
                System.Security.Cryptography.HashAlgorithmName.SHA256,
                System.Security.Cryptography.RSASignaturePadding.Pkcs1
            )
        );
        Assert.Equal(
            ("https://graph.microsoft.com", demo.Sandbox.TenantId, demo.Sandbox.ClientId, 3600L),
            ((string)payload["aud"]!, (string)payload["tid"]!, (string)payload["appid"]!, (long)payload["exp"]! - (long)payload["iat"]!)
        );
    }

    [Theory]
    [InlineData("/v1.0/users?$top=5", 61)]
    [InlineData("/v1.0/users", 4)]
    [InlineData("/v1.0/users?$top=999", 1)]
    public async Task Graph_pages_are_as_large_as_asked_for(string url, int pages)
    {
        var (items, seen) = await Clients.AllAsync(url);

        Assert.Equal((304, 304, pages), (items.Count, items.Select(i => (string?)i["id"]).Distinct().Count(), seen));
    }

    [Theory]
    [InlineData("displayName eq 'Model Gateway'", 2)]
    [InlineData("startswith(displayName,'model')", 7)]
    [InlineData("displayName in ('Payroll Sync','Invoice Reader')", 2)]
    [InlineData("displayName eq 'Payroll Sync' or (displayName eq 'Invoice Reader' and signInAudience eq 'AzureADMyOrg')", 2)]
    [InlineData("not startswith(displayName,'V') and displayName ne 'Payroll Sync'", 144)]
    public async Task Graph_filters(string filter, int count) =>
        Assert.Equal(count, (await Clients.AllAsync($"/v1.0/applications?$top=999&$filter={Uri.EscapeDataString(filter)}")).Items.Count);

    [Theory]
    [InlineData("$filter=endswith(displayName,'x')", "Request_UnsupportedQuery")]
    [InlineData("$filter=displayName gt 'x'", "Request_UnsupportedQuery")]
    [InlineData("$filter=displayName eq", "Request_UnsupportedQuery")]
    [InlineData("$top=1000", "Request_UnsupportedQuery")]
    [InlineData("$orderby=displayName", "Request_UnsupportedQuery")]
    [InlineData("$skiptoken=abc", "Directory_ExpiredPageToken")]
    public async Task Graph_refuses_what_it_does_not_support(string query, string code)
    {
        var (status, body, _) = await Clients.SendAsync("GET", "/v1.0/applications?" + query);

        Assert.Equal((400, code), (status, (string?)body!["error"]!["code"]));
    }

    [Fact]
    public async Task Graph_shows_a_user_s_default_properties_unless_others_are_selected()
    {
        var plain = (await Clients.SendAsync("GET", "/v1.0/users?$top=1")).Body!["value"]![0]!.AsObject();
        var chosen = (await Clients.SendAsync("GET", "/v1.0/users?$top=1&$select=id,accountEnabled,signInActivity")).Body!["value"]![
            0
        ]!.AsObject();

        Assert.False(plain.ContainsKey("accountEnabled") || plain.ContainsKey("signInActivity"));
        Assert.Equal(["accountEnabled", "id", "signInActivity"], chosen.Select(p => p.Key).Order());
    }

    [Fact]
    public async Task Graph_counts_with_eventual_consistency_only()
    {
        var (status, body, _) = await Clients.SendAsync("GET", "/v1.0/applications/$count", headers: ("ConsistencyLevel", "eventual"));

        Assert.Equal((200, "150"), (status, body!.ToString()));
        Assert.Equal(400, (await Clients.SendAsync("GET", "/v1.0/applications/$count")).Status);
    }

    [Fact]
    public async Task Graph_expands_owners_and_finds_the_owned_from_the_other_end()
    {
        var hub = (
            await Clients.SendAsync("GET", "/v1.0/applications?$filter=displayName eq 'Shared Analytics Hub'&$expand=owners($select=id)")
        ).Body!["value"]![0]!;
        var owner = (string)hub["owners"]![0]!["id"]!;
        var owned = (await Clients.AllAsync($"/v1.0/users/{owner}/ownedObjects/microsoft.graph.application?$select=id,displayName")).Items;

        Assert.Equal(4, hub["owners"]!.AsArray().Count);
        Assert.Contains("Shared Analytics Hub", owned.Select(o => (string?)o["displayName"]));
        Assert.Contains(
            "dept-data",
            (await Clients.AllAsync($"/v1.0/users/{owner}/memberOf")).Items.Select(g => (string?)g["displayName"])
        );
        Assert.NotNull((string?)(await Clients.SendAsync("GET", $"/v1.0/users/{owner}/manager")).Body!["userPrincipalName"]);
    }

    [Fact]
    public async Task A_batch_holds_twenty_requests_and_a_failed_dependency_fails_the_next()
    {
        var tooMany = await Clients.SendAsync(
            "POST",
            "/v1.0/$batch",
            new
            {
                requests = Enumerable
                    .Range(0, 21)
                    .Select(i => new
                    {
                        id = $"{i}",
                        method = "GET",
                        url = "/users",
                    }),
            }
        );
        var (status, body, _) = await Clients.SendAsync(
            "POST",
            "/v1.0/$batch",
            new
            {
                requests = new object[]
                {
                    new
                    {
                        id = "a",
                        method = "GET",
                        url = "/users/nobody",
                    },
                    new
                    {
                        id = "b",
                        method = "GET",
                        url = "/organization",
                        dependsOn = new[] { "a" },
                    },
                    new
                    {
                        id = "c",
                        method = "GET",
                        url = "/organization?$select=id",
                    },
                },
            }
        );

        Assert.Equal((400, 200), (tooMany.Status, status));
        Assert.Equal([404, 424, 200], body!["responses"]!.AsArray().Select(r => (int)r!["status"]!));
        Assert.Equal(demo.Sandbox.TenantId, (string?)body["responses"]![2]!["body"]!["value"]![0]!["id"]);
    }

    [Fact]
    public async Task Resource_Manager_reads_accounts_and_their_keys_times()
    {
        var production = demo.Sandbox.Tenant.Subscriptions.All()[0].Id;
        var accounts = (
            await Clients.AllAsync($"/subscriptions/{production}/providers/Microsoft.Storage/storageAccounts?api-version=2024-01-01")
        ).Items;
        var keys = (
            await Clients.SendAsync(
                "POST",
                accounts.Single(a => (string?)a["name"] == "stnwmodelsprod")["id"] + "/listKeys?api-version=2024-01-01"
            )
        ).Body!["keys"]!.AsArray();
        var legacy = (
            await Clients.SendAsync(
                "POST",
                accounts.Single(a => (string?)a["name"] == "stnwlegacyprod")["id"] + "/listKeys?api-version=2024-01-01"
            )
        ).Body!["keys"]!.AsArray();

        Assert.Equal(9, accounts.Count);
        Assert.Equal(
            [DemoFixture.Now.AddDays(-200), DemoFixture.Now.AddDays(-30)],
            keys.Select(k => DateTimeOffset.Parse((string)k!["creationTime"]!, CultureInfo.InvariantCulture))
        );
        Assert.All(legacy, k => Assert.Null(k!["creationTime"]));
    }

    [Theory]
    [InlineData("/subscriptions/none?api-version=1", 404, "SubscriptionNotFound")]
    [InlineData("/subscriptions", 400, "MissingApiVersionParameter")]
    [InlineData(
        "/subscriptions/{0}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/no?api-version=1",
        404,
        "ResourceNotFound"
    )]
    public async Task Resource_Manager_refuses_in_its_own_words(string url, int status, string code)
    {
        var answer = await Clients.SendAsync(
            "GET",
            string.Format(CultureInfo.InvariantCulture, url, demo.Sandbox.Tenant.Subscriptions.All()[0].Id)
        );

        Assert.Equal((status, code), (answer.Status, (string?)answer.Body!["error"]!["code"]));
    }

    [Fact]
    public async Task Role_assignments_follow_scope_and_principal()
    {
        var tenant = demo.Sandbox.Tenant;
        var production = "/subscriptions/" + tenant.Subscriptions.All()[0].Id;
        async Task<int> Count(string scope, string filter) =>
            (
                await Clients.AllAsync(
                    $"{scope}/providers/Microsoft.Authorization/roleAssignments?"
                        + $"api-version=2022-04-01{(filter.Length > 0 ? "&$filter=" + Uri.EscapeDataString(filter) : "")}"
                )
            )
                .Items
                .Count;
        var data = tenant.Users.All().First(u => Json.Text(u.Json, "department") == "Data").Id;
        var operators = tenant
            .GroupMembers.Of(tenant.Groups.All().Single(g => Json.Text(g.Json, "displayName") == "azure-production-operators").Id)
            .All()[0]
            .Id;

        Assert.Equal(
            (11, 6, 1, 0, 1, 9),
            (
                await Count(production, ""),
                await Count(production, "atScope()"),
                await Count(production, $"principalId eq '{data}'"),
                await Count(production, $"principalId eq '{operators}'"),
                await Count(production, $"assignedTo('{operators}')"),
                await Count(production + "/resourceGroups/rg-training", "")
            )
        );
    }

    [Theory]
    [InlineData("resources | where type =~ 'Microsoft.Storage/storageAccounts' | project id", 16)]
    [InlineData(
        "Resources\n| where type in~ ('microsoft.search/searchServices', 'microsoft.servicebus/namespaces')\n| where "
            + "properties.disableLocalAuth != true | project id, name",
        2
    )]
    [InlineData("resources | where kind == 'OpenAI' and tostring(tags.environment) =~ 'Production'", 1)]
    [InlineData("resources | where isnull(properties.allowSharedKeyAccess) and type endswith 'storageaccounts'", 1)]
    [InlineData("resources | where not(name startswith 'st') and type contains 'keyvault' | take 3", 3)]
    [InlineData("resourcecontainers | project id, name, tags", 3)]
    [InlineData(
        "authorizationresources | where type =~ 'microsoft.authorization/roleassignments' and properties.principalType == 'User'",
        10
    )]
    public async Task Resource_Graph_answers(string query, int rows)
    {
        var (status, body, _) = await Clients.SendAsync(
            "POST",
            "/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01",
            new { query }
        );

        Assert.Equal((200, rows, rows), (status, (int)body!["totalRecords"]!, body["data"]!.AsArray().Count));
    }

    [Theory]
    [InlineData(
        "resources | summarize count()",
        "the operator 'summarize' is not one the sandbox has; it has where, project, order by and take"
    )]
    [InlineData(
        "securityresources",
        "'securityresources' is not a table the sandbox has; it has resources, resourcecontainers and authorizationresources"
    )]
    [InlineData("resources | where name matches 'x'", "the comparison 'matches' is not one the sandbox has")]
    [InlineData("resources | where name == ", "the query ends where a value should be")]
    public async Task Resource_Graph_refuses_the_rest_with_the_reason(string query, string reason)
    {
        var (status, body, _) = await Clients.SendAsync(
            "POST",
            "/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01",
            new { query }
        );

        Assert.Equal((400, "InvalidQuery"), (status, (string?)body!["error"]!["details"]![0]!["code"]));
        Assert.Contains(reason, (string)body["error"]!["details"]![0]!["message"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Resource_Graph_pages_by_skip_token()
    {
        List<string> ids = [];
        string? token = null;
        var pages = 0;
        do
        {
            var options = new JsonObject { ["$top"] = 5, ["$skipToken"] = token };
            var body = (
                await Clients.SendAsync(
                    "POST",
                    "/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01",
                    new JsonObject { ["query"] = "resources | project id", ["options"] = options }
                )
            ).Body!;
            ids.AddRange(body["data"]!.AsArray().Select(r => (string)r!["id"]!));
            (token, pages) = ((string?)body["$skipToken"], pages + 1);
        } while (token is not null);

        Assert.Equal((34, 34, 7), (ids.Count, ids.Distinct().Count(), pages));
        Assert.Equal(ids.Order(StringComparer.OrdinalIgnoreCase), ids);
    }

    [Fact]
    public async Task A_key_without_a_rotation_policy_answers_the_service_s_default()
    {
        var vault = demo.Sandbox.VaultAddress("kv-nw-prod");
        async Task<string> Actions(string key) =>
            string.Join(
                ",",
                (await Clients.SendAsync("GET", $"{vault}keys/{key}/rotationpolicy?api-version=7.6")).Body!["lifetimeActions"]!
                    .AsArray()
                    .Select(a => (string)a!["action"]!["type"]!)
            );

        Assert.Equal(("Rotate,Notify", "Notify"), (await Actions("ledger-signing"), await Actions("disk-encryption")));
        Assert.Equal(404, (await Clients.SendAsync("GET", $"{vault}keys/none/rotationpolicy?api-version=7.6")).Status);
    }

    [Fact]
    public async Task No_list_and_no_log_holds_a_planted_value()
    {
        var seen = new StringBuilder();
        foreach (var vault in demo.Sandbox.Tenant.Vaults.Keys)
            foreach (var kind in (string[])["secrets", "keys", "certificates"])
                foreach (var item in (await Clients.AllAsync(demo.Sandbox.VaultAddress(vault) + kind + "?api-version=7.6")).Items)
                    seen.Append(item.ToJsonString());
        foreach (var entry in demo.Sandbox.Requests)
            seen.Append(Encoding.UTF8.GetString(entry.Line()));

        Assert.Contains("billing-api-token", seen.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("planted-secret-value", seen.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(demo.Sandbox.ClientSecret, seen.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void The_demo_has_the_size_and_the_cases_it_promises()
    {
        var tenant = DemoTenant.Create(2026, DemoFixture.Now);
        int Count(Func<VaultData, VaultObjects> of) =>
            tenant.Vaults.Values.Sum(v =>
                of(v).Current.All().Count(e => !Encoding.UTF8.GetString(e.Json).Contains("\"managed\":true", StringComparison.Ordinal))
            );
        var ages = tenant
            .Applications.All()
            .SelectMany(a => Json.Object(a.Json)["passwordCredentials"]!.AsArray())
            .Select(p => (DemoFixture.Now - DateTimeOffset.Parse((string)p!["startDateTime"]!, CultureInfo.InvariantCulture)).Days)
            .ToHashSet();

        Assert.Equal(
            (304, 150, 5, 20, 8, 12),
            (
                tenant.Users.Count,
                tenant.Applications.Count,
                tenant.Vaults.Count,
                Count(v => v.Secrets),
                Count(v => v.Keys),
                Count(v => v.Certificates)
            )
        );
        Assert.Equal(16, tenant.Resources.All().Count(r => r.Id.Contains("/Microsoft.Storage/storageAccounts/", StringComparison.Ordinal)));
        Assert.Superset(new HashSet<int> { 89, 90, 91, 200, 800, -5 }, ages);
    }

    [Fact]
    public async Task A_tenant_of_fifty_thousand_applications_is_paged_completely()
    {
        await using var sandbox = await Sandbox.StartAsync(
            new SandboxOptions { Generate = new GeneratorOptions(), Now = DemoFixture.Now },
            TimeProvider.System,
            TestContext.Current.CancellationToken
        );
        using var clients = new PinnedClients(sandbox);
        var (items, pages) = await clients.AllAsync("/v1.0/applications?$top=999&$select=id,passwordCredentials");

        Assert.Equal((50_000, 51), (items.Count, pages));
        Assert.Equal(50_000, items.Select(i => (string?)i["id"]).Distinct().Count());
        Assert.Equal(
            20_000,
            sandbox.Tenant.Vaults.Values.Sum(v => v.Secrets.Current.Count + v.Keys.Current.Count + v.Certificates.Current.Count)
        );
    }
}
