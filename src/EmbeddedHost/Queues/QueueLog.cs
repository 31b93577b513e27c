using Microsoft.Extensions.Logging;

namespace EmbeddedHost.Queues;

internal static partial class QueueLog
{
    [LoggerMessage(300, LogLevel.Warning, "Message {MessageId} of queue '{Queue}' is moved to '{Poison}': {Reason}")]
    public static partial void Poisoned(this ILogger logger, string messageId, string queue, string poison, string reason);

    [LoggerMessage(301, LogLevel.Debug, "Message {MessageId} of queue '{Queue}' was renewed")]
    public static partial void Renewed(this ILogger logger, string messageId, string queue);

    [LoggerMessage(302, LogLevel.Warning, "Message {MessageId} of queue '{Queue}' could not be renewed; trying again sooner")]
    public static partial void NotRenewed(this ILogger logger, Exception exception, string messageId, string queue);

    [LoggerMessage(303, LogLevel.Warning, "Message {MessageId} of queue '{Queue}' is no longer ours: it was taken over or is gone")]
    public static partial void TakenOver(this ILogger logger, string messageId, string queue);

    [LoggerMessage(304, LogLevel.Error, "'{FunctionName}' cannot read queue '{Queue}'; trying again")]
    public static partial void StorageDown(this ILogger logger, Exception exception, string functionName, string queue);

    [LoggerMessage(305, LogLevel.Error, "Message {MessageId} of queue '{Queue}' could not be put away; it comes back later")]
    public static partial void NotPutAway(this ILogger logger, Exception exception, string messageId, string queue);

    [LoggerMessage(306, LogLevel.Error, "Message {MessageId} of queue '{Queue}' does not fit the parameter of '{FunctionName}'")]
    public static partial void DoesNotFit(this ILogger logger, Exception exception, string messageId, string queue, string functionName);

    [LoggerMessage(307, LogLevel.Critical, "'{FunctionName}' no longer reads queue '{Queue}'")]
    public static partial void Broken(this ILogger logger, Exception exception, string functionName, string queue);
}
