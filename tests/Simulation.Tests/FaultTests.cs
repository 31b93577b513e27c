using DurableTask.Core.Exceptions;
using DurableTask.Core.History;
using Microsoft.DurableTask.Client;
using Testing;

namespace Simulation.Tests;

public sealed class FaultTests
{
    private static readonly string[] Do = ["Do", "x"];

    [Fact]
    public async Task A_crash_before_the_commit_of_an_activity_has_it_done_again_in_a_new_process()
    {
        await using var world = await RunOneAsync(Do, new Fault(FaultKind.CrashBeforeCommit, "a", "Do", 1));

        Assert.Equal(["x", "x"], world.Names);
        Assert.Equal("\"x\"", await world.OutputAsync("a"));
        Assert.Equal(2, world.Starts);
        Assert.Equal(
            [StepKind.Message, StepKind.Episode, StepKind.Activity, StepKind.Crash, StepKind.Activity, StepKind.Episode],
            Kinds(world)
        );
    }

    [Fact]
    public async Task A_crash_before_the_commit_of_an_episode_has_it_decide_again()
    {
        await using var world = await RunOneAsync(Do, new Fault(FaultKind.CrashBeforeCommit, "a", "One", 1));

        Assert.Equal(["x"], world.Names);
        Assert.Equal(
            [StepKind.Message, StepKind.Episode, StepKind.Crash, StepKind.Episode, StepKind.Activity, StepKind.Episode],
            Kinds(world)
        );
    }

    [Fact]
    public async Task A_crash_in_the_commit_of_an_episode_sends_its_messages_twice_and_the_second_result_is_ignored()
    {
        await using var world = await RunOneAsync(Do, new Fault(FaultKind.TornCommit, "a", "One", 1));

        Assert.Equal(["x", "x"], world.Names);
        Assert.Equal("\"x\"", await world.OutputAsync("a"));
    }

    [Fact]
    public async Task A_result_waits_until_the_history_knows_what_it_is_the_result_of()
    {
        for (var seed = 1UL; seed <= 10; seed++)
        {
            await using var world = await World.StartAsync(
                seed,
                records: true,
                faults: new FaultPlan { Script = [new(FaultKind.TornCommit, "a", "One", 1)] }
            );
            await world.ScheduleAsync(nameof(World.Orchestrators.One), Do, "a");
            await world.RunAsync(TimeSpan.FromHours(1));

            var events = Assert.Single(world.Simulation.Histories).Events.Select(e => e.EventType).ToList();
            Assert.True(events.IndexOf(EventType.TaskScheduled) < events.IndexOf(EventType.TaskCompleted), string.Join(' ', events));
        }
    }

    [Fact]
    public async Task A_crash_after_a_commit_loses_nothing()
    {
        await using var world = await RunOneAsync(
            Do,
            new Fault(FaultKind.CrashAfterCommit, "a", "One", 1),
            new Fault(FaultKind.CrashAfterCommit, "a", "Do", 1)
        );

        Assert.Equal(["x"], world.Names);
        Assert.Equal("\"x\"", await world.OutputAsync("a"));
        Assert.Equal(3, world.Starts);
    }

    [Fact]
    public async Task A_crash_after_a_commit_delivers_the_events_once_more_that_the_episode_had_read()
    {
        await using var world = await World.StartAsync(
            faults: new FaultPlan { Script = [new(FaultKind.CrashAfterCommit, "a", "Collect", 2)] }
        );
        await world.ScheduleAsync(nameof(World.Orchestrators.Collect), new[] { "0" }, "a");
        await world.Simulation.RunUntilIdleAsync(World.Stop);
        await world.Simulation.Client.RaiseEventAsync("a", "item", "x", World.Stop);

        await world.Simulation.RunUntilIdleAsync(World.Stop);

        Assert.Equal("\"0 x x\"", await world.OutputAsync("a"));
    }

    [Fact]
    public async Task An_episode_that_an_older_owner_hands_in_late_is_refused()
    {
        await using var world = await World.StartAsync(
            seed: 3,
            hosts: 2,
            faults: new FaultPlan { Script = [new(FaultKind.StaleCommit, "a", "One", 1)] }
        );
        await world.ScheduleAsync(nameof(World.Orchestrators.One), Do, "a");
        await world.RunAsync(TimeSpan.FromHours(1));

        Assert.Equal("\"x\"", await world.OutputAsync("a"));
        Assert.Single(world.Simulation.Trace, s => s is { Kind: StepKind.Turn, Outcome: "refused: not the owner any more" });
        // The messages of a refused episode have gone out before.
        Assert.Equal(["x", "x"], world.Names);
    }

    [Theory]
    [InlineData(FaultKind.LostAnswer)]
    [InlineData(FaultKind.Redelivery)]
    public async Task An_activity_whose_answer_is_lost_or_whose_message_comes_again_is_done_twice(FaultKind kind)
    {
        await using var world = await RunOneAsync(Do, new Fault(kind, "a", "Do", 1));

        Assert.Equal(["x", "x"], world.Names);
        Assert.Equal("\"x\"", await world.OutputAsync("a"));
        Assert.Equal(1, world.Starts);
    }

    [Fact]
    public async Task An_activity_whose_worker_process_dies_is_done_and_reported_as_failed()
    {
        await using var world = await RunOneAsync(Do, new Fault(FaultKind.ReportedFailed, "a", "Do", 1));

        Assert.Equal(["x"], world.Names);
        Assert.Contains("the worker process ended", await world.OutputAsync("a"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_crash_within_an_activity_ends_it_at_that_point_and_it_is_done_again()
    {
        await using var world = await RunOneAsync(["ReadThenWrite", "x"], new Fault(FaultKind.CrashInside, "a", "ReadThenWrite", 1, 1));

        Assert.Equal(["x reads", "x reads", "x writes"], world.Names);
        Assert.Equal("\"x\"", await world.OutputAsync("a"));
    }

    [Fact]
    public async Task A_crash_in_what_an_activity_left_running_in_the_background_ends_the_host_too()
    {
        await using var world = await World.StartAsync(
            faults: new FaultPlan { Script = [new(FaultKind.CrashInside, "", "host1", 1, 1)], InBackground = true }
        );
        await world.ScheduleAsync(nameof(World.Orchestrators.One), new[] { "AskTheBackground", "x" }, "a");

        await world.RunAsync(TimeSpan.FromHours(1));

        Assert.Equal(["x in the background"], world.Names);
        Assert.Equal("\"x\"", await world.OutputAsync("a"));
        Assert.Equal(2, world.Starts);
    }

    [Fact]
    public async Task A_crash_takes_along_what_waits_in_the_same_host()
    {
        await using var world = await World.StartAsync(faults: new FaultPlan { Script = [new(FaultKind.CrashBeforeCommit, "b", "Do", 1)] });
        await world.ScheduleAsync(nameof(World.Orchestrators.One), new[] { "Wait", "long" }, "a");
        await world.Simulation.RunUntilIdleAsync(World.Stop);
        await world.RunAsync(TimeSpan.FromMinutes(30));
        await world.ScheduleAsync(nameof(World.Orchestrators.One), new[] { "Do", "short" }, "b");

        await world.RunAsync(TimeSpan.FromHours(2));

        // The wait of an hour began again with the new process.
        Assert.Equal([0.5, 0.5, 1.5], world.Done.Select(d => (d.Time - World.Start).TotalHours));
        Assert.Equal(["short", "short", "long"], world.Names);
    }

    [Fact]
    public async Task An_activity_is_held_up_while_another_one_goes_on()
    {
        var both = new List<string>();
        for (var seed = 1UL; seed <= 20; seed++)
        {
            await using var world = await World.StartAsync(
                seed,
                hosts: 2,
                faults: new FaultPlan { Rates = new Dictionary<FaultKind, double> { [FaultKind.HoldUp] = 1 } }
            );
            await world.ScheduleAsync(nameof(World.Orchestrators.Both), "ReadThenWrite", "a");
            await world.RunAsync(TimeSpan.FromHours(1));
            Assert.Equal("\"a b\"", await world.OutputAsync("a"));
            both.Add(string.Join(", ", world.Names));
        }

        Assert.Contains("a reads, b reads, a writes, b writes", both);
        Assert.Contains("a reads, a writes, b reads, b writes", both);
    }

    [Theory]
    [InlineData(FaultKind.LateTimer, 7)]
    [InlineData(FaultKind.EarlyTimer, -7)]
    public async Task A_timer_fires_late_or_early(FaultKind kind, int seconds)
    {
        await using var world = await World.StartAsync(
            faults: new FaultPlan { Script = [new(kind, "a", "timer", 1, Delay: TimeSpan.FromSeconds(7))] }
        );
        await world.ScheduleAsync(nameof(World.Orchestrators.Months), 1, "a");

        await world.RunAsync(TimeSpan.FromDays(2));

        Assert.Equal(World.Start.AddDays(1).AddSeconds(seconds), world.Done[0].Time);
    }

    [Fact]
    public async Task A_slow_activity_begins_late()
    {
        await using var world = await RunOneAsync(Do, new Fault(FaultKind.SlowActivity, "a", "Do", 1, Delay: TimeSpan.FromSeconds(7)));

        Assert.Equal([(World.Start.AddSeconds(7), "x")], world.Done);
    }

    [Fact]
    public async Task Of_two_starts_of_an_id_at_the_same_time_the_later_one_replaces_the_earlier()
    {
        await using var world = await World.StartAsync(
            faults: new FaultPlan { Script = [new(FaultKind.ConcurrentStart, "a", "start", 1)] }
        );
        await world.ScheduleAsync(nameof(World.Orchestrators.One), new[] { "Wait", "first" }, "a");
        await world.Simulation.RunUntilIdleAsync(World.Stop);
        await world.ScheduleAsync(nameof(World.Orchestrators.One), new[] { "Do", "second" }, "a");
        await world.RunAsync(TimeSpan.FromHours(2));

        Assert.Equal("\"second\"", await world.OutputAsync("a"));
        // What the first had begun is done all the same.
        Assert.Equal(["second", "first"], world.Names);
        await world.ScheduleAsync(nameof(World.Orchestrators.One), new[] { "Wait", "third" }, "a");
        await Assert.ThrowsAsync<OrchestrationAlreadyExistsException>(() => world.ScheduleAsync(nameof(World.Orchestrators.One), Do, "a"));
    }

    [Fact]
    public async Task A_function_of_another_trigger_ends_with_its_host_and_its_caller_sees_that()
    {
        await using var world = await World.StartAsync(
            faults: new FaultPlan { Script = [new(FaultKind.CrashInside, "", "Request", 1, 1)] }
        );

        var broken = world.Simulation.Call("Request", RequestAsync);
        await world.Simulation.RunUntilIdleAsync(World.Stop);
        var answered = world.Simulation.Call("Request", RequestAsync);
        await world.Simulation.RunUntilIdleAsync(World.Stop);

        await Assert.ThrowsAsync<IOException>(() => broken.Ended);
        await answered.Ended;
        Assert.Equal(["reads", "reads", "writes"], world.Names);

        async Task RequestAsync(IServiceProvider services)
        {
            world.Add("reads");
            await world.Simulation.PassAsync("between");
            world.Add("writes");
        }
    }

    [Fact]
    public async Task Under_every_fault_the_same_seed_gives_the_same_run_and_nothing_is_lost()
    {
        for (var seed = 1UL; seed <= (ulong)TestSize.Times(30); seed++)
        {
            var first = await RunManyAsync(seed, FaultPlan.AtRate(0.05));
            var again = await RunManyAsync(seed, FaultPlan.AtRate(0.05));

            Assert.Equal(first.Trace, again.Trace);
            Assert.Equal(first.Injected, again.Injected);
            Assert.All(
                first.Outputs,
                o => Assert.True(o is "\"a b\"" or "1" || o!.Contains("the worker process ended", StringComparison.Ordinal), o)
            );
        }
    }

    [Fact]
    public async Task The_faults_of_a_run_can_be_given_as_a_script_and_give_the_same_run()
    {
        var drawn = await RunManyAsync(5, FaultPlan.AtRate(0.05));
        var scripted = await RunManyAsync(5, new FaultPlan { Script = drawn.Injected });

        Assert.NotEmpty(drawn.Injected);
        Assert.Equal(drawn.Trace, scripted.Trace);
    }

    private static IEnumerable<StepKind> Kinds(World world) => world.Simulation.Trace.Select(s => s.Kind);

    private static async Task<World> RunOneAsync(string[] call, params Fault[] faults)
    {
        var world = await World.StartAsync(faults: new FaultPlan { Script = faults });
        await world.ScheduleAsync(nameof(World.Orchestrators.One), call, "a");
        await world.RunAsync(TimeSpan.FromHours(1));
        return world;
    }

    private static async Task<(IReadOnlyList<string> Trace, IReadOnlyList<Fault> Injected, IReadOnlyList<string?> Outputs)> RunManyAsync(
        ulong seed,
        FaultPlan faults
    )
    {
        await using var world = await World.StartAsync(seed, hosts: 2, faults: faults);
        for (var i = 0; i < 5; i++)
        {
            await world.ScheduleAsync(nameof(World.Orchestrators.Both), "ReadThenWrite", $"both{i}");
            await world.ScheduleAsync(nameof(World.Orchestrators.Both), "Wait", $"wait{i}");
        }
        await world.ScheduleAsync(nameof(World.Orchestrators.Months), 2, "months");
        await world.RunAsync(TimeSpan.FromDays(40));
        var outputs = new List<string?>();
        await foreach (var instance in world.Simulation.Client.GetAllInstancesAsync())
        {
            Assert.True(instance.RuntimeStatus is OrchestrationRuntimeStatus.Completed or OrchestrationRuntimeStatus.Failed, $"{instance}");
            outputs.Add(await world.OutputAsync(instance.InstanceId));
        }
        return ([.. world.Simulation.Trace.Select(s => s.ToString())], world.Simulation.Injected, outputs);
    }
}
