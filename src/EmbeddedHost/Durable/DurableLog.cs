using Microsoft.Extensions.Logging;

namespace EmbeddedHost.Durable;

internal static partial class DurableLog
{
    [LoggerMessage(50, LogLevel.Warning,
        "Event {EventName} of orchestration {InstanceId} went to a wait that was given up, so it is lost, as on the real host: keep one wait open over the time-outs instead")]
    public static partial void EventLost(this ILogger logger, string eventName, string instanceId);
}
