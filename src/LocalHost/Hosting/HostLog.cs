using Microsoft.Extensions.Logging;

namespace LocalHost.Hosting;

internal static partial class HostLog
{
    [LoggerMessage(1, LogLevel.Information, "Running: {Count} functions on {Address}, {Milliseconds} ms after the start")]
    public static partial void Running(this ILogger logger, int count, string address, long milliseconds);

    [LoggerMessage(2, LogLevel.Information, "Function {FunctionName}: {TriggerType}")]
    public static partial void Function(this ILogger logger, string functionName, string triggerType);

    [LoggerMessage(3, LogLevel.Information, "Function {FunctionName}: [{Methods}] {Url}")]
    public static partial void Route(this ILogger logger, string functionName, string methods, string url);

    [LoggerMessage(4, LogLevel.Information, "Function {FunctionName}: {TriggerType}, disabled")]
    public static partial void Disabled(this ILogger logger, string functionName, string triggerType);

    [LoggerMessage(5, LogLevel.Warning, "The setting {Setting} is not set: {Closed} cannot be reached without the master key")]
    public static partial void DefaultKeyMissing(this ILogger logger, string setting, string closed);

    [LoggerMessage(6, LogLevel.Warning, "The setting {Setting} is not set: {Closed} cannot be reached")]
    public static partial void MasterKeyMissing(this ILogger logger, string setting, string closed);

    [LoggerMessage(7, LogLevel.Information, "Stopping: no new work is taken; running functions have {Seconds} s to end")]
    public static partial void Stopping(this ILogger logger, double seconds);

    [LoggerMessage(8, LogLevel.Information, "Stopped")]
    public static partial void Stopped(this ILogger logger);
}
