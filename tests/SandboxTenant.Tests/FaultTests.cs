using System.Diagnostics;
using SandboxTenant.Data;
using SandboxTenant.Demo;
using SandboxTenant.Faults;

namespace SandboxTenant.Tests;

/// <summary>Every rule that docs/architecture/sandbox-tenant.md shows, run against a tenant.</summary>
public sealed class FaultTests
{
    private static readonly Dictionary<string, Func<Sandbox, PinnedClients, Task>> Documented = new()
    {
        ["graph/applications* => status=403"] = (_, c) => Answers(c, "/v1.0/applications", 403, "Authorization_RequestDenied", null),
        ["graph/servicePrincipals => status=429 retry-after=3"] = (_, c) =>
            Answers(c, "/v1.0/servicePrincipals", 429, "TooManyRequests", "3"),
        ["graph/users* => status=503 retry-after=date"] = async (_, c) =>
        {
            var (status, _, response) = await c.SendAsync("GET", "/v1.0/users");
            Assert.Equal(503, status);
            Assert.NotNull(response.Headers.RetryAfter!.Date);
        },
        ["graph/groups => status=429 retry-after=none"] = (_, c) => Answers(c, "/v1.0/groups", 429, "TooManyRequests", null),
        ["GET arm/subscriptions => status=429 retry-after=0"] = (_, c) =>
            Answers(c, "/subscriptions?api-version=2022-12-01", 429, "TooManyRequests", "0"),
        ["arm/providers/Microsoft.ResourceGraph/resources => status=429 retry-after=3600 times=1"] = async (_, c) =>
        {
            const string Url = "/providers/Microsoft.ResourceGraph/resources?api-version=2022-10-01";
            var first = await c.SendAsync("POST", Url, new { query = "resources" });
            var second = await c.SendAsync("POST", Url, new { query = "resources" });
            Assert.Equal((429, "3600", 200), (first.Status, first.Response.Headers.RetryAfter!.ToString(), second.Status));
        },
        ["kv-nw-hr/* => status=403 code=ForbiddenByFirewall"] = async (s, c) =>
        {
            var (status, body, _) = await c.SendAsync("GET", s.VaultAddress("kv-nw-hr") + "keys?api-version=7.6");
            Assert.Equal(
                (403, "Forbidden", "ForbiddenByFirewall"),
                (status, (string?)body!["error"]!["code"], (string?)body["error"]!["innererror"]!["code"])
            );
        },
        ["kv-nw-dev/secrets* => status=403"] = async (s, c) =>
        {
            var (status, body, _) = await c.SendAsync("GET", s.VaultAddress("kv-nw-dev") + "secrets?api-version=7.6");
            Assert.Equal((403, "ForbiddenByRbac"), (status, (string?)body!["error"]!["innererror"]!["code"]));
            Assert.Equal(200, (await c.SendAsync("GET", s.VaultAddress("kv-nw-dev") + "keys?api-version=7.6")).Status);
        },
        ["* => status=429 rate=10%"] = async (s, _) =>
        {
            // Counted on the plan itself: sign-in would be refused now and then as well.
            var plan = FaultPlan.Parse("* => status=429 rate=10%", 2026);
            var hits = Enumerable.Range(0, 2000).Count(_ => plan.For("GET", "graph/users").Count > 0);
            Assert.InRange(hits, 150, 250);
            var again = FaultPlan.Parse("* => status=429 rate=10%", 2026);
            Assert.Equal(hits, Enumerable.Range(0, 2000).Count(_ => again.For("GET", "graph/users").Count > 0));
            await Task.CompletedTask;
        },
        ["graph/applications => status=500 after=1"] = async (_, c) =>
            Assert.Equal(
                (200, 500, 500),
                (
                    (await c.SendAsync("GET", "/v1.0/applications")).Status,
                    (await c.SendAsync("GET", "/v1.0/applications")).Status,
                    (await c.SendAsync("GET", "/v1.0/applications")).Status
                )
            ),
        ["graph/* => latency=20ms"] = async (_, c) =>
        {
            var token = await c.TokenAsync("https://graph.microsoft.com");
            var watch = Stopwatch.StartNew();
            Assert.Equal(200, (await c.SendAsync("GET", "/v1.0/organization", token: token)).Status);
            Assert.True(watch.ElapsedMilliseconds >= 18, $"took {watch.ElapsedMilliseconds} ms");
        },
        ["graph/organization => drop"] = async (s, c) =>
        {
            await Assert.ThrowsAsync<HttpRequestException>(() => c.SendAsync("GET", "/v1.0/organization"));
            Assert.Equal(0, s.Requests[^1].Status);
        },
        ["PATCH graph/users/* => drop-after times=1"] = async (s, c) =>
        {
            await Assert.ThrowsAsync<HttpRequestException>(() =>
                c.SendAsync("PATCH", "/v1.0/users/" + DemoLeaver.LeaverId, new { jobTitle = "Changed" })
            );
            Assert.Equal("Changed", Json.Text(s.Tenant.Users.Find(DemoLeaver.LeaverId)!.Json, "jobTitle"));
        },
        ["GET graph/users/*/memberOf => consistency=30s"] = async (s, c) =>
        {
            var group = s.Tenant.Groups.All().Single(g => Json.Text(g.Json, "displayName") == "git-users").Id;
            Assert.Equal(204, (await c.SendAsync("DELETE", $"/v1.0/groups/{group}/members/{DemoLeaver.LeaverId}/$ref")).Status);
            Assert.Contains(group, (await c.AllAsync($"/v1.0/users/{DemoLeaver.LeaverId}/memberOf")).Items.Select(g => (string?)g["id"]));
        },
        ["graph/applications => cut=200"] = async (_, c) =>
        {
            var (status, body, response) = await Raw(c, "/v1.0/applications");
            Assert.Equal((200, 200, 200L), (status, body.Length, response.Content.Headers.ContentLength));
        },
        ["graph/applications => malformed"] = async (_, c) =>
        {
            var (status, body, _) = await Raw(c, "/v1.0/applications");
            Assert.Equal(200, status);
            Assert.ThrowsAny<System.Text.Json.JsonException>(() => System.Text.Json.JsonDocument.Parse(body));
        },
        ["graph/applications => nextlink=repeat"] = async (_, c) =>
        {
            var first = await c.SendAsync("GET", "/v1.0/applications?$top=10");
            var link = (string)first.Body!["@odata.nextLink"]!;
            var second = await c.SendAsync("GET", link);
            Assert.Equal(link, (string?)second.Body!["@odata.nextLink"]);
            Assert.Equal(first.Body["value"]!.ToJsonString(), second.Body["value"]!.ToJsonString());
        },
        ["graph/applications => nextlink=https://evil.example/v1.0/applications"] = async (_, c) =>
            Assert.Equal(
                "https://evil.example/v1.0/applications",
                (string?)(await c.SendAsync("GET", "/v1.0/applications")).Body!["@odata.nextLink"]
            ),
        ["graph/applications => duplicate-page"] = async (_, c) =>
        {
            var (items, pages) = await c.AllAsync("/v1.0/applications?$top=50");
            Assert.Equal((300, 150, 6), (items.Count, items.Select(i => (string?)i["id"]).Distinct().Count(), pages));
        },
        ["login/* => expired-signin"] = async (_, c) =>
            Assert.Contains(
                "AADSTS7000222",
                (
                    await Assert.ThrowsAsync<Azure.Identity.AuthenticationFailedException>(() =>
                        c.TokenAsync("https://graph.microsoft.com")
                    )
                ).ToString(),
                StringComparison.Ordinal
            ),
    };

    public static TheoryData<string> Rules => [.. Documented.Keys];

    [Theory]
    [MemberData(nameof(Rules))]
    public async Task A_documented_rule_does_what_it_says(string rule)
    {
        await using var sandbox = await Sandbox.StartAsync(
            new SandboxOptions { Now = DemoFixture.Now, Faults = rule.StartsWith('*') ? null : rule },
            TimeProvider.System,
            TestContext.Current.CancellationToken
        );
        using var clients = new PinnedClients(sandbox);
        await Documented[rule](sandbox, clients);
    }

    // On a clock whose waits are over at once and are written down: neither a slow machine nor a fast one changes what is asserted.
    [Fact]
    public async Task A_rules_latency_is_waited_for_exactly_once_a_request_and_by_no_other_request()
    {
        var clock = new NotedWaits();
        await using var sandbox = await Sandbox.StartAsync(
            new SandboxOptions { Now = DemoFixture.Now, Faults = "graph/organization => latency=20ms; graph/* => latency=300ms times=2" },
            clock,
            TestContext.Current.CancellationToken
        );
        using var clients = new PinnedClients(sandbox);
        var token = await clients.TokenAsync("https://graph.microsoft.com");
        var before = clock.Waits.Count;

        const string Own = "/v1.0/organization";
        const string Others = "/v1.0/applications?$top=1";
        foreach (var path in (string[])[Own, Others, Others, Own])
            Assert.Equal(200, (await clients.SendAsync("GET", path, token: token)).Status);

        Assert.Equal([320, 300, 20], clock.Waits.Skip(before).Select(w => w.TotalMilliseconds));
    }

    private sealed class NotedWaits : TimeProvider
    {
        public System.Collections.Concurrent.ConcurrentQueue<TimeSpan> Waits { get; } = new();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            if (dueTime > TimeSpan.Zero)
                Waits.Enqueue(dueTime);
            return System.CreateTimer(callback, state, dueTime > TimeSpan.Zero ? TimeSpan.Zero : dueTime, period);
        }
    }

    [Fact]
    public void The_rules_run_here_are_the_ones_the_documentation_shows() =>
        Assert.Equal(Docs.Block("faults").Split('\n', StringSplitOptions.RemoveEmptyEntries), Documented.Keys);

    [Fact]
    public async Task A_request_inside_a_batch_is_throttled_on_its_own()
    {
        await using var sandbox = await Sandbox.StartAsync(
            new SandboxOptions { Now = DemoFixture.Now, Faults = "graph/applications/*/owners => status=429 retry-after=7 times=1" },
            TimeProvider.System,
            TestContext.Current.CancellationToken
        );
        using var clients = new PinnedClients(sandbox);
        var id = sandbox.Tenant.Applications.All()[0].Id;
        var (status, body, _) = await clients.SendAsync(
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
                        url = $"/applications/{id}/owners",
                    },
                    new
                    {
                        id = "2",
                        method = "GET",
                        url = $"/applications/{id}/owners",
                    },
                },
            }
        );
        var answers = body!["responses"]!.AsArray();

        Assert.Equal(
            (200, 429, "7", 200),
            (status, (int)answers[0]!["status"]!, (string)answers[0]!["headers"]!["Retry-After"]!, (int)answers[1]!["status"]!)
        );
        Assert.Equal(
            [sandbox.Requests[^1].RequestId, sandbox.Requests[^1].RequestId, null],
            sandbox.Requests.TakeLast(3).Select(r => r.Batch)
        );
    }

    [Fact]
    public async Task Rules_can_be_changed_while_the_sandbox_runs()
    {
        await using var sandbox = await Sandbox.StartAsync(
            new SandboxOptions { Now = DemoFixture.Now },
            TimeProvider.System,
            TestContext.Current.CancellationToken
        );
        using var clients = new PinnedClients(sandbox);
        sandbox.SetFaults("graph/users => status=403");
        var refused = (await clients.SendAsync("GET", "/v1.0/users")).Status;
        sandbox.SetFaults(null);

        Assert.Equal((403, 200), (refused, (await clients.SendAsync("GET", "/v1.0/users")).Status));
    }

    [Theory]
    [InlineData(
        "graph/* status=403",
        "fault rule 1 (character 1) \"graph/* status=403\": has no =>; a rule is [METHOD] PATTERN => action ..."
    )]
    [InlineData(
        "* => drop; graph/* => status=200",
        "fault rule 2 (character 12) \"graph/* => status=200\": status=200 must be a whole number from 400 to 599"
    )]
    [InlineData("* => explode", "fault rule 1 (character 1) \"* => explode\": there is no action explode")]
    [InlineData(
        "* => rate=10%",
        "fault rule 1 (character 1) \"* => rate=10%\": does nothing; give status=, latency=, drop, drop-after, consistency=, cut=, "
            + "malformed, nextlink=, duplicate-page or expired-signin"
    )]
    [InlineData(
        "* => status=429 rate=110%",
        "fault rule 1 (character 1) \"* => status=429 rate=110%\": rate=110% must be a percentage from 0% to 100%"
    )]
    [InlineData("* => drop code=X", "fault rule 1 (character 1) \"* => drop code=X\": code= and retry-after= go with status=")]
    [InlineData("* => latency=2s", "fault rule 1 (character 1) \"* => latency=2s\": latency=2s must be milliseconds, as 20ms")]
    [InlineData(
        "get * => drop",
        "fault rule 1 (character 1) \"get * => drop\": the left side must be [METHOD] PATTERN, the method in capitals"
    )]
    public void A_bad_rule_is_refused_with_its_place_and_reason(string spec, string message) =>
        Assert.Equal(message, Assert.Throws<SandboxException>(() => FaultPlan.Parse(spec, 1)).Message);

    private static async Task Answers(PinnedClients clients, string url, int status, string code, string? retryAfter)
    {
        var answer = await clients.SendAsync("GET", url);
        Assert.Equal(
            (status, code, retryAfter),
            (answer.Status, (string?)answer.Body!["error"]!["code"], answer.Response.Headers.RetryAfter?.ToString())
        );
    }

    private static async Task<(int, string, HttpResponseMessage)> Raw(PinnedClients clients, string url)
    {
        var response = await clients.RawAsync(url);
        return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), response);
    }
}
