using Azure;
using Compliance.Observability;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Logging;

namespace ComplianceFunctions;

/// <summary>
/// Answers an HTTP request whose function failed with JSON as every other answer: 503 where a service that the app needs did not answer,
/// else 500. The caller gets the correlation id and no detail; the log has both.
/// </summary>
public sealed partial class HttpFailureMiddleware(ILogger<HttpFailureMiddleware> log) : IFunctionsWorkerMiddleware
{
    /// <inheritdoc/>
    public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(next);
        try
        {
            await next(context);
        }
        catch (Exception e) when (context.GetHttpContext() is { RequestAborted.IsCancellationRequested: false, Response.HasStarted: false })
        {
            Failed(log, context.FunctionDefinition.Name, e);
            context.GetInvocationResult().Value = Answer(e, CorrelationId.Current(context.InvocationId));
        }
    }

    /// <summary>What the caller of a request that failed is answered.</summary>
    internal static ContentResult Answer(Exception e, string correlationId)
    {
        if (e is BadHttpRequestException bad)
            return JsonAnswer.Create(bad.StatusCode, new { error = "the request cannot be read", correlationId });
        var isOutage = IsOutage(e);
        return JsonAnswer.Create(
            isOutage ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status500InternalServerError,
            new
            {
                error = isOutage
                    ? "storage, or another service that the app needs, does not answer: try again; "
                        + $"the app's log has more under {correlationId}"
                    : $"the app could not do it; its log has the reason under {correlationId}",
                correlationId,
            }
        );
    }

    // The clients of Azure throw all that they tried together.
    private static bool IsOutage(Exception? e) =>
        e switch
        {
            AggregateException several => several.InnerExceptions.Any(IsOutage),
            RequestFailedException { Status: 0 or 408 or 429 or >= 500 } or HttpRequestException or IOException or TimeoutException => true,
            null => false,
            _ => IsOutage(e.InnerException),
        };

    [LoggerMessage(4110, LogLevel.Error, "Request to {Function} failed")]
    private static partial void Failed(ILogger logger, string function, Exception e);
}
