using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Testing;

namespace EmbeddedHost.Tests.Durable;

public sealed class DurableTests(AzuriteFixture azurite)
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 0, 0, 0, TimeSpan.Zero);

    private static int _hubs;

    private async Task<TestHost> HostAsync(string? hub = null, TimeProvider? time = null, Action<FunctionsApplicationBuilder>? configure = null)
    {
        hub ??= NewHub();
        var host = new TestHost
        {
            HostJson = """{"version":"2.0","extensions":{"durableTask":{"hubName":"HUB"}}}""".Replace("HUB", hub, StringComparison.Ordinal),
            Time = time ?? new FakeTimeProvider(Start),
            Configure = configure ?? (_ => { }),
        };
        host.Settings["AzureWebJobsStorage"] = azurite.StateConnection;
        await host.StartAsync(typeof(Scripts));
        await host.QuietAsync();
        return host;
    }

    private static string NewHub() => $"Hub{Environment.ProcessId}x{Interlocked.Increment(ref _hubs)}";

    private static DurableTaskClient Client(TestHost host) => host.Host.Services.GetRequiredService<DurableTaskClient>();

    private static Task<OrchestrationMetadata> EndAsync(TestHost host, string id) =>
        Client(host).WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, TestHost.Stop).WaitAsync(TimeSpan.FromSeconds(20), TestHost.Stop);

    private static async Task<string> StartAsync(TestHost host, string name, object? input = null, string? id = null) =>
        await Client(host).ScheduleNewOrchestrationInstanceAsync(name, input, id is null ? null : new StartOrchestrationOptions(id), TestHost.Stop);

    [Fact]
    public async Task An_orchestration_calls_activities_one_after_the_other_and_ends_with_its_output()
    {
        await using var host = await HostAsync();
        var end = await EndAsync(host, await StartAsync(host, "sum", new[] { 1, 2, 3 }, "s/1#?"));
        Assert.Equal((OrchestrationRuntimeStatus.Completed, 12, "s/1#?"), (end.RuntimeStatus, end.ReadOutputAs<int>(), end.InstanceId));
        Assert.Equal([1, 2, 3], host.Probe.All);
    }

    [Fact]
    public async Task A_fan_out_wider_than_one_transaction_comes_together_again()
    {
        await using var host = await HostAsync();
        var end = await EndAsync(host, await StartAsync(host, "FanOut", 150));
        Assert.Equal(150 * 151, end.ReadOutputAs<int>());
    }

    [Fact]
    public async Task A_failing_activity_is_tried_again_after_waits_that_double()
    {
        await using var host = await HostAsync();
        var id = await StartAsync(host, "Flaky");
        await host.QuietAsync();
        Assert.Single(host.Probe.All);
        await host.AdvanceAsync(TimeSpan.FromSeconds(59));
        Assert.Single(host.Probe.All);
        await host.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal(2, host.Probe.All.Count);
        await host.AdvanceAsync(TimeSpan.FromSeconds(119));
        Assert.Equal(2, host.Probe.All.Count);
        await host.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal("try 3", (await EndAsync(host, id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_failure_the_policy_does_not_handle_is_not_tried_again_and_tells_its_type()
    {
        await using var host = await HostAsync();
        var end = await EndAsync(host, await StartAsync(host, "GivesUp"));
        Assert.Equal("AlwaysFails System.NotSupportedException True", end.ReadOutputAs<string>());
        Assert.Single(host.Probe.All);
    }

    [Fact]
    public async Task A_timer_of_ninety_days_fires_when_the_clock_has_moved_there_and_not_before()
    {
        await using var host = await HostAsync();
        var id = await StartAsync(host, "Sleeper", TimeSpan.FromDays(90));
        await host.AdvanceAsync(TimeSpan.FromDays(90) - TimeSpan.FromSeconds(1));
        Assert.True((await Client(host).GetInstanceAsync(id, TestHost.Stop))!.IsRunning);
        await host.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal("90.00:00:00", (await EndAsync(host, id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Events_that_come_early_wait_and_names_compare_without_case()
    {
        await using var host = await HostAsync();
        var id = await StartAsync(host, "Listener");
        await Client(host).RaiseEventAsync(id, "Word", "hello", TestHost.Stop);
        await Client(host).RaiseEventAsync(id, "word", "world", TestHost.Stop);
        await host.QuietAsync();
        await host.AdvanceAsync(TimeSpan.FromHours(1));
        Assert.Equal("hello world and then silence", (await EndAsync(host, id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_sub_orchestration_gives_its_result_and_a_failed_one_its_reason()
    {
        await using var host = await HostAsync();
        var end = await EndAsync(host, await StartAsync(host, "Parent", id: "p1"));
        Assert.Equal("6, p1 asked for it", end.ReadOutputAs<string>());
        Assert.Equal(6, (await EndAsync(host, "p1-child")).ReadOutputAs<int>());
    }

    [Fact]
    public async Task Continue_as_new_begins_with_an_empty_history_and_keeps_events_nobody_took()
    {
        await using var host = await HostAsync();
        var id = await StartAsync(host, "Counter", 1);
        foreach (var add in new[] { 2, 3, 4 })
            await Client(host).RaiseEventAsync(id, "add", add, TestHost.Stop);
        await host.QuietAsync();
        Assert.Equal("""{"at":10}""", (await Client(host).GetInstanceAsync(id, getInputsAndOutputs: true, TestHost.Stop))!.SerializedCustomStatus);
        await Client(host).RaiseEventAsync(id, "add", 0, TestHost.Stop);
        Assert.Equal(10, (await EndAsync(host, id)).ReadOutputAs<int>());
    }

    [Fact]
    public async Task Of_twenty_starts_with_one_id_one_wins()
    {
        await using var host = await HostAsync();
        var starts = await Task.WhenAll(Enumerable.Range(0, 20).Select(async _ =>
        {
            try
            {
                await StartAsync(host, "Sleeper", TimeSpan.FromDays(1), "only");
                return 1;
            }
            catch (InvalidOperationException)
            {
                return 0;
            }
        }));
        Assert.Equal(1, starts.Sum());
        await host.AdvanceAsync(TimeSpan.FromDays(1));
        await EndAsync(host, "only");
        await StartAsync(host, "Sum", new[] { 4 }, "only");
        Assert.Equal(8, (await EndAsync(host, "only")).ReadOutputAs<int>());
    }

    [Fact]
    public async Task A_start_in_the_future_waits_even_over_a_restart()
    {
        var hub = NewHub();
        var time = new FakeTimeProvider(Start);
        await using (var first = await HostAsync(hub, time))
            await Client(first).ScheduleNewOrchestrationInstanceAsync("Sum", new[] { 5 }, new StartOrchestrationOptions("later", Start.AddHours(2)), TestHost.Stop);
        await using var host = await HostAsync(hub, time);
        await host.AdvanceAsync(TimeSpan.FromMinutes(119));
        Assert.Equal(OrchestrationRuntimeStatus.Pending, (await Client(host).GetInstanceAsync("later", TestHost.Stop))!.RuntimeStatus);
        await host.AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(10, (await EndAsync(host, "later")).ReadOutputAs<int>());
    }

    [Fact]
    public async Task A_terminated_instance_ends_and_later_answers_do_not_matter()
    {
        await using var host = await HostAsync();
        var id = await StartAsync(host, "Sleeper", TimeSpan.FromDays(1));
        await Client(host).TerminateInstanceAsync(id, "enough", TestHost.Stop);
        var end = await EndAsync(host, id);
        Assert.Equal((OrchestrationRuntimeStatus.Terminated, "enough"), (end.RuntimeStatus, end.ReadOutputAs<string>()));
        await host.AdvanceAsync(TimeSpan.FromDays(1));
        Assert.Equal(OrchestrationRuntimeStatus.Terminated, (await Client(host).GetInstanceAsync(id, TestHost.Stop))!.RuntimeStatus);
    }

    [Fact]
    public async Task Ids_are_the_same_in_every_replay()
    {
        await using var host = await HostAsync();
        var end = await EndAsync(host, await StartAsync(host, "Ids"));
        var ids = end.ReadOutputAs<Guid[]>()!;
        Assert.Equal([ids[0].ToString()], host.Probe.All);
        Assert.Equal((5, 5, 2), (ids[0].Version, ids[1].Version, ids.Distinct().Count()));
    }

    [Fact]
    public async Task A_replay_safe_logger_writes_once()
    {
        await using var host = await HostAsync();
        await EndAsync(host, await StartAsync(host, "Logs"));
        Assert.Single(host.Log.Lines, l => l.Text == "once");
    }

    [Fact]
    public async Task Code_that_changed_under_a_running_instance_is_named()
    {
        var hub = NewHub();
        string id;
        Fickleness.Name = "Mark";
        await using (var first = await HostAsync(hub))
        {
            id = await StartAsync(first, "Fickle");
            await first.QuietAsync();
        }

        Fickleness.Name = "Mark2";
        await using var host = await HostAsync(hub);
        await Client(host).RaiseEventAsync(id, "go", "x", TestHost.Stop);
        var end = await EndAsync(host, id);
        Assert.Equal(OrchestrationRuntimeStatus.Failed, end.RuntimeStatus);
        Assert.Contains($"'Fickle' instance '{id}' is not deterministic: event 2 of its history calls activity 'Mark' as task 0, but its code now calls activity 'Mark2'", end.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Awaiting_what_is_not_the_contexts_is_named()
    {
        await using var host = await HostAsync();
        var end = await EndAsync(host, await StartAsync(host, "Strays"));
        Assert.Contains("waits for something that is not its context's", end.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_orchestrator_is_refused_with_the_names_there_are()
    {
        await using var host = await HostAsync();
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => StartAsync(host, "Nobody"));
        Assert.Contains("there is no orchestrator 'Nobody'; this app has: Breaks, Counter", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_host_on_the_same_hub_does_not_start()
    {
        var hub = NewHub();
        await using var first = await HostAsync(hub);
        var error = await Assert.ThrowsAsync<EmbeddedHost.Hosting.StartupException>(() => HostAsync(hub));
        Assert.Contains($"another process runs the orchestrations of hub '{hub}'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_that_stops_leaves_its_instances_to_the_next_start()
    {
        var hub = NewHub();
        var time = new FakeTimeProvider(Start);
        string id;
        await using (var first = await HostAsync(hub, time))
        {
            id = await StartAsync(first, "Sleeper", TimeSpan.FromHours(3));
            await first.QuietAsync();
        }

        time.Advance(TimeSpan.FromHours(4));
        await using var host = await HostAsync(hub, time);
        Assert.Equal("04:00:00", (await EndAsync(host, id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Instances_are_listed_by_status_and_prefix()
    {
        await using var host = await HostAsync();
        await StartAsync(host, "Sleeper", TimeSpan.FromHours(3), "a-1");
        await StartAsync(host, "Sleeper", TimeSpan.FromHours(3), "b-1");
        await EndAsync(host, await StartAsync(host, "Sum", new[] { 1 }, "a-2"));
        await host.QuietAsync();
        var ids = new List<string>();
        await foreach (var found in Client(host).GetAllInstancesAsync(new OrchestrationQuery(Statuses: [OrchestrationRuntimeStatus.Running], InstanceIdPrefix: "a-")))
            ids.Add(found.InstanceId);
        Assert.Equal(["a-1"], ids);
    }

    [Fact]
    public async Task A_large_input_is_kept_over_several_properties()
    {
        await using var host = await HostAsync();
        var text = new string('ä', 100_000);
        var end = await EndAsync(host, await StartAsync(host, "Ids", text));
        Assert.Equal(text, end.ReadInputAs<string>());
    }
}
