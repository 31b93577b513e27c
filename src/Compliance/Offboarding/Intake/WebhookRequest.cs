namespace Compliance.Offboarding.Intake;

/// <summary>What arrived at the webhook.</summary>
/// <param name="ContentType">Header <c>Content-Type</c>; null when there is none.</param>
/// <param name="Timestamp">Header <c>X-Compliance-Timestamp</c>; null when there is none. Several headers are joined by commas, and so are malformed.</param>
/// <param name="Signature">Header <c>X-Compliance-Signature</c>; null when there is none.</param>
/// <param name="Body">The raw body, read to at most one byte more than <see cref="HrEventReader.LongestBytes"/>.</param>
internal sealed record WebhookRequest(string? ContentType, string? Timestamp, string? Signature, ReadOnlyMemory<byte> Body);
