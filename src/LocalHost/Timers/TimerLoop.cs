using System.Text.Json;
using Azure;
using LocalHost.Rpc;
using LocalHost.Worker;
using Microsoft.Extensions.Logging;

namespace LocalHost.Timers;

/// <summary>
/// Fires one timer. It is a single loop, so a run that lasts longer than the interval is never overlapped by the next; what came due
/// meanwhile is made up for by one run.
/// </summary>
/// <param name="function">The function.</param>
/// <param name="schedule">When it is due.</param>
/// <param name="blob">Where its status is kept; null for a timer without a monitor.</param>
/// <param name="worker">Where it runs.</param>
/// <param name="time">The clock.</param>
/// <param name="logger">The log.</param>
internal sealed class TimerLoop(
    WorkerFunction function,
    TimerSchedule schedule,
    StatusBlob? blob,
    IWorkerChannel worker,
    TimeProvider time,
    ILogger logger
)
{
    // The longest wait of a timer of .NET is some 49 days.
    private static readonly TimeSpan MaxWait = TimeSpan.FromDays(24);
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan MaxRetry = TimeSpan.FromSeconds(30);

    private ScheduleStatus _status = new(ScheduleStatus.Never, ScheduleStatus.Never, ScheduleStatus.Never);

    private DateTime Now => time.GetUtcNow().UtcDateTime;

    /// <summary>Fires until it is cancelled; a run that is under way then ends first.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await FireWhenDueAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped while waiting: nothing is under way.
        }
        catch (Exception e)
        {
            logger.Broken(e, function.Name);
        }
    }

    private async Task FireWhenDueAsync(CancellationToken cancellationToken)
    {
        var isPastDue = await BeginAsync(cancellationToken);
        logger.Scheduled(function.Name, _status.Next);
        if (isPastDue)
        {
            logger.PastDue(function.Name, _status.Next);
            await FireAsync(isPastDue: true, isScheduled: false);
        }
        else if (function.Trigger.Flag("runOnStartup") == true)
        {
            await FireAsync(isPastDue: false, isScheduled: false);
        }

        while (true)
        {
            for (var left = _status.Next - Now; left > TimeSpan.Zero; left = _status.Next - Now)
                await Task.Delay(left < MaxWait ? left : MaxWait, time, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            await FireAsync(isPastDue: false, isScheduled: true);
        }
    }

    private async Task<bool> BeginAsync(CancellationToken cancellationToken)
    {
        if (blob is null)
        {
            _status = new ScheduleStatus(ScheduleStatus.Never, schedule.Next(Now), ScheduleStatus.Never);
            return false;
        }

        var saved = await LoadAsync(blob, cancellationToken);
        (_status, var mustSave, var isPastDue) = ScheduleStatus.Resume(saved, schedule, Now);
        if (mustSave)
            await SaveAsync(blob);
        return isPastDue;
    }

    private async Task<ScheduleStatus?> LoadAsync(StatusBlob saved, CancellationToken cancellationToken)
    {
        for (var delay = FirstRetry; ; delay = delay * 2 < MaxRetry ? delay * 2 : MaxRetry)
        {
            try
            {
                return await saved.LoadAsync(cancellationToken);
            }
            catch (JsonException e)
            {
                logger.StatusUnreadable(e, function.Name);
                return null;
            }
            catch (Exception e) when (e is RequestFailedException or AggregateException)
            {
                logger.StatusNotLoaded(e, function.Name);
                await Task.Delay(delay, time, cancellationToken);
            }
        }
    }

    // The order of the real host: run, then count the next due time from this run's start, then save it - also when the run failed.
    private async Task FireAsync(bool isPastDue, bool isScheduled)
    {
        var fired = Now;
        var data = new TimerData(blob is null ? null : _status, isPastDue);
        await data.InvokeAsync(worker, function);

        // A clock that ran a little ahead must not make the same due time come twice.
        var counted = isScheduled && _status.Next > fired ? _status.Next : fired;
        _status = new ScheduleStatus(counted, schedule.Next(counted), counted);
        if (blob is not null)
            await SaveAsync(blob);
    }

    // Best effort, as in the real host: a status that could not be saved must not end the schedule.
    private async Task SaveAsync(StatusBlob saved)
    {
        try
        {
            await saved.SaveAsync(_status, CancellationToken.None);
        }
        catch (Exception e) when (e is RequestFailedException or AggregateException)
        {
            logger.StatusNotSaved(e, function.Name);
        }
    }
}

/// <summary>What a timer function is given.</summary>
/// <param name="ScheduleStatus">The schedule before this run; null without a monitor and when run by hand.</param>
/// <param name="IsPastDue">Whether this run makes up for one that was missed while the host was down.</param>
internal sealed record TimerData(ScheduleStatus? ScheduleStatus, bool IsPastDue)
{
    /// <summary>Runs the function and waits for its end. Its failure is in the log already.</summary>
    public async Task InvokeAsync(IWorkerChannel worker, WorkerFunction function)
    {
        var json = JsonSerializer.Serialize(
            new
            {
                Schedule = new { AdjustForDST = true },
                ScheduleStatus,
                IsPastDue,
            }
        );
        try
        {
            await worker.InvokeAsync(worker.CreateRequest(function, new TypedData { Json = json }), CancellationToken.None);
        }
        catch (Exception e) when (e is FunctionFailedException or WorkerExitedException)
        {
            // The schedule goes on.
        }
    }
}
