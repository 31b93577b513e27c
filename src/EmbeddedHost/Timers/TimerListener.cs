using System.Text.Json;
using EmbeddedHost.Hosting;
using EmbeddedHost.Invocation;
using Microsoft.Extensions.Logging;

namespace EmbeddedHost.Timers;

/// <summary>
/// Fires one timer. It is a single loop, so a run that lasts longer than the interval is never overlapped by the next; what came due
/// meanwhile is made up for by one run.
/// </summary>
internal sealed class TimerListener(
    Function function,
    TimerSchedule schedule,
    TimerState? state,
    bool runOnStartup,
    TimeProvider time,
    FunctionInvoker invoker,
    Workload workload,
    ILogger<TimerListener> logger) : IListener
{
    private readonly CancellationTokenSource _stop = new();
    private ScheduleStatus _status = new();

    public Task Stopped { get; private set; } = Task.CompletedTask;

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    public void Start()
    {
        workload.Enter();
        Stopped = Task.Run(async () =>
        {
            try
            {
                await RunAsync(_stop.Token);
            }
            catch (OperationCanceledException) when (_stop.IsCancellationRequested)
            {
                // Stopped while waiting: nothing is under way.
            }
            catch (Exception e)
            {
                logger.Broken(e, function.Name);
            }
            finally
            {
                workload.Exit();
            }
        });
    }

    public void BeginStop() => _stop.Cancel();

    public void Dispose() => _stop.Dispose();

    private async Task RunAsync(CancellationToken stop)
    {
        var missed = await BeginAsync(stop);
        logger.Scheduled(function.Name, _status.Next);
        if (missed)
        {
            logger.PastDue(function.Name, _status.Next);
            await FireAsync(pastDue: true, unscheduled: true);
        }
        else if (runOnStartup)
        {
            await FireAsync(pastDue: false, unscheduled: true);
        }

        while (true)
        {
            for (var left = _status.Next - Now; left > TimeSpan.Zero; left = _status.Next - Now)
                await workload.ParkAsync(time, left < Periods.LongestWait ? left : Periods.LongestWait, null, stop);
            stop.ThrowIfCancellationRequested();
            await FireAsync(pastDue: false, unscheduled: false);
        }
    }

    private async Task<bool> BeginAsync(CancellationToken stop)
    {
        if (state is null)
        {
            _status = new ScheduleStatus { Last = PastDue.Never, Next = schedule.Next(Now), LastUpdated = PastDue.Never };
            return false;
        }

        var kept = await LoadAsync(state, stop);
        (_status, var save, var missed) = PastDue.Check(kept, schedule, Now);
        if (save)
            await SaveAsync(state, stop);
        return missed;
    }

    private async Task<ScheduleStatus?> LoadAsync(TimerState kept, CancellationToken stop)
    {
        for (var delay = Periods.FirstRetry; ; delay = Periods.Twice(delay, Periods.LongestRetry))
        {
            try
            {
                return await kept.LoadAsync(stop);
            }
            catch (JsonException e)
            {
                logger.StatusUnreadable(e, function.Name);
                return null;
            }
            catch (Exception e) when (!stop.IsCancellationRequested)
            {
                logger.StorageDown(e, function.Name);
                await workload.ParkAsync(time, delay, null, stop);
            }
        }
    }

    // The order of the real host: run, then count the next due time from this run's start, then keep it - also when the run failed.
    private async Task FireAsync(bool pastDue, bool unscheduled)
    {
        var fired = Now;
        var info = new TimerInfo
        {
            IsPastDue = pastDue,
            ScheduleStatus = state is null ? null : new ScheduleStatus { Last = _status.Last, Next = _status.Next, LastUpdated = _status.LastUpdated },
        };
        await invoker.InvokeAsync(function, new TriggerEvent(info), CancellationToken.None);

        // A clock that ran a little ahead must not make the same due time come twice.
        var counted = !unscheduled && _status.Next > fired ? _status.Next : fired;
        _status = new ScheduleStatus { Last = counted, Next = schedule.Next(counted), LastUpdated = counted };
        if (state is not null)
            await SaveAsync(state, CancellationToken.None);
    }

    // Best effort, as in the real host: a status that could not be kept must not end the schedule.
    private async Task SaveAsync(TimerState kept, CancellationToken stop)
    {
        try
        {
            await kept.SaveAsync(_status, stop);
        }
        catch (Exception e) when (!stop.IsCancellationRequested)
        {
            logger.StatusNotKept(e, function.Name);
        }
    }
}
