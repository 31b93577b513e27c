namespace Compliance.Notifications;

/// <summary>The queues of this capability.</summary>
public static class NotificationQueues
{
    /// <summary>A message in it sets off a sweep at once.</summary>
    public const string Signal = "notifications";
}
