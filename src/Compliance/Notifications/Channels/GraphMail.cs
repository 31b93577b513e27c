using Compliance.Notifications.Messages;
using Compliance.Tenants;
using Microsoft.Graph.Models;
using Microsoft.Graph.Users.Item.SendMail;
using Microsoft.Kiota.Abstractions;
using Recipient = Compliance.Notifications.Messages.Recipient;

namespace Compliance.Notifications.Channels;

/// <summary>Mail from one mailbox of the tenant, by Microsoft Graph.</summary>
/// <param name="tenant">The tenant.</param>
/// <param name="mailbox">The mailbox that messages come from: the only one that Exchange lets the app send from.</param>
internal sealed class GraphMail(TenantConnection tenant, string mailbox) : INotificationChannel
{
    /// <inheritdoc/>
    public ChannelKind Kind => ChannelKind.Mail;

    /// <inheritdoc/>
    public async Task SendAsync(Recipient to, NotificationMessage message, CancellationToken cancellationToken)
    {
        var body = new SendMailPostRequestBody
        {
            Message = new Message
            {
                Subject = message.Subject,
                Body = new ItemBody { ContentType = BodyType.Html, Content = MailBody.Write(message) },
                ToRecipients = [new() { EmailAddress = new EmailAddress { Address = to.Address } }],
            },
            SaveToSentItems = false,
        };
        try
        {
            await tenant.Graph.Users[mailbox].SendMail.PostAsync(body, cancellationToken: cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // A mail is tried once, so that it does not go out twice: the next sweep sends it.
            if (e is ApiException { ResponseStatusCode: 429 })
                throw new NotDeliveredException("429: Exchange takes no more messages for now", isPermanent: false);
            var failure = ReadFailure.From(e, NotificationCalls.SendMail, null, tenant.Options.ClientId);
            var reason = failure.Permission is null
                ? failure.Reason
                : $"{failure.Reason} (the app may not send from {mailbox}: docs/operations/notifications.md)";
            throw new NotDeliveredException(reason, e is ApiException { ResponseStatusCode: >= 400 and < 500 and not (408 or 429) });
        }
    }
}
