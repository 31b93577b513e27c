using System.Globalization;
using Compliance.Controls;
using Compliance.Findings;
using Compliance.Notifications.Messages;

namespace Compliance.Notifications;

/// <summary>What is wrong with the notifications themselves. Pure; the texts stay the same from one sweep to the next.</summary>
internal static class NotificationDetections
{
    /// <summary>The source of all these findings: this app's own notifications.</summary>
    public const string Source = "app/notifications";

    /// <summary>Subject of a finding about somebody who gets messages.</summary>
    public const string RecipientType = "recipient";

    private const string RequestType = "approvalRequest";

    /// <summary>Everything that is wrong now.</summary>
    /// <param name="channels">The channels that are set up.</param>
    /// <param name="recipients">Everybody who may get a message.</param>
    /// <param name="states">What is kept of each, by key.</param>
    /// <param name="items">Everything that is open.</param>
    public static IReadOnlyList<Detection> Evaluate(
        IReadOnlyCollection<ChannelKind> channels,
        IReadOnlyList<Recipient> recipients,
        IReadOnlyDictionary<string, DeliveryState> states,
        IReadOnlyList<NotificationItem> items
    )
    {
        var found = new List<Detection>();
        foreach (var recipient in recipients)
            if (states.GetValueOrDefault(recipient.Key) is { IsFinding: true } state)
                found.Add(NotDelivered(recipient, state));
        if (!channels.Contains(ChannelKind.Mail))
            found.Add(NoMail(isAnyRoom: channels.Count > 0));
        // Whom no message reaches is not notified, whatever the policy says.
        List<Recipient> reachable = [.. recipients.Where(r => states.GetValueOrDefault(r.Key) is not { IsFinding: true })];
        foreach (var item in items.Where(i => i.Audience is { Role: NotificationRole.Approver }))
            if (Reached(reachable, item) is var reached && reached < item.Audience.PeopleNeeded)
                found.Add(TooFew(item, reached));
        if (items.Any(i => i is { IsUrgent: true, Audience.Role: NotificationRole.Admin } && Reached(reachable, i) == 0))
            found.Add(NoAdmin("Something urgent is open that concerns admins, and no one is notified as admin"));
        else if (channels.Contains(ChannelKind.Mail) && !recipients.Any(r => r.Roles.Contains(NotificationRole.Admin)))
            found.Add(
                NoAdmin("No one is notified as admin: what belongs to no one else reaches no one") with
                {
                    Severity = Severity.Medium,
                }
            );
        return found;
    }

    /// <summary>The policy names people who get nothing any more.</summary>
    /// <param name="people">How many.</param>
    public static IEnumerable<Detection> Ended(int people)
    {
        if (people == 0)
            yield break;
        yield return Found(
            NotificationControls.NoRecipient,
            new(SubjectTypes.Source, Source, "notifications"),
            "ended",
            string.Create(
                CultureInfo.InvariantCulture,
                $"policy/notifications.yaml names {people} whose access this app has ended: they get nothing"
            ),
            "See who with: compliance notifications test. Name others in policy/notifications.yaml in their place"
        ) with
        {
            Severity = Severity.Medium,
        };
    }

    // In a room are people enough: who is there is not known here.
    private static int Reached(IReadOnlyList<Recipient> recipients, NotificationItem item)
    {
        var concerned = recipients.Where(r => r.IsConcernedBy(item)).ToList();
        return concerned.Exists(r => r.Channel != ChannelKind.Mail) ? int.MaxValue : concerned.Count;
    }

    private static Detection NotDelivered(Recipient recipient, DeliveryState state) =>
        Found(
            NotificationControls.NotDelivered,
            new(RecipientType, recipient.Key, recipient.Address),
            "",
            recipient.Channel == ChannelKind.Mail
                ? $"A mail to {recipient.Address} could not be delivered: {state.Failure}"
                : $"A message to the {recipient.Channel} channel could not be delivered: {state.Failure}",
            state.IsPermanent
                ? "Correct what the reason names, then check with: compliance notifications test"
                : "It is tried again by itself, at least once an hour; check with: compliance notifications test"
        );

    private static Detection NoMail(bool isAnyRoom) =>
        Found(
            NotificationControls.NoRecipient,
            new(SubjectTypes.Source, Source, "notifications"),
            "mail",
            isAnyRoom
                ? "No mailbox is set: the people of the policy and the owners of findings get nothing, only the rooms do"
                : "No mailbox and no room is set: no one is notified of anything",
            "Set Notifications__Mailbox to the mailbox that messages come from, and let the app send from it: "
                + "docs/operations/notifications.md"
        ) with
        {
            Severity = isAnyRoom ? Severity.Low : Severity.Medium,
        };

    private static Detection TooFew(NotificationItem item, int reached) =>
        Found(
            NotificationControls.NoRecipient,
            new(RequestType, item.Key, item.Title),
            "",
            string.Create(
                CultureInfo.InvariantCulture,
                $"{item.Audience.PeopleNeeded} people have to answer, and {reached} who may are notified. {item.Detail}"
            ),
            "Name more approvers in policy/notifications.yaml, each with the Entra object id and the role approver"
        );

    private static Detection NoAdmin(string reason) =>
        Found(
            NotificationControls.NoRecipient,
            new(SubjectTypes.Source, Source, "notifications"),
            "admin",
            reason,
            "Name an admin in policy/notifications.yaml"
        );

    private static Detection Found(string control, Subject subject, string part, string reason, string next) =>
        new()
        {
            ControlId = control,
            Severity = NotificationControls.Catalogue.Get(control).Severity,
            Subject = subject,
            Part = part,
            Source = Source,
            Reason = reason,
            NextStep = next,
        };
}
