using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using SandboxTenant.Data;
using SandboxTenant.Demo;
using SandboxTenant.Http;

namespace SandboxTenant.Tests;

/// <summary>Reads that lag behind, answers that never arrive, quotas and permissions.</summary>
public sealed class ConsistencyTests
{
    private const string User = "/v1.0/users/" + DemoLeaver.LeaverId;

    private static Task<Sandbox> StartAsync(SandboxOptions options) =>
        Sandbox.StartAsync(options with { Now = DemoFixture.Now }, TimeProvider.System, TestContext.Current.CancellationToken);

    private static async Task<bool> Enabled(PinnedClients clients) =>
        (bool)(await clients.SendAsync("GET", User + "?$select=accountEnabled")).Body!["accountEnabled"]!;

    [Fact]
    public async Task A_read_sees_a_change_after_the_lag_and_not_before_while_writes_act_on_the_truth()
    {
        var clock = new FakeTimeProvider(DemoFixture.Now);
        await using var sandbox = await StartAsync(new SandboxOptions { Lag = TimeSpan.FromSeconds(30), Clock = clock });
        using var clients = new PinnedClients(sandbox);
        var group = sandbox
            .Tenant.GroupMembers.ParentsOf(DemoLeaver.LeaverId)
            .First(g => Json.Text(sandbox.Tenant.Groups.Find(g)!.Json, "displayName") == "git-users");
        var member = $"/v1.0/groups/{group}/members/{DemoLeaver.LeaverId}/$ref";
        async Task<int> Groups() => (await clients.AllAsync(User + "/memberOf?$select=id")).Items.Count;
        Assert.Equal(204, (await clients.SendAsync("PATCH", User, new { accountEnabled = false })).Status);
        Assert.Equal(204, (await clients.SendAsync("DELETE", member)).Status);
        Assert.Equal((true, 20, 404), (await Enabled(clients), await Groups(), (await clients.SendAsync("DELETE", member)).Status));

        clock.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal((true, 20), (await Enabled(clients), await Groups()));
        clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal((false, 19), (await Enabled(clients), await Groups()));
    }

    [Fact]
    public async Task A_rule_lags_the_reads_it_fits_alone_inside_a_batch_too()
    {
        var clock = new FakeTimeProvider(DemoFixture.Now);
        await using var sandbox = await StartAsync(new SandboxOptions { Clock = clock });
        using var clients = new PinnedClients(sandbox);
        sandbox.SetFaults("GET graph/users/*/appRoleAssignments => consistency=5m");
        var first = (await clients.AllAsync(User + "/appRoleAssignments")).Items[0];
        Assert.Equal(204, (await clients.SendAsync("DELETE", $"{User}/appRoleAssignments/{first["id"]}")).Status);
        Assert.Equal(204, (await clients.SendAsync("PATCH", User, new { accountEnabled = false })).Status);
        async Task<int> Roles() => (
                await clients.SendAsync(
                    "POST",
                    "/v1.0/$batch",
                    new
                    {
                        requests = new[]
                        {
                            new
                            {
                                id = "1",
                                method = "GET",
                                url = $"/users/{DemoLeaver.LeaverId}/appRoleAssignments",
                            },
                        },
                    }
                )
            ).Body!["responses"]![0]!["body"]!["value"]!.AsArray().Count;

        Assert.Equal((5, false), (await Roles(), await Enabled(clients)));
        clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal(4, await Roles());
    }

    [Fact]
    public async Task A_connection_that_drops_after_the_act_leaves_it_done()
    {
        await using var sandbox = await StartAsync(
            new SandboxOptions { Faults = "PATCH graph/users/* => drop-after times=1; POST graph/$batch => drop-after times=1" }
        );
        using var clients = new PinnedClients(sandbox);
        await Assert.ThrowsAsync<HttpRequestException>(() => clients.RawAsync(User, "PATCH", new { accountEnabled = false }));
        await Assert.ThrowsAsync<HttpRequestException>(() =>
            clients.RawAsync(
                "/v1.0/$batch",
                "POST",
                new
                {
                    requests = new[]
                    {
                        new
                        {
                            id = "1",
                            method = "POST",
                            url = $"/users/{DemoLeaver.LeaverId}/revokeSignInSessions",
                        },
                    },
                }
            )
        );

        Assert.False(await Enabled(clients));
        Assert.Equal(
            "2026-11-23",
            (
                (string)
                    (await clients.SendAsync("GET", User + "?$select=signInSessionsValidFromDateTime")).Body![
                        "signInSessionsValidFromDateTime"
                    ]!
            )[..10]
        );
        Assert.Equal([0, 0], sandbox.Requests.Where(r => r.Fault is not null).Select(r => r.Status));
    }

    [Fact]
    public async Task A_rule_that_fitted_nothing_is_named()
    {
        await using var sandbox = await StartAsync(
            new SandboxOptions { Faults = "DELETE graph/groups/* => status=503 times=1; GET graph/users* => latency=0ms" }
        );
        using var clients = new PinnedClients(sandbox);
        await clients.SendAsync("GET", User);

        Assert.Equal(["DELETE graph/groups/* => status=503 times=1"], sandbox.UnmatchedFaults);
    }

    [Fact]
    public async Task A_permission_that_is_missing_refuses_its_calls_alone_and_is_not_in_the_token()
    {
        await using var sandbox = await StartAsync(
            new SandboxOptions
            {
                WithoutPermissions = ["User.RevokeSessions.All", "User-LifeCycleInfo.Read.All", "roleeligibilityschedule.read.directory"],
            }
        );
        using var clients = new PinnedClients(sandbox);
        var refused = await clients.SendAsync("POST", User + "/revokeSignInSessions");
        var payload = (await clients.TokenAsync("https://graph.microsoft.com")).Split('.')[1];
        var roles = JsonNode.Parse(System.Buffers.Text.Base64Url.DecodeFromChars(payload))!["roles"]!
            .AsArray()
            .Select(r => (string)r!)
            .ToList();

        Assert.Equal(
            (403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."),
            (refused.Status, (string?)refused.Body!["error"]!["code"], (string?)refused.Body["error"]!["message"])
        );
        Assert.Equal(
            (204, 200, 403, 403, 200),
            (
                (await clients.SendAsync("PATCH", User, new { accountEnabled = false })).Status,
                (await clients.SendAsync("GET", User + "?$select=id")).Status,
                (await clients.SendAsync("GET", User + "?$select=id,employeeLeaveDateTime")).Status,
                (await clients.SendAsync("GET", "/v1.0/roleManagement/directory/roleEligibilityScheduleInstances")).Status,
                (await clients.SendAsync("GET", "/v1.0/roleManagement/directory/roleAssignments")).Status
            )
        );
        Assert.Equal(
            (false, false, true),
            (
                roles.Contains("User.RevokeSessions.All"),
                roles.Contains("RoleEligibilitySchedule.Read.Directory"),
                roles.Contains("User.EnableDisableAccount.All")
            )
        );
        sandbox.Tenant.Denied.Clear();
        Assert.Equal(200, (await clients.SendAsync("POST", User + "/revokeSignInSessions")).Status);
    }

    [Fact]
    public async Task A_permission_nobody_knows_is_refused_at_start() =>
        Assert.StartsWith(
            "the sandbox asks no call for the permission User.Disable.All; it knows Application.Read.All,",
            (
                await Assert.ThrowsAsync<SandboxException>(() =>
                    StartAsync(new SandboxOptions { WithoutPermissions = ["User.Disable.All"] })
                )
            ).Message,
            StringComparison.Ordinal
        );

    [Fact]
    public void Quotas_refuse_the_request_one_past_them_and_open_again_with_time()
    {
        var (quotas, counted) = (new Quotas(enforced: true), new Quotas(enforced: false));
        TimeSpan? Take(
            Quotas of,
            double second,
            string method = "DELETE",
            Service service = Service.Arm,
            string path = "/subscriptions/a/providers/x"
        ) =>
            of.Take(
                new Call
                {
                    Service = service,
                    Host = "",
                    Method = method,
                    Path = path,
                    RawQuery = "",
                    Root = "",
                    Header = _ => null,
                    Now = DemoFixture.Now.AddSeconds(second),
                    RequestId = "",
                }
            );
        for (var i = 0; i < 200; i++)
            Assert.Null(Take(quotas, 0));
        Assert.Equal(TimeSpan.FromMilliseconds(100), Take(quotas, 0));
        Assert.Equal((null, null, null), (Take(quotas, 0, "PUT"), Take(quotas, 0, path: "/subscriptions/b"), Take(quotas, 0.1)));
        for (var i = 0; i < 3000; i++)
            Assert.Null(Take(quotas, i < 1000 ? 0 : 100, "PATCH", Service.Graph, "/users/x"));
        Assert.Equal(
            (TimeSpan.FromSeconds(50), null, null),
            (
                Take(quotas, 100, "POST", Service.Graph, "/groups"),
                Take(quotas, 100, "GET", Service.Graph, "/users"),
                Take(quotas, 150, "POST", Service.Graph, "/groups")
            )
        );
        for (var i = 0; i < 300; i++)
            Assert.Null(Take(counted, 0));

        Assert.Equal([new QuotaUse("arm deletes of a", 300, 1.5)], counted.Uses);
        Assert.Equal(
            [
                ("arm deletes of a", 201L, 1.0),
                ("arm deletes of b", 1L, 0.005),
                ("arm writes of a", 1L, 0.005),
                ("graph writes", 3001L, 1.0),
            ],
            quotas.Uses.Select(u => (u.Name, u.Requests, u.Peak))
        );
    }

    [Fact]
    public async Task A_request_over_a_quota_is_told_how_long_to_wait()
    {
        var clock = new FakeTimeProvider(DemoFixture.Now);
        await using var sandbox = await StartAsync(new SandboxOptions { EnforceQuotas = true, Clock = clock });
        using var clients = new PinnedClients(sandbox);
        var vault = sandbox.Tenant.Resources.All().First().Id + "?api-version=2026-02-01";
        var token = await clients.TokenAsync("https://management.azure.com");
        await Task.WhenAll(Enumerable.Range(0, 250).Select(_ => clients.RawAsync(vault, token: token)));
        var over = await clients.SendAsync("GET", vault, token: token);
        clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal((429, "1"), (over.Status, over.Response.Headers.GetValues("Retry-After").Single()));
        Assert.Equal(200, (await clients.SendAsync("GET", vault, token: token)).Status);
        Assert.Equal(1.0, Assert.Single(sandbox.Quotas).Peak);
    }

    [Theory]
    [InlineData("graph/users => consistency=soon", "consistency=soon must be a duration, as 500ms, 30s or 5m")]
    [InlineData("graph/users => consistency=-1s", "consistency=-1s must be a duration, as 500ms, 30s or 5m")]
    public async Task A_bad_lag_is_refused(string rule, string reason) =>
        Assert.EndsWith(
            reason,
            (await Assert.ThrowsAsync<SandboxException>(() => StartAsync(new SandboxOptions { Faults = rule }))).Message,
            StringComparison.Ordinal
        );
}
