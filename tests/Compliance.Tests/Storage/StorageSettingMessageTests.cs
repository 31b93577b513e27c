using Compliance.Storage;
using Microsoft.Extensions.Configuration;

namespace Compliance.Tests.Storage;

/// <summary>What an operator reads when a setting of storage or tenant cannot be used, and which identity serves which account.</summary>
public sealed class StorageSettingMessageTests
{
    private const string ClientId = "11111111-2222-3333-4444-555555555555";

    [Theory]
    [InlineData(
        "AzureWebJobsStorage__tableServiceUri",
        "http://statesa.table.core.windows.net/",
        "setting AzureWebJobsStorage__tableServiceUri is not an https:// address without a query (http:// is taken for loopback only)"
    )]
    [InlineData(
        "AzureWebJobsStorage__queueServiceUri",
        "https://statesa.queue.core.windows.net/?sig=x",
        "setting AzureWebJobsStorage__queueServiceUri is not an https:// address without a query (http:// is taken for loopback only)"
    )]
    [InlineData(
        "AzureWebJobsStorage__queueServiceUri",
        "ftp://127.0.0.1/",
        "setting AzureWebJobsStorage__queueServiceUri is not an https:// address without a query (http:// is taken for loopback only)"
    )]
    [InlineData(
        "AzureWebJobsStorage__tableServiceUri",
        " ",
        "setting AzureWebJobsStorage__tableServiceUri is missing: the others of its kind are there"
    )]
    [InlineData(
        "EvidenceStorage__blobServiceUri",
        " ",
        "setting EvidenceStorage is missing: give a connection string, or with an identity EvidenceStorage__blobServiceUri"
    )]
    [InlineData(
        "EvidenceStorage__blobServiceUri",
        "https://statesa.blob.core.windows.net/",
        "setting EvidenceStorage names the account of AzureWebJobsStorage: "
            + "evidence needs an account of its own, so that its ledger can be made immutable"
    )]
    [InlineData(
        "AzureWebJobsStorage__credential",
        "password",
        "setting AzureWebJobsStorage__credential is 'password': it may be 'managedidentity', or left out for the sign-in of the Azure CLI"
    )]
    [InlineData(
        "EvidenceStorage__credential",
        "password",
        "setting EvidenceStorage__credential is 'password': it may be 'managedidentity', or left out for the sign-in of the Azure CLI"
    )]
    [InlineData(
        "EvidenceStorage",
        "nonsense",
        "setting EvidenceStorage is not a storage connection string "
            + "(AccountName, AccountKey and endpoints; or UseDevelopmentStorage=true)"
    )]
    public void A_setting_that_cannot_be_used_is_named_with_its_rule(string key, string value, string message) =>
        Assert.Equal(message, Refusal([.. Addresses().Where(a => a.Key != key), (key, value)]));

    [Fact]
    public void Without_any_setting_both_ways_to_give_the_state_account_are_named() =>
        Assert.Equal(
            "setting AzureWebJobsStorage is missing: give a connection string, or with an identity "
                + "AzureWebJobsStorage__blobServiceUri, AzureWebJobsStorage__queueServiceUri, AzureWebJobsStorage__tableServiceUri",
            Refusal([])
        );

    [Theory]
    [InlineData("http://127.0.0.1:10002/devstoreaccount1")]
    [InlineData("http://localhost:10002/devstoreaccount1")]
    [InlineData("https://tables.example/")]
    public void An_address_in_clear_is_taken_for_this_machine_only(string address)
    {
        const string key = "AzureWebJobsStorage__tableServiceUri";

        var options = Read([.. Addresses().Where(a => a.Key != key), (key, address)]);

        Assert.Equal(new Uri(address), options.State.Addresses[StorageAccount.TableUri]);
    }

    // Given are the state account's credential and client id, then those of evidence; expected is evidence's identity.
    [Theory]
    [InlineData("managedidentity", "s", null, null, true, "s")]
    [InlineData("ManagedIdentity", null, null, null, true, null)]
    [InlineData(null, null, "managedidentity", null, true, null)]
    [InlineData("managedidentity", "s", "managedidentity", null, true, null)]
    [InlineData("managedidentity", "s", "managedidentity", "e", true, "e")]
    [InlineData("managedidentity", "s", null, "e", false, "e")]
    [InlineData("managedidentity", "s", " ", " ", true, "s")]
    [InlineData(null, null, null, null, false, null)]
    public void Evidence_takes_the_state_accounts_identity_only_when_it_names_none(
        string? stateCredential,
        string? stateClient,
        string? credential,
        string? client,
        bool managed,
        string? expected
    )
    {
        var given = new[]
        {
            ("AzureWebJobsStorage__credential", stateCredential),
            ("AzureWebJobsStorage__clientId", stateClient),
            ("EvidenceStorage__credential", credential),
            ("EvidenceStorage__clientId", client),
        };

        var options = Read([.. Addresses(), .. given.Where(g => g.Item2 is not null).Select(g => (g.Item1, g.Item2!))]);

        Assert.Equal((managed, expected), (options.Evidence.ManagedIdentity, options.Evidence.ClientId));
    }

    [Fact]
    public void The_state_account_does_not_take_evidences_identity()
    {
        var options = Read([.. Addresses(), ("EvidenceStorage__credential", "managedidentity"), ("EvidenceStorage__clientId", ClientId)]);

        Assert.Equal((false, null), (options.State.ManagedIdentity, options.State.ClientId));
    }

    [Theory]
    [InlineData(":")]
    [InlineData("__")]
    public void A_settings_file_may_bring_either_separator(string separator)
    {
        var values = Addresses().ToDictionary(a => a.Key.Replace("__", separator, StringComparison.Ordinal), string? (a) => a.Value);

        var options = StorageOptions.Read(new ConfigurationBuilder().AddInMemoryCollection(values).Build());

        Assert.Equal("https://evidencesa.blob.core.windows.net/", options.Evidence.BlobEndpoint.ToString());
    }

    [Fact]
    public void The_separator_of_the_environment_wins_when_both_are_there()
    {
        var values = Addresses().ToDictionary(a => a.Key.Replace("__", ":", StringComparison.Ordinal), string? (a) => a.Value);
        values["EvidenceStorage__blobServiceUri"] = "https://othersa.blob.core.windows.net/";

        var options = StorageOptions.Read(new ConfigurationBuilder().AddInMemoryCollection(values).Build());

        Assert.Equal("https://evidencesa.blob.core.windows.net/", options.Evidence.BlobEndpoint.ToString());
    }

    [Fact]
    public void An_account_prints_its_setting_and_host() =>
        Assert.Equal(
            ("AzureWebJobsStorage (statesa.blob.core.windows.net)", "EvidenceStorage (evidencesa.blob.core.windows.net)"),
            (Read(Addresses()).State.ToString(), Read(Addresses()).Evidence.ToString())
        );

    [Theory]
    [InlineData(null, "setting Tenant:Id is missing: give the Entra tenant id (`az account show --query tenantId`)")]
    [InlineData(" ", "setting Tenant:Id is missing: give the Entra tenant id (`az account show --query tenantId`)")]
    [InlineData("contoso.com", "setting Tenant:Id is 'contoso.com', which is not a GUID")]
    public void A_tenant_that_cannot_be_used_is_refused_with_its_rule(string? tenant, string message)
    {
        var settings = tenant is null ? Settings.Of() : Settings.Of(("Tenant:Id", tenant));

        Assert.Equal(message, Assert.Throws<StateSettingException>(() => TenantId.Read(settings)).Message);
    }

    [Theory]
    [InlineData("11111111-2222-3333-4444-55555555555A")]
    [InlineData("{11111111-2222-3333-4444-55555555555a}")]
    [InlineData("1111111122223333444455555555555A")]
    public void A_tenant_id_is_kept_in_one_form(string given) =>
        Assert.Equal("11111111-2222-3333-4444-55555555555a", TenantId.Read(Settings.Of(("Tenant:Id", given))).Value);

    private static StorageOptions Read((string, string)[] settings) => StorageOptions.Read(Settings.Of(settings));

    private static string Refusal((string, string)[] settings) => Assert.Throws<StateSettingException>(() => Read(settings)).Message;

    private static (string Key, string Value)[] Addresses() =>
        [
            ("AzureWebJobsStorage__blobServiceUri", "https://statesa.blob.core.windows.net/"),
            ("AzureWebJobsStorage__queueServiceUri", "https://statesa.queue.core.windows.net/"),
            ("AzureWebJobsStorage__tableServiceUri", "https://statesa.table.core.windows.net/"),
            ("EvidenceStorage__blobServiceUri", "https://evidencesa.blob.core.windows.net/"),
        ];
}
