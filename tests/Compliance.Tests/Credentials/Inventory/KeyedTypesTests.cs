using System.Text.Json;
using Compliance.Credentials;
using Compliance.Findings;
using Compliance.Tenants;
using Compliance.Tests.Tenants;
using SandboxTenant;
using SandboxTenant.Data;

namespace Compliance.Tests.Credentials.Inventory;

/// <summary>Resources with keys of their own: each is judged, or its type is said to be judged by no rule.</summary>
public sealed class KeyedTypesTests
{
    private const string Subscription = "11111111-aaaa-4bbb-8ccc-000000000001";
    private static readonly DateTimeOffset Now = new(2026, 11, 29, 12, 0, 0, TimeSpan.Zero);

    public static TheoryData<string, string, bool> Settings =>
        new()
        {
            { "Microsoft.Cache/Redis", """{"disableAccessKeyAuthentication":false}""", true },
            { "Microsoft.Cache/Redis", """{"disableAccessKeyAuthentication":true}""", false },
            { "Microsoft.Cache/Redis", "{}", true },
            { "Microsoft.DocumentDB/mongoClusters", """{"authConfig":{"allowedModes":["NativeAuth","MicrosoftEntraID"]}}""", true },
            { "Microsoft.DocumentDB/mongoClusters", """{"authConfig":{"allowedModes":["MicrosoftEntraID"]}}""", false },
            { "Microsoft.DocumentDB/mongoClusters", "{}", true },
            { "Microsoft.MachineLearningServices/workspaces/serverlessEndpoints", """{"authMode":"KeyAndAAD"}""", true },
            { "Microsoft.MachineLearningServices/workspaces/serverlessEndpoints", """{"authMode":"AAD"}""", false },
            { "Microsoft.Storage/storageAccounts", """{"isSftpEnabled":true,"allowSharedKeyAccess":false}""", true },
            { "Microsoft.Storage/storageAccounts", """{"allowSharedKeyAccess":true}""", false },
            { "Microsoft.ContainerRegistry/registries", """{"adminUserEnabled":true}""", true },
            { "Microsoft.ContainerRegistry/registries", """{"adminUserEnabled":false}""", false },
            { "Microsoft.ContainerRegistry/registries", """{"adminUserEnabled":null}""", false },
            { "Microsoft.ContainerRegistry/registries", "{}", false },
            { "Microsoft.Batch/batchAccounts", """{"allowedAuthenticationModes":["SharedKey"]}""", true },
            { "Microsoft.Batch/batchAccounts", """{"allowedAuthenticationModes":["AAD","sharedKey"]}""", true },
            { "Microsoft.Batch/batchAccounts", """{"allowedAuthenticationModes":["AAD","TaskAuthenticationToken"]}""", false },
            { "Microsoft.Batch/batchAccounts", """{"allowedAuthenticationModes":[]}""", false },
            { "Microsoft.Batch/batchAccounts", """{"allowedAuthenticationModes":null}""", true },
            { "Microsoft.Batch/batchAccounts", "{}", true },
            { "Microsoft.MachineLearningServices/workspaces/onlineEndpoints", """{"authMode":"Key"}""", true },
            // A token ends within the hour.
            { "Microsoft.MachineLearningServices/workspaces/onlineEndpoints", """{"authMode":"AMLToken"}""", false },
            { "Microsoft.OperationalInsights/workspaces", """{"features":{"disableLocalAuth":true}}""", false },
            { "Microsoft.OperationalInsights/workspaces", """{"disableLocalAuth":true}""", true },
            { "Microsoft.OperationalInsights/workspaces", """{"features":null}""", true },
            { "Microsoft.Sql/servers", """{"administrators":{"azureADOnlyAuthentication":true}}""", false },
            { "Microsoft.Sql/servers", """{"administratorLogin":"sa"}""", true },
            { "Microsoft.DBforPostgreSQL/flexibleServers", """{"authConfig":{"passwordAuth":"Disabled"}}""", false },
            { "Microsoft.ContainerService/managedClusters", """{"disableLocalAccounts":false}""", true },
            { "Microsoft.Insights/components", """{"DisableLocalAuth":true}""", false },
            { "Microsoft.Devices/IotHubs", """{"disableLocalAuth":false}""", true },
            { "Microsoft.EventGrid/topics", """{"disableLocalAuth":true}""", false },
            { "Contoso.Made/up", """{"disableLocalAuth":"true"}""", false }, // a type that is not listed, by the setting that most share
            { "Contoso.Made/up", """{"disableLocalAuth":false}""", true },
        };

    [Theory]
    [MemberData(nameof(Settings))]
    public void A_setting_says_whether_keys_are_accepted(string type, string properties, bool on)
    {
        using var json = JsonDocument.Parse(properties);

        Assert.Equal(on, KeyedTypes.Find(type)!.IsOn(json.RootElement));
    }

    [Fact]
    public void Every_type_without_any_properties_at_all_is_judged() =>
        Assert.All(KeyedTypes.Judged, type => Assert.Equal(!type.OffWhenMissing, type.IsOn(default)));

    // Resource Graph lists a resource and not its parts, but for those that have a place of their own.
    [Fact]
    public void No_type_is_judged_that_resource_graph_does_not_list() =>
        Assert.Equal(
            [
                "Microsoft.MachineLearningServices/workspaces/onlineEndpoints",
                "Microsoft.MachineLearningServices/workspaces/serverlessEndpoints",
            ],
            KeyedTypes.Judged.Select(t => t.Type).Where(t => t.Split('/').Length > 2).Order(StringComparer.Ordinal)
        );

    [Fact]
    public void No_type_is_judged_and_not_judged() =>
        Assert.Empty(KeyedTypes.Judged.Select(t => t.Type).Intersect(KeyedTypes.NotJudged, StringComparer.OrdinalIgnoreCase));

    [Fact]
    public void Whether_a_resource_was_deleted_can_be_asked_for_each_type() =>
        Assert.All(
            KeyedTypes.Judged,
            type =>
            {
                // P/TYPE/SUBTYPE is P/TYPE/x/SUBTYPE/x in an id.
                var parts = type.Type.Split('/');
                var id = $"/subscriptions/s/resourceGroups/g/providers/{parts[0]}/{string.Join('/', parts.Skip(1).Select(p => $"{p}/x"))}";
                Assert.True(ResourceManagerReader.CanAsk(id), id);
            }
        );

    [Fact]
    public void The_page_of_the_control_names_each_type_that_is_judged_and_each_that_is_not()
    {
        var page = File.ReadAllText(Path.Combine(Local.RepositoryRoot.Find(), "docs/reference/controls/CRED-009.md"));

        Assert.All(KeyedTypes.Judged, t => Assert.Contains($"| `{t.Type}` | `{t.Setting}` | `{t.Off}` |", page, StringComparison.Ordinal));
        Assert.All(KeyedTypes.NotJudged, t => Assert.Contains($"`{t}`", page.Split("Not judged")[^1], StringComparison.Ordinal));
    }

    [Fact]
    public async Task Each_resource_with_keys_is_found_or_its_type_is_named()
    {
        var tenant = new TenantData()
            .Add("organization", """{"id":"11111111-aaaa-4bbb-8ccc-0000000000aa","displayName":"Case"}""")
            .Add("subscriptions", $$"""{"id":"/subscriptions/{{Subscription}}","subscriptionId":"{{Subscription}}","displayName":"P"}""");
        foreach (
            var (type, name, properties) in new[]
            {
                ("Microsoft.KeyVault/managedHSMs", "hsm1", """{"hsmUri":"https://hsm1.managedhsm.azure.net"}"""),
                ("Microsoft.Cache/Redis", "redis1", """{"disableAccessKeyAuthentication":false}"""),
                ("Microsoft.Cache/redisEnterprise", "redis2", """{"hostName":"redis2.westeurope.redisenterprise.cache.azure.net"}"""),
                ("Microsoft.MachineLearningServices/workspaces", "mlw1", "{}"),
                ("Microsoft.Storage/storageAccounts", "stsftp", """{"isSftpEnabled":true,"allowSharedKeyAccess":false}"""),
                ("Microsoft.Web/sites/slots", "web1/next", "{}"),
                ("Microsoft.ContainerRegistry/registries", "acr1", """{"adminUserEnabled":true}"""),
                ("Microsoft.ContainerRegistry/registries", "acr2", """{"adminUserEnabled":false}"""),
                ("Microsoft.SignalRService/SignalR", "sig1", """{"disableLocalAuth":false}"""),
                ("Microsoft.Batch/batchAccounts", "b1", """{"allowedAuthenticationModes":["SharedKey"]}"""),
                ("Contoso.Made/up", "new1", """{"disableLocalAuth":false}"""),
                ("Contoso.Made/up", "new2", """{"disableLocalAuth":true}"""),
                ("Microsoft.Web/sites", "web1", "{}"),
                ("Microsoft.Web/sites", "web2", "{}"),
                ("Microsoft.Network/virtualNetworks", "net1", "{}"),
            }
        )
            tenant.Add(
                "resources",
                $$$"""
                {"id":"/subscriptions/{{{Subscription}}}/resourceGroups/rg/providers/{{{type}}}/{{{name}}}",
                 "name":"{{{name}}}","type":"{{{type}}}","location":"w","properties":{{{properties}}}}
                """
            );
        await using var reader = await Reader.StartAsync(options: new SandboxOptions { Now = Now, Tenant = tenant });

        var seen = await reader.ReadAsync();

        Assert.Empty(seen.Gaps);
        Assert.Equal(
            [
                ($"Microsoft.Cache/redisEnterprise in subscription {Subscription}", "1 resource"),
                ($"Microsoft.KeyVault/managedHSMs in subscription {Subscription}", "1 resource"),
                ($"Microsoft.MachineLearningServices/workspaces in subscription {Subscription}", "1 resource"),
                ($"Microsoft.Web/sites in subscription {Subscription}", "2 resources"),
                ($"Microsoft.Web/sites/slots in subscription {Subscription}", "1 resource"),
                ("acr1", null),
                ("b1", null),
                ("new1", null),
                ("redis1", null),
                ("sig1", null),
                ("stsftp", null),
            ],
            seen.All.Select(c => (c.Subject.Name, c.Label)).OrderBy(c => c.Name, StringComparer.Ordinal)
        );
        Assert.All(seen.All, c => Assert.Equal(Sources.Resources(Subscription), c.Source));
    }
}
