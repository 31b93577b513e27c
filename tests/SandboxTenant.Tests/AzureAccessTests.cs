using System.Text.Json.Nodes;
using SandboxTenant.Demo;

namespace SandboxTenant.Tests;

/// <summary>Azure roles, access policies and tags, and what stands in the way of changing them.</summary>
public sealed class AzureAccessTests : IAsyncLifetime
{
    private const string Dana = DemoLeaver.LeaverId;
    private const string Reader = "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7";
    private const string Api = "?api-version=2022-04-01";
    private Sandbox _sandbox = null!;
    private PinnedClients _clients = null!;

    public async ValueTask InitializeAsync()
    {
        _sandbox = await Sandbox.StartAsync(
            new SandboxOptions { Now = DemoFixture.Now },
            TimeProvider.System,
            TestContext.Current.CancellationToken
        );
        _clients = new PinnedClients(_sandbox);
    }

    public async ValueTask DisposeAsync()
    {
        _clients.Dispose();
        await _sandbox.DisposeAsync();
    }

    private string Resource(string name) =>
        _sandbox.Tenant.Resources.All().Single(r => r.Id.EndsWith("/" + name, StringComparison.Ordinal)).Id;

    private string Subscription(int number) => "/subscriptions/" + _sandbox.Tenant.Subscriptions.All()[number].Id;

    private async Task<List<string>> Scopes(string at, string principal = Dana) =>
        [
            .. (
                await _clients.AllAsync($"{at}/providers/Microsoft.Authorization/roleAssignments{Api}&$filter=principalId eq '{principal}'")
            ).Items.Select(a => (string)a["properties"]!["scope"]!),
        ];

    [Fact]
    public async Task A_principals_roles_show_at_above_and_below_a_scope()
    {
        const string Root = "/providers/Microsoft.Management/managementGroups/mg-nw";
        _sandbox.Tenant.Change(
            "subscriptions",
            _sandbox.Tenant.Subscriptions.All()[1].Id,
            """{"properties":{"managementGroupAncestorsChain":[{"name":"mg-other"}]}}"""
        );
        var made = await _clients.SendAsync(
            "PUT",
            $"{Root}/providers/Microsoft.Authorization/roleAssignments/{Ids.Guid("at the top")}{Api}",
            new { properties = new { roleDefinitionId = Reader, principalId = Dana } }
        );

        Assert.Equal(201, made.Status);
        Assert.Equal(
            [Resource("stnwtrainprod"), Resource("stnwmodelsprod"), Subscription(0), Subscription(0) + "/resourceGroups/rg-scratch", Root],
            await Scopes(Subscription(0))
        );
        Assert.DoesNotContain(Root, await Scopes(Subscription(1)));
        Assert.Equal([Resource("stnwtrainprod"), Subscription(0), Root], await Scopes(Resource("stnwtrainprod")));
        Assert.Equal(9, (await Scopes("")).Count);
    }

    [Fact]
    public async Task A_role_goes_with_its_body_and_is_then_absent()
    {
        var id = (string)
            (
                await _clients.AllAsync(
                    $"{Subscription(0)}/providers/Microsoft.Authorization/roleAssignments{Api}&$filter=principalId eq '{Dana}'"
                )
            ).Items[0]["id"]!;
        var (first, second) = (await _clients.SendAsync("DELETE", id + Api), await _clients.SendAsync("DELETE", id + Api));
        var properties = first.Body!["properties"]!.DeepClone();
        var back = await _clients.SendAsync("PUT", id + Api, new JsonObject { ["properties"] = properties.DeepClone() });
        var other = string.Concat(id.AsSpan(0, id.LastIndexOf('/') + 1), Ids.Guid("another"));
        var twice = await _clients.SendAsync("PUT", other + Api, new JsonObject { ["properties"] = properties.DeepClone() });

        Assert.Equal((200, id, 204, 201, 409), (first.Status, (string?)first.Body["id"], second.Status, back.Status, twice.Status));
        Assert.Equal("RoleAssignmentExists", (string?)twice.Body!["error"]!["code"]);
    }

    [Fact]
    public async Task A_role_for_nobody_is_refused()
    {
        var (status, body, _) = await _clients.SendAsync(
            "PUT",
            $"{Subscription(0)}/providers/Microsoft.Authorization/roleAssignments/{Ids.Guid("x")}{Api}",
            new { properties = new { roleDefinitionId = Reader, principalId = Ids.Guid("nobody") } }
        );

        Assert.Equal((400, "PrincipalNotFound"), (status, (string?)body!["error"]!["code"]));
    }

    [Fact]
    public async Task A_lock_above_keeps_a_role_and_lets_others_go()
    {
        var id = _sandbox
            .Tenant.RoleAssignments.By("principalId", Dana)
            .Single(a => a.Id.StartsWith(Resource("stnwmodelsprod"), StringComparison.Ordinal))
            .Id;
        var free = _sandbox
            .Tenant.RoleAssignments.By("principalId", Dana)
            .Single(a => a.Id.StartsWith(Resource("stnwtrainprod"), StringComparison.Ordinal))
            .Id;
        var group = Resource("stnwmodelsprod").Split("/providers/")[0];
        _sandbox.Tenant.Add(
            "locks",
            $$"""{"id":"{{group}}/providers/Microsoft.Authorization/locks/keep","properties":{"level":"CanNotDelete"} }"""
        );
        var (status, body, _) = await _clients.SendAsync("DELETE", id + Api);

        Assert.Equal((409, "ScopeLocked"), (status, (string?)body!["error"]!["code"]));
        Assert.Contains(group, (string)body["error"]!["message"]!, StringComparison.Ordinal);
        Assert.Equal(200, (await _clients.SendAsync("DELETE", free + Api)).Status);
    }

    [Fact]
    public async Task An_action_that_the_app_lacks_is_named_with_its_scope()
    {
        _sandbox.Tenant.Denied["Microsoft.Authorization/roleAssignments/delete"] = true;
        var id = _sandbox.Tenant.RoleAssignments.By("principalId", Dana)[0].Id;
        var (status, body, _) = await _clients.SendAsync("DELETE", id + Api);

        Assert.Equal((403, "AuthorizationFailed"), (status, (string?)body!["error"]!["code"]));
        Assert.Contains(
            $"'Microsoft.Authorization/roleAssignments/delete' over scope '{id.Split("/providers/Microsoft.Authorization")[0]}'",
            (string)body["error"]!["message"]!,
            StringComparison.Ordinal
        );
        _sandbox.Tenant.Denied.Clear();
        Assert.Equal(200, (await _clients.SendAsync("DELETE", id + Api)).Status);
    }

    [Fact]
    public async Task A_role_that_may_be_activated_goes_by_a_request()
    {
        var at = $"{Subscription(2)}/providers/Microsoft.Authorization/";
        var list = $"{at}roleEligibilityScheduleInstances?api-version=2020-10-01&$filter=asTarget() and principalId eq '{Dana}'";
        var role = Assert.Single((await _clients.AllAsync(list)).Items);
        var ask = new
        {
            properties = new
            {
                principalId = Dana,
                roleDefinitionId = (string)role["properties"]!["roleDefinitionId"]!,
                requestType = "AdminRemove",
            },
        };
        var (first, second) = (
            await _clients.SendAsync("PUT", $"{at}roleEligibilityScheduleRequests/{Ids.Guid("r1")}?api-version=2020-10-01", ask),
            await _clients.SendAsync("PUT", $"{at}roleEligibilityScheduleRequests/{Ids.Guid("r2")}?api-version=2020-10-01", ask)
        );

        Assert.Equal((201, 400, "RoleAssignmentDoesNotExist"), (first.Status, second.Status, (string?)second.Body!["error"]!["code"]));
        Assert.Empty((await _clients.AllAsync(list)).Items);
    }

    [Fact]
    public async Task Access_policies_lose_and_regain_a_person()
    {
        var vault = Resource("kv-nw-stg");
        async Task<JsonArray> Policies() =>
            (await _clients.SendAsync("GET", vault + "?api-version=2026-02-01")).Body!["properties"]!["accessPolicies"]!.AsArray();
        object Of(params string[] secrets) =>
            new
            {
                properties = new
                {
                    accessPolicies = new[]
                    {
                        new
                        {
                            tenantId = _sandbox.TenantId,
                            objectId = Dana,
                            permissions = new { secrets },
                        },
                    },
                },
            };
        var one = await _clients.SendAsync("PUT", vault + "/accessPolicies/remove?api-version=2026-02-01", Of("list"));
        var left = (await Policies())[0]!["permissions"]!["secrets"]!.AsArray().Select(s => (string?)s).ToList();
        await _clients.SendAsync("PUT", vault + "/accessPolicies/remove?api-version=2026-02-01", Of("get"));
        var none = (await Policies()).Count;
        await _clients.SendAsync("PUT", vault + "/accessPolicies/add?api-version=2026-02-01", Of("get", "list"));

        Assert.Equal((200, "get", 0), (one.Status, Assert.Single(left), none));
        Assert.Equal(["get", "list"], (await Policies()).Single()!["permissions"]!["secrets"]!.AsArray().Select(s => (string?)s));
        Assert.Equal(404, (await _clients.SendAsync("PUT", vault + "x/accessPolicies/add?api-version=2026-02-01", Of("get"))).Status);
    }

    [Fact]
    public async Task Tags_merge_without_regard_to_case_and_are_taken_away()
    {
        var workspace = Resource("mlw-nw-research");
        Task<(int Status, JsonNode? Body, HttpResponseMessage)> Change(string operation, string name, string value) =>
            _clients.SendAsync(
                "PATCH",
                workspace + "/providers/Microsoft.Resources/tags/default?api-version=2021-04-01",
                new JsonObject
                {
                    ["operation"] = operation,
                    ["properties"] = new JsonObject { ["tags"] = new JsonObject { [name] = value } },
                }
            );
        async Task<string> Tags() => (await _clients.SendAsync("GET", workspace + "?api-version=2024-04-01")).Body!["tags"]!.ToJsonString();

        Assert.Equal(200, (await Change("Merge", "Owner", "her.manager@northwynd.example")).Status);
        Assert.Equal("""{"environment":"production","Owner":"her.manager@northwynd.example"}""", await Tags());
        Assert.Equal(200, (await Change("Delete", "environment", "production")).Status);
        Assert.Equal("""{"Owner":"her.manager@northwynd.example"}""", await Tags());
        Assert.Equal(400, (await Change("Add", "x", "y")).Status);
    }

    [Fact]
    public async Task Local_users_of_an_account_are_listed_below_it_alone()
    {
        var account = Resource("stnwtrainprod");
        _sandbox.Tenant.Add(
            "localUsers",
            $$"""{"id":"{{account}}/localUsers/partner","name":"partner","properties":{"hasSshKey":true} }"""
        );

        Assert.Equal(
            ["partner"],
            (await _clients.AllAsync(account + "/localUsers?api-version=2024-01-01")).Items.Select(u => (string?)u["name"])
        );
        Assert.Empty((await _clients.AllAsync(Resource("stnwmodelsprod") + "/localUsers?api-version=2024-01-01")).Items);
        Assert.Equal(404, (await _clients.SendAsync("GET", account + "x/localUsers?api-version=2024-01-01")).Status);
    }

    [Fact]
    public async Task Changes_of_roles_policies_and_tags_last_over_a_restart()
    {
        var state = Directory.CreateTempSubdirectory("sandbox-").FullName;
        Task<Sandbox> Start() =>
            Sandbox.StartAsync(
                new SandboxOptions { Now = DemoFixture.Now, StateDirectory = state },
                TimeProvider.System,
                TestContext.Current.CancellationToken
            );
        await using (var sandbox = await Start())
        {
            using var clients = new PinnedClients(sandbox);
            foreach (var assignment in sandbox.Tenant.RoleAssignments.By("principalId", Dana))
                Assert.Equal(200, (await clients.SendAsync("DELETE", assignment.Id + Api)).Status);
            await clients.SendAsync(
                "PUT",
                $"{Subscription(0)}/providers/Microsoft.Authorization/roleAssignments/{Ids.Guid("kept")}{Api}",
                new { properties = new { roleDefinitionId = Reader, principalId = Dana } }
            );
        }
        await using (var sandbox = await Start())
            Assert.Equal([Ids.Guid("kept")], sandbox.Tenant.RoleAssignments.By("principalId", Dana).Select(a => a.Id.Split('/')[^1]));
        Directory.Delete(state, recursive: true);
    }
}
