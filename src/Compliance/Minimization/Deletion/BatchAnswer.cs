using System.Net.Http.Headers;

namespace Compliance.Minimization.Deletion;

/// <summary>What happened to one item of a batch.</summary>
internal enum DeletionOutcome
{
    /// <summary>202: this request deleted it.</summary>
    Deleted,

    /// <summary>404: it was gone before. Never counted as deleted by this app, even after a lost answer.</summary>
    AlreadyGone,

    /// <summary>412: it is no longer what was planned.</summary>
    Changed,

    /// <summary>409: immutable, or under a legal hold.</summary>
    Held,

    /// <summary>409 or 412: somebody holds a lease of it.</summary>
    Leased,

    /// <summary>403.</summary>
    Refused,

    /// <summary>403 OperationNotAllowedOnRootBlob: it was a version at planning and is the current one now.</summary>
    RefusedAsCurrent,

    /// <summary>429 or 503: to be sent again later.</summary>
    Throttled,

    /// <summary>Another refusal, with its status and code: it was not deleted.</summary>
    Failed,

    /// <summary>Whether it was deleted is not known: it has to be listed again.</summary>
    Unknown,
}

/// <summary>What is known of one item.</summary>
/// <param name="Outcome">What happened.</param>
/// <param name="Status">HTTP status; null where none was read.</param>
/// <param name="Code">Error code of the service; null for none.</param>
/// <param name="RequestId">Id that the service's own log has it under; null where none was read.</param>
/// <param name="RetryAfter">How long the service asks to wait; null where it does not.</param>
internal sealed record ItemAnswer(DeletionOutcome Outcome, int? Status, string? Code, string? RequestId, TimeSpan? RetryAfter)
{
    /// <summary>Nothing was read of it.</summary>
    public static ItemAnswer None { get; } = new(DeletionOutcome.Unknown, null, null, null, null);
}

/// <summary>What is wrong with an answer as a whole.</summary>
internal enum AnswerFault
{
    /// <summary>Nothing: it was read to its end.</summary>
    None,

    /// <summary>The service refused the batch as a whole: nothing was done.</summary>
    NothingDone,

    /// <summary>An outer status that leaves open what was done.</summary>
    OuterStatus,

    /// <summary>202 with a body that is no multipart.</summary>
    NotMultipart,

    /// <summary>It ended, or the connection broke, before its last line.</summary>
    CutOff,

    /// <summary>It is larger than any answer to a batch.</summary>
    TooLarge,
}

/// <summary>Outer headers of an answer.</summary>
/// <param name="Status">HTTP status.</param>
/// <param name="ContentType">Content-Type.</param>
/// <param name="Code">x-ms-error-code.</param>
/// <param name="RequestId">x-ms-request-id.</param>
/// <param name="RetryAfter">Retry-After, as it was sent.</param>
internal sealed record AnswerHead(
    int Status,
    string? ContentType,
    string? Code = null,
    string? RequestId = null,
    string? RetryAfter = null
);

/// <summary>The answer to a batch.</summary>
/// <remarks>
/// <code>
/// --batchresponse_66925647
/// Content-Type: application/http
/// Content-ID: 2
///
/// HTTP/1.1 404 The specified blob does not exist.
/// x-ms-error-code: BlobNotFound
/// x-ms-request-id: 778fdc83-801e-0000-62ff-0334671e2852
///
/// &lt;?xml version="1.0" encoding="utf-8"?&gt;...
/// --batchresponse_66925647--
/// </code>
/// </remarks>
/// <param name="Items">One an item, in the order of the request, whatever the order of the parts.</param>
/// <param name="Fault">What is wrong with it as a whole.</param>
/// <param name="Strays">Parts that are no item's: without an id, with an unknown one, or a second one.</param>
internal sealed record BatchAnswer(IReadOnlyList<ItemAnswer> Items, AnswerFault Fault, int Strays)
{
    /// <summary>Most bytes that are read: 256 parts of 16 KB, of which a real one has under 1 KB.</summary>
    public const int MaxBytes = 4 * 1024 * 1024;

    private const int MaxBoundaryLength = 200;

    /// <summary>Reads an answer. A bad one makes items <see cref="DeletionOutcome.Unknown"/> and throws nothing.</summary>
    /// <param name="head">Its outer headers.</param>
    /// <param name="body">Its body; read no further than <see cref="MaxBytes"/> and not closed.</param>
    /// <param name="count">How many items the request had.</param>
    /// <param name="now">When it came (UTC): a Retry-After can be a time.</param>
    /// <param name="cancellationToken">Cancels; then what was done is not known.</param>
    /// <exception cref="OperationCanceledException">Only when the token was cancelled.</exception>
    public static async Task<BatchAnswer> ReadAsync(
        AnswerHead head,
        Stream body,
        int count,
        DateTimeOffset now,
        CancellationToken cancellationToken
    )
    {
        if (head.Status != 202)
            return OfAll(head, count, now);
        if (BoundaryFrom(head.ContentType) is not { } boundary)
            return new([.. Enumerable.Repeat(ItemAnswer.None, count)], AnswerFault.NotMultipart, 0);
        var parts = new PartReader(new(body, MaxBytes), boundary);
        var found = new ItemAnswer?[count];
        var (strays, read) = (0, 0);
        AnswerPart? last = null;
        while (await parts.ReadAsync(cancellationToken) is { } part)
        {
            read++;
            last = part;
            if (part.ContentId is not { } id || id >= count)
                strays++;
            else if (found[id] is null)
                found[id] = ItemOutcome.From(part, now);
            else
            {
                // Which of the two is right is not known.
                strays++;
                found[id] = ItemAnswer.None;
            }
        }
        // One refusal instead of a part an item: the service took none of the batch. Only when it is seen to be the only one.
        if (read == 1 && last!.Status == 400 && parts.Fault == AnswerFault.None)
            return new([.. Enumerable.Repeat(ItemOutcome.From(last, now), count)], AnswerFault.NothingDone, 0);
        return new([.. found.Select(f => f ?? ItemAnswer.None)], parts.Fault, strays);
    }

    // Without a part an item the outer status is what there is. A refusal by the service was before any sub-request; another failure,
    // or one of something between, can be after some.
    private static BatchAnswer OfAll(AnswerHead head, int count, DateTimeOffset now)
    {
        var item = ItemOutcome.From(head, now);
        var fault = item.Outcome == DeletionOutcome.Unknown ? AnswerFault.OuterStatus : AnswerFault.NothingDone;
        return new([.. Enumerable.Repeat(item, count)], fault, 0);
    }

    private static string? BoundaryFrom(string? contentType)
    {
        if (!MediaTypeHeaderValue.TryParse(contentType, out var type))
            return null;
        if (!string.Equals(type.MediaType, "multipart/mixed", StringComparison.OrdinalIgnoreCase))
            return null;
        var name = type.Parameters.FirstOrDefault(p => string.Equals(p.Name, "boundary", StringComparison.OrdinalIgnoreCase));
        var boundary = name?.Value?.Trim('"');
        return boundary is { Length: > 0 and <= MaxBoundaryLength } ? boundary : null;
    }
}
