using System.Text.Json.Nodes;
using SandboxTenant.Data;
using SandboxTenant.Demo;

namespace SandboxTenant.Tests;

/// <summary>What a group gives its members, and who must stay its owner.</summary>
public sealed class MembershipTests : IAsyncLifetime
{
    private const string Dana = DemoLeaver.LeaverId;
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

    private string Group(string name) => _sandbox.Tenant.Groups.All().Single(g => Json.Text(g.Json, "displayName") == name).Id;

    [Fact]
    public async Task A_deleted_group_gives_its_members_nothing_any_more()
    {
        var guild = Group("research-guild");
        var scope = "/subscriptions/" + _sandbox.Tenant.Subscriptions.All()[0].Id;
        var service = _sandbox.Tenant.ServicePrincipals.All()[0].Id;
        _sandbox
            .Tenant.Add(
                "appRoleAssignments",
                new JsonObject
                {
                    ["id"] = "by-guild",
                    ["appRoleId"] = Ids.Guid("r"),
                    ["principalId"] = guild,
                    ["principalType"] = "Group",
                    ["resourceId"] = service,
                }
            )
            .Add(
                "roleAssignments",
                new JsonObject
                {
                    ["id"] = $"{scope}/providers/Microsoft.Authorization/roleAssignments/{Ids.Guid("by-guild")}",
                    ["properties"] = new JsonObject
                    {
                        ["scope"] = scope,
                        ["principalId"] = guild,
                        ["roleDefinitionId"] = "/providers/Microsoft.Authorization/roleDefinitions/x",
                    },
                }
            );
        async Task<(bool Above, bool AppRole, bool AzureRole)> Given() =>
            (
                (await _clients.AllAsync($"/v1.0/users/{Dana}/transitiveMemberOf")).Items.Any(g =>
                    (string?)g["displayName"] == "research-everyone"
                ),
                (await _clients.AllAsync($"/v1.0/users/{Dana}/appRoleAssignments")).Items.Any(a => (string?)a["id"] == "by-guild"),
                (
                    await _clients.AllAsync(
                        $"{scope}/providers/Microsoft.Authorization/roleAssignments?api-version=2022-04-01&$filter=assignedTo('{Dana}')"
                    )
                ).Items.Any(a => (string?)a["properties"]!["principalId"] == guild)
            );
        var before = await Given();
        await _clients.SendAsync("DELETE", "/v1.0/groups/" + guild);

        Assert.Equal(((true, true, true), (false, false, false)), (before, await Given()));
    }

    [Fact]
    public async Task The_last_person_stays_owner_of_a_group_though_an_app_owns_it_too()
    {
        var owners = $"/v1.0/groups/{Group("dataset-stewards")}/owners";
        var app = _sandbox.Tenant.ServicePrincipals.All()[0].Id;
        var added = await _clients.SendAsync(
            "POST",
            owners + "/$ref",
            new JsonObject { ["@odata.id"] = "https://graph.microsoft.com/v1.0/directoryObjects/" + app }
        );
        var person = await _clients.SendAsync("DELETE", $"{owners}/{Dana}/$ref");

        Assert.Equal((204, 400, 204), (added.Status, person.Status, (await _clients.SendAsync("DELETE", $"{owners}/{app}/$ref")).Status));
        Assert.Equal([Dana], (await _clients.AllAsync(owners)).Items.Select(o => (string?)o["id"]));
    }

    [Fact]
    public async Task Changes_made_at_the_same_time_are_all_kept()
    {
        const int Batches = 8;
        var app = _sandbox.Tenant.Applications.All()[0].Id;
        var before = Json.Object(_sandbox.Tenant.Applications.Find(app)!.Json)["passwordCredentials"]!.AsArray().Count;
        // The wait lets the requests of a batch go on side by side.
        _sandbox.SetFaults("POST graph/applications/* => latency=20ms");
        for (var i = 0; i < Batches; i++)
        {
            var (_, body, _) = await _clients.SendAsync(
                "POST",
                "/v1.0/$batch",
                new
                {
                    requests = Enumerable
                        .Range(0, 20)
                        .Select(r => new
                        {
                            id = $"{r}",
                            method = "POST",
                            url = $"/applications/{app}/addPassword",
                            body = new { passwordCredential = new { displayName = $"{i}-{r}" } },
                        }),
                }
            );
            Assert.All(body!["responses"]!.AsArray(), r => Assert.Equal(200, (int)r!["status"]!));
        }

        Assert.Equal(
            before + Batches * 20,
            Json.Object(_sandbox.Tenant.Applications.Find(app)!.Json)["passwordCredentials"]!.AsArray().Count
        );
    }
}
