using DurableTask.Core;

namespace Simulation;

/// <summary>Lets everything in a hub run as soon as it can; durable timers fire when the clock passes them.</summary>
internal sealed class FreeDriver : IHubDriver, IDisposable
{
    private readonly TaskHub _hub;
    private readonly ITimer _alarm;
    private readonly Lock _lock = new();
    private HubConnection? _connection;
    private TaskCompletionSource _idle = new();

    /// <summary>A driver without a worker.</summary>
    public FreeDriver(TaskHub hub, TimeProvider time)
    {
        _hub = hub;
        _alarm = time.CreateTimer(_ => Pump(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _idle.SetResult();
        hub.Changed = Pump;
    }

    /// <summary>Gives a worker what there is, and from now on what comes.</summary>
    public void Connect(HubConnection connection)
    {
        lock (_lock)
            _connection = connection;
        Pump();
    }

    /// <summary>Gives the worker nothing any more.</summary>
    public void Disconnect()
    {
        lock (_lock)
            _connection = null;
    }

    public Task WhenIdleAsync(CancellationToken cancellationToken)
    {
        Pump();
        lock (_lock)
            return _idle.Task.WaitAsync(cancellationToken);
    }

    public Task CommitAsync(Episode episode, EpisodeResult result)
    {
        _hub.Commit(episode, result);
        return Task.CompletedTask;
    }

    public void Release(Episode episode) => _hub.Return(episode);

    public Task CompleteAsync(ActivityInHand activity, TaskMessage response)
    {
        _hub.Complete(activity, response);
        return Task.CompletedTask;
    }

    public void Abandon(ActivityInHand activity) => _hub.Return(activity);

    public void Dispose() => _alarm.Dispose();

    private void Pump()
    {
        lock (_lock)
        {
            _hub.DeliverAll();
            FireTimers();
            while (_connection is not null && _hub.TakeEpisode() is { } episode)
                _connection.HandOut(episode);
            while (_connection is not null && _hub.TakeActivity() is { } activity)
                _connection.HandOut(activity);
            if (!_hub.IsIdle)
                _idle = _idle.Task.IsCompleted ? new(TaskCreationOptions.RunContinuationsAsynchronously) : _idle;
            else
                _idle.TrySetResult();
        }
    }

    // Delivers the timers that are due, and sets the alarm for the next one.
    private void FireTimers()
    {
        while (true)
        {
            while (_hub.TakeDueTimer() is { } timer)
                _hub.Fire(timer);
            if (_hub.NextTimer is not { } next)
                return;
            var now = _hub.Now;
            _alarm.Change(next > now ? next - now : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
            // A clock that was moved in between would make the alarm late by as much: it is set again.
            if (_hub.Now - now < TimeSpan.FromMilliseconds(1))
                return;
        }
    }
}
