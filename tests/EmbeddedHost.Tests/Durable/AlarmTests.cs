using EmbeddedHost.Durable;
using Microsoft.Extensions.Time.Testing;

namespace EmbeddedHost.Tests.Durable;

public sealed class AlarmTests
{
    private readonly FakeTimeProvider _clock = new();
    private readonly List<string> _rung = [];

    [Fact]
    public void Alarms_ring_in_order_of_time_and_not_before()
    {
        using var alarms = new Alarms(_clock);
        Set(alarms, "b", TimeSpan.FromDays(200));
        Set(alarms, "a", TimeSpan.FromDays(100));
        _clock.Advance(TimeSpan.FromDays(100) - TimeSpan.FromTicks(1));
        Assert.Empty(_rung);
        _clock.Advance(TimeSpan.FromDays(1));
        Assert.Equal(["a"], _rung);
        _clock.Advance(TimeSpan.FromDays(100));
        Assert.Equal(["a", "b"], _rung);
    }

    [Fact]
    public void An_alarm_that_is_due_rings_at_once()
    {
        using var alarms = new Alarms(_clock);
        Set(alarms, "now", TimeSpan.Zero);
        Set(alarms, "past", TimeSpan.FromDays(-1));
        Assert.Equal(["now", "past"], _rung);
    }

    [Fact]
    public void One_set_while_another_is_overdue_is_no_error()
    {
        var late = new LateClock();
        using var alarms = new Alarms(late);
        Set(alarms, "first", TimeSpan.FromSeconds(1), late);
        // The clock has moved on, the timer has not been served yet.
        late.Now += TimeSpan.FromSeconds(5);
        Set(alarms, "second", TimeSpan.FromSeconds(1), late);
        Assert.Equal(TimeSpan.Zero, late.Armed);
    }

    [Fact]
    public void A_stopped_one_rings_no_more()
    {
        using var alarms = new Alarms(_clock);
        Set(alarms, "a", TimeSpan.FromDays(1));
        alarms.Stop();
        _clock.Advance(TimeSpan.FromDays(2));
        Set(alarms, "b", TimeSpan.Zero);
        Assert.Empty(_rung);
    }

    private void Set(Alarms alarms, string name, TimeSpan left, TimeProvider? clock = null) =>
        alarms.Set((clock ?? _clock).GetUtcNow() + left, () => _rung.Add(name));

    private sealed class LateClock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch;

        public TimeSpan Armed { get; private set; }

        public override DateTimeOffset GetUtcNow() => Now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new Silent(this);

        private sealed class Silent(LateClock clock) : ITimer
        {
            public bool Change(TimeSpan dueTime, TimeSpan period)
            {
                clock.Armed = dueTime;
                return true;
            }

            public void Dispose()
            {
            }

            public ValueTask DisposeAsync() => ValueTask.CompletedTask;
        }
    }
}
