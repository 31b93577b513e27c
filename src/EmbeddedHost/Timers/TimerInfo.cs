namespace EmbeddedHost;

/// <summary>
/// What a timer tells its function.
/// Stands for Microsoft.Azure.Functions.Worker.TimerInfo.
/// </summary>
public class TimerInfo
{
    /// <summary>The schedule's state before this run; null without a monitor and when fired by hand.</summary>
    public ScheduleStatus? ScheduleStatus { get; set; }

    /// <summary>True when this run makes up for one that was missed while the host was down.</summary>
    public bool IsPastDue { get; set; }
}
