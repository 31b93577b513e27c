using Microsoft.AspNetCore.Http;

namespace EmbeddedHost.Http;

/// <summary>A 400 that says what is wrong.</summary>
internal static class Refusal
{
    public static Task WriteAsync(HttpContext context, string reason)
    {
        context.Response.StatusCode = StatusCodes.Status400BadRequest;
        return context.Response.WriteAsJsonAsync(new { error = reason }, context.RequestAborted);
    }
}
