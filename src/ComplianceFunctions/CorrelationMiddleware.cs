using System.Diagnostics;
using Compliance.Observability;
using Microsoft.Extensions.Logging;

namespace ComplianceFunctions;

/// <summary>Gives every invocation one correlation id: the trace id, in the log scope, in the spans and in the evidence.</summary>
public sealed class CorrelationMiddleware(ILogger<CorrelationMiddleware> log) : IFunctionsWorkerMiddleware
{
    /// <inheritdoc/>
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(next);
        // The Functions host has begun the trace, and names it in its own log; else the invocation begins it.
        var parent = Activity.Current is null && context.TraceContext.TraceParent is { Length: > 0 } given ? given : null;
        using var activity = Telemetry.Source.StartActivity(context.FunctionDefinition.Name, ActivityKind.Server, parent);
        using var scope = log.BeginScope(
            new Dictionary<string, object>(StringComparer.Ordinal)
            {
                ["CorrelationId"] = CorrelationId.Current(context.InvocationId),
                ["Function"] = context.FunctionDefinition.Name,
                ["InvocationId"] = context.InvocationId,
            }
        );
        await next(context);
    }
}
