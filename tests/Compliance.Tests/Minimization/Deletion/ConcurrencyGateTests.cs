using Compliance.Minimization.Deletion;
using Microsoft.Extensions.Time.Testing;

namespace Compliance.Tests.Minimization.Deletion;

public sealed class ConcurrencyGateTests : IDisposable
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly FakeTimeProvider _time = new();
    private readonly ConcurrencyGate _gate;

    public ConcurrencyGateTests() => _gate = new(new(2, 2), _time);

    public void Dispose() => _gate.Dispose();

    [Fact]
    public void Whoever_asked_first_is_let_in_first()
    {
        var calls = Enumerable.Range(0, 5).Select(_ => _gate.EnterAsync(CancellationToken.None)).ToList();
        var order = new List<int>();

        while (calls.Any(c => !c.IsCompleted))
        {
            order.Add(calls.Count(c => c.IsCompleted));
            Passed(calls.Last(c => c.IsCompleted)).Complete(new(1, 0, null));
            Assert.Equal([.. calls.Select(c => c.IsCompleted).OrderDescending()], calls.Select(c => c.IsCompleted));
        }

        Assert.Equal([2, 3, 4], order);
    }

    [Fact]
    public async Task Whoever_cancels_leaves_the_queue_and_takes_no_place()
    {
        using var cancel = new CancellationTokenSource();
        var first = _gate.EnterAsync(cancel.Token);
        var second = _gate.EnterAsync(CancellationToken.None);
        var third = _gate.EnterAsync(cancel.Token);
        var fourth = _gate.EnterAsync(CancellationToken.None);

        await cancel.CancelAsync();

        Assert.Equal((true, false), (third.IsCanceled, fourth.IsCompleted));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => third);
        // It was let in before: its place is free when it gives its pass back, once.
        Passed(first).Dispose();
        Passed(first).Dispose();
        Assert.True(fourth.IsCompletedSuccessfully);
        Assert.False(_gate.EnterAsync(CancellationToken.None).IsCompleted);
        Assert.True(second.IsCompletedSuccessfully);
        Assert.True(_gate.EnterAsync(cancel.Token).IsCanceled);
    }

    [Fact]
    public void A_pause_ends_by_itself_and_not_before()
    {
        var calls = Enumerable.Range(0, 3).Select(_ => _gate.EnterAsync(CancellationToken.None)).ToList();
        _time.Advance(Second);
        Passed(calls[0]).Complete(new(0, 1, 5 * Second));
        Assert.True(calls[2].IsCompleted);
        Passed(calls[1]).Complete(new(0, 1, 5 * Second));
        var next = _gate.EnterAsync(CancellationToken.None);

        _time.Advance((5 * Second) - TimeSpan.FromMilliseconds(1));
        Assert.False(next.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.True(next.IsCompletedSuccessfully);
    }

    [Fact]
    public void An_item_that_was_sent_back_waits_as_long_as_asked()
    {
        var waiting = _gate.WaitAsync(new(0, 1, 3 * Second), CancellationToken.None);
        var bounded = _gate.WaitAsync(new(0, 1, TimeSpan.FromDays(1)), CancellationToken.None);

        _time.Advance((3 * Second) - TimeSpan.FromMilliseconds(1));
        Assert.False(waiting.IsCompleted);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal((true, false), (waiting.IsCompleted, bounded.IsCompleted));
        _time.Advance(27 * Second);
        Assert.True(bounded.IsCompleted);
    }

    [Fact]
    public async Task From_many_threads_no_more_are_in_than_allowed_and_all_come_through()
    {
        var (inside, max, done) = (0, 0, 0);
        using var gate = new ConcurrencyGate(new(3, 3), TimeProvider.System);
        await Parallel.ForAsync(
            0,
            2_000,
            new ParallelOptions { MaxDegreeOfParallelism = 16, CancellationToken = TestContext.Current.CancellationToken },
            async (i, cancellationToken) =>
            {
                using var pass = await gate.EnterAsync(cancellationToken);
                var now = Interlocked.Increment(ref inside);
                InterlockedMax(ref max, now);
                await Task.Yield();
                Interlocked.Decrement(ref inside);
                Interlocked.Increment(ref done);
                pass.Complete(new(1, 0, null));
            }
        );

        Assert.Equal((0, 2_000), (inside, done));
        Assert.InRange(max, 1, 3);
    }

    private static void InterlockedMax(ref int target, int value)
    {
        for (var seen = Volatile.Read(ref target); value > seen; seen = Volatile.Read(ref target))
            Interlocked.CompareExchange(ref target, value, seen);
    }

    private static ConcurrencyGate.Pass Passed(Task<ConcurrencyGate.Pass> call)
    {
        Assert.True(call.IsCompletedSuccessfully);
#pragma warning disable xUnit1031 // It is complete.
        return call.Result;
#pragma warning restore xUnit1031
    }
}
