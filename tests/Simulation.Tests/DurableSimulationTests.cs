using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;

namespace Simulation.Tests;

public sealed class DurableSimulationTests
{
    [Fact]
    public async Task Months_of_timers_pass_and_everything_happens_at_its_own_time()
    {
        await using var world = await World.StartAsync();
        await world.ScheduleAsync(nameof(World.Orchestrators.Months), 3, "a");

        await world.RunAsync(TimeSpan.FromDays(29));
        Assert.Equal(29, world.Done.Count);
        await world.RunAsync(TimeSpan.FromDays(1));

        Assert.Equal(Enumerable.Range(1, 30).Select(day => (World.Start.AddDays(day), "a")), world.Done);
        Assert.Equal("1", await world.OutputAsync("a"));
        Assert.Equal(World.Start.AddDays(30), world.Simulation.Clock.GetUtcNow());
    }

    [Fact]
    public async Task A_step_is_one_work_item_and_the_hook_sees_each()
    {
        await using var world = await World.StartAsync();
        var seen = new List<Step>();
        world.Simulation.AfterStep = step =>
        {
            seen.Add(step);
            return Task.CompletedTask;
        };
        await world.ScheduleAsync(nameof(World.Orchestrators.One), new[] { "Do", "x" }, "a");

        var steps = new List<Step>();
        while (await world.Simulation.StepAsync(World.Stop) is { } step)
            steps.Add(step);

        Assert.Equal(
            [
                new Step(1, World.Start, StepKind.Message, "", "a", "ExecutionStarted", "arrived"),
                new Step(2, World.Start, StepKind.Episode, "host1", "a", "One", "Running, 1 activities, 0 timers, 0 messages"),
                new Step(3, World.Start, StepKind.Activity, "host1", "a", "Do", "completed"),
                new Step(4, World.Start, StepKind.Episode, "host1", "a", "One", "Completed, 0 activities, 0 timers, 0 messages"),
            ],
            steps
        );
        Assert.Equal(steps, seen);
        Assert.Equal(steps, world.Simulation.Trace);
    }

    [Fact]
    public async Task The_clock_moves_on_to_an_activity_that_waits_for_it()
    {
        await using var world = await World.StartAsync();
        await world.ScheduleAsync(nameof(World.Orchestrators.One), new[] { "Wait", "x" }, "a");

        await world.RunAsync(TimeSpan.FromHours(2));

        Assert.Equal([(World.Start.AddHours(1), "x")], world.Done);
        Assert.Equal("\"x\"", await world.OutputAsync("a"));
    }

    [Fact]
    public async Task Several_things_that_an_activity_does_at_once_each_happen_at_their_own_time()
    {
        await using var world = await World.StartAsync();
        await world.ScheduleAsync(nameof(World.Orchestrators.One), new[] { "SeveralAtOnce", "x" }, "a");

        await world.RunAsync(TimeSpan.FromHours(2));

        Assert.Equal(
            [
                (0, "1 begins"),
                (0, "2 begins"),
                (10, "1 ends"),
                (10, "3 begins"),
                (20, "2 ends"),
                (20, "4 begins"),
                (40, "3 ends"),
                (40, "5 begins"),
                (60, "4 ends"),
                (90, "5 ends"),
            ],
            world.Done.Select(d => ((int)(d.Time - World.Start).TotalMinutes, d.Done))
        );
        Assert.Equal("\"x\"", await world.OutputAsync("a"));
    }

    [Fact]
    public async Task An_activity_that_waits_for_what_another_one_holds_goes_on_after_it()
    {
        await using var world = await World.StartAsync();
        await world.ScheduleAsync(nameof(World.Orchestrators.Both), "WaitInALock", "a");

        await world.RunAsync(TimeSpan.FromHours(1));

        Assert.Equal([0, 10, 10, 20], world.Done.Select(d => (int)(d.Time - World.Start).TotalMinutes));
        Assert.Equal("\"a b\"", await world.OutputAsync("a"));
        Assert.Contains(world.Simulation.Trace, s => s is { Kind: StepKind.Activity, Outcome: "waits for another" });
    }

    [Fact]
    public async Task A_time_out_takes_effect_at_its_own_time_before_a_longer_wait()
    {
        await using var world = await World.StartAsync();
        await world.ScheduleAsync(nameof(World.Orchestrators.One), new[] { "WaitWithLimit", "x" }, "a");

        await world.RunAsync(TimeSpan.FromHours(2));

        Assert.Equal([(World.Start.AddMinutes(30), "out of time")], world.Done);
    }

    [Fact]
    public async Task A_time_out_does_not_move_the_clock()
    {
        await using var world = await World.StartAsync();
        await world.ScheduleAsync(nameof(World.Orchestrators.One), new[] { "DoWithLimit", "x" }, "a");

        await world.Simulation.RunUntilIdleAsync(World.Stop);

        Assert.Equal([(World.Start, "x")], world.Done);
        Assert.Equal("\"x\"", await world.OutputAsync("a"));
    }

    [Fact]
    public async Task Others_go_on_while_an_activity_waits()
    {
        await using var world = await World.StartAsync();
        await world.ScheduleAsync(nameof(World.Orchestrators.One), new[] { "Wait", "long" }, "a");
        await world.Simulation.RunUntilIdleAsync(World.Stop);
        await world.ScheduleAsync(nameof(World.Orchestrators.One), new[] { "Do", "short" }, "b");

        await world.RunAsync(TimeSpan.FromHours(2));

        Assert.Equal([(World.Start, "short"), (World.Start.AddHours(1), "long")], world.Done);
    }

    [Fact]
    public async Task A_function_of_another_trigger_waits_for_the_clock_and_uses_the_client()
    {
        await using var world = await World.StartAsync();
        var call = world.Simulation.Call(
            "Sweep",
            async services =>
            {
                await Task.Delay(TimeSpan.FromMinutes(10), services.GetRequiredService<TimeProvider>());
                await world.ScheduleAsync(nameof(World.Orchestrators.One), new[] { "Do", "x" }, "a");
            }
        );

        await world.RunAsync(TimeSpan.FromHours(1));

        Assert.True(call.Ended.IsCompletedSuccessfully);
        Assert.Equal([(World.Start.AddMinutes(10), "x")], world.Done);
        Assert.Equal(
            [(StepKind.Function, "waits"), (StepKind.Wait, "completed")],
            world.Simulation.Trace.Where(s => s.Name == "Sweep").Select(s => (s.Kind, s.Outcome))
        );
    }

    [Fact]
    public async Task An_error_of_a_function_is_its_callers()
    {
        await using var world = await World.StartAsync();
        var call = world.Simulation.Call("Sweep", _ => throw new InvalidOperationException("no"));

        await world.Simulation.RunUntilIdleAsync(World.Stop);

        await Assert.ThrowsAsync<InvalidOperationException>(() => call.Ended);
    }

    [Fact]
    public async Task An_activity_that_waits_for_nothing_that_comes_is_an_error()
    {
        await using var world = await World.StartAsync(stuckAfter: TimeSpan.FromMilliseconds(50));
        world.Simulation.Call("Stuck", _ => new TaskCompletionSource().Task);

        var error = await Assert.ThrowsAsync<TimeoutException>(() => world.Simulation.RunUntilIdleAsync(World.Stop));

        Assert.StartsWith("Function Stuck of", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Retries_wait_on_the_clock()
    {
        await using var world = await World.StartAsync();
        await world.ScheduleAsync(nameof(World.Orchestrators.Retry), "x", "a");

        await world.RunAsync(TimeSpan.FromHours(1));

        Assert.Equal([World.Start, World.Start.AddMinutes(1), World.Start.AddMinutes(3)], world.Done.Select(d => d.Time));
        Assert.Equal(OrchestrationRuntimeStatus.Failed, (await world.Simulation.Client.GetInstanceAsync("a", World.Stop))!.RuntimeStatus);
    }

    [Fact]
    public async Task The_same_seed_gives_the_same_run_and_another_seed_another_order()
    {
        var first = await RunAsync(7);
        var again = await RunAsync(7);
        var other = await RunAsync(8);

        Assert.Equal(first.Trace, again.Trace);
        Assert.Equal(first.Hash, again.Hash);
        Assert.NotEqual(first.Hash, other.Hash);
        Assert.Equal(first.Done.Order(StringComparer.Ordinal), other.Done.Order(StringComparer.Ordinal));
    }

    private static async Task<(string Hash, IReadOnlyList<string> Trace, IReadOnlyList<string> Done)> RunAsync(ulong seed)
    {
        await using var world = await World.StartAsync(seed);
        for (var i = 0; i < 5; i++)
            await world.ScheduleAsync(nameof(World.Orchestrators.Both), "Wait");
        await world.ScheduleAsync(nameof(World.Orchestrators.Months), 2, "months");
        await world.ScheduleAsync(nameof(World.Orchestrators.Collect), Array.Empty<string>(), "collect");
        for (var i = 0; i < 3; i++)
            await world.Simulation.Client.RaiseEventAsync("collect", "item", $"{i}", World.Stop);
        await world.RunAsync(TimeSpan.FromDays(30));
        return (world.Simulation.TraceHash, [.. world.Simulation.Trace.Select(s => s.ToString())], world.Names);
    }
}
