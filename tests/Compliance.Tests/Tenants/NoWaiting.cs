using System.Collections.Concurrent;
using Compliance.Tenants;

namespace Compliance.Tests.Tenants;

/// <summary>A clock on which every wait is over at once and is written down. Time limits on answers never pass.</summary>
internal sealed class NoWaiting : TimeProvider
{
    /// <summary>The waits that were asked for.</summary>
    public ConcurrentQueue<TimeSpan> Waits { get; } = new();

    /// <summary>How far its clock is ahead of the machine's.</summary>
    public TimeSpan Ahead { get; set; }

    public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + Ahead;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        if (dueTime == ThrottleAwareRetryHandler.AnswerWithin || dueTime == Timeout.InfiniteTimeSpan)
            return System.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, period);
        Waits.Enqueue(dueTime);
        return System.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}
