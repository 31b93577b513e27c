using System.Globalization;
using System.Text.Json;
using EmbeddedHost.Http;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace EmbeddedHost.Durable;

/// <summary>
/// The real host's management of orchestrations under <c>/runtime/webhooks/durabletask</c>, as far as it is of use here, with the master key
/// (https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-http-api).
/// </summary>
internal sealed class DurableEndpoints(EmbeddedDurableTaskClient client, DurableFunctions functions, HttpKeys keys)
{
    public const string Path = "/runtime/webhooks/durabletask/instances";

    private const string NextHeader = "x-ms-continuation-token";

    public void Map(IEndpointRouteBuilder routes)
    {
        if (!functions.Any)
            return;
        routes.MapGet(Path, c => keys.ForMasterAsync(c, () => ListAsync(c)));
        routes.MapGet(Path + "/{id}", c => keys.ForMasterAsync(c, () => StatusAsync(c)));
        routes.MapPost(Path + "/{id}/raiseEvent/{name}", c => keys.ForMasterAsync(c, () => RaiseAsync(c)));
        routes.MapPost(Path + "/{id}/terminate", c => keys.ForMasterAsync(c, () => TerminateAsync(c)));
    }

    private async Task ListAsync(HttpContext context)
    {
        OrchestrationQuery filter;
        try
        {
            filter = Query(context.Request);
        }
        catch (FormatException e)
        {
            await Refusal.WriteAsync(context, e.Message);
            return;
        }

        await foreach (var page in client.GetAllInstancesAsync(filter).AsPages())
        {
            if (page.ContinuationToken is { } next)
                context.Response.Headers[NextHeader] = next;
            await context.Response.WriteAsJsonAsync(page.Values.Select(i => Payload(i, true)), context.RequestAborted);
            return;
        }
    }

    private async Task StatusAsync(HttpContext context)
    {
        if (await FindAsync(context) is not { } instance)
            return;
        // As the official one: 202 while it has not ended, and where to ask again.
        if (!instance.IsCompleted)
        {
            context.Response.StatusCode = StatusCodes.Status202Accepted;
            context.Response.Headers.Location = context.Request.Path + context.Request.QueryString.ToString();
        }
        else if (instance.RuntimeStatus == OrchestrationRuntimeStatus.Failed && context.Request.Query["returnInternalServerErrorOnFailure"] == "true")
        {
            context.Response.StatusCode = StatusCodes.Status500InternalServerError;
        }

        await context.Response.WriteAsJsonAsync(Payload(instance, context.Request.Query["showInput"] != "false"), context.RequestAborted);
    }

    private async Task RaiseAsync(HttpContext context)
    {
        if (await FindRunningAsync(context) is not { } instance)
            return;
        JsonElement? payload = null;
        try
        {
            using var body = await JsonDocument.ParseAsync(context.Request.Body, default, context.RequestAborted);
            payload = body.RootElement.Clone();
        }
        catch (JsonException e)
        {
            await Refusal.WriteAsync(context, $"the body must be the event's JSON: {e.Message}");
            return;
        }

        await DoAsync(context, () => client.RaiseEventAsync(instance.InstanceId, (string)context.Request.RouteValues["name"]!, payload, context.RequestAborted));
    }

    private async Task TerminateAsync(HttpContext context)
    {
        if (await FindRunningAsync(context) is not { } instance)
            return;
        var reason = context.Request.Query["reason"].FirstOrDefault();
        await DoAsync(context, () => client.TerminateInstanceAsync(instance.InstanceId, (object?)reason, context.RequestAborted));
    }

    private static async Task DoAsync(HttpContext context, Func<Task> act)
    {
        try
        {
            await act();
            context.Response.StatusCode = StatusCodes.Status202Accepted;
        }
        catch (InvalidOperationException)
        {
            // It has ended in between.
            context.Response.StatusCode = StatusCodes.Status410Gone;
        }
    }

    private async Task<OrchestrationMetadata?> FindAsync(HttpContext context)
    {
        var instance = await client.GetInstanceAsync((string)context.Request.RouteValues["id"]!, true, context.RequestAborted);
        if (instance is null)
            context.Response.StatusCode = StatusCodes.Status404NotFound;
        return instance;
    }

    private async Task<OrchestrationMetadata?> FindRunningAsync(HttpContext context)
    {
        if (await FindAsync(context) is not { } instance)
            return null;
        if (!instance.IsCompleted)
            return instance;
        context.Response.StatusCode = StatusCodes.Status410Gone;
        return null;
    }

    private static OrchestrationQuery Query(HttpRequest request)
    {
        var statuses = request.Query["runtimeStatus"].SelectMany(s => s!.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
            .Select(s => Enum.TryParse<OrchestrationRuntimeStatus>(s, true, out var status) && Enum.IsDefined(status)
                ? status
                : throw new FormatException($"runtimeStatus: '{s}' is none of {string.Join(", ", Enum.GetNames<OrchestrationRuntimeStatus>())}"));
        return new OrchestrationQuery
        {
            CreatedFrom = Time(request, "createdTimeFrom"),
            CreatedTo = Time(request, "createdTimeTo"),
            Statuses = [.. statuses],
            InstanceIdPrefix = request.Query["instanceIdPrefix"].FirstOrDefault(),
            PageSize = Size(request),
            FetchInputsAndOutputs = true,
            ContinuationToken = request.Headers[NextHeader].FirstOrDefault(),
        };
    }

    private static int Size(HttpRequest request)
    {
        if (request.Query["top"].FirstOrDefault() is not { } text)
            return OrchestrationQuery.DefaultPageSize;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var size) && size is >= 1 and <= 1000
            ? size
            : throw new FormatException($"top: '{text}' must be a whole number from 1 to 1000");
    }

    private static DateTimeOffset? Time(HttpRequest request, string name)
    {
        if (request.Query[name].FirstOrDefault() is not { Length: > 0 } text)
            return null;
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time)
            ? time
            : throw new FormatException($"{name}: '{text}' must be a time such as 2026-11-23T06:00:00Z");
    }

    // The official shape. Sample: {"name":"Case","instanceId":"7","runtimeStatus":"Running","input":{},"customStatus":"blocked","output":null,"createdTime":"2026-11-23T06:00:00Z",...}
    private static object Payload(OrchestrationMetadata instance, bool input) => new
    {
        name = instance.Name,
        instanceId = instance.InstanceId,
        runtimeStatus = instance.RuntimeStatus.ToString(),
        input = input ? Json(instance.SerializedInput) : null,
        customStatus = Json(instance.SerializedCustomStatus),
        output = instance.FailureDetails is { } failure ? JsonSerializer.SerializeToElement(failure.ToString()) : Json(instance.SerializedOutput),
        createdTime = Text(instance.CreatedAt),
        lastUpdatedTime = Text(instance.LastUpdatedAt),
    };

    private static JsonElement? Json(string? text) => text is null ? null : JsonSerializer.Deserialize<JsonElement>(text);

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}
