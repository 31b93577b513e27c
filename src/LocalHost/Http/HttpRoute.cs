using System.Text.Json;
using LocalHost.Hosting;
using LocalHost.Worker;
using Microsoft.AspNetCore.Routing.Patterns;

namespace LocalHost.Http;

/// <summary>How an HTTP function is reached.</summary>
/// <param name="Function">The function.</param>
/// <param name="Pattern">Its route, prefix included.</param>
/// <param name="Methods">The methods it answers, in upper case; none for all.</param>
/// <param name="Level">The key that it needs; <see cref="KeyLevel.None"/> for none.</param>
internal sealed record HttpRoute(WorkerFunction Function, RoutePattern Pattern, IReadOnlyList<string> Methods, KeyLevel Level)
{
    /// <summary>The trigger's type.</summary>
    public const string Trigger = "httpTrigger";

    /// <summary>The routes of all HTTP functions.</summary>
    /// <exception cref="StartupException">A route cannot be; the message names all such.</exception>
    public static IReadOnlyList<HttpRoute> From(IEnumerable<WorkerFunction> functions, string prefix)
    {
        var routes = new List<HttpRoute>();
        var problems = new List<string>();
        foreach (var function in functions.Where(f => f.Trigger.IsOfType(Trigger)))
        {
            try
            {
                routes.Add(From(function, prefix));
            }
            catch (FormatException e)
            {
                problems.Add($"function {function.Name}: {e.Message}");
            }
        }

        var served = routes
            .SelectMany(r => r.Methods.DefaultIfEmpty("any method").Select(m => (Key: $"{m} /{r.Pattern.RawText}", r.Function.Name)))
            .GroupBy(r => r.Key, r => r.Name, StringComparer.OrdinalIgnoreCase);
        problems.AddRange(served.Where(s => s.Count() > 1).Select(s => $"functions {string.Join(", ", s)}: have the same route {s.Key}"));
        return problems.Count == 0 ? routes : throw new StartupException(string.Join("; ", problems));
    }

    private static HttpRoute From(WorkerFunction function, string prefix)
    {
        var template = $"{prefix}/{function.Trigger.Text("route") ?? function.Name}".Trim('/');
        if (template.Split('/')[0].ToUpperInvariant() is "ADMIN" or "RUNTIME")
            throw new FormatException($"the route '{template}' lies under admin or runtime, which belong to the host");
        try
        {
            var pattern = RoutePatternFactory.Parse(template);
            return new HttpRoute(function, pattern, ReadMethods(function.Trigger.Json), ReadLevel(function.Trigger.Text("authLevel")));
        }
        catch (RoutePatternException e)
        {
            throw new FormatException($"the route '{template}' is not a route template: {e.Message}", e);
        }
    }

    // Sample: {"name":"request","type":"httpTrigger","direction":"In","authLevel":"Anonymous","methods":["get"],"route":"runs/{runId}"}
    private static string[] ReadMethods(JsonElement trigger) =>
        trigger.TryGetProperty("methods", out var methods) && methods.ValueKind == JsonValueKind.Array
            ? [.. methods.EnumerateArray().Select(m => m.GetString()!.ToUpperInvariant())]
            : [];

    private static KeyLevel ReadLevel(string? level) =>
        level?.ToUpperInvariant() switch
        {
            "ANONYMOUS" => KeyLevel.None,
            null or "FUNCTION" => KeyLevel.Function,
            "ADMIN" => KeyLevel.Master,
            _ => throw new FormatException($"this host does not support AuthorizationLevel.{level}; use Anonymous, Function or Admin"),
        };
}
