using Compliance.Controls;

namespace Compliance.Notifications.Messages;

/// <summary>What a person is notified for.</summary>
internal enum NotificationRole
{
    /// <summary>Answers requests for approval.</summary>
    Approver,

    /// <summary>Runs the app: gets what belongs to no one else.</summary>
    Admin,
}

/// <summary>Something that people have to know of, for as long as it is the case.</summary>
/// <param name="Key">
/// Names it and its occasion, for example a request and when it was asked: what comes back later has another key and is notified again.
/// </param>
/// <param name="IsUrgent">True: at once, whatever the hour. False: in the next digest.</param>
/// <param name="Severity">How bad it is; the worst are listed first.</param>
/// <param name="Title">What it is, in a few words.</param>
/// <param name="Detail">
/// What can be said of it without a sign-in: ids, numbers and times. It names no leaver and carries no secret: a mailbox is not erasable.
/// </param>
/// <param name="Next">The command or step with which its reader continues, after signing in.</param>
/// <param name="Audience">Whom it concerns.</param>
internal sealed record NotificationItem(
    string Key,
    bool IsUrgent,
    Severity Severity,
    string Title,
    string Detail,
    string Next,
    Audience Audience
)
{
    /// <summary>Id of the request or finding, for evidence.</summary>
    public string Id { get; init; } = "";

    /// <summary>The case that a request is about, whose id is part of its own; null for none.</summary>
    public string? CaseId { get; init; }
}

/// <summary>Whom an item concerns.</summary>
/// <param name="Role">Everybody who is notified for this role; null for no role.</param>
/// <param name="Address">Mail address or principal name of the one person it belongs to; null for no one in particular.</param>
/// <param name="Except">Object ids of those who must not be notified, or have done their part already.</param>
/// <param name="PeopleNeeded">How many different people have to act on it; 0 where another item counts them.</param>
internal sealed record Audience(NotificationRole? Role, string? Address, IReadOnlySet<string> Except, int PeopleNeeded = 1)
{
    /// <summary>Object id of the one person; null where it is not known.</summary>
    public string? ObjectId { get; init; }
}

/// <summary>Gives what people have to know of now. A capability that has something to notify registers its own.</summary>
internal interface INotificationSource
{
    /// <summary>Everything that is open at a time (UTC), urgent or not. What is not listed is over.</summary>
    /// <exception cref="Azure.RequestFailedException">Storage could not be read to the end: nothing is notified, and nothing
    /// forgotten.</exception>
    Task<IReadOnlyList<NotificationItem>> LoadAsync(DateTimeOffset now, CancellationToken cancellationToken);
}
