using Microsoft.AspNetCore.Http;

namespace EmbeddedHost.Invocation;

/// <summary>What starts one run.</summary>
internal sealed record TriggerEvent(object? Value)
{
    /// <summary>Values by name (see <see cref="BindingContext.BindingData"/>).</summary>
    public IReadOnlyDictionary<string, object?> BindingData { get; init; } = new Dictionary<string, object?>();

    /// <summary>The request to answer, for an HTTP trigger.</summary>
    public HttpContext? Http { get; init; }

    /// <summary>Called with what the function returned, while the run's services still live.</summary>
    public Func<object?, Task>? Complete { get; init; }
}
