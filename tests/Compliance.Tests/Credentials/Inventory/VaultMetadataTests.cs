using Compliance.Credentials;
using Compliance.Credentials.Inventory;
using Compliance.Findings;
using Compliance.Tenants;
using Compliance.Tests.Credentials.Policy;
using Compliance.Tests.Tenants;
using Microsoft.Extensions.Logging.Abstractions;
using SandboxTenant;
using SandboxTenant.Data;

namespace Compliance.Tests.Credentials.Inventory;

/// <summary>What the holder of a Key Vault object can write on it never makes it younger, and its end does not hide its age.</summary>
public sealed class VaultMetadataTests
{
    private const string Subscription = "11111111-aaaa-4bbb-8ccc-000000000001";
    private static readonly DateTimeOffset Now = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset Created = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // 2024-01-01 created; 2026-11-20 moved to; 2027-01-20, 2026-11-01 ends; 2099-01-01 far ahead.
    [Theory]
    [InlineData("secrets", """{"enabled":true,"created":1704067200,"updated":1704067200,"exp":1800403200}""", "CRED-001 CRED-004")]
    [InlineData(
        "secrets",
        """{"enabled":true,"created":1704067200,"updated":1795132800,"nbf":1795132800,"exp":1800403200}""",
        "CRED-001 CRED-004"
    )]
    [InlineData("secrets", """{"enabled":true,"created":1704067200,"updated":1795132800,"nbf":4070908800}""", "CRED-001 CRED-004")]
    [InlineData("secrets", """{"enabled":true,"created":1704067200,"updated":1704067200,"exp":1793491200}""", "CRED-001 CRED-002")]
    [InlineData("secrets", """{"enabled":false,"created":1704067200,"updated":1704067200,"nbf":1795132800,"exp":1793491200}""", "CRED-002")]
    [InlineData(
        "keys",
        """{"enabled":true,"created":1704067200,"updated":1795132800,"nbf":1795132800,"exp":1800403200}""",
        "CRED-001 CRED-004"
    )]
    [InlineData("keys", """{"enabled":true,"created":1704067200,"updated":1704067200,"exp":1793491200}""", "CRED-001 CRED-002")]
    [InlineData(
        "certificates",
        """{"enabled":true,"created":1704067200,"updated":1704067200,"nbf":1795132800,"exp":1800403200}""",
        "CRED-001 CRED-004"
    )]
    public async Task The_age_of_an_object_counts_from_its_creation(string collection, string attributes, string controls)
    {
        var credential = await ReadAsync(collection, attributes);

        Assert.Equal(Created, credential.Started);
        Assert.Equal(controls, Judged(credential));
    }

    [Fact]
    public async Task An_imported_certificate_is_as_old_as_its_issuer_says()
    {
        var credential = await ReadAsync("certificates", """{"enabled":true,"created":1795132800,"nbf":1704067200,"exp":1800403200}""");

        Assert.Equal(Created, credential.Started);
    }

    [Fact]
    public async Task A_secret_without_a_creation_time_is_not_aged_by_what_its_holder_wrote()
    {
        var credential = await ReadAsync("secrets", """{"enabled":true,"nbf":1795132800,"exp":1800403200}""");

        Assert.Null(credential.Started);
        Assert.Equal("CRED-005", Judged(credential));
    }

    [Fact]
    public void An_age_that_has_not_begun_is_no_negative_number()
    {
        var finding = new Finding
        {
            Id = "f",
            TenantId = "t",
            Status = FindingStatus.Open,
            OpenedAt = Now,
            ChangedAt = Now,
            RunId = "r",
            Detection = new()
            {
                ControlId = "CRED-004",
                Severity = Compliance.Controls.Severity.Low,
                Subject = new(SubjectTypes.Application, "a", "a"),
                Source = Sources.Applications,
                Reason = "r",
                NextStep = "n",
                Since = Now,
            },
        };

        Assert.Equal((null, 0, 1), (finding.AgeDays(Now.AddTicks(-1)), finding.AgeDays(Now), finding.AgeDays(Now.AddDays(1))));
    }

    [Fact]
    public async Task An_object_keeps_the_tags_of_its_vault_beside_its_own()
    {
        var tenant = VaultTenant(tags: """{"environment":"production","owner":"a@b.example"}""")
            .Add(
                "vaults/kv-r/secrets",
                """
                {"id":"https://kv-r.vault.azure.net/secrets/one","attributes":{"enabled":true,"created":1704067200},
                 "tags":{"environment":"dev"}}
                """
            );
        await using var reader = await Reader.StartAsync(options: new SandboxOptions { Now = Now, Tenant = tenant });

        var secret = Assert.Single((await reader.ReadAsync()).All);

        Assert.Equal(("dev", "a@b.example"), (secret.Tags["environment"], secret.Tags["owner"]));
        Assert.Equal(("production", "a@b.example"), (secret.VaultTags!["environment"], secret.VaultTags["owner"]));
    }

    [Fact]
    public async Task Of_an_object_with_several_versions_the_newest_is_read_again()
    {
        var tenant = VaultTenant()
            .Add("vaults/kv-r/secrets", Version("v1", 1704067200))
            .Add("vaults/kv-r/secrets", Version("v2", 1795132800));
        await using var reader = await Reader.StartAsync(options: new SandboxOptions { Now = Now, Tenant = tenant });
        var seen = new Seen();

        await reader
            .Get<ICredentialInventory>()
            .ReadVaultObjectAsync("kv-r", "secrets", "one", seen, TestContext.Current.CancellationToken);

        Assert.Equal(DateTimeOffset.FromUnixTimeSeconds(1795132800), Assert.Single(seen.All).Started);

        static string Version(string version, long created) =>
            $$$"""
                {"id":"https://kv-r.vault.azure.net/secrets/one/{{{version}}}","attributes":{"enabled":true,"created":{{{created}}},
                 "exp":1800403200}}
                """;
    }

    // 2024-01-01 and 2025-01-01 created; the newest is of 2026-11-20.
    [Theory]
    [InlineData("secrets", "id", true)]
    [InlineData("keys", "kid", true)]
    [InlineData("certificates", "id", true)]
    [InlineData("secrets", "id", false)]
    [InlineData("keys", "kid", false)]
    [InlineData("certificates", "id", false)]
    public async Task What_Key_Vault_serves_of_an_object_whose_newest_version_is_disabled_is_judged_by_its_own_age(
        string collection,
        string id,
        bool whole
    )
    {
        var tenant = VaultTenant()
            .Add($"vaults/kv-r/{collection}", Version("v1", 1704067200, "true"))
            .Add($"vaults/kv-r/{collection}", Version("v2", 1735689600, "false"))
            .Add($"vaults/kv-r/{collection}", Version("v3", 1735689600, "true"))
            .Add($"vaults/kv-r/{collection}", Version("v4", 1795132800, "false"));
        await using var reader = await Reader.StartAsync(options: new SandboxOptions { Now = Now, Tenant = tenant });
        var seen = new Seen();

        var inventory = reader.Get<ICredentialInventory>();
        await (
            whole
                ? inventory.ReadAsync(seen, TestContext.Current.CancellationToken)
                : inventory.ReadVaultObjectAsync("kv-r", collection, "one", seen, TestContext.Current.CancellationToken)
        );

        Assert.Empty(seen.Gaps);
        Assert.Equal(
            [("", false, ""), ("v1", true, "CRED-001 CRED-004"), ("v3", true, "CRED-001 CRED-004")],
            seen.All.Select(c => (c.Part, c.Enabled, Judged(c))).OrderBy(c => c.Part, StringComparer.Ordinal)
        );

        string Version(string version, long created, string enabled) =>
            $$$"""
                {"{{{id}}}":"https://kv-r.vault.azure.net/{{{collection}}}/one/{{{version}}}",
                 "attributes":{"enabled":{{{enabled}}},"created":{{{created}}},"exp":1800403200}}
                """;
    }

    [Theory]
    [InlineData("secrets", "", true)]
    [InlineData("keys", "", true)]
    [InlineData("certificates", "", true)]
    [InlineData("secrets", "\"enabled\":false,", false)]
    [InlineData("keys", "\"enabled\":false,", false)]
    [InlineData("certificates", "\"enabled\":false,", false)]
    public async Task An_object_is_in_use_unless_it_is_disabled(string collection, string enabled, bool isInUse) =>
        Assert.Equal(
            isInUse,
            (await ReadAsync(collection, $$"""{{{enabled}}"created":1704067200,"exp":1800403200}""")).Enabled
        );

    [Fact]
    public async Task An_object_is_read_in_the_vault_that_was_named_and_in_no_other()
    {
        var tenant = VaultTenant()
            .Add(
                "resources",
                $$$"""
                {"id":"/subscriptions/{{{Subscription}}}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-s","name":"kv-s",
                 "type":"microsoft.keyvault/vaults","location":"w","tags":{},"properties":{"vaultUri":"https://kv-s.vault.azure.net/"}}
                """
            )
            .Add("vaults/kv-r/secrets", Secret("kv-r"))
            .Add("vaults/kv-s/secrets", Secret("kv-s"));
        await using var reader = await Reader.StartAsync(options: new SandboxOptions { Now = Now, Tenant = tenant });

        foreach (var vault in (string[])["kv-r", "KV-S"])
        {
            var seen = new Seen();
            await reader
                .Get<ICredentialInventory>()
                .ReadVaultObjectAsync(vault, "secrets", "one", seen, TestContext.Current.CancellationToken);

            var resource = Assert.Single(seen.All).ResourceId!;
            Assert.EndsWith($"/vaults/{vault}", resource, StringComparison.OrdinalIgnoreCase);
        }

        static string Secret(string vault) =>
            $$$"""{"id":"https://{{{vault}}}.vault.azure.net/secrets/one","attributes":{"enabled":true,"created":1704067200}}""";
    }

    [Theory]
    [InlineData(null)]
    [InlineData("{}")]
    [InlineData("""{"vaultUri":"kv-r"}""")]
    public async Task A_vault_that_was_listed_without_its_address_is_a_gap_for_each_kind_of_object(string? properties)
    {
        using var tenant = new PaperTenant();
        using var json = System.Text.Json.JsonDocument.Parse(properties ?? "{}");
        var row = new ResourceRow(
            $"/subscriptions/{Subscription}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-r",
            "kv-r",
            "microsoft.keyvault/vaults",
            Subscription,
            new Dictionary<string, string>(),
            properties is null ? default : json.RootElement
        );
        var seen = new Seen();

        await new VaultCredentials(tenant.Connection, NullLogger<VaultCredentials>.Instance).ReadAsync(
            [row],
            seen,
            TestContext.Current.CancellationToken
        );

        Assert.Equal(3, seen.Gaps.Count());
        Assert.All(seen.Gaps, g => Assert.Contains("listed without its address", g.Reason, StringComparison.Ordinal));
        Assert.Empty(tenant.Requests);
    }

    private static string Judged(Credential credential)
    {
        var evaluator = new CredentialEvaluator(Given.Policy(), new Dictionary<string, IReadOnlySet<string>>(), Now);
        return string.Join(' ', evaluator.Evaluate(credential).Select(v => v.ControlId).Order(StringComparer.Ordinal));
    }

    private static TenantData VaultTenant(string tags = "{}") =>
        new TenantData()
            .Add("organization", """{"id":"11111111-aaaa-4bbb-8ccc-0000000000aa","displayName":"Case"}""")
            .Add("subscriptions", $$"""{"id":"/subscriptions/{{Subscription}}","subscriptionId":"{{Subscription}}","displayName":"P"}""")
            .Add(
                "resources",
                $$$"""
                {"id":"/subscriptions/{{{Subscription}}}/resourceGroups/rg/providers/Microsoft.KeyVault/vaults/kv-r","name":"kv-r",
                 "type":"microsoft.keyvault/vaults","location":"w","tags":{{{tags}}},
                  "properties":{"vaultUri":"https://kv-r.vault.azure.net/"}}
                """
            );

    private static async Task<Credential> ReadAsync(string collection, string attributes)
    {
        var id = collection == "keys" ? "kid" : "id";
        var tenant = VaultTenant()
            .Add(
                $"vaults/kv-r/{collection}",
                $$"""{"{{id}}":"https://kv-r.vault.azure.net/{{collection}}/one","attributes":{{attributes}}}"""
            );
        await using var reader = await Reader.StartAsync(options: new SandboxOptions { Now = Now, Tenant = tenant });
        var seen = await reader.ReadAsync();
        Assert.Empty(seen.Gaps);
        return Assert.Single(seen.All);
    }
}
