using Compliance.Notifications;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;

namespace ComplianceFunctions;

/// <summary>Triggers that notify people of what waits for them.</summary>
public sealed class NotificationFunctions(Notifier notifier)
{
    /// <summary>Sends what is due, by default every five minutes.</summary>
    [Function(Notifier.Name)]
    public Task Sweep([TimerTrigger("%NotificationSchedule%")] TimerInfo timer, CancellationToken cancellationToken) =>
        notifier.RunAsync(cancellationToken);

    /// <summary>The same at once, when people were asked or something critical was found.</summary>
    [Function("NotificationQueue")]
    public Task SweepNow([QueueTrigger(NotificationQueues.Signal)] string message, CancellationToken cancellationToken) =>
        notifier.RunAtSignalAsync(cancellationToken);

    /// <summary>
    /// Sends a test message to everybody whom the policy names and to every room: <c>POST /api/notifications/test</c> answers 200 with what
    /// became of each.
    /// </summary>
    [Function("TestNotifications")]
    public async Task<IActionResult> Test(
        [HttpTrigger(AuthorizationLevel.Anonymous, "post", Route = "notifications/test")] HttpRequest request,
        CancellationToken cancellationToken
    ) => JsonAnswer.Create(StatusCodes.Status200OK, await notifier.TestAsync(cancellationToken));
}
