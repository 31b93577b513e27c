using System.Text;
using Azure;
using Azure.Security.KeyVault.Secrets;
using Compliance.Offboarding.Intake;
using Compliance.Tenants;
using Compliance.Tests.Storage;
using Compliance.Tests.Tenants;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using Moq;

namespace Compliance.Tests.Offboarding.Intake;

/// <summary>The real SDK against the sandbox's vaults.</summary>
public sealed class VaultWebhookKeysTests
{
    private readonly FakeTimeProvider _time = new(Reader.Now);
    private readonly FakeLogger<VaultWebhookKeys> _log = new();

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_newest_two_versions_in_force_are_the_keys_and_a_new_one_is_seen_after_five_minutes_or_when_asked_for()
    {
        // A version a second: the vault tells no finer.
        await using var reader = await Reader.StartAsync(
            clock: new FakeTimeProvider(Reader.Now) { AutoAdvanceAmount = TimeSpan.FromSeconds(1) }
        );
        var vault = VaultOf(reader);
        using var keys = new VaultWebhookKeys(vault, _time, _log);
        await MakeAsync(vault, "a");
        await MakeAsync(vault, "b");
        await MakeAsync(vault, "c", s => s.Enabled = false);
        await MakeAsync(vault, "d", s => s.ExpiresOn = Reader.Now);
        await MakeAsync(vault, "e", s => s.NotBefore = Reader.Now.AddDays(1));
        Assert.Equal([Text("b"), Text("a")], await TextsAsync(keys));

        await MakeAsync(vault, "f", s => s.ExpiresOn = Reader.Now.AddDays(1));
        Assert.Equal([Text("b"), Text("a")], await TextsAsync(keys));
        Assert.Equal([Text("b"), Text("a")], await TextsAsync(keys, afresh: true));
        _time.Advance(VaultWebhookKeys.MinReadInterval);
        Assert.Equal([Text("b"), Text("a")], await TextsAsync(keys));
        Assert.Equal([Text("f"), Text("b")], await TextsAsync(keys, afresh: true));

        await MakeAsync(vault, "g");
        _time.Advance(VaultWebhookKeys.Remembered - TimeSpan.FromTicks(1));
        Assert.Equal([Text("f"), Text("b")], await TextsAsync(keys));
        _time.Advance(TimeSpan.FromTicks(1));
        Assert.Equal([Text("g"), Text("f")], await TextsAsync(keys));
    }

    [Fact]
    public async Task Forgers_do_not_choose_how_often_the_vault_is_asked()
    {
        await using var reader = await Reader.StartAsync();
        var vault = VaultOf(reader);
        await MakeAsync(vault, "a");
        using var keys = new VaultWebhookKeys(vault, _time, _log);
        await keys.CurrentAsync(false, Stop);
        var before = reader.Sandbox.Requests.Count;

        for (var i = 0; i < 60; i++)
        {
            await Task.WhenAll(keys.CurrentAsync(true, Stop), keys.CurrentAsync(true, Stop));
            _time.Advance(TimeSpan.FromSeconds(1));
        }

        // Once after 30 s: the list of versions and one version.
        Assert.Equal(2, reader.Sandbox.Requests.Count - before);
    }

    [Fact]
    public async Task A_vault_that_cannot_be_read_gives_no_key_even_if_it_gave_one_before_and_is_asked_again_later()
    {
        await using var reader = await Reader.StartAsync("kv-nw-prod/secrets/hr-webhook-key/versions => status=403 after=1 times=1");
        var vault = VaultOf(reader);
        await MakeAsync(vault, "a");
        using var keys = new VaultWebhookKeys(vault, _time, _log);
        Assert.Equal([Text("a")], await TextsAsync(keys));

        _time.Advance(VaultWebhookKeys.Remembered);
        Assert.Empty(await TextsAsync(keys));
        Assert.Contains("every request is refused", _log.LatestRecord.Message, StringComparison.Ordinal);
        _time.Advance(VaultWebhookKeys.MinReadInterval);
        Assert.Equal([Text("a")], await TextsAsync(keys));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_read_that_the_sender_or_a_time_limit_breaks_off_keeps_no_disabled_key_remembered(bool bySender)
    {
        using var sender = new CancellationTokenSource();
        var reads = 0;
        var version = SecretModelFactory.SecretProperties(name: VaultWebhookKeys.Secret, version: "1", createdOn: Reader.Now);
        version.Enabled = true;
        var vault = new Mock<SecretClient>();
        vault
            .Setup(v => v.GetPropertiesOfSecretVersionsAsync(VaultWebhookKeys.Secret, It.IsAny<CancellationToken>()))
            .Returns((string _, CancellationToken read) => AsyncPageable<SecretProperties>.FromPages(Pages(read)));
        vault
            .Setup(v => v.GetSecretAsync(VaultWebhookKeys.Secret, "1", It.IsAny<CancellationToken>()))
            .ReturnsAsync(Response.FromValue(SecretModelFactory.KeyVaultSecret(version, Text("a")), Mock.Of<Response>()));
        using var keys = new VaultWebhookKeys(vault.Object, _time, _log);
        Assert.Equal([Text("a")], await TextsAsync(keys));

        version.Enabled = false;
        _time.Advance(VaultWebhookKeys.Remembered);
        await Record.ExceptionAsync(() => keys.CurrentAsync(false, sender.Token));

        Assert.Empty(await TextsAsync(keys));

        IEnumerable<Page<SecretProperties>> Pages(CancellationToken read)
        {
            if (++reads == 2)
            {
                sender.Cancel();
                read.ThrowIfCancellationRequested();
                if (!bySender)
                    throw new TaskCanceledException("no answer in time");
            }
            yield return Page<SecretProperties>.FromValues([version], null, Mock.Of<Response>());
        }
    }

    [Fact]
    public async Task A_secret_that_is_not_there_or_too_short_is_no_key()
    {
        await using var reader = await Reader.StartAsync();
        var vault = VaultOf(reader);
        using var keys = new VaultWebhookKeys(vault, _time, _log);
        Assert.Empty(await TextsAsync(keys));

        await vault.SetSecretAsync(new(VaultWebhookKeys.Secret, "short"), Stop);
        _time.Advance(VaultWebhookKeys.MinReadInterval);
        Assert.Empty(await TextsAsync(keys));
        Assert.DoesNotContain(_log.Collector.GetSnapshot(), l => l.Message.Contains("'short'", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Every_request_is_one_that_is_declared_for_this_secret()
    {
        await using var reader = await Reader.StartAsync();
        var vault = VaultOf(reader);
        await MakeAsync(vault, "a");
        var before = reader.Sandbox.Requests.Count;
        using var keys = new VaultWebhookKeys(vault, _time, _log);

        await keys.CurrentAsync(false, Stop);

        var asked = reader
            .Sandbox.Requests.Skip(before)
            .Where(r => r.Host != "login")
            .Select(r =>
                $"{r.Method} "
                    + System.Text.RegularExpressions.Regex.Replace(
                        r.Path.Split('?')[0],
                        "hr-webhook-key/[0-9a-f]{32}$",
                        "hr-webhook-key/{version}"
                    )
            )
            .Distinct();
        Assert.Equal([$"GET {DeclaredCall.WebhookKeyVersions.Path}", $"GET {DeclaredCall.WebhookKey.Path}"], asked);
    }

    [Fact]
    public async Task Settings_give_keys_only_to_a_sandbox_on_this_machine()
    {
        await using var reader = await Reader.StartAsync();
        var tenant = reader.Get<TenantConnection>();
        IWebhookKeys Read(params (string, string)[] settings) => WebhookKeySettings.Read(Settings.Of(settings), tenant, _time, _log);
        using var cloud = new TenantConnection(
            TenantOptions.Read(Settings.Of(("Tenant:Id", reader.Sandbox.TenantId))),
            _time,
            new FakeLogger<TenantConnection>()
        );

        Assert.Equal([Text("a"), Text("b")], await TextsAsync(Read(("Hr:WebhookKeys", $"{Text("a")};{Text("b")}"))));
        Assert.Empty(await TextsAsync(Read()));
        Assert.IsType<VaultWebhookKeys>(Read(("Hr:WebhookVault", $"https://kv-nw-prod.vault.localhost:{reader.Sandbox.Port}")));
        foreach (
            var (keys, vault) in new[]
            {
                ("short", ""),
                ($"{Text("a")};{Text("b")};{Text("c")}", ""),
                ("", "kv"),
                ("", "https://vault.example"),
            }
        )
            Assert.Throws<TenantSettingException>(() => Read(("Hr:WebhookKeys", keys), ("Hr:WebhookVault", vault)));
        var refused = Assert.Throws<TenantSettingException>(() =>
            WebhookKeySettings.Read(Settings.Of(("Hr:WebhookKeys", Text("a"))), cloud, _time, _log)
        );
        Assert.DoesNotContain(Text("a"), refused.Message, StringComparison.Ordinal);
    }

    private static string Text(string name) => $"{name}-" + new string('k', 40);

    private static SecretClient VaultOf(Reader reader) =>
        reader.Get<TenantConnection>().VaultAt(new Uri($"https://kv-nw-prod.vault.localhost:{reader.Sandbox.Port}")).Secrets;

    private static async Task MakeAsync(SecretClient vault, string name, Action<SecretProperties>? with = null)
    {
        var secret = new KeyVaultSecret(VaultWebhookKeys.Secret, Text(name));
        with?.Invoke(secret.Properties);
        await vault.SetSecretAsync(secret, Stop);
    }

    private static async Task<IReadOnlyList<string>> TextsAsync(IWebhookKeys keys, bool afresh = false) =>
        [.. (await keys.CurrentAsync(afresh, Stop)).Select(Encoding.UTF8.GetString)];
}
