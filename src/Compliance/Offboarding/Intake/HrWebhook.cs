using Compliance.Callers;
using Compliance.Tenants;
using Microsoft.Extensions.Logging;

namespace Compliance.Offboarding.Intake;

/// <summary>What the webhook makes of a request.</summary>
internal abstract record WebhookOutcome
{
    private WebhookOutcome() { }

    /// <summary>HR sent it: read the event from the body.</summary>
    /// <param name="Body">The body as sent.</param>
    /// <param name="Trigger">How it came, with the proof that it is HR's.</param>
    internal sealed record Accepted(ReadOnlyMemory<byte> Body, string Trigger) : WebhookOutcome;

    /// <summary>It is not taken.</summary>
    /// <param name="Status">400, 401, 403, 413, 415 or 503.</param>
    /// <param name="Reason">Why, without anything secret and without a value of the request.</param>
    internal sealed record Refused(int Status, string Reason) : WebhookOutcome;
}

/// <summary>A request to the webhook.</summary>
/// <param name="ContentType">Header Content-Type; null when missing.</param>
/// <param name="Timestamp">Header <see cref="WebhookSignature.TimestampHeader"/>; null when missing.</param>
/// <param name="Signature">Header <see cref="WebhookSignature.SignatureHeader"/>; null when missing.</param>
/// <param name="Authorization">Header Authorization; null when missing.</param>
/// <param name="Body">The body; no more of it is read than may be sent.</param>
internal sealed record WebhookRequest(string? ContentType, string? Timestamp, string? Signature, string? Authorization, Stream Body);

/// <summary>
/// The door for HR's events: signed with the shared key, or sent with the token of an application that holds the role of the HR system.
/// What is refused is counted and recorded (<see cref="WebhookRefusals"/>). A signed request sent again inside the window is accepted: it
/// is the same event, which changes nothing.
/// </summary>
internal sealed partial class HrWebhook(
    IWebhookKeys keys,
    CallerTokenValidator tokens,
    WebhookRefusals refusals,
    TimeProvider time,
    ILogger<HrWebhook> log
)
{
    private static readonly IReadOnlyList<AppRole> Senders = [AppRole.HrSystem];
    private static readonly string[] ContentTypes = ["application/cloudevents+json", "application/json"];

    /// <summary>Judges a request.</summary>
    /// <exception cref="IOException">The sender broke off.</exception>
    public async Task<WebhookOutcome> ReceiveAsync(WebhookRequest request, CancellationToken cancellationToken)
    {
        var outcome = await JudgeAsync(request, cancellationToken);
        if (outcome is WebhookOutcome.Refused refused)
        {
            Refused(refused.Status, refused.Reason);
            await refusals.NoteAsync(refused, cancellationToken);
        }
        return outcome;
    }

    private async Task<WebhookOutcome> JudgeAsync(WebhookRequest request, CancellationToken cancellationToken)
    {
        var mediaType = request.ContentType?.Split(';', 2)[0].Trim();
        if (!ContentTypes.Contains(mediaType, StringComparer.OrdinalIgnoreCase))
            return new WebhookOutcome.Refused(415, $"the content type must be {string.Join(" or ", ContentTypes)}");
        if (string.IsNullOrEmpty(request.Authorization))
            return await BySignatureAsync(request, cancellationToken);
        // Of two proofs one may be wrong, and it would not be known by which the event was taken.
        return string.IsNullOrEmpty(request.Timestamp) && string.IsNullOrEmpty(request.Signature)
            ? await ByTokenAsync(request, cancellationToken)
            : new WebhookOutcome.Refused(400, "send either a signature or a token, not both");
    }

    private async Task<WebhookOutcome> ByTokenAsync(WebhookRequest request, CancellationToken cancellationToken)
    {
        var signIn = await tokens.ValidateAsync(request.Authorization, Senders, cancellationToken);
        if (signIn.Identity is not { } sender)
            return new WebhookOutcome.Refused(signIn.Status, signIn.Reason!);
        return await BodyAsync(request.Body, cancellationToken) is { } body
            ? new WebhookOutcome.Accepted(body, $"webhook with a token of application {sender.ObjectId}")
            : TooLarge;
    }

    private async Task<WebhookOutcome> BySignatureAsync(WebhookRequest request, CancellationToken cancellationToken)
    {
        // Whoever has no signature that could be right gets no further: neither memory nor the vault is spent on it.
        if (Refusal(WebhookSignature.CheckHeaders(request.Timestamp, request.Signature, time.GetUtcNow())) is { } early)
            return early;
        if (await BodyAsync(request.Body, cancellationToken) is not { } body)
            return TooLarge;
        var verdict = SignatureVerdict.Forged;
        foreach (var afresh in (bool[])[false, true])
        {
            var current = await keys.CurrentAsync(afresh, cancellationToken);
            if (current.Count == 0)
                return new WebhookOutcome.Refused(503, "signatures cannot be checked now; send it again later");
            verdict = WebhookSignature.Check(request.Timestamp, request.Signature, body.Span, current, time.GetUtcNow());
            // A key that was made a moment ago is not among those remembered.
            if (verdict != SignatureVerdict.Forged)
                break;
        }
        return Refusal(verdict) ?? (WebhookOutcome)new WebhookOutcome.Accepted(body, "signed webhook");
    }

    private static WebhookOutcome.Refused TooLarge => new(413, $"the body has more than {HrEventReader.MaxBytes} bytes");

    private static WebhookOutcome.Refused? Refusal(SignatureVerdict verdict) =>
        verdict switch
        {
            SignatureVerdict.Valid => null,
            SignatureVerdict.Missing => new(
                401,
                $"the headers {WebhookSignature.TimestampHeader} and {WebhookSignature.SignatureHeader} are needed, or in their place the "
                    + $"token of an application with the app role {AppRole.HrSystem.Value}"
            ),
            SignatureVerdict.Malformed => new(
                400,
                $"{WebhookSignature.TimestampHeader} must be seconds since 1970 and {WebhookSignature.SignatureHeader} v1= with 64 hex "
                    + "digits, one to four of them separated by commas"
            ),
            SignatureVerdict.Stale => new(
                401,
                $"the time in {WebhookSignature.TimestampHeader} is more than {WebhookSignature.Window.TotalMinutes:0} minutes from now"
            ),
            _ => new(401, "the signature is not right"),
        };

    private static async Task<ReadOnlyMemory<byte>?> BodyAsync(Stream body, CancellationToken cancellationToken)
    {
        var buffer = new byte[HrEventReader.MaxBytes + 1];
        var read = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        return read > HrEventReader.MaxBytes ? (ReadOnlyMemory<byte>?)null : buffer.AsMemory(0, read);
    }

    [LoggerMessage(5312, LogLevel.Warning, "A request to the HR webhook is refused with {Status}: {Reason}")]
    private partial void Refused(int status, string reason);
}
