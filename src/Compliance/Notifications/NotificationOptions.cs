using Compliance.Notifications.Messages;
using Compliance.Tenants;
using Microsoft.Extensions.Configuration;

namespace Compliance.Notifications;

/// <summary>Which channels there are: section <c>Notifications</c>.</summary>
/// <param name="Mailbox">The mailbox that mail comes from; null for none.</param>
/// <param name="Outbox">A folder that gets mail as files in its place; null for none.</param>
/// <param name="Vault">The vault with the addresses of webhooks; null without rooms.</param>
/// <param name="Rooms">The rooms.</param>
internal sealed record NotificationOptions(string? Mailbox, string? Outbox, Uri? Vault, IReadOnlyList<ChannelKind> Rooms)
{
    /// <summary>Setting: the mailbox that mail comes from, by principal name or object id.</summary>
    public const string MailboxSetting = "Notifications:Mailbox";

    /// <summary>Setting: a folder that gets mail as files; with a sandbox on this machine only.</summary>
    public const string OutboxSetting = "Notifications:Outbox";

    /// <summary>Setting: address of the vault with secrets <c>teams-webhook</c> and <c>slack-webhook</c>.</summary>
    public const string VaultSetting = "Notifications:Vault";

    /// <summary>Setting: <c>teams</c>, <c>slack</c> or both, separated by a comma.</summary>
    public const string RoomsSetting = "Notifications:Rooms";

    /// <summary>Reads and checks the settings.</summary>
    /// <exception cref="TenantSettingException">One cannot be used.</exception>
    public static NotificationOptions Read(IConfiguration configuration, TenantOptions tenant)
    {
        var mailbox = Given(MailboxSetting);
        var outbox = Given(OutboxSetting);
        if (outbox is not null && mailbox is not null)
            throw new TenantSettingException(OutboxSetting, $"goes with no {MailboxSetting}: set one of them");
        if (outbox is not null && !TenantOptions.IsLoopback(tenant.Graph))
            throw new TenantSettingException(OutboxSetting, $"is for a sandbox on this machine only: set {MailboxSetting}");
        var rooms = (Given(RoomsSetting) ?? "")
            .Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(Room)
            .Distinct()
            .ToList();
        return new(mailbox, outbox, VaultOf(Given(VaultSetting), rooms), rooms);

        string? Given(string setting) => configuration[setting]?.Trim() is { Length: > 0 } text ? text : null;
    }

    private static ChannelKind Room(string name) =>
        name.ToLowerInvariant() switch
        {
            "teams" => ChannelKind.Teams,
            "slack" => ChannelKind.Slack,
            _ => throw new TenantSettingException(RoomsSetting, $"has '{name}': give teams, slack or both, separated by a comma"),
        };

    private static Uri? VaultOf(string? text, List<ChannelKind> rooms)
    {
        if (text is null && rooms.Count > 0)
            throw new TenantSettingException(VaultSetting, $"is missing: {RoomsSetting} needs the vault with their addresses");
        if (text is null)
            return null;
        return Uri.TryCreate(text, UriKind.Absolute, out var address) && address.Scheme == Uri.UriSchemeHttps
            ? address
            : throw new TenantSettingException(VaultSetting, "must be the address of a vault, for example https://kv-ops.vault.azure.net");
    }
}
