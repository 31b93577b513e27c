using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Compliance.Credentials;
using Compliance.Findings;
using Compliance.Minimization.Inventory;
using Compliance.Minimization.Sweeps;
using Compliance.Notifications.Channels;
using Compliance.Offboarding.Actions;
using Compliance.Tenants;
using Local;
using SandboxTenant;

namespace Compliance.Tests.Tenants;

/// <summary>The product's adapters against the sandbox over HTTPS, through the official SDKs.</summary>
public sealed class ReadingTests
{
    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_demo_tenant_is_read_whole()
    {
        await using var reader = await Reader.StartAsync();

        var seen = await reader.ReadAsync();

        Assert.Empty(seen.Gaps);
        Assert.Equal(seen.Credentials.Count, seen.Credentials.Distinct().Count());
        var kinds = seen.All.GroupBy(c => c.Kind).ToDictionary(g => g.Key, g => g.Count());
        // 40 vault objects: the secrets and keys behind certificates are not counted again.
        Assert.Equal(40, kinds[CredentialKind.VaultSecret] + kinds[CredentialKind.VaultKey] + kinds[CredentialKind.VaultCertificate]);
        Assert.All(Enum.GetValues<CredentialKind>(), kind => Assert.True(kinds.ContainsKey(kind), $"no {kind} was read"));
        Assert.DoesNotContain(
            seen.All,
            c => c.Subject.Id.Contains(reader.Sandbox.Port.ToString(CultureInfo.InvariantCulture), StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Every_request_is_one_that_is_declared_with_its_permission()
    {
        await using var reader = await Reader.StartAsync();
        var seen = await reader.ReadAsync();
        await reader.Get<ITenantIdentity>().WhoAsync(Stop);
        await reader.Get<IOwnerDirectory>().OwnersAsync([.. seen.All.Select(c => c.Subject).DistinctBy(s => s.Id).Take(25)], Stop);
        await reader.Get<IOwnerDirectory>().PeopleAsync(["nobody@northwynd.example"], Stop);
        await reader.Get<IRotationPolicies>().ReadAsync([seen.All.First(c => c.Kind == CredentialKind.VaultKey)], Stop);
        await reader.Get<IResourceLookup>().FindAsync(seen.All.First(c => c.ResourceId is not null).ResourceId!, Stop);

        var undeclared = reader
            .Sandbox.Requests.Where(r => r.Host != "login")
            .Where(r => !Declared(r.Method, r.Host, r.Path))
            .Select(r => $"{r.Method} {r.Host}{r.Path}");

        Assert.True(reader.Sandbox.Requests.Count > 30);
        Assert.Empty(undeclared);
        Assert.False(Declared("DELETE", "graph", "/v1.0/applications/x"));
        Assert.False(Declared("GET", "kv-nw-prod", "/secrets/db/1a2b"));
    }

    [Fact]
    public void The_page_of_permissions_names_every_declared_one()
    {
        var page = File.ReadAllText(Path.Combine(RepositoryRoot.Find(), "docs", "reference", "permissions.md"));

        Assert.All(
            DeclaredCall.All.Concat(NotificationCalls.All).Concat(InventoryCalls.All).Concat(SweepCalls.All),
            call => Assert.Contains($"| {call.Method} `{call.Path}` | {call.Permission} | {call.For} |", page, StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task A_source_that_refuses_us_names_the_permission_and_its_grant_and_the_rest_is_read()
    {
        await using var reader = await Reader.StartAsync(
            "graph/applications => status=403; kv-nw-hr/keys => status=403; kv-nw-dev/* => status=403 code=ForbiddenByFirewall"
        );

        var seen = await reader.ReadAsync();

        Assert.Equal(5, seen.Gaps.Count());
        var applications = seen.Outcomes[Sources.Applications];
        Assert.Equal("Application.Read.All", applications.Permission);
        Assert.StartsWith($"az ad app permission add --id {reader.Sandbox.ClientId}", applications.Remedy, StringComparison.Ordinal);
        var keys = seen.Gaps.Single(g => g.Source.Contains("kv-nw-hr", StringComparison.Ordinal));
        Assert.Equal("Key Vault Reader", keys.Permission);
        Assert.Contains("--scope '/subscriptions/", keys.Remedy, StringComparison.Ordinal);
        Assert.All(
            seen.Gaps.Where(g => g.Source.Contains("kv-nw-dev", StringComparison.Ordinal)),
            g => Assert.Contains("firewall", g.Reason, StringComparison.Ordinal)
        );
        Assert.True(seen.Outcomes[Sources.ServicePrincipals].Complete);
        var logged = reader.Logs.GetSnapshot().Where(r => r.Message.Contains("was not read to its end", StringComparison.Ordinal));
        Assert.Equal(
            seen.Gaps.Select(g => (g.Source, g.Reason)),
            logged
                .Select(r => (r.GetStructuredStateValue("Source")!, r.GetStructuredStateValue("Reason")))
                .OrderBy(r => r.Item1, StringComparer.Ordinal)
        );
    }

    [Theory]
    [InlineData("graph/applications", "graph/applications")]
    [InlineData("arm/subscriptions", "arm/subscriptions")]
    [InlineData("kv-nw-prod/secrets", "secrets")]
    [InlineData("kv-nw-prod/keys", "keys")]
    public async Task A_next_link_that_repeats_is_no_end_and_is_told(string pattern, string source)
    {
        await using var reader = await Reader.StartAsync($"{pattern} => nextlink=repeat");

        var seen = await reader.ReadAsync();

        var gap = Assert.Single(seen.Gaps);
        Assert.EndsWith(source, gap.Source, StringComparison.Ordinal);
        Assert.Contains("twice", gap.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("graph/applications")]
    [InlineData("arm/subscriptions")]
    [InlineData("kv-nw-prod/secrets")]
    [InlineData("kv-nw-prod/keys")]
    public async Task A_next_link_to_another_host_is_never_followed(string pattern)
    {
        using var foreign = new TcpListener(IPAddress.Loopback, 0);
        foreign.Start();
        var port = ((IPEndPoint)foreign.LocalEndpoint).Port;
        await using var reader = await Reader.StartAsync($"{pattern} => nextlink=https://evil.localhost:{port}/page2");

        var seen = await reader.ReadAsync();

        Assert.Contains("another host (evil.localhost)", Assert.Single(seen.Gaps).Reason, StringComparison.Ordinal);
        Assert.False(foreign.Pending());
    }

    [Fact]
    public async Task A_next_link_to_another_vault_is_never_followed_either()
    {
        await using var reader = await Reader.StartAsync();
        reader.Sandbox.SetFaults($"kv-nw-prod/secrets => nextlink=https://kv-nw-hr.vault.localhost:{reader.Sandbox.Port}/secrets?evil=1");

        var seen = await reader.ReadAsync();

        Assert.Contains("another host (kv-nw-hr.vault.localhost)", Assert.Single(seen.Gaps).Reason, StringComparison.Ordinal);
        Assert.DoesNotContain(reader.Sandbox.Requests, r => r.Path.Contains("evil", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("graph/applications => cut=200")]
    [InlineData("graph/applications => malformed")]
    [InlineData("arm/providers/Microsoft.ResourceGraph/resources => cut=200")]
    [InlineData("kv-nw-prod/secrets => cut=100")]
    [InlineData("kv-nw-prod/keys => malformed")]
    public async Task An_answer_that_is_cut_off_or_malformed_is_told_and_nothing_else_is_lost(string fault)
    {
        await using var reader = await Reader.StartAsync(fault);

        var seen = await reader.ReadAsync();

        Assert.NotEmpty(seen.Gaps);
        Assert.All(seen.Gaps, gap => Assert.Contains("JSON", gap.Reason, StringComparison.Ordinal));
        Assert.True(seen.Outcomes[Sources.ServicePrincipals].Complete);
    }

    [Fact]
    public async Task A_page_delivered_twice_counts_once()
    {
        await using var plain = await Reader.StartAsync();
        await using var doubled = await Reader.StartAsync(
            "graph/* => duplicate-page; arm/subscriptions => duplicate-page; arm/providers/* => duplicate-page; kv-* => duplicate-page"
        );

        Assert.Equal((await plain.ReadAsync()).Credentials, (await doubled.ReadAsync()).Credentials);
    }

    [Fact]
    public async Task Throttling_and_broken_connections_lose_nothing_and_double_nothing()
    {
        await using var plain = await Reader.StartAsync();
        await using var rough = await Reader.StartAsync(
            "* => status=429 rate=10%; * => status=503 rate=2%; graph/* => drop rate=5%; kv-* => drop rate=5%"
        );

        var seen = await rough.ReadAsync();

        Assert.Empty(seen.Gaps);
        Assert.Equal((await plain.ReadAsync()).Credentials, seen.Credentials);
        Assert.Contains(rough.Sandbox.Requests, r => r.Status == 429);
    }

    [Theory]
    [InlineData("7", 7)]
    [InlineData("0", 0)]
    [InlineData("date", 2)]
    [InlineData("none", 0.5)]
    public async Task Retry_After_is_honoured_in_each_of_its_forms(string form, double seconds)
    {
        await using var reader = await Reader.StartAsync($"graph/applications => status=429 retry-after={form} times=1");

        var seen = await reader.ReadAsync();

        Assert.Empty(seen.Gaps);
        // Both dates have whole seconds, and a server's Date may be a second old.
        var slack = form == "date" ? 1 : 0;
        Assert.InRange(reader.Time.Waits.Sum(w => w.TotalSeconds), seconds - slack, seconds + slack);
        Assert.Single(reader.Sandbox.Requests, r => r.Status == 429);
    }

    [Fact]
    public async Task A_wait_longer_than_allowed_gives_the_source_up_and_says_so()
    {
        await using var reader = await Reader.StartAsync("graph/applications => status=429 retry-after=3600");

        var seen = await reader.ReadAsync();

        Assert.Contains(
            "asked to wait 3600 s, more than Tenant:MaxRetryWaitSeconds (300)",
            Assert.Single(seen.Gaps).Reason,
            StringComparison.Ordinal
        );
        Assert.Empty(reader.Time.Waits);
    }

    [Fact]
    public async Task An_expired_sign_in_is_told_with_its_reason_and_is_not_tried_for_every_source()
    {
        await using var reader = await Reader.StartAsync("login/* => expired-signin");

        var seen = await reader.ReadAsync();

        Assert.Empty(seen.All);
        Assert.Equal([Sources.Subscriptions, Sources.Applications, Sources.ServicePrincipals], seen.Gaps.Select(g => g.Source));
        Assert.All(seen.Gaps, gap => Assert.Contains("AADSTS7000222", gap.Reason, StringComparison.Ordinal));
        Assert.InRange(reader.Sandbox.Requests.Count(r => r.Host == "login" && r.Method == "POST"), 1, 2);
    }

    [Fact]
    public async Task A_tenant_that_cannot_be_reached_is_told_for_every_source()
    {
        var reader = await Reader.StartAsync();
        await reader.Sandbox.DisposeAsync();

        var seen = await reader.ReadAsync();

        Assert.Equal(3, seen.Gaps.Count());
        Assert.All(seen.Gaps, gap => Assert.NotEqual("", gap.Reason));
    }

    [Fact]
    public async Task An_identity_without_any_role_is_a_gap_and_not_an_empty_tenant()
    {
        await using var reader = await Reader.StartAsync();
        foreach (var subscription in reader.Sandbox.Tenant.Set("subscriptions").All().Select(e => e.Id))
            reader.Sandbox.Tenant.Remove("subscriptions", subscription);

        var seen = await reader.ReadAsync();

        Assert.Contains("no subscription is shown", Assert.Single(seen.Gaps).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_subscription_of_which_only_parts_are_shown_is_a_gap()
    {
        await using var reader = await Reader.StartAsync(options: new SandboxOptions { Now = Reader.Now, WithoutPermissions = ["*/read"] });

        var seen = await reader.ReadAsync();

        Assert.Equal(3, seen.Gaps.Count());
        Assert.All(
            seen.Gaps,
            gap =>
            {
                var scope = gap.Source["arm".Length..^"/permissions".Length];
                Assert.Equal(("Reader", scope), (gap.Permission, gap.ResourceId));
                Texts.Tenants.Expect("a subscription of which only parts are shown", gap.Reason);
                Assert.EndsWith($"--role 'Reader' --scope '{scope}'", gap.Remedy, StringComparison.Ordinal);
            }
        );
        Assert.NotEmpty(seen.All);
    }

    [Theory]
    [InlineData("Microsoft.Authorization/roleAssignments/delete", true)]
    [InlineData("Microsoft.Authorization/locks/read", true)]
    [InlineData("Microsoft.Storage/storageAccounts/read", false)]
    public async Task What_a_role_takes_away_makes_a_subscription_partly_shown_when_it_is_a_read_of_resources(string denied, bool whole)
    {
        await using var reader = await Reader.StartAsync(options: new SandboxOptions { Now = Reader.Now, WithoutPermissions = [denied] });

        var seen = await reader.ReadAsync();

        Assert.Equal(whole, !seen.Gaps.Any(g => g.Source.EndsWith("/permissions", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Permissions_that_could_not_be_read_are_a_gap_of_each_subscription()
    {
        await using var reader = await Reader.StartAsync("arm/subscriptions/*/permissions => status=403");

        var seen = await reader.ReadAsync();

        Assert.Equal(3, seen.Gaps.Count(g => g.Permission == "Reader" && g.Reason!.StartsWith("403, refused", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Owners_are_asked_twenty_at_a_time_and_throttled_ones_again_together()
    {
        await using var reader = await Reader.StartAsync("graph/applications/*/owners => status=429 retry-after=5 rate=30%");
        var apps = (await reader.ReadAsync())
            .All.Where(c => c.Subject.Type == SubjectTypes.Application)
            .Select(c => c.Subject)
            .DistinctBy(s => s.Id)
            .ToList();
        reader.Sandbox.ClearRequests();
        reader.Time.Waits.Clear();

        var owners = await reader.Get<IOwnerDirectory>().OwnersAsync(apps, Stop);

        Assert.Equal(apps.Count, owners.Count);
        Assert.All(owners.Values, o => Assert.Null(o.Unread));
        Assert.All(reader.Time.Waits, wait => Assert.Equal(TimeSpan.FromSeconds(5), wait));
        Assert.NotEmpty(reader.Time.Waits);
        Assert.All(
            reader.Sandbox.Requests.Where(r => r.Batch is not null).GroupBy(r => r.Batch),
            batch => Assert.InRange(batch.Count(), 1, 20)
        );
    }

    [Fact]
    public async Task A_deleted_owner_does_not_count_as_one_who_can_act()
    {
        await using var reader = await Reader.StartAsync();
        var crawler = (await reader.ReadAsync()).All.First(c => c.Subject.Name == "Orphaned Crawler").Subject;

        var owner = Assert.Single((await reader.Get<IOwnerDirectory>().OwnersAsync([crawler], Stop))[crawler.Id].Owners);

        Assert.Equal(("Marek Former", false), (owner.Name, owner.Enabled));
    }

    [Fact]
    public async Task An_owner_whose_account_could_not_be_asked_for_is_not_read()
    {
        await using var reader = await Reader.StartAsync("graph/users/* => status=403");
        var crawler = (await reader.ReadAsync()).All.First(c => c.Subject.Name == "Orphaned Crawler").Subject;

        var answer = (await reader.Get<IOwnerDirectory>().OwnersAsync([crawler], Stop))[crawler.Id];

        Texts.Tenants.Expect("an owner whose account could not be asked for", answer.Unread);
        Assert.Equal("User.Read.All", answer.Permission);
        Assert.Equal("Marek Former", Assert.Single(answer.Owners).Name);
    }

    [Fact]
    public async Task A_person_is_found_by_principal_name_and_an_unknown_one_is_no_answer()
    {
        await using var reader = await Reader.StartAsync();

        var people = await reader
            .Get<IOwnerDirectory>()
            .PeopleAsync(["marek.former@northwynd.example", "jonas.zhang@northwynd.example"], Stop);

        Assert.Empty(people["marek.former@northwynd.example"].Owners);
        Assert.Equal("Jonas Zhang", Assert.Single(people["jonas.zhang@northwynd.example"].Owners).Name);
        Assert.All(people.Values, p => Assert.Null(p.Unread));
    }

    [Theory]
    [InlineData("kv-nw-hr", "secrets", "payroll-sftp-password", 1, true)]
    [InlineData("kv-nw-hr", "secrets", "no-such-secret", 0, true)]
    [InlineData("kv-nw-nowhere", "secrets", "x", 0, false)]
    public async Task One_vault_object_is_read_again_without_its_value(
        string vault,
        string collection,
        string name,
        int observed,
        bool complete
    )
    {
        await using var reader = await Reader.StartAsync();
        var seen = new Seen();

        await reader.Get<ICredentialInventory>().ReadVaultObjectAsync(vault, collection, name, seen, Stop);

        Assert.Equal((observed, complete), (seen.All.Count, seen.Outcomes.Values.Single().Complete));
        Assert.DoesNotContain(
            reader.Sandbox.Requests,
            r => Regex.IsMatch(r.Path, "^/secrets/[^/?]+/?[^/?]*(\\?|$)") && !r.Path.Contains("/versions", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Gone_is_only_what_the_service_says_does_not_exist()
    {
        await using var reader = await Reader.StartAsync();
        var vault = (await reader.ReadAsync()).All.First(c => c.Kind == CredentialKind.VaultKey).ResourceId!;
        var lookup = reader.Get<IResourceLookup>();

        var subscription = string.Join('/', vault.Split('/')[..3]);
        var elsewhere = subscription[..^1] + (subscription[^1] == '0' ? '1' : '0');
        async Task<bool?> ExistsAsync(string id) => (await lookup.FindAsync(id, Stop)).Exists;
        bool?[] asked =
        [
            await ExistsAsync(vault),
            await ExistsAsync(vault + "-gone"),
            await ExistsAsync(subscription),
            await ExistsAsync(elsewhere),
            await ExistsAsync(vault.Replace(subscription, elsewhere, StringComparison.OrdinalIgnoreCase)), // 404, but of the subscription
        ];
        reader.Sandbox.SetFaults("arm/* => status=403");
        var refused = await lookup.FindAsync(vault + "-gone", Stop);

        Assert.Equal([true, false, true, false, null], asked);
        Assert.Equal((null, "Reader"), (refused.Exists, refused.Permission));
        Assert.Contains("--role 'Reader' --scope '/subscriptions/", refused.Remedy, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_sign_in_to_another_tenant_than_the_settings_name_is_refused()
    {
        await using var reader = await Reader.StartAsync();
        // Signed in before the tenant turns out to be another.
        await reader.Get<ITenantIdentity>().WhoAsync(Stop);
        foreach (var own in reader.Sandbox.Tenant.Set("organization").All())
            reader.Sandbox.Tenant.Remove("organization", own.Id);
        reader.Sandbox.Tenant.Add("organization", """{"id":"99999999-0000-4000-8000-000000000000","displayName":"Other"}""");

        var refused = await Assert.ThrowsAsync<TenantSettingException>(() => reader.Get<ITenantIdentity>().WhoAsync(Stop));

        Assert.Equal("Tenant:Id", refused.Key);
    }

    [Fact]
    public async Task No_secret_and_no_token_is_in_any_log_or_outcome()
    {
        await using var reader = await Reader.StartAsync(
            "graph/applications => status=403; arm/providers/* => cut=300; kv-nw-hr/* => status=429 retry-after=3600; kv-nw-dev/keys => "
                + "malformed"
        );

        var seen = await reader.ReadAsync();

        var texts = reader
            .Logs.GetSnapshot()
            .Select(l => $"{l.Message} {l.Exception}")
            .Concat(seen.Gaps.Select(g => g.ToString()))
            .ToList();
        Assert.NotEmpty(texts);
        foreach (var secret in new[] { reader.Sandbox.ClientSecret, "planted-secret-value-", "eyJ", "Bearer " })
            Assert.DoesNotContain(texts, text => text.Contains(secret, StringComparison.Ordinal));
    }

    internal static bool Declared(string method, string host, string path)
    {
        var service = host is "graph" or "arm" ? host : "keyvault";
        var bare = Uri.UnescapeDataString(path.Split('?')[0]);
        if (service == "graph" && bare.StartsWith("/v1.0", StringComparison.Ordinal))
            bare = bare["/v1.0".Length..];
        return DeclaredCall.All.Concat(StepRegistry.Default.Calls).Concat(NotificationCalls.All).Concat(InventoryCalls.All).Any(c =>
            c.Service == service
            && c.Method == method
            && Regex.IsMatch(
                bare.TrimEnd('/'),
                "^"
                    + Regex.Replace(
                        Regex
                            .Escape(c.Path)
                            .Replace("\\{\\*id}", ".+", StringComparison.Ordinal)
                            .Replace("/\\{\\*version}", "(/[^/]+)?", StringComparison.Ordinal),
                        "\\\\\\{[a-z]+}",
                        "[^/]+"
                    )
                    + "$",
                RegexOptions.IgnoreCase
            )
        );
    }
}
