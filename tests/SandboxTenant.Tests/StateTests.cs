using System.Text.Json.Nodes;
using SandboxTenant.Data;

namespace SandboxTenant.Tests;

public sealed class StateTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("sandbox-").FullName;

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private Task<Sandbox> StartAsync() =>
        Sandbox.StartAsync(new SandboxOptions { Now = DemoFixture.Now, StateDirectory = _folder }, TimeProvider.System, Stop);

    [Fact]
    public async Task Changes_are_seen_at_once_and_after_a_restart()
    {
        string app,
            user,
            group,
            keyId;
        await using (var sandbox = await StartAsync())
        {
            using var clients = new PinnedClients(sandbox);
            app = "/v1.0/applications/" + sandbox.Tenant.Applications.All()[0].Id;
            var someGroup = sandbox.Tenant.Groups.All()[0].Id;
            var member = sandbox.Tenant.GroupMembers.Of(someGroup).All()[0].Id;
            (user, group) = ("/v1.0/users/" + member, $"/v1.0/groups/{someGroup}/members");
            Assert.Equal(204, (await clients.SendAsync("PATCH", user, new { accountEnabled = false })).Status);
            Assert.Equal(204, (await clients.SendAsync("DELETE", $"{group}/{member}/$ref")).Status);
            Assert.Equal(404, (await clients.SendAsync("DELETE", $"{group}/{member}/$ref")).Status);
            var added = await clients.SendAsync("POST", app + "/addPassword", new { passwordCredential = new { displayName = "new" } });
            Assert.StartsWith("sbx~", (string)added.Body!["secretText"]!, StringComparison.Ordinal);
            keyId = (string)added.Body["keyId"]!;
            var old = (string)Json.Object(sandbox.Tenant.Applications.All()[0].Json)["passwordCredentials"]![0]!["keyId"]!;
            Assert.Equal(204, (await clients.SendAsync("POST", app + "/removePassword", new { keyId = old })).Status);
            Assert.Equal(400, (await clients.SendAsync("POST", app + "/removePassword", new { keyId = old })).Status);
            await clients.Secrets("kv-nw-prod").SetSecretAsync("smtp-password", "planted-new", Stop);
            await clients.SendAsync(
                "PATCH",
                sandbox.VaultAddress("kv-nw-prod") + "secrets/cdn-purge-token?api-version=7.6",
                new { attributes = new { enabled = false } }
            );
            await clients.Secrets("kv-nw-prod").StartDeleteSecretAsync("search-admin-key", Stop);
        }
        await using (var sandbox = await StartAsync())
        {
            using var clients = new PinnedClients(sandbox);
            Assert.False((bool)(await clients.SendAsync("GET", user + "?$select=accountEnabled")).Body!["accountEnabled"]!);
            Assert.DoesNotContain(user.Split('/')[^1], (await clients.AllAsync(group)).Items.Select(m => (string?)m["id"]));
            var passwords = (await clients.SendAsync("GET", app + "?$select=passwordCredentials")).Body!["passwordCredentials"]!.AsArray();
            Assert.Equal((keyId, null), ((string?)Assert.Single(passwords)!["keyId"], passwords[0]!["secretText"]));
            Assert.Equal(
                "planted-new",
                (await clients.Secrets("kv-nw-prod").GetSecretAsync("smtp-password", cancellationToken: Stop)).Value.Value
            );
            Assert.Equal(
                2,
                (await clients.AllAsync(sandbox.VaultAddress("kv-nw-prod") + "secrets/smtp-password/versions?api-version=7.6")).Items.Count
            );
            Assert.Equal(
                403,
                (await clients.SendAsync("GET", sandbox.VaultAddress("kv-nw-prod") + "secrets/cdn-purge-token?api-version=7.6")).Status
            );
            Assert.Equal(
                404,
                (await clients.SendAsync("GET", sandbox.VaultAddress("kv-nw-prod") + "secrets/search-admin-key?api-version=7.6")).Status
            );
        }
    }

    [Fact]
    public async Task A_deleted_user_no_longer_shows_as_owner()
    {
        await using var sandbox = await StartAsync();
        using var clients = new PinnedClients(sandbox);
        var app = sandbox.Tenant.Applications.All()[0].Id;
        var owner = sandbox.Tenant.ApplicationOwners.Of(app).All()[0].Id;
        var deleted = await clients.SendAsync("DELETE", "/v1.0/users/" + owner);

        Assert.Equal((204, 404), (deleted.Status, (await clients.SendAsync("GET", "/v1.0/users/" + owner)).Status));
        Assert.Empty((await clients.AllAsync($"/v1.0/applications/{app}/owners")).Items);
    }

    [Fact]
    public async Task A_torn_last_line_is_dropped_and_named_and_the_next_change_is_kept()
    {
        var journal = Path.Combine(_folder, Journal.FileName);
        await using (await StartAsync())
            await Task.CompletedTask;
        await File.AppendAllTextAsync(journal, """{"op":"delete","set":"users","id":"x""", Stop);
        await using (var sandbox = await StartAsync())
        {
            using var clients = new PinnedClients(sandbox);
            Assert.Equal([$"{journal}: line 2 was cut off while it was written and is dropped"], sandbox.Notices);
            await clients.SendAsync("PATCH", "/v1.0/users/" + sandbox.Tenant.Users.All()[0].Id, new { jobTitle = "Changed" });
        }
        await using (var sandbox = await StartAsync())
            Assert.Equal(("Changed", 0), (Json.Text(sandbox.Tenant.Users.All()[0].Json, "jobTitle"), sandbox.Notices.Count));
    }

    [Theory]
    [InlineData("nonsense\n", "is not a change the sandbox wrote: nonsense")]
    [InlineData("{\"op\":\"tenant\",\"id\":\"other\"}\n", "holds the changes of tenant other, not of ")]
    public async Task A_journal_that_is_not_this_tenant_s_is_refused(string content, string reason)
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, Journal.FileName), content, Stop);

        Assert.Contains(reason, (await Assert.ThrowsAsync<SandboxException>(StartAsync)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_request_log_file_has_a_line_a_request_and_no_token()
    {
        var file = Path.Combine(_folder, "requests.jsonl");
        await using (
            var sandbox = await Sandbox.StartAsync(
                new SandboxOptions
                {
                    Now = DemoFixture.Now,
                    RequestLog = file,
                    Faults = "graph/groups => status=503",
                },
                TimeProvider.System,
                Stop
            )
        )
        {
            using var clients = new PinnedClients(sandbox);
            await clients.SendAsync("GET", "/v1.0/groups?$top=5");
        }
        var lines = (await File.ReadAllLinesAsync(file, Stop)).Select(l => JsonNode.Parse(l)!).ToList();

        Assert.Equal(["login", "graph"], lines.Select(l => (string?)l["host"]));
        Assert.Equal(
            ("GET", "/v1.0/groups?$top=5", 503, "graph/groups => status=503"),
            ((string)lines[1]["method"]!, (string)lines[1]["path"]!, (int)lines[1]["status"]!, (string)lines[1]["fault"]!)
        );
        Assert.DoesNotContain("Bearer", await File.ReadAllTextAsync(file, Stop), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_tenant_made_in_a_test_is_served_and_can_be_changed_while_it_runs()
    {
        var tenant = new TenantData()
            .Add(
                "applications",
                """
                {"id":"a","appId":"b","displayName":"One","passwordCredentials":[],"owners":[{"id":"u",
                 "userPrincipalName":"u@example.com"}]}
                """
            )
            .Add("vaults/kv-x/secrets", """{"id":"https://kv-x.vault.azure.net/secrets/s","attributes":{"enabled":true,"created":1}}""");
        await using var sandbox = await Sandbox.StartAsync(new SandboxOptions { Tenant = tenant }, TimeProvider.System, Stop);
        using var clients = new PinnedClients(sandbox);
        sandbox.Tenant.Change("applications", "a", """{"displayName":"Two"}""").Add("applications", """{"id":"c"}""");
        sandbox.Tenant.Remove("vaults/kv-x/secrets", "s");

        Assert.Equal(["Two", null], (await clients.AllAsync("/v1.0/applications")).Items.Select(a => (string?)a["displayName"]));
        Assert.Equal(
            "#microsoft.graph.user",
            (string?)(await clients.AllAsync("/v1.0/applications/a/owners")).Items.Single()["@odata.type"]
        );
        Assert.Empty((await clients.AllAsync(sandbox.VaultAddress("kv-x") + "secrets?api-version=7.6")).Items);
    }

    [Fact]
    public async Task A_taken_port_and_a_bad_folder_are_one_line_and_exit_code_1()
    {
        await using var sandbox = await StartAsync();
        using var error = new StringWriter();
        var port = await SandboxCommand.RunAsync(["serve", "--port", $"{sandbox.Port}"], TextWriter.Null, error);
        var folder = await SandboxCommand.RunAsync(["check", Path.Combine(_folder, "none")], TextWriter.Null, error);

        Assert.Equal((1, 1), (port, folder));
        Assert.Equal(
            $"port {sandbox.Port} on 127.0.0.1 is taken; stop what uses it or name another with --port\n{Path.Combine(_folder, "none")}: "
                + "there is no such folder\n",
            error.ToString().ReplaceLineEndings("\n")
        );
    }

    private const string WrongSize =
        "a generated tenant's counts, and its credentials in all, must be from 0 to 2000000 and its flagged share from 0 to 1";

    [Theory]
    [InlineData("--port 65536: is not a number from 0 (a free port) to 65535", "--port", "65536")]
    [InlineData("--port -1: is not a number from 0 (a free port) to 65535", "--port", "-1")]
    [InlineData("--port x: is not a number from 0 (a free port) to 65535", "--port", "x")]
    [InlineData("--now 0001-01-01: is not a time from 2000 to 2099 (ISO 8601, as 2026-11-23T08:00:00Z)", "--now", "0001-01-01")]
    [InlineData("--now 9999-12-31: is not a time from 2000 to 2099 (ISO 8601, as 2026-11-23T08:00:00Z)", "--now", "9999-12-31")]
    [InlineData(WrongSize, "--applications", "2147483647")]
    [InlineData(WrongSize, "--leavers", "-1")]
    [InlineData(WrongSize, "--applications", "2000000", "--credentials", "2")]
    [InlineData(WrongSize, "--flagged-share", "NaN")]
    public async Task A_value_out_of_its_range_is_one_line_and_exit_code_1(string expected, params string[] options)
    {
        using var error = new StringWriter { NewLine = "\n" };
        using var output = new StringWriter();

        var code = await SandboxCommand.RunAsync(["serve", .. options], output, error);

        Assert.Equal((1, expected + "\n", ""), (code, error.ToString(), output.ToString()));
    }

    [Theory]
    [InlineData("2000-01-01")]
    [InlineData("2099-12-31T23:59:59Z")]
    public async Task A_demo_tenant_is_made_at_the_first_and_the_last_time_that_may_be_set(string now)
    {
        using var output = new StringWriter();

        var code = await SandboxCommand.RunAsync(["export", "--now", now, "--to", Path.Combine(_folder, now[..4])], output, output);

        Assert.True(code == 0, output.ToString());
    }

    [Fact]
    public async Task Export_writes_a_folder_that_check_accepts()
    {
        using var output = new StringWriter();
        var to = Path.Combine(_folder, "tenant");
        var exported = await SandboxCommand.RunAsync(
            ["export", "--to", to, "--applications", "30", "--credentials", "1", "--vault-objects", "10", "--vaults", "2"],
            output,
            TextWriter.Null
        );
        var check = await SandboxCommand.RunAsync(["check", to], output, TextWriter.Null);

        Assert.Equal((0, 0), (exported, check));
        Assert.Contains("30 applications", output.ToString(), StringComparison.Ordinal);
        Assert.Contains("10 objects in 2 vaults", output.ToString(), StringComparison.Ordinal);
    }
}
