using EmbeddedHost.Configuration;
using EmbeddedHost.Hosting;
using EmbeddedHost.Invocation;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing.Patterns;

namespace EmbeddedHost.Http;

/// <summary>HTTP triggers.</summary>
internal sealed class HttpTriggerBinding(HostJson rules, WebApplicationMode mode) : ITriggerBinding
{
    public Type Attribute => typeof(HttpTriggerAttribute);

    public IBoundTrigger? Bind(FunctionMethod method, Problems problems)
    {
        var attribute = (HttpTriggerAttribute)method.Attribute;
        var before = problems.Count;
        if (!mode.On)
            problems.Add($"{method.Where}: an HTTP function needs builder.ConfigureFunctionsWebApplication() in Program.cs");
        if (method.Trigger.ParameterType != typeof(HttpRequest))
            problems.Add($"{method.Where}: an HTTP trigger gives a {typeof(HttpRequest).FullName}, not a {method.Trigger.ParameterType.Name}");
        if (method.Result is { } result && !typeof(IActionResult).IsAssignableFrom(result) && !typeof(IResult).IsAssignableFrom(result))
            problems.Add($"{method.Where}: an HTTP function answers with an IActionResult, an IResult or nothing, not with a {result.Name}");
        if (attribute.AuthLevel is AuthorizationLevel.User or AuthorizationLevel.System)
            problems.Add($"{method.Where}: this host does not support AuthorizationLevel.{attribute.AuthLevel}; use Anonymous, Function or Admin");
        var template = $"{rules.RoutePrefix}/{attribute.Route ?? method.Name}".TrimStart('/');
        try
        {
            var pattern = RoutePatternFactory.Parse(template);
            if (IsReserved(template))
                problems.Add($"{method.Where}: the route '{template}' lies under admin or runtime, which belong to the host");
            return problems.Count > before
                ? null
                : new BoundHttp(pattern, attribute.AuthLevel, attribute.Methods ?? [], pattern.Parameters.Select(p => p.Name).ToHashSet(StringComparer.OrdinalIgnoreCase));
        }
        catch (RoutePatternException e)
        {
            problems.Add($"{method.Where}: the route '{template}' is not a route template: {e.Message}");
            return null;
        }
    }

    private static bool IsReserved(string template) =>
        template.Split('/')[0] is { } first
        && (first.Equals("admin", StringComparison.OrdinalIgnoreCase) || first.Equals("runtime", StringComparison.OrdinalIgnoreCase));
}
