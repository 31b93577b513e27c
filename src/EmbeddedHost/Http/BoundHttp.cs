using EmbeddedHost.Hosting;
using EmbeddedHost.Invocation;
using Microsoft.AspNetCore.Routing.Patterns;

namespace EmbeddedHost.Http;

/// <summary>An HTTP function's route.</summary>
internal sealed record BoundHttp(RoutePattern Pattern, AuthorizationLevel Level, IReadOnlyList<string> Methods, IReadOnlySet<string> Names) : IBoundTrigger
{
    public string Type => "httpTrigger";

    public IListener? CreateListener(Function function) => null;

    public TriggerEvent FromAdmin(Function function, string? input) =>
        throw new FormatException($"{function.Name} is an HTTP function: call its route /{Pattern.RawText}");
}
