using EmbeddedHost.Hosting;

namespace EmbeddedHost.Durable;

/// <summary>All durable timers in one heap, with one timer of the host's clock for the next of them: one far off costs nothing until it is due.</summary>
internal sealed class Alarms : IDisposable
{
    private readonly Lock _lock = new();
    private readonly PriorityQueue<Action, DateTimeOffset> _due = new();
    private readonly TimeProvider _time;
    private readonly ITimer _timer;
    private bool _stopped;

    public Alarms(TimeProvider time)
    {
        _time = time;
        _timer = time.CreateTimer(_ => Ring(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Calls <paramref name="ring"/> once the time has come: within the very call that moves a virtual clock.</summary>
    public void Set(DateTimeOffset due, Action ring)
    {
        lock (_lock)
        {
            if (_stopped)
                return;
            if (due > _time.GetUtcNow())
            {
                _due.Enqueue(ring, due);
                Arm();
                return;
            }
        }

        ring();
    }

    /// <summary>Rings no more.</summary>
    public void Stop()
    {
        lock (_lock)
            _stopped = true;
    }

    public void Dispose() => _timer.Dispose();

    private void Ring()
    {
        var rings = new List<Action>();
        lock (_lock)
        {
            if (_stopped)
                return;
            while (_due.TryPeek(out var ring, out var due) && due <= _time.GetUtcNow())
            {
                _due.Dequeue();
                rings.Add(ring);
            }

            Arm();
        }

        rings.ForEach(r => r());
    }

    private void Arm()
    {
        if (!_due.TryPeek(out _, out var due))
            return;
        var left = Math.Clamp((due - _time.GetUtcNow()).TotalMilliseconds, 0, Periods.LongestWait.TotalMilliseconds);
        // Whole milliseconds, upwards: a timer that rings a little early would only be armed again.
        var wait = TimeSpan.FromMilliseconds(Math.Ceiling(left));
        _timer.Change(wait, Timeout.InfiniteTimeSpan);
    }
}
