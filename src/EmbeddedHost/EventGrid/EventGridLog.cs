using Microsoft.Extensions.Logging;

namespace EmbeddedHost.EventGrid;

internal static partial class EventGridLog
{
    [LoggerMessage(400, LogLevel.Information, "Event Grid subscription of '{FunctionName}' was validated")]
    public static partial void Validated(this ILogger logger, string functionName);

    [LoggerMessage(401, LogLevel.Information, "Event Grid subscription of '{FunctionName}' was removed")]
    public static partial void Unsubscribed(this ILogger logger, string functionName);
}
