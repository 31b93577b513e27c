using System.Text.Json;
using LocalHost.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace LocalHost.Http;

/// <summary>
/// The real host's admin endpoints that are of use here: run a function by hand, list the functions, the host's status; and the webhooks
/// of extensions. All but the ping need the master key.
/// </summary>
internal sealed class AdminEndpoints(HostStatus status, FunctionKeys keys)
{
    /// <summary>Adds the routes.</summary>
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapMethods("/admin/host/ping", ["GET", "POST"], () => Results.Ok());
        routes.MapGet("/admin/host/status", WithMasterKey(http => http.Response.WriteAsJsonAsync(status.Report())));
        routes.MapGet(
            "/admin/functions",
            WithMasterKey(http =>
                http.Response.WriteAsJsonAsync(
                    status.Functions.Select(f => new
                    {
                        name = f.Name,
                        triggerType = f.Trigger.Type,
                        isDisabled = status.IsDisabled(f),
                    })
                )
            )
        );
        routes.MapPost("/admin/functions/{name}", WithMasterKey(RunAsync));
        routes.Map("/runtime/webhooks/{extension}/{**rest}", WithMasterKey(WebhookAsync));
    }

    private RequestDelegate WithMasterKey(RequestDelegate answer) =>
        http =>
        {
            switch (keys.Level(http.Request))
            {
                case KeyLevel.Master:
                    return answer(http);
                case KeyLevel.Function:
                    http.Response.StatusCode = StatusCodes.Status403Forbidden;
                    return Task.CompletedTask;
                default:
                    http.Response.StatusCode = StatusCodes.Status401Unauthorized;
                    return Task.CompletedTask;
            }
        };

    private Task WebhookAsync(HttpContext http)
    {
        var name = (string)http.Request.RouteValues["extension"]!;
        if (status.Starters.OfType<IWebhook>().FirstOrDefault(w => w.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } webhook)
            return webhook.AnswerAsync(http);
        http.Response.StatusCode = StatusCodes.Status404NotFound;
        return Task.CompletedTask;
    }

    private async Task RunAsync(HttpContext http)
    {
        var name = (string)http.Request.RouteValues["name"]!;
        if (status.Functions.FirstOrDefault(f => f.Name.Equals(name, StringComparison.OrdinalIgnoreCase)) is not { } function)
        {
            http.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }

        try
        {
            var input = await InputAsync(http.Request);
            if (status.Starters.FirstOrDefault(s => s.Starts(function.Trigger)) is not { } starter)
                throw new FormatException($"a function with a {function.Trigger.Type} cannot be run by hand");
            await starter.RunByHandAsync(function, input, http.RequestAborted);
            http.Response.StatusCode = StatusCodes.Status202Accepted;
        }
        catch (FormatException e)
        {
            http.Response.StatusCode = StatusCodes.Status400BadRequest;
            await http.Response.WriteAsJsonAsync(new { error = e.Message }, http.RequestAborted);
        }
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
