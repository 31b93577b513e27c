using Microsoft.Extensions.Logging;

namespace EmbeddedHost.Hosting;

internal static partial class HostLog
{
    [LoggerMessage(1, LogLevel.Information, "Functions host listening on {Address}")]
    public static partial void Listening(this ILogger logger, string address);

    [LoggerMessage(2, LogLevel.Information, "Function {FunctionName}: {TriggerType}")]
    public static partial void Function(this ILogger logger, string functionName, string triggerType);

    [LoggerMessage(3, LogLevel.Information, "Function {FunctionName}: [{Methods}] {Url}")]
    public static partial void Route(this ILogger logger, string functionName, string methods, Uri url);

    [LoggerMessage(4, LogLevel.Information, "Function {FunctionName}: {TriggerType}, disabled")]
    public static partial void Disabled(this ILogger logger, string functionName, string triggerType);

    [LoggerMessage(5, LogLevel.Warning, "The setting {Setting} is not set: {Closed} answers 401 to every key but the master key")]
    public static partial void KeyMissing(this ILogger logger, string setting, string closed);

    [LoggerMessage(6, LogLevel.Warning, "Runs have not ended within {Seconds} s of the stop; they are cancelled now")]
    public static partial void DrainOver(this ILogger logger, double seconds);

    [LoggerMessage(7, LogLevel.Information, "Functions host stopped: all runs have ended")]
    public static partial void Stopped(this ILogger logger);

    [LoggerMessage(8, LogLevel.Error, "Functions host stopped, leaving behind runs that did not heed their cancellation")]
    public static partial void LeftBehind(this ILogger logger);
}
