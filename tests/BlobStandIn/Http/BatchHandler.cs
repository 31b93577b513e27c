using System.Buffers;
using System.Text;
using BlobStandIn.Faults;
using BlobStandIn.State;
using Microsoft.Net.Http.Headers;

namespace BlobStandIn.Http;

/// <summary>Answers a batch of deletes or of changes of tier.</summary>
/// <param name="faults">What is made to fail.</param>
/// <param name="items">What carries out an item.</param>
internal sealed class BatchHandler(StandInFaults faults, ItemHandler items)
{
    private const int MaxItems = 256;
    private const int MaxBytes = 4 * 1024 * 1024;

    /// <summary>Carries out the batch and answers it.</summary>
    public async Task HandleAsync(StandInAccount account, StandInRequest request)
    {
        var context = request.Context;
        if (Boundary(context.Request.ContentType) is not { } boundary)
        {
            await Answers.FailAsync(context, StandInError.InvalidHeader);
            return;
        }
        using var answer = new Utf8Buffer(128 * 1024);
        var name = $"batchresponse_{Answers.RequestId()}";
        var body = ArrayPool<char>.Shared.Rent(MaxBytes / 16);
        try
        {
            var length = -1;
            (body, length) = await ReadAsync(context, body);
            if (Check(request, body.AsSpan(0, Math.Max(length, 0)), boundary, length) is { } error)
                WriteWhole(answer, name, error);
            else
                Write(answer, name, account, request, body.AsSpan(0, length), boundary);
        }
        finally
        {
            ArrayPool<char>.Shared.Return(body);
        }
        await SendAsync(context, answer, name);
    }

    private async Task SendAsync(HttpContext context, Utf8Buffer answer, string name)
    {
        if (faults.LosesAnswer())
        {
            context.Abort();
            return;
        }
        context.Response.StatusCode = 202;
        context.Response.ContentType = $"multipart/mixed; boundary={name}";
        context.Response.ContentLength = answer.Length;
        // With less than its length was set to, the server closes the connection once what there is was sent.
        var sent = faults.CutsAnswer() ? answer.Written[..(answer.Length / 2)] : answer.Written;
        await context.Response.BodyWriter.WriteAsync(sent, context.RequestAborted);
    }

    // A batch that is not taken as a whole has one answer for all of it, in an outer 202.
    private static StandInError? Check(StandInRequest request, ReadOnlySpan<char> body, string boundary, int length)
    {
        if (length < 0)
            return StandInError.TooLarge;
        var reader = new BatchReader(body, boundary);
        var (count, isDelete, isMixed) = (0, false, false);
        while (reader.Read())
        {
            var isDeleteToo = reader.Method is "DELETE";
            isMixed |= count++ > 0 && isDelete != isDeleteToo;
            isDelete = isDeleteToo;
            var container = new RequestTarget(reader.Target).Container;
            if (!IsOf(request, container))
                return StandInError.InvalidInput;
        }
        if (count > MaxItems)
            return StandInError.TooManyItems;
        return count == 0 || isMixed || !reader.IsComplete ? StandInError.InvalidInput : null;
    }

    // A container's batch has no items of another.
    private static bool IsOf(StandInRequest request, ReadOnlySpan<char> container) =>
        request.Container.Length == 0 || container.SequenceEqual(request.Container);

    private void Write(
        Utf8Buffer answer,
        string name,
        StandInAccount account,
        StandInRequest request,
        ReadOnlySpan<char> body,
        string boundary
    )
    {
        using var parts = new Utf8Buffer(128 * 1024);
        var ranges = new List<(int Start, int Length)>(MaxItems);
        var container = request.Container.Length == 0 ? null : account.Find(request.Container);
        var version = request.Header("x-ms-version") ?? "2021-12-02";
        var reader = new BatchReader(body, boundary);
        while (reader.Read())
        {
            var target = new RequestTarget(reader.Target);
            var of = request.Container.Length == 0 ? account.Find(target.Container.ToString()) : container;
            var isDelete = reader.Method is "DELETE";
            var error = items.Handle(of, target, reader.Headers, isDelete);
            var start = parts.Length;
            WritePart(parts, reader.ContentId, isDelete ? 202 : 200, error, version);
            ranges.Add((start, parts.Length - start));
        }
        foreach (var (start, length) in faults.Disturb(ranges))
            answer.Raw("--"u8).Raw(name).Raw("\r\n"u8).Raw(parts.Written.Span.Slice(start, length));
        answer.Raw("--"u8).Raw(name).Raw("--\r\n"u8);
    }

    private static void WriteWhole(Utf8Buffer answer, string name, StandInError error)
    {
        WritePart(answer.Raw("--"u8).Raw(name).Raw("\r\n"u8), [], 202, error, "2021-12-02");
        answer.Raw("--"u8).Raw(name).Raw("--\r\n"u8);
    }

    private static void WritePart(Utf8Buffer part, ReadOnlySpan<char> id, int success, StandInError? error, string version)
    {
        part.Raw("Content-Type: application/http\r\n"u8);
        if (!id.IsEmpty)
            part.Raw("Content-ID: "u8).Raw(id).Raw("\r\n"u8);
        part.Raw("\r\nHTTP/1.1 "u8).Number(error?.Status ?? success).Raw(" "u8);
        if (error is null)
            part.Raw(success == 202 ? "Accepted\r\n"u8 : "OK\r\n"u8);
        else
            part.Raw(error.Message).Raw("\r\nx-ms-error-code: "u8).Raw(error.Code).Raw("\r\n"u8);
        part.Raw("x-ms-request-id: "u8).Raw(Answers.RequestId()).Raw("\r\nx-ms-version: "u8).Raw(version).Raw("\r\n"u8);
        if (error is { RetryAfter: { } wait })
            part.Raw("Retry-After: "u8).Number((long)wait.TotalSeconds).Raw("\r\n"u8);
        if (error is null)
        {
            part.Raw("\r\n"u8);
            return;
        }
        var body = Answers.Body(error);
        part.Raw("Content-Length: "u8).Number(body.Length).Raw("\r\nContent-Type: application/xml\r\n\r\n"u8).Raw(body).Raw("\r\n"u8);
    }

    private static string? Boundary(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type) && type.Boundary.HasValue
            ? HeaderUtilities.RemoveQuotes(type.Boundary).ToString()
            : null;

    // All of it, or -1 where it is too large: then it is read to its end and kept nowhere, so that the client gets the answer.
    private static async Task<(char[] Body, int Length)> ReadAsync(HttpContext context, char[] body)
    {
        var (length, isTooLarge) = (0, false);
        while (true)
        {
            var read = await context.Request.BodyReader.ReadAsync(context.RequestAborted);
            foreach (var segment in read.Buffer)
            {
                isTooLarge |= length + segment.Length > MaxBytes;
                if (isTooLarge)
                    continue;
                if (length + segment.Length > body.Length)
                    body = Grown(body, length, length + segment.Length);
                length += Encoding.Latin1.GetChars(segment.Span, body.AsSpan(length));
            }
            context.Request.BodyReader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
                return (body, isTooLarge ? -1 : length);
        }
    }

    private static char[] Grown(char[] body, int length, int needed)
    {
        var larger = ArrayPool<char>.Shared.Rent(Math.Max(body.Length * 2, needed));
        body.AsSpan(0, length).CopyTo(larger);
        ArrayPool<char>.Shared.Return(body);
        return larger;
    }
}
