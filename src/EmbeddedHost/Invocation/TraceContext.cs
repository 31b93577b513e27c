namespace EmbeddedHost;

/// <summary>
/// The W3C trace context of one run.
/// Stands for Microsoft.Azure.Functions.Worker.TraceContext.
/// </summary>
public abstract class TraceContext
{
    /// <summary>The <c>traceparent</c> value (https://www.w3.org/TR/trace-context/).</summary>
    public abstract string TraceParent { get; }

    /// <summary>The <c>tracestate</c> value; empty when there is none.</summary>
    public abstract string TraceState { get; }
}
