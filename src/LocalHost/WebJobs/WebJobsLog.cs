using Microsoft.Extensions.Logging;

namespace LocalHost.WebJobs;

/// <summary>What the WebJobs part of the host logs of its own.</summary>
internal static partial class WebJobsLog
{
    [LoggerMessage(400, LogLevel.Information, "Message {Message} of queue {Queue} was given back: the host that had it in work is gone")]
    public static partial void Released(this ILogger logger, string message, string queue);

    [LoggerMessage(401, LogLevel.Warning, "Message {Message} of queue {Queue} could not be given back; it reappears by itself: {Reason}")]
    public static partial void NotReleased(this ILogger logger, string message, string queue, string reason);

    [LoggerMessage(402, LogLevel.Error, "The host cannot go on with its queues and orchestrations: {Reason}")]
    public static partial void Failed(this ILogger logger, string reason);

    [LoggerMessage(403, LogLevel.Warning, "Message {Message} for function {Function} is not UTF-8 text")]
    public static partial void NotText(this ILogger logger, string message, string function);

    [LoggerMessage(404, LogLevel.Error, "Function {Function}: its output to queue {Queue} could not be written: {Reason}")]
    public static partial void OutputFailed(this ILogger logger, string function, string queue, string reason);

    [LoggerMessage(
        406,
        LogLevel.Warning,
        "The note {File} on a message in work is cut off; the message reappears by itself within ten minutes"
    )]
    public static partial void Unreadable(this ILogger logger, string file);

    [LoggerMessage(405, LogLevel.Warning, "Function {Function}, run by hand, failed: {Reason}")]
    public static partial void ByHandFailed(this ILogger logger, string function, string reason);
}
