using Microsoft.AspNetCore.Http;

namespace EmbeddedHost;

/// <summary>
/// The HTTP side of a run.
/// Stands for Microsoft.Azure.Functions.Worker.FunctionContextExtensions.
/// </summary>
public static class FunctionContextExtensions
{
    // The official extension keeps the request under this key, and middleware may look there.
    internal const string HttpContextKey = "HttpRequestContext";

    /// <summary>The request a run answers.</summary>
    /// <param name="context">The run.</param>
    /// <returns>The request's context, or null where no HTTP trigger started the run.</returns>
    public static HttpContext? GetHttpContext(this FunctionContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return context.Items.TryGetValue(HttpContextKey, out var value) ? value as HttpContext : null;
    }
}
