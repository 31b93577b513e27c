namespace EmbeddedHost.Timers;

/// <summary>
/// Decides at a start whether a timer missed a run: the rules of the real host's ScheduleMonitor
/// (https://github.com/Azure/azure-webjobs-sdk-extensions).
/// </summary>
internal static class PastDue
{
    /// <summary>The status to go on with, whether it must be saved, and whether a run was missed.</summary>
    public static (ScheduleStatus Status, bool Save, bool Missed) Check(ScheduleStatus? kept, TimerSchedule schedule, DateTime now)
    {
        // A new timer's first due time is kept at once, so that it counts as missed if the host is down then.
        if (kept is null)
            return (new ScheduleStatus { Last = Never, Next = schedule.Next(now), LastUpdated = now }, true, false);
        var countedFrom = kept.Last != Never ? kept.Last : kept.LastUpdated != Never ? kept.LastUpdated : now;
        var expected = schedule.Next(countedFrom);
        if (kept.Next == expected)
            return (kept, false, now > kept.Next);

        // The schedule was changed: a due time of the new one that lies in the past was never promised.
        if (now > expected)
            (expected, countedFrom) = (schedule.Next(now), now);
        return (new ScheduleStatus { Last = Never, Next = expected, LastUpdated = countedFrom }, true, false);
    }

    /// <summary>The time that stands for "has not run".</summary>
    public static DateTime Never { get; } = DateTime.SpecifyKind(default, DateTimeKind.Utc);
}
