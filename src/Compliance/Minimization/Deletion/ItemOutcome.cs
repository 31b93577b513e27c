using System.Globalization;

namespace Compliance.Minimization.Deletion;

/// <summary>What a status and an error code mean for a blob.</summary>
internal static class ItemOutcome
{
    // Longer than any that the service has; what is longer is none of its own.
    private const int MaxText = 100;

    private static readonly TimeSpan MaxRetryAfter = TimeSpan.FromHours(1);

    /// <summary>Of one part.</summary>
    public static ItemAnswer From(AnswerPart part, DateTimeOffset now)
    {
        if (part.Status is not { } status)
            return ItemAnswer.None;
        var code = Code(part.Headers.GetValueOrDefault("x-ms-error-code")) ?? Code(part.CodeInBody);
        return new(
            Outcome(status, code),
            status,
            code,
            RequestId(part.Headers.GetValueOrDefault("x-ms-request-id")),
            RetryAfter(part.Headers.GetValueOrDefault("retry-after"), now)
        );
    }

    /// <summary>Of an answer that has no parts.</summary>
    public static ItemAnswer From(AnswerHead head, DateTimeOffset now)
    {
        var code = Code(head.Code);
        var outcome = head.Status switch
        {
            // Without the service's own code it can come from something between, after the service did it.
            503 when code is null => DeletionOutcome.Unknown,
            // The container is gone, and its blobs with it.
            404 => code == "ContainerNotFound" ? DeletionOutcome.AlreadyGone : DeletionOutcome.Failed,
            409 or 412 => DeletionOutcome.Failed,
            >= 400 => Outcome(head.Status, code),
            _ => DeletionOutcome.Unknown,
        };
        return new(outcome, head.Status, code, RequestId(head.RequestId), RetryAfter(head.RetryAfter, now));
    }

    private static DeletionOutcome Outcome(int status, string? code) =>
        status switch
        {
            202 => DeletionOutcome.Deleted,
            403 when code == "OperationNotAllowedOnRootBlob" => DeletionOutcome.RefusedAsCurrent,
            403 => DeletionOutcome.Refused,
            404 => DeletionOutcome.AlreadyGone,
            409 or 412 when code?.StartsWith("Lease", StringComparison.Ordinal) == true => DeletionOutcome.Leased,
            409 when IsHold(code) => DeletionOutcome.Held,
            412 => DeletionOutcome.Changed,
            429 or 503 => DeletionOutcome.Throttled,
            // The service may have done it before it ran out of time or broke.
            408 or >= 500 => DeletionOutcome.Unknown,
            >= 400 => DeletionOutcome.Failed,
            // No answer to a delete.
            _ => DeletionOutcome.Unknown,
        };

    private static bool IsHold(string? code) =>
        code is not null && (code.Contains("Immutable", StringComparison.Ordinal) || code.Contains("LegalHold", StringComparison.Ordinal));

    // Both are kept as evidence: what does not have their form is none.
    private static string? Code(string? text) =>
        text is { Length: > 0 and <= MaxText } && text.All(char.IsAsciiLetterOrDigit) ? text : null;

    private static string? RequestId(string? text) =>
        text is { Length: > 0 and <= MaxText } && text.All(c => char.IsAsciiLetterOrDigit(c) || c == '-') ? text : null;

    private static TimeSpan? RetryAfter(string? text, DateTimeOffset now)
    {
        if (text is null)
            return null;
        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
            return Bounded(TimeSpan.FromSeconds(seconds));
        return DateTimeOffset.TryParseExact(text, "r", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? Bounded(time - now)
            : null;
    }

    private static TimeSpan Bounded(TimeSpan time) => TimeSpan.FromTicks(Math.Clamp(time.Ticks, 0, MaxRetryAfter.Ticks));
}
