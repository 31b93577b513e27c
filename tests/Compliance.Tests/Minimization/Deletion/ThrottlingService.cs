using Compliance.Minimization.Deletion;
using Microsoft.Extensions.Time.Testing;

namespace Compliance.Tests.Minimization.Deletion;

/// <summary>
/// A service on a virtual clock behind the gate: every call takes a fixed time, and is served or sent back by a rule. One thread, no real
/// waiting: a pass is given, or not, before the call that asks for it returns.
/// </summary>
/// <param name="limit">The limit to test.</param>
/// <param name="latency">Time of a call.</param>
/// <param name="serves">Whether a call at a time is served.</param>
/// <param name="retryAfter">What the service asks of one that is not.</param>
internal sealed class ThrottlingService(AdaptiveLimit limit, TimeSpan latency, Func<TimeSpan, bool> serves, TimeSpan? retryAfter)
{
    private readonly FakeTimeProvider _time = new();
    private readonly PriorityQueue<Action, (TimeSpan At, int Order)> _events = new();
    private int _order;
    private int _inFlight;

    /// <summary>Items that were served.</summary>
    public int Served { get; private set; }

    /// <summary>Items that were sent back.</summary>
    public int Throttled { get; private set; }

    /// <summary>Most calls in flight at once.</summary>
    public int MaxInFlight { get; private set; }

    /// <summary>Sends items until all are served or the time is over; returns the time that it took.</summary>
    public TimeSpan Run(int items, TimeSpan until)
    {
        using var gate = new ConcurrencyGate(limit, _time);
        var begin = _time.GetTimestamp();
        var ready = items;
        Task<ConcurrencyGate.Pass>? entering = null;
        while (Served < items && _time.GetElapsedTime(begin) < until)
        {
            var now = _time.GetElapsedTime(begin);
            if (entering is null && ready > 0)
                entering = gate.EnterAsync(CancellationToken.None);
            if (entering is { IsCompleted: true })
            {
                ready--;
#pragma warning disable xUnit1031 // It is complete.
                Begin(entering.Result, now, () => ready++);
#pragma warning restore xUnit1031
                entering = null;
            }
            else if (_events.TryDequeue(out var act, out var key))
            {
                if (key.At > now)
                    _time.Advance(key.At - now);
                act();
            }
            else
            {
                _time.Advance(TimeSpan.FromMilliseconds(1));
            }
        }
        return _time.GetElapsedTime(begin);
    }

    private void Begin(ConcurrencyGate.Pass pass, TimeSpan now, Action giveBack)
    {
        MaxInFlight = Math.Max(MaxInFlight, ++_inFlight);
        var isServed = serves(now);
        At(
            now + latency,
            () =>
            {
                _inFlight--;
                Served += isServed ? 1 : 0;
                Throttled += isServed ? 0 : 1;
                if (!isServed)
                    At(now + latency + AdaptiveLimit.WaitFor(retryAfter), giveBack);
                pass.Complete(isServed ? new(1, 0, null) : new(0, 1, retryAfter));
            }
        );
    }

    private void At(TimeSpan time, Action act) => _events.Enqueue(act, (time, _order++));
}
