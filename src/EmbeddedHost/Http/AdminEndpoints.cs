using System.Text.Json;
using EmbeddedHost.Configuration;
using EmbeddedHost.Invocation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace EmbeddedHost.Http;

/// <summary>
/// The real host's admin endpoints that are of use here, all but the ping with the master key: run a function by hand, list functions, the host's status.
/// </summary>
internal sealed class AdminEndpoints(FunctionCatalog catalog, FunctionInvoker invoker, HttpKeys keys, HostSettings settings, TimeProvider time)
{
    private readonly long _started = time.GetTimestamp();

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/admin/host/ping", (HttpContext c) => c.Response.StatusCode = StatusCodes.Status200OK);
        routes.MapGet("/admin/host/status", c => keys.ForMasterAsync(c, () => c.Response.WriteAsJsonAsync(new
        {
            id = settings.HostId,
            state = "Running",
            version = typeof(AdminEndpoints).Assembly.GetName().Version?.ToString(),
            processUptime = (long)time.GetElapsedTime(_started).TotalMilliseconds,
        })));
        routes.MapGet("/admin/functions", c => keys.ForMasterAsync(c, () => c.Response.WriteAsJsonAsync(
            catalog.All.Select(f => new { name = f.Name, triggerType = f.Trigger.Type, isDisabled = f.Disabled }))));
        routes.MapPost("/admin/functions/{name}", c => keys.ForMasterAsync(c, () => RunAsync(c)));
    }

    private async Task RunAsync(HttpContext context)
    {
        if (catalog.Find((string)context.Request.RouteValues["name"]!) is not { } function)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        TriggerEvent trigger;
        try
        {
            trigger = function.Trigger.FromAdmin(function, await InputAsync(context.Request));
        }
        catch (FormatException e)
        {
            await Refusal.WriteAsync(context, e.Message);
            return;
        }

        invoker.InvokeInBackground(function, trigger);
        context.Response.StatusCode = StatusCodes.Status202Accepted;
    }

    private static async Task<string?> InputAsync(HttpRequest request)
    {
        const string shape = "the body must be JSON such as {\"input\":\"...\"}";
        try
        {
            using var body = await JsonDocument.ParseAsync(request.Body, default, request.HttpContext.RequestAborted);
            if (body.RootElement.ValueKind != JsonValueKind.Object)
                throw new FormatException(shape);
            if (!body.RootElement.TryGetProperty("input", out var input) || input.ValueKind == JsonValueKind.Null)
                return null;
            return input.ValueKind == JsonValueKind.String ? input.GetString() : throw new FormatException("\"input\" must be a string");
        }
        catch (JsonException e)
        {
            throw new FormatException($"{shape}: {e.Message}", e);
        }
    }
}
