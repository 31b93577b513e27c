using System.Text.Json;
using EmbeddedHost.Http;
using EmbeddedHost.Invocation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;

namespace EmbeddedHost.EventGrid;

/// <summary>
/// The webhook Event Grid posts to, with the handshakes of both schemas
/// (https://learn.microsoft.com/azure/event-grid/end-point-validation-cloud-events-schema).
/// </summary>
internal sealed class EventGridWebhook(FunctionCatalog catalog, FunctionInvoker invoker, HttpKeys keys, ILogger<EventGridWebhook> logger)
{
    public const string Path = "/runtime/webhooks/EventGrid";

    public void Map(IEndpointRouteBuilder routes) => routes.MapMethods(Path, ["POST", "OPTIONS"], AnswerAsync);

    private async Task AnswerAsync(HttpContext context)
    {
        if (!keys.AllowsEventGrid(context.Request))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        var name = context.Request.Query["functionName"].ToString();
        if (catalog.Find(name) is not { Disabled: false, Trigger: BoundEventGrid trigger } function)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            await context.Response.WriteAsync($"cannot find function: '{name}'", context.RequestAborted);
            return;
        }

        if (HttpMethods.IsOptions(context.Request.Method))
            await AllowOriginAsync(context);
        else
            await ReceiveAsync(context, function, trigger);
    }

    private static Task AllowOriginAsync(HttpContext context)
    {
        if (context.Request.Headers["WebHook-Request-Origin"].FirstOrDefault() is not { Length: > 0 } origin)
            return Refusal.WriteAsync(context, "the header WebHook-Request-Origin is missing");
        context.Response.Headers["WebHook-Allowed-Origin"] = origin;
        return Task.CompletedTask;
    }

    private async Task ReceiveAsync(HttpContext context, Function function, BoundEventGrid trigger)
    {
        var kind = context.Request.Headers["aeg-event-type"].ToString();
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var bytes = body.GetBuffer().AsMemory(0, (int)body.Length);
        try
        {
            if (kind.Equals("SubscriptionValidation", StringComparison.OrdinalIgnoreCase))
            {
                var code = ValidationCode(bytes);
                logger.Validated(function.Name);
                await context.Response.WriteAsJsonAsync(new { validationResponse = code }, context.RequestAborted);
            }
            else if (kind.Equals("Notification", StringComparison.OrdinalIgnoreCase))
            {
                var runs = trigger.Events(bytes).Select(e => invoker.InvokeAsync(function, e, context.RequestAborted));
                var outcomes = await Task.WhenAll(runs);

                // One failure makes Event Grid send all of them again; the real host does the same.
                context.Response.StatusCode = outcomes.All(o => o.Succeeded) ? StatusCodes.Status202Accepted : StatusCodes.Status500InternalServerError;
            }
            else if (kind.Equals("Unsubscribe", StringComparison.OrdinalIgnoreCase))
            {
                logger.Unsubscribed(function.Name);
                context.Response.StatusCode = StatusCodes.Status202Accepted;
            }
            else
            {
                throw new FormatException("the header aeg-event-type must be SubscriptionValidation, Notification or Unsubscribe");
            }
        }
        catch (FormatException e)
        {
            await Refusal.WriteAsync(context, e.Message);
        }
    }

    // Sample: [{"id":"...","eventType":"Microsoft.EventGrid.SubscriptionValidationEvent","data":{"validationCode":"512d38b6-...","validationUrl":"..."}}]
    private static string ValidationCode(ReadOnlyMemory<byte> body)
    {
        const string shape = "a SubscriptionValidation must be an array whose first event has data.validationCode";
        try
        {
            using var document = JsonDocument.Parse(body);
            if (document.RootElement is { ValueKind: JsonValueKind.Array } events && events.GetArrayLength() > 0
                && events[0] is { ValueKind: JsonValueKind.Object } first
                && first.TryGetProperty("data", out var data) && data.ValueKind == JsonValueKind.Object
                && data.TryGetProperty("validationCode", out var code) && code.ValueKind == JsonValueKind.String)
            {
                return code.GetString()!;
            }
        }
        catch (JsonException e)
        {
            throw new FormatException($"{shape}: {e.Message}", e);
        }

        throw new FormatException(shape);
    }
}
