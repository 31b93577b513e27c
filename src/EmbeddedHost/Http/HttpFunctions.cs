using EmbeddedHost.Invocation;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Abstractions;
using Microsoft.AspNetCore.Routing;

namespace EmbeddedHost.Http;

/// <summary>Answers the routes of HTTP functions.</summary>
internal sealed class HttpFunctions(FunctionInvoker invoker, HttpKeys keys)
{
    public void Map(IEndpointRouteBuilder routes, Function function, BoundHttp http)
    {
        var endpoint = http.Methods.Count == 0
            ? routes.Map(http.Pattern, c => AnswerAsync(c, function, http))
            : routes.MapMethods(http.Pattern.RawText!, http.Methods.Select(m => m.ToUpperInvariant()), c => AnswerAsync(c, function, http));
        endpoint.WithDisplayName(function.Name);
    }

    private async Task AnswerAsync(HttpContext context, Function function, BoundHttp http)
    {
        if (!keys.Allows(context.Request, http.Level))
        {
            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return;
        }

        var data = context.Request.Query.ToDictionary(q => q.Key, q => (object?)q.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        data.Remove("code");
        foreach (var (name, value) in context.Request.RouteValues)
            data[name] = value;
        var trigger = new TriggerEvent(context.Request) { BindingData = data, Http = context, Complete = r => CompleteAsync(r, context) };
        var outcome = await invoker.InvokeAsync(function, trigger, context.RequestAborted);
        if (outcome.Succeeded)
            return;
        if (context.Response.HasStarted)
        {
            // Too late for a status: a cut connection is the only way left to say that this answer is not whole.
            context.Abort();
            return;
        }

        // No details: the log has them under the run's id.
        context.Response.Clear();
        context.Response.StatusCode = outcome.Error is BadHttpRequestException bad ? bad.StatusCode : StatusCodes.Status500InternalServerError;
    }

    // As the official ASP.NET Core extension does: results run against the function's own services.
    private static Task CompleteAsync(object? result, HttpContext context) => result switch
    {
        IActionResult action => action.ExecuteResultAsync(new ActionContext(context, context.GetRouteData(), new ActionDescriptor())),
        IResult plain => plain.ExecuteAsync(context),
        _ => Task.CompletedTask,
    };
}
