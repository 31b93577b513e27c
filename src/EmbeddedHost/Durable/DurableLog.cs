using Microsoft.Extensions.Logging;

namespace EmbeddedHost.Durable;

internal static partial class DurableLog
{
    [LoggerMessage(50, LogLevel.Warning,
        "Event {EventName} of orchestration {InstanceId} went to a wait that was given up, so it is lost, as on the real host: keep one wait open over the time-outs instead")]
    public static partial void EventLost(this ILogger logger, string eventName, string instanceId);

    [LoggerMessage(51, LogLevel.Information, "Orchestration {InstanceId} ({FunctionName}) has begun")]
    public static partial void Begun(this ILogger logger, string instanceId, string functionName);

    [LoggerMessage(52, LogLevel.Information, "Orchestration {InstanceId} ({FunctionName}) is {Status}")]
    public static partial void Ended(this ILogger logger, string instanceId, string functionName, OrchestrationRuntimeStatus status);

    [LoggerMessage(53, LogLevel.Error, "Orchestration {InstanceId} ({FunctionName}) failed: {Failure}")]
    public static partial void Failed(this ILogger logger, string instanceId, string functionName, string failure);

    [LoggerMessage(54, LogLevel.Warning, "Orchestration {InstanceId}: storage does not answer; it is tried again in {Seconds} s")]
    public static partial void StorageDown(this ILogger logger, Exception exception, string instanceId, double seconds);

    [LoggerMessage(55, LogLevel.Critical, "This host has lost task hub {Hub} and stops: {Reason}")]
    public static partial void HubLost(this ILogger logger, string hub, string reason);

    [LoggerMessage(56, LogLevel.Error, "Orchestration {InstanceId} stands still until the next start")]
    public static partial void Broken(this ILogger logger, Exception exception, string instanceId);

    [LoggerMessage(57, LogLevel.Information, "Task hub {Hub}: {Count} unfinished orchestrations go on")]
    public static partial void Resumed(this ILogger logger, string hub, int count);

    [LoggerMessage(58, LogLevel.Information, "Task hub {Hub} was held by process {Process}, which is gone: it is taken over")]
    public static partial void HolderGone(this ILogger logger, string hub, int process);

    [LoggerMessage(59, LogLevel.Warning, "The lease of task hub {Hub} was last renewed {Seconds} s ago")]
    public static partial void NotRenewed(this ILogger logger, Exception exception, string hub, double seconds);

    [LoggerMessage(60, LogLevel.Debug, "The lease of task hub {Hub} could not be given back; it ends by itself")]
    public static partial void NotReleased(this ILogger logger, Exception exception, string hub);

    [LoggerMessage(61, LogLevel.Warning, "Message {EventName} to orchestration {InstanceId} is dropped: {Reason}")]
    public static partial void Dropped(this ILogger logger, string eventName, string instanceId, string reason);
}
