using System.Text.Json.Nodes;

namespace Infra.Tests;

/// <summary>No key, no password, no public blob, and a log of everything, whatever was chosen.</summary>
public sealed class LockedDownTests(Templates templates)
{
    // What Azure Monitor takes no diagnostic settings for, or what is a part of something that has one.
    private static readonly string[] WithoutDiagnostics =
    [
        "Microsoft.Authorization/locks",
        "Microsoft.Authorization/roleAssignments",
        "Microsoft.Authorization/roleDefinitions",
        "Microsoft.Consumption/budgets",
        "Microsoft.EventGrid/systemTopics/eventSubscriptions",
        "Microsoft.EventGrid/topics/eventSubscriptions",
        "Microsoft.Insights/actionGroups",
        "Microsoft.Insights/diagnosticSettings",
        "Microsoft.Insights/scheduledQueryRules",
        "Microsoft.KeyVault/vaults/keys",
        "Microsoft.ManagedIdentity/userAssignedIdentities",
        "Microsoft.Network/privateDnsZones",
        "Microsoft.Network/privateDnsZones/virtualNetworkLinks",
        "Microsoft.Network/privateEndpoints",
        "Microsoft.Network/privateEndpoints/privateDnsZoneGroups",
        "Microsoft.Resources/resourceGroups",
        "Microsoft.Storage/storageAccounts/blobServices/containers",
        "Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies",
        "Microsoft.Storage/storageAccounts/queueServices/queues",
        "Microsoft.Web/sites/basicPublishingCredentialsPolicies",
        "Microsoft.Web/sites/config",
    ];

    [Fact]
    public void Compiler_and_linter_remark_nothing() => Assert.Empty(templates.Remarks);

    [Fact]
    public void Every_rule_of_the_linter_is_an_error_but_the_two_that_cannot_be()
    {
        var config = JsonNode.Parse(
            File.ReadAllText(Templates.Folder("infra", "bicepconfig.json")),
            documentOptions: new() { CommentHandling = System.Text.Json.JsonCommentHandling.Skip }
        )!;
        var levels = config["analyzers"]!["core"]!["rules"]!.AsObject().ToLookup(r => r.Value!["level"]!.GetValue<string>(), r => r.Key);

        Assert.Equal(["error", "off"], levels.Select(l => l.Key).Order(StringComparer.Ordinal));
        Assert.Equal(["use-recent-api-versions", "what-if-short-circuiting"], levels["off"]);
        Assert.True(levels["error"].Count() > 35);
    }

    [Fact]
    public void Every_module_lies_beside_the_template()
    {
        var modules = Directory
            .EnumerateFiles(Templates.Folder("infra"), "*.bicep", SearchOption.AllDirectories)
            .SelectMany(file => File.ReadLines(file).Select(line => (Folder: Path.GetDirectoryName(file)!, Line: line)))
            .Where(l => l.Line.StartsWith("module ", StringComparison.Ordinal))
            .Select(l => Path.Combine(l.Folder, l.Line.Split('\'')[1]))
            .ToList();

        Assert.True(modules.Count > 30);
        Assert.All(modules, m => Assert.True(File.Exists(m), m));
    }

    [Fact]
    public void Storage_takes_Entra_tokens_over_TLS_and_shows_no_blob_to_the_public()
    {
        var accounts = templates.All.SelectMany(c => c.Of("Microsoft.Storage/storageAccounts")).ToList();
        var containers = templates.All.SelectMany(c => c.Of("Microsoft.Storage/storageAccounts/blobServices/containers")).ToList();

        Assert.Equal(6, accounts.Count);
        Assert.All(
            accounts,
            a =>
                Assert.Equal(
                    ("false", "false", "true", "false", "false", "TLS1_2", "true"),
                    (
                        a.Text("properties.allowSharedKeyAccess"),
                        a.Text("properties.allowBlobPublicAccess"),
                        a.Text("properties.defaultToOAuthAuthentication"),
                        a.Text("properties.isLocalUserEnabled"),
                        a.Text("properties.allowCrossTenantReplication"),
                        a.Text("properties.minimumTlsVersion"),
                        a.Text("properties.supportsHttpsTrafficOnly")
                    )
                )
        );
        Assert.NotEmpty(containers);
        Assert.All(containers, c => Assert.Equal("None", c.Text("properties.publicAccess")));
    }

    [Fact]
    public void No_template_reads_a_key_or_names_a_person_or_allows_everything()
    {
        foreach (var text in new[] { "main", "evidence" }.Select(n => templates.Compiled(n).ToJsonString()))
        {
            Assert.DoesNotContain("listKeys", text, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("listAccountSas", text, StringComparison.OrdinalIgnoreCase);
            Assert.DoesNotContain("\"principalType\":\"User\"", text, StringComparison.Ordinal);
            Assert.DoesNotContain("AccountKey=", text, StringComparison.OrdinalIgnoreCase);
        }
        var actions = templates.Enforce.Of("Microsoft.Authorization/roleDefinitions").SelectMany(Roles.Actions).ToList();

        Assert.NotEmpty(actions);
        Assert.All(actions, a => Assert.DoesNotContain('*', a));
        Assert.All(
            templates.Enforce.Of("Microsoft.Authorization/roleDefinitions"),
            d =>
            {
                var allowed = Assert.Single(d.At("properties.permissions")!.AsArray())!.AsObject();
                // Nothing that writes stored data, or reads more of it than tags.
                Assert.All(
                    allowed["dataActions"]!.AsArray().Select(a => a!.GetValue<string>().Split('/', 6)[^1]),
                    a => Assert.Contains(a, new[] { "tags/read", "delete", "deleteBlobVersion/action" })
                );
            }
        );
    }

    [Fact]
    public void What_has_keys_of_its_own_refuses_them()
    {
        var main = templates.Enforce;

        Assert.Equal("true", main.One("Microsoft.Insights/components").Text("properties.DisableLocalAuth"));
        Assert.Equal("true", main.One("Microsoft.OperationalInsights/workspaces").Text("properties.features.disableLocalAuth"));
        Assert.Equal("true", main.One("Microsoft.EventGrid/topics").Text("properties.disableLocalAuth"));
        Assert.All(
            main.Of("Microsoft.Web/sites/basicPublishingCredentialsPolicies"),
            p => Assert.Equal("false", p.Text("properties.allow"))
        );
        Assert.Equal(2, main.Of("Microsoft.Web/sites/basicPublishingCredentialsPolicies").Count);
    }

    [Fact]
    public void Whatever_can_be_logged_is_logged()
    {
        foreach (var deployment in templates.All)
        {
            var logged = deployment.Of("Microsoft.Insights/diagnosticSettings").Select(d => d.Scope).ToHashSet(StringComparer.Ordinal);
            var silent = deployment
                .Resources.Where(r => !WithoutDiagnostics.Contains(r.Type) && !logged.Contains(r.Id))
                .Select(r => r.ToString());

            Assert.NotEmpty(logged);
            Assert.Empty(silent);
        }
    }

    [Fact]
    public void The_network_is_the_same_in_both_modes() =>
        Assert.Equal(
            Network(templates.Enforce),
            Network(templates.ReportWithNetwork)
        );

    [Fact]
    public void The_network_closes_what_the_app_stores_when_it_is_wanted_and_is_absent_otherwise()
    {
        var (open, closed) = (templates.Report, templates.Enforce);
        string[] subresources = ["blob", "queue", "table", "blob", "vault"];
        var evidence = templates.LockedEvidence;

        Assert.DoesNotContain(open.Resources, r => r.Type.StartsWith("Microsoft.Network/", StringComparison.Ordinal));
        Assert.Null(open.One("Microsoft.Web/sites").Text("properties.virtualNetworkSubnetId"));
        Assert.Equal("Deny", closed.One("Microsoft.Storage/storageAccounts").Text("properties.networkAcls.defaultAction"));
        Assert.Equal("AzureServices", closed.One("Microsoft.Storage/storageAccounts").Text("properties.networkAcls.bypass"));
        Assert.Equal(
            subresources,
            closed
                .Of("Microsoft.Network/privateEndpoints")
                .Select(e => e.At("properties.privateLinkServiceConnections")![0]!["properties"]!["groupIds"]![0]!.GetValue<string>())
        );
        Assert.NotNull(closed.One("Microsoft.Web/sites").Text("properties.virtualNetworkSubnetId"));
        Assert.Equal(
            "Microsoft.App/environments",
            closed
                .One("Microsoft.Network/virtualNetworks")
                .At("properties.subnets")![0]!["properties"]!["delegations"]![0]!["properties"]!["serviceName"]!.GetValue<string>()
        );
        foreach (var type in new[] { "Microsoft.Storage/storageAccounts", "Microsoft.KeyVault/vaults" })
            Assert.Equal(
                ("Disabled", "Deny", "None"),
                (
                    evidence.One(type).Text("properties.publicNetworkAccess"),
                    evidence.One(type).Text("properties.networkAcls.defaultAction"),
                    evidence.One(type).Text("properties.networkAcls.bypass")
                )
            );
    }

    private static IEnumerable<string> Network(Deployment deployment)
    {
        string[] closed = ["Microsoft.Storage/storageAccounts", "Microsoft.KeyVault/vaults"];
        var resources = deployment.Resources.Where(r =>
            r.Type.StartsWith("Microsoft.Network/", StringComparison.Ordinal) || closed.Contains(r.Type)
        );
        return resources.Select(r => r.Json.ToJsonString()).Order(StringComparer.Ordinal);
    }
}
