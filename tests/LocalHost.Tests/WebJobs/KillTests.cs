using Azure.Storage.Queues;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Testing;

namespace LocalHost.Tests.WebJobs;

/// <summary>The worker and the host are killed in the middle of work.</summary>
public sealed class KillTests(AzuriteFixture azurite)
{
    private static readonly string[] Steps = ["a", "b", "c"];

    [Fact]
    public async Task A_killed_worker_fails_the_running_activity_and_a_retry_policy_covers_it()
    {
        using var place = new AppPlace(azurite);
        await using var run = await AppRun.StartAsync(place);
        var steps = await run.Client.ScheduleNewOrchestrationInstanceAsync("Steps", new[] { "a" }, AppRun.Stop);
        await run.SeenAsync(1);
        run.KillWorker();
        place.Open("a");
        Assert.Equal("a", (await run.EndAsync(steps)).ReadOutputAs<string>());
        Assert.Equal(["begin a", "begin a", "end a"], place.Seen());
    }

    [Fact]
    public async Task A_killed_worker_fails_the_running_activity_for_an_orchestrator_without_a_retry_policy()
    {
        using var place = new AppPlace(azurite);
        await using var run = await AppRun.StartAsync(place);
        var step = await run.Client.ScheduleNewOrchestrationInstanceAsync("OneStep", "a", AppRun.Stop);
        await run.SeenAsync(1);
        run.KillWorker();
        Assert.StartsWith("failed: ", (await run.EndAsync(step)).ReadOutputAs<string>(), StringComparison.Ordinal);
        Assert.Equal(["begin a"], place.Seen());
    }

    [Fact]
    public async Task An_orchestrator_whose_worker_is_killed_repeats_its_episode()
    {
        using var place = new AppPlace(azurite);
        await using var run = await AppRun.StartAsync(place);
        var id = await run.Client.ScheduleNewOrchestrationInstanceAsync("SlowEpisode", "gate", AppRun.Stop);
        await run.SeenAsync(1);
        run.KillWorker();
        place.Open("gate");
        Assert.Equal("after the gate", (await run.EndAsync(id)).ReadOutputAs<string>());
        Assert.Equal(["episode False", "episode False", "episode True"], place.Seen());
    }

    [Fact]
    public async Task An_orchestration_whose_host_is_killed_in_each_of_its_steps_comes_to_the_same_end()
    {
        using var place = new AppPlace(azurite);
        var host = await HostProcess.StartAsync(place);
        await host.ScheduleAsync("Steps", "steps", """["a","b","c"]""");
        foreach (var step in Steps)
        {
            await place.SeenAsync(s => s.Contains($"begin {step}"));
            await host.KillAsync();
            await host.DisposeAsync();
            place.Open(step);
            host = await HostProcess.StartAsync(place);
        }

        await using (host)
            Assert.Equal("a b c", await host.EndAsync("steps"));
        // Delivery is at least once: a step that lasts longer than its message is invisible may be done again, but never less than once and
        // never out of order.
        var seen = place.Seen();
        Assert.Equal(Steps.SelectMany(s => new[] { $"begin {s}", $"end {s}" }), seen.Distinct());
        Assert.All(Steps, s => Assert.InRange(seen.Count(l => l == $"begin {s}"), 2, 3));
        Assert.All(Steps, s => Assert.InRange(seen.Count(l => l == $"end {s}"), 1, 2));
    }

    [Fact]
    public async Task A_message_whose_host_is_killed_is_given_back_at_the_next_start()
    {
        using var place = new AppPlace(azurite);
        var queue = await HoldAsync(place, "gate");
        await using (var host = await HostProcess.StartAsync(place))
        {
            await place.SeenAsync(1);
            await host.KillAsync();
        }

        place.Open("gate");
        await using var again = await HostProcess.StartAsync(place);
        Assert.Equal(["begin gate 1", "begin gate 2", "end gate 2"], await place.SeenAsync(3));
        await AppRun.EmptyAsync(queue);
    }

    [Fact]
    public async Task A_second_host_leaves_the_messages_alone_that_the_first_has_in_work_and_takes_those_of_one_that_was_killed()
    {
        using var place = new AppPlace(azurite);
        await HoldAsync(place, "first");
        await using var live = await AppRun.StartAsync(place);
        await place.SeenAsync(1);
        await using (var killed = await HostProcess.StartAsync(place))
        {
            // One for each host, or both for one: then there is nothing for the killed one to leave.
            await HoldAsync(place, "second");
            await place.SeenAsync(2);
            await killed.KillAsync();
        }

        await using var next = await AppRun.StartAsync(place);
        place.Open("first");
        place.Open("second");
        var seen = await place.SeenAsync(s => Count(s, "end") == 2);
        Assert.Equal((1, 1, 1), (Count(seen, "begin first"), Count(seen, "end first"), Count(seen, "end second")));
    }

    [Fact]
    public async Task Two_hosts_on_one_hub_share_the_work_and_one_goes_on_when_the_other_stops()
    {
        using var place = new AppPlace(azurite, ("durableTask:storageProvider:partitionCount", "4"));
        await using var second = await AppRun.StartAsync(place);
        var ids = new List<string>();
        await using (var first = await AppRun.StartAsync(place))
        {
            for (var n = 0; n < 6; n++)
                ids.Add(await first.Client.ScheduleNewOrchestrationInstanceAsync("Steps", new[] { "x", "y" }, AppRun.Stop));
            await place.SeenAsync(6);
            place.Open("x");
            place.Open("y");
        }

        var ended = await Task.WhenAll(ids.Select(second.EndAsync));
        Assert.All(ended, e => Assert.Equal((OrchestrationRuntimeStatus.Completed, "x y"), (e.RuntimeStatus, e.ReadOutputAs<string>())));
        Assert.Equal((6, 6), (place.Seen().Count(l => l == "end x"), place.Seen().Count(l => l == "end y")));
    }

    [Fact]
    public async Task A_stop_waits_for_the_activity_under_way_and_keeps_its_result()
    {
        using var place = new AppPlace(azurite);
        await using (var run = await AppRun.StartAsync(place))
        {
            var options = new StartOrchestrationOptions("kept");
            await run.Client.ScheduleNewOrchestrationInstanceAsync("Steps", new[] { "a", "b" }, options, AppRun.Stop);
            await run.SeenAsync(1);
            var stopped = run.StopAsync();
            Assert.False(stopped.IsCompleted);
            place.Open("a");
            await stopped;
        }

        // The second step was not begun by the host that stopped.
        Assert.Equal(["begin a", "end a"], place.Seen());
        place.Open("b");
        await using var again = await AppRun.StartAsync(place);
        Assert.Equal("a b", (await again.EndAsync("kept")).ReadOutputAs<string>());
        Assert.Equal(["begin a", "end a", "begin b", "end b"], place.Seen());
    }

    [Fact]
    public async Task An_activity_that_is_cut_off_at_the_end_of_the_drain_time_is_done_again_at_the_next_start()
    {
        using var place = new AppPlace(azurite);
        place.Environment["LocalHost__DrainSeconds"] = "1";
        await using (var run = await AppRun.StartAsync(place))
        {
            await run.Client.ScheduleNewOrchestrationInstanceAsync("OneStep", "a", new StartOrchestrationOptions("cut"), AppRun.Stop);
            await run.SeenAsync(1);
            await run.StopAsync();
        }

        place.Open("a");
        await using var again = await AppRun.StartAsync(place);
        Assert.Equal("a", (await again.EndAsync("cut")).ReadOutputAs<string>());
        Assert.Equal(["begin a", "begin a", "end a"], place.Seen());
    }

    private static int Count(IEnumerable<string> seen, string beginning) =>
        seen.Count(l => l.StartsWith(beginning, StringComparison.Ordinal));

    private async Task<QueueClient> HoldAsync(AppPlace place, string message)
    {
        var options = new QueueClientOptions { MessageEncoding = QueueMessageEncoding.Base64 };
        var queue = new QueueClient(azurite.StateConnection, place.Environment["Hold"], options);
        await queue.CreateIfNotExistsAsync(cancellationToken: AppRun.Stop);
        await queue.SendMessageAsync(message, AppRun.Stop);
        return queue;
    }
}
