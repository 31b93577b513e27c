using Microsoft.Extensions.Logging;

namespace EmbeddedHost.Timers;

internal static partial class TimerLog
{
    [LoggerMessage(200, LogLevel.Information, "Timer '{FunctionName}' is due next at {Next:o}")]
    public static partial void Scheduled(this ILogger logger, string functionName, DateTime next);

    [LoggerMessage(201, LogLevel.Information, "Timer '{FunctionName}' was due at {Due:o} and is past due on start-up: it runs now")]
    public static partial void PastDue(this ILogger logger, string functionName, DateTime due);

    [LoggerMessage(202, LogLevel.Error, "Timer '{FunctionName}' cannot read its schedule status; trying again")]
    public static partial void StorageDown(this ILogger logger, Exception exception, string functionName);

    [LoggerMessage(203, LogLevel.Warning, "Timer '{FunctionName}' has an unreadable schedule status; it begins anew, and a missed run is not made up for")]
    public static partial void StatusUnreadable(this ILogger logger, Exception exception, string functionName);

    [LoggerMessage(204, LogLevel.Error, "Timer '{FunctionName}' could not keep its schedule status")]
    public static partial void StatusNotKept(this ILogger logger, Exception exception, string functionName);

    [LoggerMessage(205, LogLevel.Critical, "Timer '{FunctionName}' has ended")]
    public static partial void Broken(this ILogger logger, Exception exception, string functionName);
}
