namespace EmbeddedHost;

/// <summary>
/// Runs a function on a schedule, in UTC.
/// Stands for Microsoft.Azure.Functions.Worker.TimerTriggerAttribute.
/// </summary>
/// <param name="schedule">
/// An NCRONTAB expression of six fields (seconds first) or five, or a time span such as <c>00:30:00</c>; <c>%Name%</c> stands for the setting Name.
/// </param>
[AttributeUsage(AttributeTargets.Parameter)]
public sealed class TimerTriggerAttribute(string schedule) : TriggerBindingAttribute
{
    /// <summary>The schedule as written.</summary>
    public string Schedule { get; private set; } = schedule;

    /// <summary>
    /// Whether the last and next run are kept in storage, so that a missed run is caught up. True unless set; taken as false where the schedule
    /// fires more than once a minute, as the real host does.
    /// </summary>
    public bool UseMonitor { get; set; } = true;

    /// <summary>Whether the function also runs at each start of the host.</summary>
    public bool RunOnStartup { get; set; }
}
