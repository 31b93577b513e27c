using DurableTask.Core.Exceptions;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;

namespace Simulation.Tests;

public sealed class ClientTests : IAsyncLifetime
{
    private static readonly string[] Do = ["Do", "x"];
    private static readonly string[] Wait = ["Wait", "x"];

    private World _world = null!;

    private DurableTaskClient Client => _world.Simulation.Client;

    public async ValueTask InitializeAsync() => _world = await World.StartAsync();

    public ValueTask DisposeAsync() => _world.DisposeAsync();

    [Fact]
    public async Task A_start_is_seen_at_once_as_pending_and_is_done_later()
    {
        await _world.ScheduleAsync(nameof(World.Orchestrators.One), Do, "a");
        var before = (await Client.GetInstanceAsync("a", World.Stop))!;
        await _world.Simulation.RunUntilIdleAsync(World.Stop);
        var after = (await Client.GetInstanceAsync("a", World.Stop))!;

        Assert.Equal(
            (OrchestrationRuntimeStatus.Pending, OrchestrationRuntimeStatus.Completed),
            (before.RuntimeStatus, after.RuntimeStatus)
        );
    }

    [Fact]
    public async Task A_start_at_a_later_time_waits_for_it_and_what_is_raised_before_is_not_lost()
    {
        var options = new StartOrchestrationOptions("a", World.Start.AddDays(1));
        await Client.ScheduleNewOrchestrationInstanceAsync(nameof(World.Orchestrators.Collect), new[] { "0", "1" }, options, World.Stop);
        await Client.RaiseEventAsync("a", "item", "2", World.Stop);

        await _world.RunAsync(TimeSpan.FromDays(2));

        Assert.Equal([(World.Start.AddDays(1), "2")], _world.Done);
        Assert.Equal("\"0 1 2\"", await _world.OutputAsync("a"));
    }

    [Fact]
    public async Task What_runs_refuses_another_start_and_what_has_ended_is_replaced()
    {
        await _world.ScheduleAsync(nameof(World.Orchestrators.One), Wait, "a");
        await Assert.ThrowsAsync<OrchestrationAlreadyExistsException>(() => _world.ScheduleAsync(nameof(World.Orchestrators.One), Do, "a"));
        await _world.RunAsync(TimeSpan.FromHours(1));

        await _world.ScheduleAsync(nameof(World.Orchestrators.Retry), "y", "a");

        Assert.Equal("Retry", (await Client.GetInstanceAsync("a", World.Stop))!.Name);
    }

    [Fact]
    public async Task The_states_that_refuse_a_start_can_be_given()
    {
        await _world.ScheduleAsync(nameof(World.Orchestrators.One), Do, "a");
        await _world.Simulation.RunUntilIdleAsync(World.Stop);
        var once = new StartOrchestrationOptions("a").WithDedupeStatuses(OrchestrationRuntimeStatus.Completed);
        var always = new StartOrchestrationOptions("b").WithDedupeStatuses();
        await _world.ScheduleAsync(nameof(World.Orchestrators.One), Wait, "b");

        await Assert.ThrowsAsync<OrchestrationAlreadyExistsException>(() =>
            Client.ScheduleNewOrchestrationInstanceAsync(nameof(World.Orchestrators.One), Do, once, World.Stop)
        );
        await Client.ScheduleNewOrchestrationInstanceAsync(nameof(World.Orchestrators.One), Do, always, World.Stop);
        await _world.RunAsync(TimeSpan.FromHours(2));

        Assert.Equal(["x", "x"], _world.Names);
    }

    [Fact]
    public async Task A_suspended_instance_goes_on_when_it_is_resumed()
    {
        await _world.ScheduleAsync(nameof(World.Orchestrators.Collect), new[] { "0", "1" }, "a");
        await _world.Simulation.RunUntilIdleAsync(World.Stop);
        await Client.SuspendInstanceAsync("a", "to see", World.Stop);
        await _world.Simulation.RunUntilIdleAsync(World.Stop);
        await Client.RaiseEventAsync("a", "item", "2", World.Stop);
        await _world.RunAsync(TimeSpan.FromHours(1));
        Assert.Equal(OrchestrationRuntimeStatus.Suspended, (await Client.GetInstanceAsync("a", World.Stop))!.RuntimeStatus);

        await Client.ResumeInstanceAsync("a", null, World.Stop);
        await _world.Simulation.RunUntilIdleAsync(World.Stop);

        Assert.Equal("\"0 1 2\"", await _world.OutputAsync("a"));
    }

    [Fact]
    public async Task A_terminated_instance_does_nothing_more()
    {
        await _world.ScheduleAsync(nameof(World.Orchestrators.Months), 2, "a");
        await _world.RunAsync(TimeSpan.FromDays(3.5));
        await Client.TerminateInstanceAsync("a", (object)"enough", World.Stop);
        await _world.RunAsync(TimeSpan.FromDays(30));

        Assert.Equal(3, _world.Done.Count);
        Assert.Equal((OrchestrationRuntimeStatus.Terminated, "\"enough\""), await StateAsync("a"));
    }

    [Fact]
    public async Task Instances_are_listed_by_state_and_purged_once_they_have_ended()
    {
        foreach (var id in new[] { "a1", "a2", "b1" })
            await _world.ScheduleAsync(nameof(World.Orchestrators.One), id == "a2" ? Wait : Do, id);
        await _world.Simulation.RunUntilIdleAsync(World.Stop);
        var query = new OrchestrationQuery { Statuses = [OrchestrationRuntimeStatus.Completed], InstanceIdPrefix = "a" };

        Assert.Equal(["a1"], await ListAsync(query));
        Assert.Equal(2, (await Client.PurgeAllInstancesAsync(new PurgeInstancesFilter(), World.Stop)).PurgedInstanceCount);
        Assert.Equal(["a2"], await ListAsync(null));
        Assert.Equal(1, (await Client.PurgeInstanceAsync("a2", World.Stop)).PurgedInstanceCount);
        Assert.Equal(0, (await Client.PurgeInstanceAsync("a2", World.Stop)).PurgedInstanceCount);
        // What the purged instance had begun ends all the same, and its result is dropped.
        await _world.RunAsync(TimeSpan.FromHours(2));
        Assert.Equal(["x", "x", "x"], _world.Names);
        Assert.Empty(await ListAsync(null));
    }

    [Fact]
    public async Task Pages_follow_each_other()
    {
        for (var i = 0; i < 25; i++)
            await _world.ScheduleAsync(nameof(World.Orchestrators.One), Do, $"{i:00}");
        var sizes = new List<int>();
        await foreach (var page in Client.GetAllInstancesAsync().AsPages(pageSizeHint: 10))
            sizes.Add(page.Values.Count);

        Assert.Equal([10, 10, 5], sizes);
    }

    [Fact]
    public async Task An_ended_instance_is_started_again_with_its_input()
    {
        await _world.ScheduleAsync(nameof(World.Orchestrators.One), Do, "a");
        await Assert.ThrowsAsync<InvalidOperationException>(() => Client.RestartAsync("a", false, World.Stop));
        await _world.Simulation.RunUntilIdleAsync(World.Stop);

        Assert.Equal("a", await Client.RestartAsync("a", false, World.Stop));
        Assert.NotEqual("a", await Client.RestartAsync("a", true, World.Stop));
        await _world.Simulation.RunUntilIdleAsync(World.Stop);

        Assert.Equal(["x", "x", "x"], _world.Names);
    }

    [Fact]
    public async Task A_wait_for_an_end_ends_when_the_simulation_has_got_there()
    {
        await _world.ScheduleAsync(nameof(World.Orchestrators.One), Wait, "a");
        var ended = Client.WaitForInstanceCompletionAsync("a", getInputsAndOutputs: true, World.Stop);

        await _world.RunAsync(TimeSpan.FromHours(1));

        Assert.Equal("x", (await ended).ReadOutputAs<string>());
    }

    private async Task<(OrchestrationRuntimeStatus, string?)> StateAsync(string id)
    {
        var instance = (await Client.GetInstanceAsync(id, getInputsAndOutputs: true, World.Stop))!;
        return (instance.RuntimeStatus, instance.SerializedOutput);
    }

    private async Task<string[]> ListAsync(OrchestrationQuery? query)
    {
        var found = new List<string>();
        await foreach (var instance in Client.GetAllInstancesAsync(query))
            found.Add(instance.InstanceId);
        return [.. found];
    }
}
