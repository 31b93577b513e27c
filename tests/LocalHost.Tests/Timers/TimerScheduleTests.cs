using LocalHost.Timers;

namespace LocalHost.Tests.Timers;

public sealed class TimerScheduleTests
{
    private static readonly DateTime Start = new(2026, 2, 27, 22, 58, 59, DateTimeKind.Utc); // a Friday

    [Theory]
    [InlineData("0 0 2 * * *", "2026-02-28T02:00:00", "2026-03-01T02:00:00")] // six fields, over a month's end
    [InlineData("0 2 * * *", "2026-02-28T02:00:00", "2026-03-01T02:00:00")] // five fields
    [InlineData("0 0 9-11 * * *", "2026-02-28T09:00:00", "2026-02-28T10:00:00")] // range
    [InlineData("*/20 * * * * *", "2026-02-27T22:59:00", "2026-02-27T22:59:20")] // step
    [InlineData("0 0,30 23 * * *", "2026-02-27T23:00:00", "2026-02-27T23:30:00")] // list
    [InlineData("0 0 0 * * Mon-Wed", "2026-03-02T00:00:00", "2026-03-03T00:00:00")] // names of days
    [InlineData("0 0 0 1 Mar,Jun *", "2026-03-01T00:00:00", "2026-06-01T00:00:00")] // names of months
    [InlineData("0 0 0 29 2 *", "2028-02-29T00:00:00", "2032-02-29T00:00:00")] // leap years
    [InlineData("0 10-40/15 3 * * *", "2026-02-28T03:10:00", "2026-02-28T03:25:00")] // range with step
    [InlineData("00:30:00", "2026-02-27T23:28:59", "2026-02-27T23:58:59")] // interval
    public void Schedules_come_due_as_NCRONTAB_has_it(string expression, string first, string second)
    {
        var schedule = TimerSchedule.Parse(expression, Start);
        var due = schedule.Next(Start);
        Assert.Equal((first, second, DateTimeKind.Utc), (due.ToString("s"), schedule.Next(due).ToString("s"), due.Kind));
    }

    [Theory]
    [InlineData("")]
    [InlineData("0 0 2 * *  * *")]
    [InlineData("60 0 0 * * *")]
    [InlineData("0 0 24 * * *")]
    [InlineData("0 0 0 * * Noday")]
    [InlineData("* * *")]
    [InlineData("0 0 0 30 2 *")]
    [InlineData("00:00:00")]
    [InlineData("-00:05:00")]
    [InlineData("366.00:00:01")]
    [InlineData("10675199.02:48:05")] // the longest there is: no time comes after it
    public void A_bad_schedule_is_refused_with_its_text(string expression) =>
        Assert.StartsWith(
            $"the schedule '{expression}' ",
            Assert.Throws<FormatException>(() => TimerSchedule.Parse(expression, Start)).Message,
            StringComparison.Ordinal
        );

    [Theory]
    [InlineData("*/20 * * * * *", true)]
    [InlineData("*/59 * * * * *", true)]
    [InlineData("0 * * * * *", false)]
    [InlineData("*/20 0 * * * *", false)]
    [InlineData("00:00:59", true)]
    [InlineData("00:01:00", false)]
    public void Only_a_schedule_of_less_than_a_minute_keeps_no_state(string expression, bool expected) =>
        Assert.Equal(expected, TimerSchedule.Parse(expression, Start).IsSubMinute(Start));
}
