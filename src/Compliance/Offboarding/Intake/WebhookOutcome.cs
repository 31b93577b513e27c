namespace Compliance.Offboarding.Intake;

/// <summary>Whether a webhook request may be taken in.</summary>
internal abstract record WebhookOutcome
{
    private WebhookOutcome()
    {
    }

    /// <summary>The sender is HR and the request is new.</summary>
    /// <param name="Body">The raw body that was signed.</param>
    public sealed record Accepted(ReadOnlyMemory<byte> Body) : WebhookOutcome;

    /// <summary>It is refused.</summary>
    /// <param name="Status">HTTP status: 400, 401, 413, 415 or 503.</param>
    /// <param name="Rule">Which rule it broke, in one word, for the evidence.</param>
    /// <param name="Reason">Why, for the sender; no secret, and nothing of what was sent.</param>
    public sealed record Refused(int Status, string Rule, string Reason) : WebhookOutcome;
}
