using System.Globalization;
using System.Net;
using System.Text;
using Compliance.Notifications.Messages;

namespace Compliance.Notifications.Channels;

/// <summary>Gives the address of a webhook. It is a secret: whoever has it can post there.</summary>
internal interface IWebhookAddress
{
    /// <summary>The address as it is now.</summary>
    /// <exception cref="NotDeliveredException">It cannot be read, or is none.</exception>
    Task<Uri> LoadAsync(CancellationToken cancellationToken);
}

/// <summary>A channel of Teams or Slack, by a webhook. Redirects are not followed.</summary>
/// <param name="kind">Which.</param>
/// <param name="write">Writes the body.</param>
/// <param name="address">Gives the address.</param>
/// <param name="http">Sends; it follows no redirect.</param>
internal sealed class WebhookChannel(ChannelKind kind, Func<NotificationMessage, string> write, IWebhookAddress address, HttpClient http)
    : INotificationChannel
{
    // A webhook that was retired answered 200 with this in its body.
    private static ReadOnlySpan<byte> OldConnectorFailure => "Webhook message delivery failed"u8;

    // Their answers are a word or a line.
    private const int MaxAnswer = 64 * 1024;

    // A webhook that hangs keeps everybody after it waiting.
    private static readonly TimeSpan Within = TimeSpan.FromSeconds(20);

    /// <inheritdoc/>
    public ChannelKind Kind => kind;

    /// <summary>Sends to webhooks: it follows no redirect, keeps no answer without end, and leaves no trace, which would show the address.
    /// </summary>
    public static HttpClient NewClient()
    {
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.All,
            // Without it no activity is made of a request: its path is the secret, and traces are exported with it.
            ActivityHeadersPropagator = null,
        };
        return new(handler) { Timeout = Within, MaxResponseContentBufferSize = MaxAnswer };
    }

    /// <inheritdoc/>
    public async Task SendAsync(Recipient to, NotificationMessage message, CancellationToken cancellationToken)
    {
        var where = await address.LoadAsync(cancellationToken);
        using var content = new StringContent(write(message), Encoding.UTF8, "application/json");
        try
        {
            using var response = await http.PostAsync(where, content, cancellationToken);
            // Not as text: what a service calls its letters may be unknown here, and the message has arrived.
            var answer = await response.Content.ReadAsByteArrayAsync(cancellationToken);
            if (response.IsSuccessStatusCode && !answer.AsSpan().StartsWith(OldConnectorFailure))
                return;
            throw Refused(response.StatusCode);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new NotDeliveredException("the webhook could not be reached", isPermanent: false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new NotDeliveredException("the webhook did not answer in time", isPermanent: false);
        }
    }

    // What the service answers is not repeated: it may hold the address.
    private static NotDeliveredException Refused(HttpStatusCode status)
    {
        var code = ((int)status).ToString(CultureInfo.InvariantCulture);
        return (int)status is >= 300 and < 500 and not (408 or 429)
            ? new($"the webhook refused it ({code}): make a new one and put its address into the vault", isPermanent: true)
            : new($"the webhook did not take it ({code})", isPermanent: false);
    }
}
