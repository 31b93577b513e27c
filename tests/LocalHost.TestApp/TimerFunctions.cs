using Microsoft.Azure.Functions.Worker;
using Microsoft.Extensions.Logging;

namespace TestApp;

/// <summary>Timers; each writes what it is given to the log.</summary>
public sealed partial class TimerFunctions(ILogger<TimerFunctions> logger)
{
    [Function("Nightly")]
    public void Nightly([TimerTrigger("%Nightly%")] TimerInfo timer) =>
        Ran(timer.IsPastDue, timer.ScheduleStatus?.Last, timer.ScheduleStatus?.Next, timer.ScheduleStatus?.LastUpdated);

    [LoggerMessage(1, LogLevel.Information, "nightly pastDue={PastDue} last={Last:s} next={Next:s} updated={Updated:s}")]
    private partial void Ran(bool pastDue, DateTime? last, DateTime? next, DateTime? updated);
}
