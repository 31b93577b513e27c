using Compliance.Credentials;
using Compliance.Findings;

namespace Compliance.Tests.Credentials.Policy;

public sealed class NextStepsTests
{
    private const string KeyId = "aaaaaaaa-0000-0000-0000-000000000001";
    private const string Account = "/subscriptions/s-1/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/pay";
    private static readonly Person Ada = new("u-ada", "Ada", "ada@contoso.com", "owner");
    private static readonly DateTimeOffset Now = new(2028, 2, 29, 0, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset End = new(2028, 3, 31, 0, 0, 0, TimeSpan.Zero);

    private static string Step(
        string control,
        CredentialKind kind,
        string id,
        string part = KeyId,
        string? type = null,
        string name = "billing"
    )
    {
        var isWhole = kind is CredentialKind.VaultSecret or CredentialKind.VaultKey or CredentialKind.VaultCertificate;
        var credential = Given.Credential(kind, expires: End, id: id, name: name);
        return Step(control, credential with { Part = isWhole ? "" : part, ResourceType = type });
    }

    private static string Step(string control, Credential credential, Person? owner = null) =>
        NextSteps.For(Given.Control(control), credential, CredentialRules.Default, owner, Now);

    [Fact]
    public void A_step_speaks_to_its_owner_or_to_nobody_in_particular() =>
        Assert.Equal(("Ada, mend it.", "Mend it."), (NextSteps.Addressed(Ada, "mend it"), NextSteps.Addressed(null, "mend it")));

    [Theory]
    [InlineData("an app's secret that is too old", "CRED-001", CredentialKind.ClientSecret, "o-1")]
    [InlineData("an app's certificate that ended", "CRED-002", CredentialKind.ClientCertificate, "o-1")]
    [InlineData("a SAML certificate that ended", "CRED-002", CredentialKind.SamlCertificate, "sp-1")]
    [InlineData("a key that ends soon", "CRED-003", CredentialKind.VaultKey, "https://pay.vault.azure.net/keys/k1")]
    [InlineData("a secret without an end", "CRED-004", CredentialKind.VaultSecret, "https://pay.vault.azure.net/secrets/s1")]
    [InlineData("an old certificate", "CRED-001", CredentialKind.VaultCertificate, "https://pay.vault.azure.net/certificates/c1")]
    [InlineData("an app without a living owner", "CRED-006", CredentialKind.ClientSecret, "o-1")]
    [InlineData("a key that does not rotate by itself", "CRED-007", CredentialKind.VaultKey, "https://pay.vault.azure.net/keys/k1")]
    public void Each_control_has_its_own_step(string credential, string control, object kind, string id) =>
        Texts.Credentials.Expect("next step", credential, Step(control, (CredentialKind)kind, id));

    [Fact]
    public void A_storage_key_is_renewed_by_account_and_the_account_is_given_a_policy()
    {
        Texts.Credentials.Expect("next step: a storage key", Step("CRED-001", CredentialKind.StorageKey, Account, "key1", name: "pay"));
        Texts.Credentials.Expect(
            "next step: an account without a policy of its keys",
            Step("CRED-008", CredentialKind.StorageKey, Account, "", name: "pay")
        );
    }

    [Theory]
    [InlineData("Microsoft.DocumentDB/databaseAccounts", "`az resource update --ids /s/1/x --set properties.disableLocalAuth=true`.")]
    [InlineData("microsoft.search/SearchServices", "`az search service update --ids /s/1/x --disable-local-auth true`.")]
    [InlineData("microsoft.cache/redis", "`az resource update --ids /s/1/x --set properties.disableAccessKeyAuthentication=true`.")]
    [InlineData(
        "microsoft.batch/batchaccounts",
        "`az resource update --ids /s/1/x --set 'properties.allowedAuthenticationModes=[\"AAD\"]'`."
    )]
    [InlineData("microsoft.containerregistry/registries", "`az acr update --ids /s/1/x --admin-enabled false`.")]
    public void Keys_of_a_resource_are_turned_off(string type, string command) =>
        Assert.EndsWith(": " + command, Step("CRED-009", CredentialKind.ResourceKeys, "/s/1/x", "", type), StringComparison.Ordinal);

    [Fact]
    public void What_calls_a_resource_signs_in_by_itself_before_its_keys_are_turned_off() =>
        Texts.Credentials.Expect(
            "next step: a resource that accepts keys",
            Step("CRED-009", CredentialKind.ResourceKeys, "/s/1/x", "", "microsoft.cache/redis")
        );

    [Fact]
    public void Keys_that_no_rule_judges_are_looked_at_by_hand() =>
        Texts.Credentials.Expect(
            "next step: keys that no rule judges",
            Step(
                "CRED-009",
                Given.Credential(CredentialKind.ResourceKeys, id: "/subscriptions/s-1") with
                {
                    ResourceType = "Microsoft.Web/sites",
                }
            )
        );

    [Fact]
    public void A_young_secret_is_given_the_last_end_that_policy_allows() =>
        Texts.Credentials.Expect(
            "next step: a young secret without an end",
            Step("CRED-004", Given.Credential(CredentialKind.VaultSecret, Now.AddDays(-10), id: "https://pay.vault.azure.net/secrets/s1"))
        );

    [Fact]
    public void A_secret_without_a_key_id_is_looked_up_first()
    {
        var step = Step("CRED-002", Given.Credential(expires: End) with { Part = "", Label = "ci" });

        Assert.Contains("`az ad app credential list --id", step, StringComparison.Ordinal);
        Texts.Credentials.Expect("next step: a secret without a key id", step);
    }

    [Fact]
    public void A_certificate_known_by_its_thumbprint_only_is_looked_up_first() =>
        Texts.Credentials.Expect(
            "next step: a certificate known by its thumbprint only",
            Step("CRED-002", CredentialKind.ClientCertificate, "o-1", "AB12")
        );

    [Theory]
    [InlineData("a'; rm -rf /")]
    [InlineData("a\n`rm -rf /`")]
    public void A_malicious_name_cannot_leave_its_place(string name)
    {
        var id = $"/subscriptions/s/resourceGroups/{name.Replace('/', ';')}/providers/Microsoft.Storage/storageAccounts/x";
        var step = Step("CRED-001", Given.Credential(CredentialKind.StorageKey, id: id, name: name), Ada with { Name = name });
        Assert.DoesNotContain('\n', step);
        Assert.Equal(2, step.Count(c => c == '`'));
    }

    [Theory]
    [InlineData("VaultSecret", "secret")]
    [InlineData("VaultKey", "key")]
    [InlineData("VaultCertificate", "certificate")]
    public void An_older_version_that_is_still_served_is_disabled_and_not_made_again(string kind, string noun)
    {
        var c = Given.Credential(Enum.Parse<CredentialKind>(kind), id: $"https://kv-hr.vault.azure.net/{noun}s/db", name: "kv-hr/db") with
        {
            Part = "v1",
        };

        Assert.EndsWith(
            $"`az keyvault {noun} set-attributes --vault-name kv-hr --name db --version v1 --enabled false`.",
            NextSteps.For(Given.Control("CRED-001"), c, CredentialRules.Default, null, Given.Now),
            StringComparison.Ordinal
        );
    }
}
