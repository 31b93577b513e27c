using Compliance.Ledger.Checkpoints;
using Compliance.Ledger.Format;
using Compliance.Storage;
using Compliance.Tests.Storage;

namespace Compliance.Tests.Ledger.Checkpoints;

public sealed class EvidenceOptionsTests
{
    private const string AccountId =
        "/subscriptions/11111111-1111-4111-8111-111111111111/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/evidence";

    private static readonly StorageAccount Local = new()
    {
        Key = "EvidenceStorage",
        ConnectionString = "UseDevelopmentStorage=true",
        BlobEndpoint = new("http://127.0.0.1:10000/devstoreaccount1"),
    };
    private static readonly StorageAccount Azure = new()
    {
        Key = "EvidenceStorage",
        BlobEndpoint = new("https://evidence.blob.core.windows.net/"),
        ManagedIdentity = true,
    };

    [Fact]
    public void Without_settings_nothing_is_signed_or_copied_and_write_once_is_required_in_Azure_alone()
    {
        var (local, azure) = (Read(Local), Read(Azure));

        Assert.Equal((null, null, WriteOnceMode.Reported, true), (local.KeyFile, local.VaultKey, local.WriteOnce, local.Local));
        Assert.Equal((null, null, WriteOnceMode.Required, false), (azure.KeyFile, azure.VaultKey, azure.WriteOnce, azure.Local));
        Assert.Empty(azure.Copies);
        Assert.Empty(azure.TrustedKeys);
        Assert.Equal(WriteOnceMode.Reported, Read(Azure, (EvidenceOptions.WriteOnceSetting, "Reported")).WriteOnce);
    }

    [Fact]
    public void A_key_is_a_version_in_a_vault_or_a_file()
    {
        Assert.Equal(
            "https://kv.vault.azure.net/keys/ledger/0123",
            Read(Azure, (EvidenceOptions.SigningKeySetting, "https://kv.vault.azure.net/keys/ledger/0123")).VaultKey!.AbsoluteUri
        );
        Assert.Equal("keys/evidence.pem", Read(Local, (EvidenceOptions.SigningKeySetting, " keys/evidence.pem ")).KeyFile);
    }

    [Theory]
    [InlineData("https://kv.vault.azure.net/keys/ledger")]
    [InlineData("https://kv.vault.azure.net/keys/ledger/")]
    [InlineData("https://kv.vault.azure.net/secrets/ledger/0123")]
    [InlineData("https://kv.vault.azure.net/keys/ledger/0123/sign")]
    [InlineData("https://kv.vault.azure.net/keys/ledger/0123?x=1")]
    [InlineData("http://kv.vault.azure.net/keys/ledger/0123")]
    public void A_vault_key_without_its_version_or_of_another_form_is_refused(string key) =>
        Refused(Azure, EvidenceOptions.SigningKeySetting, key);

    [Fact]
    public void Trusted_keys_come_one_a_line_or_one_an_index()
    {
        var keys = Enumerable
            .Range(0, 3)
            .Select(_ => new MemoryKey(KeyFileSigner.NewPem()).Of("compliancefunctions/t").Key.Format())
            .ToList();

        Assert.Equal(
            keys[..2],
            Read(Azure, (EvidenceOptions.TrustedKeysSetting, $"{keys[0]}\n{keys[1]}\n")).TrustedKeys.Select(k => k.Format())
        );
        Assert.Equal(
            keys,
            Read(Azure, ("Evidence__TrustedKeys__0", keys[0]), ("Evidence__TrustedKeys__1", $"{keys[1]};{keys[2]}"))
                .TrustedKeys.Select(k => k.Format())
        );
        Refused(Azure, EvidenceOptions.TrustedKeysSetting, keys[0][..^4]);
    }

    [Fact]
    public void Copies_come_as_JSON_or_by_index_and_their_names_tell_no_secret()
    {
        var json = Read(
            Azure,
            (
                EvidenceOptions.CopiesSetting,
                """
                [{"container":"https://auditor.blob.core.windows.net/copies?sig=secret"},
                 {"webhook":"https://audit.example/hook/secret?code=secret"}]
                """
            )
        );
        var index = Read(
            Azure,
            ("Evidence__Copies__0__container", "https://auditor.blob.core.windows.net/copies?sig=other"),
            ("Evidence__Copies__1__webhook", "https://audit.example/hook/secret?code=secret")
        );

        Assert.Equal(
            ["container https://auditor.blob.core.windows.net/copies", "webhook https://audit.example"],
            json.Copies.Select(c => c.ToString())
        );
        // A new signature for a container is the same container.
        Assert.Equal(json.Copies.Select(c => c.Id), index.Copies.Select(c => c.Id));
    }

    [Theory]
    [InlineData("nonsense")]
    [InlineData("""[{}]""")]
    [InlineData("""[{"container":"https://a.example/b","webhook":"https://a.example"}]""")]
    [InlineData("""[{"webhook":"http://audit.example/"}]""")]
    [InlineData("""[{"webhook":"ftp://audit.example/"}]""")]
    [InlineData("""[{"webhook":"https://user:password@audit.example/"}]""")]
    [InlineData("""[{"webhook":"/relative"}]""")]
    [InlineData("""[{"container":"https://auditor.blob.core.windows.net/"}]""")]
    [InlineData("""[{"container":"https://evidence.blob.core.windows.net/ledger"}]""")]
    [InlineData("""[{"webhook":"https://audit.example/"},{"webhook":"https://audit.example/"}]""")]
    public void A_place_that_cannot_be_used_is_refused_without_telling_it(string copies)
    {
        var e = Refused(Azure, EvidenceOptions.CopiesSetting, copies);

        Assert.DoesNotContain("password", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Where_there_is_no_identity_a_container_elsewhere_needs_a_signature()
    {
        Assert.Single(
            Read(Local, (EvidenceOptions.CopiesSetting, """[{"container":"http://127.0.0.1:10000/devstoreaccount1/copies"}]""")).Copies
        );
        Refused(Local, EvidenceOptions.CopiesSetting, """[{"container":"https://auditor.blob.core.windows.net/copies"}]""");
    }

    [Fact]
    public void The_account_is_the_one_the_evidence_is_in()
    {
        Assert.Equal(AccountId, Read(Azure, (EvidenceOptions.AccountSetting, AccountId)).AccountResourceId);
        Refused(Azure, EvidenceOptions.AccountSetting, AccountId[..^1]);
        Refused(Azure, EvidenceOptions.AccountSetting, AccountId + "/blobServices/default");
        Refused(Azure, EvidenceOptions.AccountSetting, "evidence");
    }

    [Fact]
    public void Another_mode_is_refused() => Refused(Azure, EvidenceOptions.WriteOnceSetting, "maybe");

    private static EvidenceOptions Read(StorageAccount account, params (string Key, string Value)[] settings) =>
        EvidenceOptions.Read(Settings.Of(settings), account);

    private static StateSettingException Refused(StorageAccount account, string key, string value)
    {
        var e = Assert.Throws<StateSettingException>(() => Read(account, (key, value)));
        Assert.Equal(key, e.Key);
        return e;
    }
}
