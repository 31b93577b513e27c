using Compliance.Offboarding.Execution;
using CsCheck;
using Microsoft.Extensions.Time.Testing;
using Testing;

namespace Compliance.Tests.Offboarding.Execution;

/// <summary>Graph's quota of writes, shared out.</summary>
public sealed class GraphWritePaceTests
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 11, 23, 6, 0, 0, TimeSpan.Zero));

    [Fact]
    public void Whatever_is_asked_for_no_window_holds_more_than_leaves_room_to_block_two_hundred_leavers() =>
        Gen.Select(Gen.Int[1, 3_000], Gen.Int[0, 60], Gen.Int[0, 30])
            .List[1, 60]
            .Sample(
                asks =>
                {
                    var time = new FakeTimeProvider();
                    var pace = new GraphWritePace(time);
                    var sent = new List<(DateTimeOffset At, int Count)>();
                    foreach (var (wanted, holder, pause) in asks)
                    {
                        var granted = pace.Take($"case {holder}", wanted, out var wait);
                        Assert.True(granted == 0 ? wait > TimeSpan.Zero : wait == TimeSpan.Zero && granted <= Math.Min(wanted, pace.Burst));
                        sent.Add((time.GetUtcNow(), granted));
                        time.Advance(TimeSpan.FromSeconds(pause));
                    }
                    foreach (var (at, _) in sent)
                        Assert.InRange(
                            sent.Where(s => s.At >= at && s.At < at + GraphWritePace.Window).Sum(s => s.Count),
                            0,
                            GraphWritePace.GraphLimit - 500
                        );
                },
                iter: TestSize.Times(2_000)
            );

    [Fact]
    public void Turns_come_in_the_order_they_were_asked_for_and_nothing_is_lost_by_asking_again()
    {
        var pace = new GraphWritePace(_time);
        Assert.Equal(400, pace.Take("a", 1_000, out _));
        Assert.Equal(0, pace.Take("b", 280, out var b));
        Assert.Equal(0, pace.Take("c", 140, out var c));
        Assert.Equal((20, 30), (b.TotalSeconds, c.TotalSeconds));

        _time.Advance(TimeSpan.FromSeconds(19));
        Assert.Equal(0, pace.Take("b", 280, out b));
        Assert.Equal(1, b.TotalSeconds);
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal(0, pace.Take("c", 140, out _));
        Assert.Equal(280, pace.Take("b", 280, out _));
        _time.Advance(TimeSpan.FromSeconds(10));
        Assert.Equal(140, pace.Take("c", 140, out _));
    }

    [Fact]
    public void Turns_that_are_taken_late_do_not_add_up()
    {
        var pace = new GraphWritePace(_time);
        for (var i = 0; i < 8; i++)
            pace.Take($"{i}", 400, out _);
        _time.Advance(TimeSpan.FromMinutes(4));

        var granted = Enumerable.Range(1, 7).Select(i => pace.Take($"{i}", 400, out _)).ToList();

        Assert.Equal([400, 400, 400, 400, 400, 400, 0], granted);
        Assert.Equal(0, pace.Take("7", 400, out var wait));
        Assert.Equal(GraphWritePace.Window, wait);
    }

    [Fact]
    public void Who_needs_less_by_now_is_granted_no_more_than_that()
    {
        var pace = new GraphWritePace(_time);
        pace.Take("a", 400, out _);
        pace.Take("b", 100, out var wait);
        _time.Advance(wait);

        Assert.Equal(60, pace.Take("b", 60, out _));
    }

    [Fact]
    public void A_lower_limit_paces_in_proportion()
    {
        var pace = new GraphWritePace(_time, 300);
        Assert.Equal(40, pace.Take("a", 100, out _));
        Assert.Equal(0, pace.Take("a", 14, out var wait));
        Assert.Equal(10, wait.TotalSeconds, 6);
    }
}
