using Microsoft.Extensions.Logging;

namespace EmbeddedHost.Invocation;

internal static partial class InvocationLog
{
    [LoggerMessage(100, LogLevel.Information, "Executing '{FunctionName}' (Id={InvocationId})")]
    public static partial void Executing(this ILogger logger, string functionName, string invocationId);

    [LoggerMessage(101, LogLevel.Information, "Executed '{FunctionName}' (Succeeded, Id={InvocationId}, Duration={Milliseconds}ms)")]
    public static partial void Executed(this ILogger logger, string functionName, string invocationId, double milliseconds);

    [LoggerMessage(102, LogLevel.Error, "Executed '{FunctionName}' (Failed, Id={InvocationId})")]
    public static partial void Failed(this ILogger logger, Exception exception, string functionName, string invocationId);
}
