using System.Security.Cryptography;
using System.Text;
using Compliance.Notifications.Messages;
using Compliance.Notifications.Policy;

namespace Compliance.Notifications;

/// <summary>A message that is due.</summary>
/// <param name="Message">The message.</param>
/// <param name="Sent">Digests of the urgent items in it.</param>
/// <param name="DigestDay">The day it is the digest of; null when it is none.</param>
/// <param name="Items">What it is about; nothing for a test.</param>
internal sealed record DueMessage(
    NotificationMessage Message,
    IReadOnlyList<string> Sent,
    DateOnly? DigestDay,
    IReadOnlyList<NotificationItem> Items
);

/// <summary>Everything that is open.</summary>
/// <param name="Items">The items.</param>
/// <param name="ReadAt">When the reading began (UTC).</param>
/// <param name="PolicySha256">The policy that gives whom it concerns, lower-case hex SHA-256.</param>
internal sealed record OpenItems(IReadOnlyList<NotificationItem> Items, DateTimeOffset ReadAt, string PolicySha256);

/// <summary>Decides who gets what now. Pure.</summary>
internal static class DeliveryPlanner
{
    /// <summary>Everybody who may get a message: the people of the policy, the rooms, and the owners of what is open.</summary>
    /// <param name="policy">The policy in force.</param>
    /// <param name="channels">The channels that are set up.</param>
    /// <param name="items">Everything that is open.</param>
    public static IReadOnlyList<Recipient> Recipients(
        NotificationPolicy policy,
        IReadOnlyCollection<ChannelKind> channels,
        IReadOnlyList<NotificationItem> items
    )
    {
        var everyRole = Enum.GetValues<NotificationRole>().ToHashSet();
        var rooms = channels.Where(c => c != ChannelKind.Mail).Order();
        List<Recipient> recipients = [.. rooms.Select(c => new Recipient(c, c.ToString(), null, everyRole, policy.Hours))];
        if (!channels.Contains(ChannelKind.Mail))
            return recipients;
        recipients.AddRange(policy.People.Select(p => new Recipient(ChannelKind.Mail, p.Address, p.ObjectId, p.Roles, p.Hours)));
        var owners = items
            .Select(i => i.Audience.Address)
            .OfType<string>()
            .Except(policy.People.Select(p => p.Address), StringComparer.OrdinalIgnoreCase)
            .Order(StringComparer.OrdinalIgnoreCase);
        recipients.AddRange(owners.Select(o => new Recipient(ChannelKind.Mail, o, null, new HashSet<NotificationRole>(), policy.Hours)));
        return recipients;
    }

    /// <summary>Object ids of everybody of whom it matters whether their access has ended.</summary>
    public static IReadOnlyCollection<string> People(NotificationPolicy policy, IReadOnlyList<NotificationItem> items) =>
        policy
            .People.Select(p => p.ObjectId)
            .Concat(items.Select(i => i.Audience.ObjectId))
            .OfType<string>()
            .ToHashSet(StringComparer.OrdinalIgnoreCase);

    /// <summary>The people of a policy whose access has ended.</summary>
    public static IReadOnlyList<NotifiedPerson> Ended(NotificationPolicy policy, IReadOnlyCollection<string> ended) =>
        [.. policy.People.Where(p => p.ObjectId is not null && ended.Contains(p.ObjectId, StringComparer.OrdinalIgnoreCase))];

    /// <summary>What is open once the findings of owners whose access has ended are the admins'.</summary>
    public static IReadOnlyList<NotificationItem> HandOver(
        IReadOnlyList<NotificationItem> items,
        NotificationPolicy policy,
        IReadOnlyCollection<string> ended
    )
    {
        if (ended.Count == 0)
            return items;
        var ids = ended.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var addresses = Ended(policy, ended).Select(p => p.Address).ToHashSet(StringComparer.OrdinalIgnoreCase);
        bool IsTheirs(Audience a) =>
            a.Address is { } address && (addresses.Contains(address) || (a.ObjectId is { } id && ids.Contains(id)));
        return
        [
            .. items.Select(i =>
                IsTheirs(i.Audience) ? i with { Audience = new(NotificationRole.Admin, null, i.Audience.Except) } : i
            ),
        ];
    }

    /// <summary>The messages that are due for a recipient, urgent ones first.</summary>
    /// <param name="recipient">The recipient.</param>
    /// <param name="state">What is kept of them.</param>
    /// <param name="items">Everything that is open.</param>
    /// <param name="now">When (UTC).</param>
    public static IReadOnlyList<DueMessage> Due(
        Recipient recipient,
        DeliveryState state,
        IReadOnlyList<NotificationItem> items,
        DateTimeOffset now
    )
    {
        List<NotificationItem> theirs = [.. items.Where(recipient.IsConcernedBy)];
        var sent = state.Sent.ToHashSet(StringComparer.Ordinal);
        List<NotificationItem> urgent = [.. theirs.Where(i => i.IsUrgent && !sent.Contains(DigestOf(i)))];
        var due = new List<DueMessage>();
        if (urgent.Count > 0)
            due.Add(new(NotificationMessage.Urgent(urgent), [.. urgent.Select(DigestOf)], null, urgent));
        if (theirs.Count > 0 && recipient.Hours.DayAt(now) is { } day && day != state.DigestDay)
            due.Add(new(NotificationMessage.Digest(day, theirs), [], day, theirs));
        return due;
    }

    /// <summary>The state without what is over.</summary>
    /// <param name="state">What is kept of a recipient.</param>
    /// <param name="open">Everything that is open.</param>
    /// <param name="now">When (UTC).</param>
    public static DeliveryState Prune(DeliveryState state, OpenItems open, DateTimeOffset now) =>
        state.IsOlderThan(open.ReadAt, now) ? Prune(state, open.Items) : state;

    private static DeliveryState Prune(DeliveryState state, IReadOnlyList<NotificationItem> items)
    {
        var open = items.Where(i => i.IsUrgent).Select(DigestOf).ToHashSet(StringComparer.Ordinal);
        return state.Without(s => !open.Contains(s));
    }

    /// <summary>What names an item in a state: a digest, since keys may be long.</summary>
    public static string DigestOf(NotificationItem item) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(item.Key)).AsSpan(0, 16));
}
