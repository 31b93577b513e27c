namespace Simulation.Tests;

public sealed class VirtualClockTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 6, 0, 0, TimeSpan.Zero);

    private readonly VirtualClock _clock = new(Start);

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_delay_is_a_wait_and_ends_when_the_clock_has_passed_it_and_not_before()
    {
        var delay = Task.Delay(TimeSpan.FromHours(1), _clock, Stop);
        Assert.Equal((Start.AddHours(1), null), (_clock.NextWait()?.Due, _clock.NextTimeout()?.Due));

        _clock.MoveTo(Start.AddHours(1).AddTicks(-1));
        Assert.False(delay.IsCompleted);
        _clock.MoveTo(Start.AddHours(1));

        await delay;
        Assert.Null(_clock.NextWait());
    }

    [Fact]
    public async Task A_time_out_is_none_whether_of_a_source_or_of_a_wait_with_a_limit()
    {
        using var source = new CancellationTokenSource(TimeSpan.FromHours(1), _clock);
        var never = new TaskCompletionSource<int>().Task.WaitAsync(TimeSpan.FromHours(2), _clock, Stop);
        var nothing = new TaskCompletionSource().Task.WaitAsync(TimeSpan.FromHours(2), _clock, Stop);
        Assert.Equal((null, Start.AddHours(1)), (_clock.NextWait()?.Due, _clock.NextTimeout()?.Due));

        _clock.MoveTo(Start.AddHours(2));

        Assert.True(source.IsCancellationRequested);
        await Assert.ThrowsAsync<TimeoutException>(() => never);
        await Assert.ThrowsAsync<TimeoutException>(() => nothing);
    }

    [Fact]
    public async Task A_periodic_timer_ticks_once_a_period_and_each_at_its_time()
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMinutes(10), _clock);
        var ticks = new List<DateTimeOffset>();

        for (var i = 0; i < 3; i++)
        {
            var tick = timer.WaitForNextTickAsync(Stop);
            _clock.MoveTo(_clock.NextWait()!.Due);
            Assert.True(await tick);
            ticks.Add(_clock.GetUtcNow());
        }

        Assert.Equal([Start.AddMinutes(10), Start.AddMinutes(20), Start.AddMinutes(30)], ticks);
    }

    [Fact]
    public void Timestamps_run_on_the_clock()
    {
        var began = _clock.GetTimestamp();

        _clock.MoveTo(Start.AddDays(40));

        Assert.Equal(TimeSpan.FromDays(40), _clock.GetElapsedTime(began));
    }

    [Fact]
    public void What_is_disposed_or_changed_does_not_fire_at_its_former_time()
    {
        var fired = new List<DateTimeOffset>();
        using var changed = _clock.CreateTimer(_ => fired.Add(_clock.GetUtcNow()), null, TimeSpan.FromHours(1), Timeout.InfiniteTimeSpan);
        var disposed = _clock.CreateTimer(_ => fired.Add(Start), null, TimeSpan.FromHours(1), Timeout.InfiniteTimeSpan);

        disposed.Dispose();
        changed.Change(TimeSpan.FromHours(3), Timeout.InfiniteTimeSpan);
        _clock.MoveTo(Start.AddDays(1));

        Assert.Equal([Start.AddHours(3)], fired);
    }
}
