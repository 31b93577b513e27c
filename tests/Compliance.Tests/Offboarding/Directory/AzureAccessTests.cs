using System.Text.Json;
using Compliance.Offboarding;
using Compliance.Offboarding.Directory;
using Compliance.Tenants;

namespace Compliance.Tests.Offboarding.Directory;

public sealed class AzureAccessTests
{
    private const string Rg = "/subscriptions/s1/resourceGroups/rg";

    private static readonly OffboardingPolicy Policy = new() { Sha256 = "00" };

    [Theory]
    [InlineData("/subscriptions/s1", AssetClass.ProductionModel)]
    [InlineData(Rg, AssetClass.ProductionModel)]
    [InlineData("/subscriptions/S1/RESOURCEGROUPS/rg/providers/p/t/model", AssetClass.ProductionModel)]
    [InlineData($"{Rg}/providers/p/t/model/containers/c", AssetClass.ProductionModel)]
    [InlineData($"{Rg}/providers/p/t/data", AssetClass.TrainingData)]
    [InlineData($"{Rg}/providers/p/t/plain", AssetClass.Other)]
    [InlineData("/subscriptions/s1/resourceGroups/r", AssetClass.Other)] // a name that another begins with
    [InlineData("/subscriptions/s2", AssetClass.Other)]
    [InlineData("/", AssetClass.ProductionModel)]
    [InlineData("/providers/Microsoft.Management/managementGroups/mg", AssetClass.ProductionModel)]
    public void A_scope_holds_what_is_at_above_or_below_it(string scope, AssetClass asset) =>
        Assert.Equal(
            asset,
            Azure(Resource("t", "model", "production-model"), Resource("t", "data", "training-data"), Resource("t", "plain", "nothing"))
                .Assignment(Item(scope), new("Reader", false, false), ["s1"])!
                .Asset
        );

    [Fact]
    public void A_management_group_holds_only_in_the_subscriptions_it_was_listed_in() =>
        Assert.Equal(
            AssetClass.Other,
            Azure(Resource("t", "model", "production-model"))
                .Assignment(Item("/providers/Microsoft.Management/managementGroups/mg"), new("Reader", false, false), ["s2"])!
                .Asset
        );

    [Theory]
    [InlineData("4633458b-17de-408a-b874-0445c86b69e6", "{}", true, false)]
    [InlineData("8E3AF657-A8FF-443C-A75C-2FE8C4BCB635", "{}", false, true)]
    [InlineData("custom", """{"dataActions":["Microsoft.KeyVault/vaults/secrets/*"]}""", true, false)]
    [InlineData(
        "custom",
        """{"dataActions":["Microsoft.KeyVault/vaults/secrets/*"],"notDataActions":["*/getSecret/action"]}""",
        false,
        false
    )]
    [InlineData("custom", """{"dataActions":["Microsoft.KeyVault/vaults/secrets/readMetadata/action"]}""", false, false)]
    [InlineData("custom", """{"actions":["microsoft.storage/storageaccounts/LISTKEYS/action"]}""", false, true)]
    [InlineData("custom", """{"actions":["*"],"notActions":["Microsoft.Authorization/*"]}""", false, true)]
    [InlineData("custom", """{"actions":["*/read"]}""", false, false)]
    public void A_role_reads_secrets_by_its_id_or_by_what_its_definition_allows(
        string id,
        string permission,
        bool readsSecrets,
        bool listsKeys
    )
    {
        using var definition = JsonDocument.Parse($$"""{"properties":{"roleName":"A role","permissions":[{{permission}}]} }""");

        Assert.Equal(
            new AzureRole("A role", readsSecrets, listsKeys),
            AzureAccess.Role($"/providers/Microsoft.Authorization/roleDefinitions/{id}", definition.RootElement)
        );
    }

    [Theory]
    // Key Vault Data Access Administrator, which has no word of it in its name.
    [InlineData("""{"actions":["Microsoft.Authorization/roleAssignments/write","Microsoft.KeyVault/vaults/read"]}""", true)]
    [InlineData("""{"actions":["*"]}""", true)]
    // Contributor.
    [InlineData(
        """{"actions":["*"],"notActions":["Microsoft.Authorization/*/Write","Microsoft.Authorization/elevateAccess/Action"]}""",
        false
    )]
    [InlineData("""{"actions":["microsoft.authorization/ROLEASSIGNMENTS/*"]}""", true)]
    [InlineData("""{"actions":["*"],"notActions":["Microsoft.Authorization/roleAssignments/write"]}""", true)]
    [InlineData("""{"actions":["Microsoft.Authorization/roleDefinitions/write"]}""", true)]
    [InlineData("""{"actions":["Microsoft.Authorization/roleEligibilityScheduleRequests/write"]}""", true)]
    [InlineData("""{"actions":["Microsoft.Authorization/roleAssignmentScheduleRequests/write"]}""", true)]
    [InlineData("""{"actions":["Microsoft.Authorization/roleManagementPolicies/write"]}""", true)]
    [InlineData("""{"actions":["Microsoft.Authorization/elevateAccess/action"]}""", true)]
    [InlineData("""{"actions":["*/read"],"dataActions":["*"]}""", false)]
    public void A_role_gives_access_by_what_its_definition_allows(string permission, bool gives)
    {
        using var definition = JsonDocument.Parse(
            $$"""{"properties":{"roleName":"A role","permissions":[{"actions":["*/read"]},{{permission}}]} }"""
        );

        var role = AzureAccess.Role("/providers/Microsoft.Authorization/roleDefinitions/custom", definition.RootElement);

        Assert.Equal(gives, role.GivesAccess);
        var access = Azure().Assignment(Item(Rg), role, ["s1"])!;
        Assert.Equal((gives, gives ? "A role" : Power.None), (access.Privileged, access.Details[Power.Detail]));
    }

    [Theory]
    [InlineData("""{"error":{"code":"RoleDefinitionDoesNotExist"} }""")]
    [InlineData("""{"properties":{"roleName":"Reader"} }""")]
    [InlineData("null")]
    public void A_role_whose_definition_was_not_read_counts_as_privileged(string answer)
    {
        using var definition = JsonDocument.Parse(answer);

        var role = AzureAccess.Role(
            "/providers/Microsoft.Authorization/roleDefinitions/acdd72a7-3385-48ef-bd42-f606fba81ae7",
            definition.RootElement
        );

        var access = Azure().Assignment(Item(Rg), role, ["s1"])!;
        Assert.Equal((null, true, Power.NotRead), (role.GivesAccess, access.Privileged, access.Details[Power.Detail]));
    }

    [Theory]
    [InlineData("true", Rg, $"{Rg}/providers/microsoft.keyvault/vaults/kv")]
    [InlineData("true", $"{Rg}/providers/microsoft.keyvault/vaults/kv/secrets/db", $"{Rg}/providers/microsoft.keyvault/vaults/kv")]
    [InlineData("true", "/subscriptions/s2", null)]
    [InlineData("false", Rg, null)] // such a vault goes by its access policies
    public void A_role_opens_vaults_under_role_based_access_at_or_below_it(string roleBased, string scope, string? vault)
    {
        var access = Azure(Resource("microsoft.keyvault/vaults", "kv", null, $$"""{"enableRbacAuthorization":{{roleBased}}}"""))
            .Assignment(Item(scope), new("Key Vault Secrets User", true, false), ["s1"])!;

        Assert.Equal(vault?.ToLowerInvariant(), access.Details.GetValueOrDefault(AzureAccess.Vaults));
    }

    [Theory]
    [InlineData("""{"allowSharedKeyAccess":true}""", Rg, true, true)]
    [InlineData("{}", Rg, true, true)] // the default accepts keys
    [InlineData("""{"allowSharedKeyAccess":false}""", Rg, true, false)]
    [InlineData("""{"allowSharedKeyAccess":false,"isLocalUserEnabled":true,"isSftpEnabled":true}""", Rg, true, true)]
    [InlineData("""{"allowSharedKeyAccess":true}""", Rg, false, false)]
    [InlineData(
        """{"allowSharedKeyAccess":true}""",
        $"{Rg}/providers/microsoft.storage/storageaccounts/st/blobServices/default/containers/c",
        true,
        false
    )]
    public void Shared_keys_are_flagged_where_the_leaver_could_list_them(string properties, string scope, bool listsKeys, bool flagged)
    {
        var azure = Azure(Resource("microsoft.storage/storageaccounts", "st", null, properties));
        var role = new AzureRole("Some role", false, listsKeys);

        Assert.Equal(flagged, azure.SharedSecrets([(azure.Assignment(Item(scope), role, ["s1"])!, role, ["s1"])]).Any());
    }

    [Fact]
    public void An_entry_for_an_application_in_the_leavers_name_stays_apart_from_the_leavers_own()
    {
        var policies = Azure(
                Resource(
                    "microsoft.keyvault/vaults",
                    "kv",
                    null,
                    """
                    {"accessPolicies":[{"objectId":"DANA","permissions":{}},{"objectId":"dana","applicationId":"app","permissions":{}}]}
                    """
                )
            )
            .VaultPolicies()
            .ToList();

        Assert.Equal(2, policies.Select(p => p.Key).Distinct().Count());
        Assert.Equal([null, "az keyvault delete-policy --name kv --object-id dana --application-id app"], policies.Select(p => p.WhatToDo));
    }

    [Theory]
    [InlineData(
        "ai-asset",
        "dana@x.example",
        "tostring(tags) contains 'ai-asset' or tostring(tags) contains 'dana@x.example' or tostring(tags) contains 'dana'"
    )]
    [InlineData("ai' or 1==1 //", "o'brien@x.example", "isnotempty(tags) or isnotempty(tags) or tostring(tags) contains 'dana'")]
    public void Nothing_that_a_query_could_read_otherwise_is_put_into_it(string tag, string principalName, string expected) =>
        Assert.Contains(expected, AzureAccess.Query("dana", principalName, Policy with { AssetTag = tag }), StringComparison.Ordinal);

    private static AzureAccess Azure(params ResourceRow[] resources) => new("dana", "dana@x.example", Policy, resources);

    private static ResourceRow Resource(string type, string name, string? asset, string properties = "{}")
    {
        using var document = JsonDocument.Parse(properties);
        var tags = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        if (asset is not null)
            tags["ai-asset"] = asset;
        return new(
            $"{Rg}/providers/{(type.Contains('/', StringComparison.Ordinal) ? type : "p/" + type)}/{name}",
            name,
            type,
            "s1",
            tags,
            document.RootElement.Clone()
        );
    }

    private static JsonElement Item(string scope)
    {
        using var document = JsonDocument.Parse(
            $$"""{"id":"{{scope}}/roleAssignments/1","properties":{"principalId":"DANA","scope":"{{scope}}","roleDefinitionId":"r"} }"""
        );
        return document.RootElement.Clone();
    }
}
