using Azure.Identity;
using Compliance.Storage;
using Microsoft.Extensions.DependencyInjection;

namespace Compliance.Tests.Storage;

public sealed class StorageOptionsTests
{
    private static readonly string Key = Convert.ToBase64String([.. Enumerable.Range(0, 64).Select(i => (byte)i)]);

    [Fact]
    public void A_connection_string_is_taken_and_never_printed()
    {
        var options = StorageOptions.Read(
            Settings.Of(("AzureWebJobsStorage", Connection("statesa")), ("EvidenceStorage", Connection("evidencesa")))
        );

        Assert.Equal(
            ("https://statesa.blob.core.windows.net/", "https://evidencesa.blob.core.windows.net/"),
            (options.State.BlobEndpoint.ToString(), options.Evidence.BlobEndpoint.ToString())
        );
        Assert.DoesNotContain(Key, options.ToString());
        Assert.Null(StateStorage.CredentialOf(options.State));
    }

    [Fact]
    public void A_managed_identity_serves_both_accounts_when_evidence_names_none()
    {
        var options = StorageOptions.Read(
            Settings.Of([
                .. Addresses(),
                ("AzureWebJobsStorage__credential", "managedidentity"),
                ("AzureWebJobsStorage__clientId", "11111111-2222-3333-4444-555555555555"),
            ])
        );

        Assert.Equal(
            [(true, "11111111-2222-3333-4444-555555555555"), (true, "11111111-2222-3333-4444-555555555555")],
            new[] { options.State, options.Evidence }.Select(a => (a.ManagedIdentity, a.ClientId!))
        );
        Assert.IsType<ManagedIdentityCredential>(StateStorage.CredentialOf(options.State));
    }

    [Fact]
    public void Without_a_credential_setting_the_sign_in_of_the_azure_cli_is_used()
    {
        var options = StorageOptions.Read(Settings.Of(Addresses()));

        Assert.IsType<AzureCliCredential>(StateStorage.CredentialOf(options.State));
        var storage = new StateStorage(options);
        Assert.Equal("https://statesa.queue.core.windows.net/", storage.Queues.Uri.ToString());
        Assert.Equal("https://statesa.table.core.windows.net/", storage.Tables.Uri.ToString());
    }

    [Theory]
    [InlineData(
        "AzureWebJobsStorage",
        "AzureWebJobsStorage__blobServiceUri",
        "AzureWebJobsStorage__queueServiceUri",
        "AzureWebJobsStorage__tableServiceUri"
    )]
    [InlineData("AzureWebJobsStorage__tableServiceUri", "AzureWebJobsStorage__tableServiceUri")]
    [InlineData("EvidenceStorage", "EvidenceStorage__blobServiceUri")]
    public void A_missing_setting_is_named(string named, params string[] missing)
    {
        var error = Assert.Throws<StateSettingException>(() =>
            StorageOptions.Read(Settings.Of([.. Addresses().Where(a => !missing.Contains(a.Key))]))
        );

        Assert.Equal(named, error.Key);
        Assert.StartsWith($"setting {named} is missing", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("AzureWebJobsStorage__tableServiceUri", "http://statesa.table.core.windows.net/")]
    [InlineData("AzureWebJobsStorage__queueServiceUri", "https://statesa.queue.core.windows.net/?sv=2024&sig=planted")]
    [InlineData("EvidenceStorage__blobServiceUri", "evidencesa")]
    [InlineData("AzureWebJobsStorage__credential", "password")]
    [InlineData("EvidenceStorage__blobServiceUri", "https://statesa.blob.core.windows.net/", "EvidenceStorage")]
    public void A_setting_that_cannot_be_used_is_named_and_a_secret_in_it_is_not_repeated(string key, string value, string? named = null)
    {
        var error = Assert.Throws<StateSettingException>(() => StorageOptions.Read(Settings.Of([.. Addresses(), (key, value)])));

        Assert.Equal(named ?? key, error.Key);
        Assert.DoesNotContain("planted", error.ToString());
    }

    [Fact]
    public void A_broken_connection_string_is_refused_without_repeating_it()
    {
        var error = Assert.Throws<StateSettingException>(() =>
            StorageOptions.Read(Settings.Of(("AzureWebJobsStorage", $"AccountName=x;AccountKey={Key};Nonsense")))
        );

        Assert.Equal("AzureWebJobsStorage", error.Key);
        Assert.DoesNotContain(Key, error.ToString());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("contoso.com")]
    public void A_tenant_that_is_no_guid_is_refused_at_the_start(string? tenant)
    {
        var error = Assert.Throws<StateSettingException>(() =>
            new ServiceCollection().AddState(Settings.Of(tenant is null ? Addresses() : [.. Addresses(), ("Tenant:Id", tenant)]))
        );

        Assert.Equal("Tenant:Id", error.Key);
    }

    private static string Connection(string account) =>
        $"DefaultEndpointsProtocol=https;AccountName={account};AccountKey={Key};EndpointSuffix=core.windows.net";

    private static (string Key, string Value)[] Addresses() =>
        [
            ("AzureWebJobsStorage__blobServiceUri", "https://statesa.blob.core.windows.net/"),
            ("AzureWebJobsStorage__queueServiceUri", "https://statesa.queue.core.windows.net/"),
            ("AzureWebJobsStorage__tableServiceUri", "https://statesa.table.core.windows.net/"),
            ("EvidenceStorage__blobServiceUri", "https://evidencesa.blob.core.windows.net/"),
        ];
}
