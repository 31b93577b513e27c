using Microsoft.Extensions.Logging;

namespace LocalHost.Timers;

internal static partial class TimerLog
{
    [LoggerMessage(200, LogLevel.Information, "Timer '{FunctionName}' is due next at {Next:o}")]
    public static partial void Scheduled(this ILogger logger, string functionName, DateTime next);

    [LoggerMessage(201, LogLevel.Information, "Timer '{FunctionName}' was due at {Due:o} and is past due on start-up: it runs now")]
    public static partial void PastDue(this ILogger logger, string functionName, DateTime due);

    [LoggerMessage(202, LogLevel.Error, "Timer '{FunctionName}' cannot read its schedule status; it is tried again")]
    public static partial void StatusNotLoaded(this ILogger logger, Exception exception, string functionName);

    [LoggerMessage(
        203,
        LogLevel.Warning,
        "Timer '{FunctionName}' has an unreadable schedule status; it starts without one, and a missed run is not made up for"
    )]
    public static partial void StatusUnreadable(this ILogger logger, Exception exception, string functionName);

    [LoggerMessage(204, LogLevel.Error, "Timer '{FunctionName}' could not save its schedule status")]
    public static partial void StatusNotSaved(this ILogger logger, Exception exception, string functionName);

    [LoggerMessage(205, LogLevel.Critical, "Timer '{FunctionName}' has ended")]
    public static partial void Broken(this ILogger logger, Exception exception, string functionName);

    [LoggerMessage(206, LogLevel.Information, "Another host with the id {HostId} runs the timers; this one takes over when that one ends")]
    public static partial void LeaseTaken(this ILogger logger, string hostId);

    [LoggerMessage(207, LogLevel.Error, "The lease of the timers cannot be taken; it is tried again")]
    public static partial void LeaseFailed(this ILogger logger, Exception exception);

    [LoggerMessage(208, LogLevel.Warning, "The lease of the timers was lost: they pause until it is held again")]
    public static partial void LeaseLost(this ILogger logger);
}
