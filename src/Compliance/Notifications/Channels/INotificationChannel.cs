using Compliance.Notifications.Messages;

namespace Compliance.Notifications.Channels;

/// <summary>One way to people.</summary>
internal interface INotificationChannel
{
    /// <summary>Which.</summary>
    ChannelKind Kind { get; }

    /// <summary>Sends a message once.</summary>
    /// <exception cref="NotDeliveredException">It did not arrive, or nothing is known of it.</exception>
    Task SendAsync(Recipient to, NotificationMessage message, CancellationToken cancellationToken);
}

/// <summary>A message did not arrive.</summary>
/// <param name="reason">Why, in words for people; no secret, no address of a webhook.</param>
/// <param name="isPermanent">Whether it will fail until somebody changes something.</param>
internal sealed class NotDeliveredException(string reason, bool isPermanent) : Exception(reason)
{
    /// <summary>Whether it will fail until somebody changes something.</summary>
    public bool IsPermanent => isPermanent;
}
