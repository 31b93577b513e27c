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
    [InlineData(
        "CRED-001",
        CredentialKind.ClientSecret,
        "o-1",
        "Add a new secret to app billing (appId 11111111-2222-3333-4444-555555555555), deploy it, then remove key id "
            + "aaaaaaaa-0000-0000-0000-000000000001: `az ad app credential reset --id 11111111-2222-3333-4444-555555555555 --append "
            + "--end-date \"$(date -u -d '+180 days' +%FT%TZ)\"`, then `az ad app credential delete --id "
            + "11111111-2222-3333-4444-555555555555 --key-id aaaaaaaa-0000-0000-0000-000000000001`."
    )]
    [InlineData(
        "CRED-002",
        CredentialKind.ClientCertificate,
        "o-1",
        "Check that nothing still presents it, then remove certificate aaaaaaaa-0000-0000-0000-000000000001 from app billing (appId "
            + "11111111-2222-3333-4444-555555555555): `az ad app credential delete --id 11111111-2222-3333-4444-555555555555 --key-id "
            + "aaaaaaaa-0000-0000-0000-000000000001 --cert`."
    )]
    [InlineData(
        "CRED-002",
        CredentialKind.SamlCertificate,
        "sp-1",
        "Remove certificate aaaaaaaa-0000-0000-0000-000000000001 from service principal billing (object id sp-1) (Entra admin center, "
            + "Enterprise applications, Single sign-on)."
    )]
    [InlineData(
        "CRED-003",
        CredentialKind.VaultKey,
        "https://pay.vault.azure.net/keys/k1",
        "Before 2028-03-31, rotate key billing (https://pay.vault.azure.net/keys/k1) and give the new version an end: `az keyvault key "
            + "rotate --vault-name pay --name k1`, then `az keyvault key set-attributes --vault-name pay --name k1 --expires \"$(date -u "
            + "-d '+180 days' +%FT%TZ)\"`."
    )]
    [InlineData(
        "CRED-004",
        CredentialKind.VaultSecret,
        "https://pay.vault.azure.net/secrets/s1",
        "Make a new value for secret billing (https://pay.vault.azure.net/secrets/s1), write it to new-value.txt, set it and restart "
            + "what reads it: `az keyvault secret set --vault-name pay --name s1 --file new-value.txt --expires \"$(date -u -d '+180 "
            + "days' +%FT%TZ)\"`, then delete the file."
    )]
    [InlineData(
        "CRED-001",
        CredentialKind.VaultCertificate,
        "https://pay.vault.azure.net/certificates/c1",
        "Issue a new version of certificate billing (https://pay.vault.azure.net/certificates/c1) by its own policy, but with 5 for "
            + "validityInMonths in policy.json: `az keyvault certificate show --vault-name pay --name c1 --query policy > policy.json`, "
            + "then `az keyvault certificate create --vault-name pay --name c1 --policy @policy.json`."
    )]
    [InlineData(
        "CRED-006",
        CredentialKind.ClientSecret,
        "o-1",
        "Find who answers for app billing (appId 11111111-2222-3333-4444-555555555555) and make that person its owner: `az ad app owner "
            + "add --id 11111111-2222-3333-4444-555555555555 --owner-object-id OBJECT-ID`."
    )]
    [InlineData(
        "CRED-007",
        CredentialKind.VaultKey,
        "https://pay.vault.azure.net/keys/k1",
        "Let key billing (https://pay.vault.azure.net/keys/k1) rotate by itself: `az keyvault key rotation-policy update --vault-name "
            + "pay --name k1 --value "
            + "'{\"lifetimeActions\":[{\"trigger\":{\"timeAfterCreate\":\"P83D\"},\"action\":{\"type\":\"Rotate\"}}],"
            + "\"attributes\":{\"expiryTime\":\"P180D\"}}'`."
    )]
    public void Each_control_has_its_own_step(string control, object kind, string id, string expected) =>
        Assert.Equal(expected, Step(control, (CredentialKind)kind, id));

    [Fact]
    public void A_storage_key_is_renewed_by_account_and_the_account_is_given_a_policy() =>
        Assert.Equal(
            (
                $"Move what uses key1 of storage account pay ({Account}) to its other key, then renew it: `az storage account keys renew "
                    + "--account-name pay --resource-group rg --subscription s-1 --key key1`.",
                $"Set a key-expiration policy on storage account pay ({Account}), whose keys must have been renewed once: `az storage "
                    + "account update --name pay --resource-group rg --subscription s-1 --key-exp-days 90`."
            ),
            (
                Step("CRED-001", CredentialKind.StorageKey, Account, "key1", name: "pay"),
                Step("CRED-008", CredentialKind.StorageKey, Account, "", name: "pay")
            )
        );

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
        Assert.Equal(
            $"Let what calls billing (/s/1/x) sign in with a managed identity, then turn its keys off: {command}",
            Step("CRED-009", CredentialKind.ResourceKeys, "/s/1/x", "", type)
        );

    [Fact]
    public void Keys_that_no_rule_judges_are_looked_at_by_hand() =>
        Assert.Equal(
            "Check by hand who can use the keys of these resources and when they were last changed, and record it in a waiver: `az "
                + "resource list --resource-type Microsoft.Web/sites --subscription s-1`.",
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
        Assert.Equal(
            "Give secret billing (https://pay.vault.azure.net/secrets/s1) an end that policy allows: `az keyvault secret set-attributes "
                + "--vault-name pay --name s1 --expires 2028-08-17T00:00:00Z`.",
            Step("CRED-004", Given.Credential(CredentialKind.VaultSecret, Now.AddDays(-10), id: "https://pay.vault.azure.net/secrets/s1"))
        );

    [Fact]
    public void A_secret_without_a_key_id_is_looked_up_first()
    {
        var step = Step("CRED-002", Given.Credential(expires: End) with { Part = "", Label = "ci" });

        Assert.StartsWith(
            "Check that nothing still presents it, then remove the old secret (ci) from app billing (",
            step,
            StringComparison.Ordinal
        );
        Assert.Contains("): find its key id with `az ad app credential list --id", step, StringComparison.Ordinal);
    }

    [Fact]
    public void A_certificate_known_by_its_thumbprint_only_is_looked_up_first() =>
        Assert.EndsWith(
            "find its key id with `az ad app credential list --id 11111111-2222-3333-4444-555555555555 --cert` and remove it with `az ad "
                + "app credential delete --id 11111111-2222-3333-4444-555555555555 --key-id KEY-ID --cert`.",
            Step("CRED-002", CredentialKind.ClientCertificate, "o-1", "AB12"),
            StringComparison.Ordinal
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
