using Compliance.Notifications;
using Compliance.Notifications.Messages;
using Compliance.Tenants;
using Microsoft.Extensions.Configuration;

namespace Compliance.Tests.Notifications;

public sealed class NotificationOptionsTests
{
    [Fact]
    public void Nothing_set_is_no_channel()
    {
        var options = Read("https://graph.microsoft.com/v1.0");

        Assert.Equal((null, null, null), (options.Mailbox, options.Outbox, options.Vault));
        Assert.Empty(options.Rooms);
    }

    [Fact]
    public void Rooms_come_with_their_vault_in_any_case_and_once()
    {
        var options = Read(
            "https://graph.microsoft.com/v1.0",
            ("Notifications:Rooms", " Slack, teams,slack"),
            ("Notifications:Vault", "https://kv-ops.vault.azure.net"),
            ("Notifications:Mailbox", " ops@b.example ")
        );

        Assert.Equal([ChannelKind.Slack, ChannelKind.Teams], options.Rooms);
        Assert.Equal(("ops@b.example", "https://kv-ops.vault.azure.net/"), (options.Mailbox, options.Vault?.ToString()));
    }

    [Theory]
    [InlineData("another room", "https://graph.microsoft.com/v1.0", "Rooms=mattermost;Vault=https://kv.vault.azure.net")]
    [InlineData("rooms without vault", "https://graph.microsoft.com/v1.0", "Rooms=teams")]
    [InlineData("no address", "https://graph.microsoft.com/v1.0", "Vault=kv-ops")]
    [InlineData("outbox in Azure", "https://graph.microsoft.com/v1.0", "Outbox=outbox")]
    [InlineData("outbox and mailbox", "https://localhost:1/v1.0", "Outbox=outbox;Mailbox=ops@b.example")]
    public void A_setting_that_cannot_be_used_stops_the_start(string situation, string graph, string given)
    {
        var settings = given.Split(';').Select(s => s.Split('=', 2)).Select(s => ($"Notifications:{s[0]}", s[1])).ToArray();

        var error = Assert.Throws<TenantSettingException>(() => Read(graph, settings));

        Texts.Notifications.Expect("setting", situation, error.Message);
    }

    private static NotificationOptions Read(string graph, params (string Key, string Value)[] settings)
    {
        var values = new Dictionary<string, string?> { ["Tenant:Id"] = Some.Tenant, ["Tenant:GraphEndpoint"] = graph };
        if (graph.Contains("localhost", StringComparison.Ordinal))
        {
            values["Tenant:PinnedThumbprint"] = new string('0', 64);
            values["Tenant:ResourceManagerEndpoint"] = values["Tenant:AuthorityHost"] = "https://localhost:1";
            (values["Tenant:ClientId"], values["Tenant:ClientSecret"]) = ("app", "secret");
        }
        foreach (var (key, value) in settings)
            values[key] = value;
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(values).Build();
        return NotificationOptions.Read(configuration, TenantOptions.Read(configuration));
    }
}
