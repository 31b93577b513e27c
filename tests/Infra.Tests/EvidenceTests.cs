using System.Globalization;
using System.Text.RegularExpressions;
using Compliance.Ledger.Format;
using Compliance.Ledger.Privacy;

namespace Infra.Tests;

/// <summary>The evidence cannot be changed, can be erased where it has to be, and outlives the app.</summary>
public sealed partial class EvidenceTests(Templates templates)
{
    private const string Policies = "Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies";

    [Fact]
    public void Only_the_ledger_is_write_once_and_it_may_grow()
    {
        var policy = templates.Evidence.One(Policies);

        Assert.EndsWith($"/{LedgerLayout.Container}/default", policy.Name, StringComparison.Ordinal);
        Assert.Equal(
            """{"immutabilityPeriodSinceCreationInDays":2555,"allowProtectedAppendWrites":true}""",
            policy.At("properties")!.ToJsonString()
        );
    }

    // Else the app itself raises EVID-004.
    [Fact]
    public void The_ledger_cannot_be_changed_for_as_long_as_the_shipped_policy_keeps_records()
    {
        var policy = File.ReadAllText(Templates.Folder("src", "ComplianceFunctions", "policy", "evidence.yaml"));
        var longest = Days().Matches(policy).Max(m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture));

        Assert.Equal($"{longest}", templates.Evidence.One(Policies).Text("properties.immutabilityPeriodSinceCreationInDays"));
    }

    [Fact]
    public void A_policy_that_was_locked_is_not_put_again()
    {
        Assert.Empty(templates.LockedEvidence.Of(Policies));
        Assert.NotEmpty(templates.LockedEvidence.Of("Microsoft.Storage/storageAccounts/blobServices/containers"));
    }

    [Fact]
    public void Nothing_that_was_erased_stays_behind()
    {
        foreach (var deployment in templates.All)
        {
            var blobs = deployment.One("Microsoft.Storage/storageAccounts/blobServices");
            Assert.Equal(
                ("false", "false", "false"),
                (
                    blobs.Text("properties.isVersioningEnabled"),
                    blobs.Text("properties.deleteRetentionPolicy.enabled"),
                    blobs.Text("properties.containerDeleteRetentionPolicy.enabled")
                )
            );
            Assert.Null(deployment.One("Microsoft.Storage/storageAccounts").At("properties.immutableStorageWithVersioning"));
        }
    }

    [Fact]
    public void Its_containers_are_those_that_the_app_writes_to() =>
        Assert.Equal(
            new[] { LedgerLayout.Container, LedgerLayout.HeadContainer, BlobPseudonyms.Container },
            templates
                .Evidence.Of("Microsoft.Storage/storageAccounts/blobServices/containers")
                .Select(c => c.Name[(c.Name.LastIndexOf('/') + 1)..])
        );

    [Fact]
    public void Its_key_signs_on_P256_and_never_leaves_a_vault_that_cannot_be_purged()
    {
        var (vault, key) = (templates.Evidence.One("Microsoft.KeyVault/vaults"), templates.Evidence.One("Microsoft.KeyVault/vaults/keys"));

        Assert.Equal(
            """{"kty":"EC","curveName":"P-256","keyOps":["sign","verify"],"attributes":{"enabled":true,"exportable":false}}""",
            key.At("properties")!.ToJsonString()
        );
        Assert.Equal(
            ("true", "true", "true", "90"),
            (
                vault.Text("properties.enableRbacAuthorization"),
                vault.Text("properties.enableSoftDelete"),
                vault.Text("properties.enablePurgeProtection"),
                vault.Text("properties.softDeleteRetentionInDays")
            )
        );
        Assert.Equal("recover", templates.LockedEvidence.One("Microsoft.KeyVault/vaults").Text("properties.createMode"));
        Assert.Equal("default", vault.Text("properties.createMode"));
    }

    // azd takes down the groups that its own deployment made, and asks before any that has its tag.
    [Fact]
    public void Taking_the_app_down_does_not_reach_it()
    {
        const string Groups = "Microsoft.Resources/resourceGroups";
        var (group, app) = (templates.Evidence.One(Groups), templates.Enforce.One(Groups));

        Assert.NotEqual(group.Id, app.Id);
        Assert.Null(group.At("tags.azd-env-name"));
        Assert.Equal("demo", app.Text("tags.azd-env-name"));
        Assert.Equal("CanNotDelete", templates.Evidence.One("Microsoft.Authorization/locks").Text("properties.level"));
        Assert.Equal(group.Id, templates.Evidence.One("Microsoft.Authorization/locks").Scope);
    }

    // offboarding: 2555d
    [GeneratedRegex(@"^\s+\w+: (\d+)d\s*$", RegexOptions.Multiline)]
    private static partial Regex Days();
}
