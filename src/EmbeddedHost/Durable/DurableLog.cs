using Microsoft.Extensions.Logging;

namespace EmbeddedHost.Durable;

/// <summary>What the hub tells the log.</summary>
internal static partial class DurableLog
{
    [LoggerMessage(600, LogLevel.Information, "Took up {Count} orchestrations")]
    public static partial void Recovered(this ILogger logger, int count);

    [LoggerMessage(601, LogLevel.Critical, "The orchestrations' hub is lost: {Reason}")]
    public static partial void HubLost(this ILogger logger, string reason);

    [LoggerMessage(602, LogLevel.Error, "A step of orchestration {Instance} broke; it goes on at the next start")]
    public static partial void StepBroken(this ILogger logger, Exception exception, string instance);

    [LoggerMessage(603, LogLevel.Warning, "A step of orchestration {Instance} could not be kept; trying again in {Seconds} s")]
    public static partial void CommitFailed(this ILogger logger, Exception exception, string instance, double seconds);

    [LoggerMessage(604, LogLevel.Information, "Orchestration {Instance} ({Name}) ended: {Status} {Failure}")]
    public static partial void Ended(this ILogger logger, string instance, string name, string status, string failure);

    [LoggerMessage(605, LogLevel.Debug, "Rows of orchestration {Instance} that are no longer needed were left")]
    public static partial void NotForgotten(this ILogger logger, Exception exception, string instance);

    [LoggerMessage(606, LogLevel.Warning, "The orchestrations could not be taken up; trying again in {Seconds} s")]
    public static partial void NotRecovered(this ILogger logger, Exception exception, double seconds);
}
