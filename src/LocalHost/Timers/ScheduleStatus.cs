namespace LocalHost.Timers;

/// <summary>How far a timer has come, all in UTC; the form of the real host's status blob and of the data that a function gets.</summary>
/// <param name="Last">When the function last ran; <see cref="Never"/> when it did not.</param>
/// <param name="Next">When it is due next.</param>
/// <param name="LastUpdated">The time that <paramref name="Next"/> was counted from.</param>
internal sealed record ScheduleStatus(DateTime Last, DateTime Next, DateTime LastUpdated)
{
    /// <summary>The time that means "has not run".</summary>
    public static DateTime Never { get; } = DateTime.SpecifyKind(default, DateTimeKind.Utc);

    /// <summary>
    /// Decides at a start with what status to go on, whether it must be saved, and whether a run was missed: the rules of the real host's
    /// ScheduleMonitor (https://github.com/Azure/azure-webjobs-sdk-extensions).
    /// </summary>
    public static (ScheduleStatus Status, bool MustSave, bool IsPastDue) Resume(ScheduleStatus? saved, TimerSchedule schedule, DateTime now)
    {
        // A new timer's first due time is saved at once, so that it counts as missed if the host is down then.
        if (saved is null)
            return (new ScheduleStatus(Never, schedule.Next(now), now), true, false);
        var countedFrom =
            saved.Last != Never ? saved.Last
            : saved.LastUpdated != Never ? saved.LastUpdated
            : now;
        var expected = schedule.Next(countedFrom);
        if (saved.Next == expected)
            return (saved, false, now > saved.Next);

        // The schedule was changed: a due time of the new one that lies in the past was never promised.
        return now > expected
            ? (new ScheduleStatus(Never, schedule.Next(now), now), true, false)
            : (new ScheduleStatus(Never, expected, countedFrom), true, false);
    }
}
