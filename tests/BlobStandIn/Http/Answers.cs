using System.Globalization;
using System.Text;
using BlobStandIn.State;

namespace BlobStandIn.Http;

/// <summary>What answers have in common.</summary>
internal static class Answers
{
    private static long _count;

    /// <summary>Sets the headers of every answer.</summary>
    public static void Begin(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers["x-ms-request-id"] = RequestId();
        headers["x-ms-version"] = context.Request.Headers.TryGetValue("x-ms-version", out var version) ? version : "2021-12-02";
        // The clients compare it with what they sent.
        if (context.Request.Headers.TryGetValue("x-ms-client-request-id", out var id))
            headers["x-ms-client-request-id"] = id;
    }

    /// <summary>Answers with a refusal.</summary>
    public static Task FailAsync(HttpContext context, StandInError error)
    {
        context.Response.StatusCode = error.Status;
        context.Response.Headers["x-ms-error-code"] = error.Code;
        if (error.RetryAfter is { } wait)
            context.Response.Headers.RetryAfter = ((long)wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : XmlAsync(context, Body(error));
    }

    /// <summary>Answers with a small document.</summary>
    public static Task XmlAsync(HttpContext context, string body)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        context.Response.ContentType = "application/xml";
        context.Response.ContentLength = bytes.Length;
        return context.Response.Body.WriteAsync(bytes, context.RequestAborted).AsTask();
    }

    /// <summary>Body of a refusal.</summary>
    public static string Body(StandInError error) =>
        $"""<?xml version="1.0" encoding="utf-8"?><Error><Code>{error.Code}</Code><Message>{error.Message}</Message></Error>""";

    /// <summary>An id that no other answer has.</summary>
    public static string RequestId() =>
        string.Create(CultureInfo.InvariantCulture, $"00000000-001e-0000-0000-{Interlocked.Increment(ref _count):x12}");

    /// <summary>An ETag as headers have it.</summary>
    public static string ETag(long tag) => string.Create(CultureInfo.InvariantCulture, $"\"0x{tag:X}\"");

    /// <summary>A time as ids have it.</summary>
    public static string Id(DateTime time) => time.ToString("O", CultureInfo.InvariantCulture);

    /// <summary>A time as headers have it.</summary>
    public static string Date(DateTime time) => time.ToString("R", CultureInfo.InvariantCulture);
}
