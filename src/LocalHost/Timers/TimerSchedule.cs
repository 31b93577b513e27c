using System.Globalization;
using NCrontab;

namespace LocalHost.Timers;

/// <summary>When a timer is due, in UTC: an NCRONTAB expression or a fixed interval.</summary>
internal sealed class TimerSchedule
{
    private static readonly TimeSpan MaxInterval = TimeSpan.FromDays(366);

    private readonly CrontabSchedule? _cron;
    private readonly TimeSpan _interval;

    private TimerSchedule(CrontabSchedule? cron, TimeSpan interval)
    {
        _cron = cron;
        _interval = interval;
    }

    /// <summary>Six fields (seconds first) or five, else a time span: the real host's order, in which "00:30:00" is an interval.</summary>
    /// <exception cref="FormatException">It is neither, or never comes due.</exception>
    public static TimerSchedule Parse(string expression, DateTime now)
    {
        var fields = expression.Split(' ', StringSplitOptions.RemoveEmptyEntries).Length;
        var cron = CrontabSchedule.TryParse(expression, new CrontabSchedule.ParseOptions { IncludingSeconds = fields != 5 });
        if (cron is not null)
        {
            return cron.GetNextOccurrence(now) < DateTime.MaxValue.Date
                ? new TimerSchedule(cron, default)
                : throw new FormatException($"the schedule '{expression}' never comes due");
        }

        if (!TimeSpan.TryParse(expression, CultureInfo.InvariantCulture, out var interval))
        {
            throw new FormatException(
                $"the schedule '{expression}' is neither an NCRONTAB expression of five or six fields nor a time span"
            );
        }

        return interval > TimeSpan.Zero && interval <= MaxInterval
            ? new TimerSchedule(null, interval)
            : throw new FormatException(
                $"the schedule '{expression}' must be longer than nothing and at most {MaxInterval.TotalDays:0} days"
            );
    }

    /// <summary>The first due time after another (UTC).</summary>
    public DateTime Next(DateTime after) =>
        DateTime.SpecifyKind(_cron is null ? after + _interval : _cron.GetNextOccurrence(after), DateTimeKind.Utc);

    /// <summary>Whether it fires more than once a minute, all the time. Such a schedule keeps no state, as in the real host.</summary>
    public bool IsSubMinute(DateTime now)
    {
        if (_cron is null)
            return _interval < TimeSpan.FromMinutes(1);
        var fields = _cron.ToString().Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return fields.Length == 6 && fields.Skip(1).All(f => f == "*") && Next(Next(now)) - Next(now) < TimeSpan.FromMinutes(1);
    }
}
