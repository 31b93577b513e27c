using Compliance.Storage;
using Microsoft.Extensions.Configuration;

namespace Compliance.Tests.Storage;

/// <summary>What an operator reads when a setting of storage or tenant cannot be used, and which identity serves which account.</summary>
public sealed class StorageSettingMessageTests
{
    private const string ClientId = "11111111-2222-3333-4444-555555555555";

    [Theory]
    [InlineData("a table address without encryption", "AzureWebJobsStorage__tableServiceUri", "http://statesa.table.core.windows.net/")]
    [InlineData("a queue address with a token", "AzureWebJobsStorage__queueServiceUri", "https://statesa.queue.core.windows.net/?sig=x")]
    [InlineData("an address of another scheme", "AzureWebJobsStorage__queueServiceUri", "ftp://127.0.0.1/")]
    [InlineData("one of three addresses missing", "AzureWebJobsStorage__tableServiceUri", " ")]
    [InlineData("evidence without an address", "EvidenceStorage__blobServiceUri", " ")]
    [InlineData("evidence in the account of state", "EvidenceStorage__blobServiceUri", "https://statesa.blob.core.windows.net/")]
    [InlineData("another kind of credential for state", "AzureWebJobsStorage__credential", "password")]
    [InlineData("another kind of credential for evidence", "EvidenceStorage__credential", "password")]
    [InlineData("a text that is no connection string", "EvidenceStorage", "nonsense")]
    public void A_setting_that_cannot_be_used_is_named_with_its_rule(string situation, string key, string value)
    {
        var refusal = Refusal([.. Addresses().Where(a => a.Key != key), (key, value)]);

        Assert.Contains(key.Split("__")[0], refusal, StringComparison.Ordinal);
        Texts.Storage.Expect("a setting that cannot be used", situation, refusal);
    }

    [Fact]
    public void Without_any_setting_both_ways_to_give_the_state_account_are_named() =>
        Texts.Storage.Expect("no setting at all", Refusal([]));

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
    [InlineData(null)]
    [InlineData(" ")]
    [InlineData("contoso.com")]
    public void A_tenant_that_cannot_be_used_is_refused_with_its_rule(string? tenant)
    {
        var settings = tenant is null ? Settings.Of() : Settings.Of(("Tenant:Id", tenant));

        var refusal = Assert.Throws<StateSettingException>(() => TenantId.Read(settings)).Message;

        Texts.Storage.Expect(string.IsNullOrWhiteSpace(tenant) ? "no id of the tenant" : "an id of the tenant that is a name", refusal);
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
