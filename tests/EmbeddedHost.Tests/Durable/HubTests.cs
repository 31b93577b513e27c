using System.Net;
using System.Text.Json;
using Azure.Core;
using Azure.Core.Pipeline;
using EmbeddedHost.Durable;
using EmbeddedHost.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Testing;

namespace EmbeddedHost.Tests.Durable;

public sealed class HubTests(AzuriteFixture azurite)
{
    private const string Instances = "/runtime/webhooks/durabletask/instances";

    [Fact]
    public async Task Of_20_creations_of_one_id_at_once_one_wins()
    {
        await using var host = await DurableHost.On(azurite).StartAsync(typeof(App));
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 20).Select(n => Task.Run(async () =>
        {
            try
            {
                return await host.Durable.ScheduleNewOrchestrationInstanceAsync("Waits", n, new StartOrchestrationOptions("one"), TestHost.Stop);
            }
            catch (OrchestrationAlreadyExistsException e)
            {
                return e.Message;
            }
        })));
        Assert.Equal(1, outcomes.Count(o => o == "one"));
        Assert.Equal(19, outcomes.Count(o => o == "An Orchestration instance with the ID one already exists."));
    }

    [Fact]
    public async Task A_finished_instance_is_replaced_by_a_new_one_of_its_id_also_after_a_restart()
    {
        var hub = DurableHost.NewHub();
        await using (var host = await DurableHost.On(azurite, hub).StartAsync(typeof(App)))
        {
            Assert.Equal(7, (await host.RunAsync("Echo", 7, "again")).ReadOutputAs<int>());
            Assert.Equal(8, (await host.RunAsync("Echo", 8, "again")).ReadOutputAs<int>());
        }

        await using var later = await DurableHost.On(azurite, hub).StartAsync(typeof(App));
        Assert.Equal(8, (await later.Durable.GetInstanceAsync("again", true, TestHost.Stop))!.ReadOutputAs<int>());
        Assert.Equal(9, (await later.RunAsync("Echo", 9, "again")).ReadOutputAs<int>());
        await later.QuietAsync();
        Assert.Equal(9, (await later.Durable.GetInstanceAsync("again", true, TestHost.Stop))!.ReadOutputAs<int>());
    }

    [Fact]
    public async Task What_is_unfinished_goes_on_after_a_restart_and_a_timer_missed_meanwhile_fires()
    {
        var hub = DurableHost.NewHub();
        await using (var host = await DurableHost.On(azurite, hub).StartAsync(typeof(App)))
        {
            await host.Durable.ScheduleNewOrchestrationInstanceAsync("WaitsADay", new StartOrchestrationOptions("slept"), TestHost.Stop);
            await host.Durable.ScheduleNewOrchestrationInstanceAsync("Waits", new StartOrchestrationOptions("waits"), TestHost.Stop);
            await host.QuietAsync();
        }

        var later = new Microsoft.Extensions.Time.Testing.FakeTimeProvider(new DateTimeOffset(2026, 3, 5, 0, 0, 0, TimeSpan.Zero));
        await using var again = await DurableHost.On(azurite, hub, later).StartAsync(typeof(App));
        Assert.Equal(new DateTime(2026, 3, 5, 0, 0, 0, DateTimeKind.Utc), (await again.EndAsync("slept")).ReadOutputAs<DateTime>());
        await again.Durable.RaiseEventAsync("waits", "Go", "went", TestHost.Stop);
        Assert.Equal("went", (await again.EndAsync("waits")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_step_costs_two_storage_calls_at_most_on_average()
    {
        var calls = new Counter();
        await using var host = await DurableHost.On(azurite, counter: calls).StartAsync(typeof(App));
        await host.QuietAsync();
        calls.Reset();
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => host.RunAsync("FiveSteps")));
        await host.QuietAsync();
        // Per instance: announced, six commits (the start and five results), closed.
        Assert.Equal(10 * 8, calls.Count);
    }

    [Fact]
    public async Task Code_that_no_longer_does_what_its_history_says_fails_and_says_where()
    {
        var hub = DurableHost.NewHub();
        await using (var host = await DurableHost.On(azurite, hub).StartAsync(typeof(Before)))
        {
            await host.Durable.ScheduleNewOrchestrationInstanceAsync("Changing", new StartOrchestrationOptions("changed"), TestHost.Stop);
            await host.QuietAsync();
        }

        await using var after = await DurableHost.On(azurite, hub).StartAsync(typeof(After));
        await after.Durable.RaiseEventAsync("changed", "Go", null, TestHost.Stop);
        var ended = await after.EndAsync("changed");
        Assert.Equal(NonDeterminismException.OfficialName, ended.FailureDetails!.ErrorType);
        Assert.StartsWith("instance 'changed', event 2 of its history: the history has activity 'One' (#0), the code asked for activity 'Two' (#0).", ended.FailureDetails.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_second_host_on_a_hub_that_is_in_use_says_who_has_it()
    {
        var hub = DurableHost.NewHub();
        await using var first = await DurableHost.On(azurite, hub).StartAsync(typeof(App));
        await using var second = DurableHost.On(azurite, hub);
        var refused = await Assert.ThrowsAsync<StartupException>(() => second.StartAsync(typeof(App)));
        Assert.Contains($"task hub {hub} is in use by process {Environment.ProcessId} on {Environment.MachineName}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_whose_lease_is_taken_writes_no_more_and_stops()
    {
        var hub = DurableHost.NewHub();
        await using var first = await DurableHost.On(azurite, hub).StartAsync(typeof(App));
        await first.Durable.ScheduleNewOrchestrationInstanceAsync("Waits", new StartOrchestrationOptions("mine"), TestHost.Stop);
        await first.QuietAsync();
        // As a second process would that believes the first gone.
        var store = new HubStore(azurite.Tables, hub);
        var stored = (await store.LoadAsync("mine", TestHost.Stop))!;
        await store.CommitAsync(stored.Record, stored.Record with { Commit = "another's" }, [], TestHost.Stop);
        await Assert.ThrowsAsync<HubLostException>(() => first.Durable.RaiseEventAsync("mine", "Go", "late", TestHost.Stop));
        var stopping = first.Host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        Assert.True(stopping.IsCancellationRequested);
        Assert.Contains(first.Log.Lines, l => l.Text == $"This host has lost task hub {hub} and stops: another process wrote to orchestration 'mine' of task hub {hub}");
    }

    [Fact]
    public async Task Instances_are_listed_page_by_page_and_by_what_is_asked()
    {
        await using var host = await DurableHost.On(azurite).StartAsync(typeof(App));
        for (var n = 0; n < 5; n++)
            await host.RunAsync("Echo", n, $"echo/{n}".Replace('/', ':'));
        await host.Durable.ScheduleNewOrchestrationInstanceAsync("Waits", new StartOrchestrationOptions("waits"), TestHost.Stop);
        await host.QuietAsync();
        var pages = new List<List<string>>();
        await foreach (var page in host.Durable.GetAllInstancesAsync(new OrchestrationQuery { PageSize = 4 }).AsPages())
            pages.Add([.. page.Values.Select(i => i.InstanceId)]);
        Assert.Equal([["echo:0", "echo:1", "echo:2", "echo:3"], ["echo:4", "waits"]], pages);
        var some = new List<OrchestrationMetadata>();
        await foreach (var instance in host.Durable.GetAllInstancesAsync(new OrchestrationQuery
        {
            Statuses = [OrchestrationRuntimeStatus.Completed],
            InstanceIdPrefix = "echo:",
            FetchInputsAndOutputs = true,
        }))
        {
            some.Add(instance);
        }

        Assert.Equal([0, 1, 2, 3, 4], some.Select(i => i.ReadOutputAs<int>()));
    }

    [Fact]
    public async Task A_purged_instance_is_gone_and_one_under_way_is_not_purged()
    {
        await using var host = await DurableHost.On(azurite).StartAsync(typeof(App));
        await host.RunAsync("Echo", 1, "old");
        await host.Durable.ScheduleNewOrchestrationInstanceAsync("Waits", new StartOrchestrationOptions("waits"), TestHost.Stop);
        Assert.Equal(1, (await host.Durable.PurgeInstanceAsync("old", TestHost.Stop)).PurgedInstanceCount);
        Assert.Equal(0, (await host.Durable.PurgeInstanceAsync("waits", TestHost.Stop)).PurgedInstanceCount);
        Assert.Null(await host.Durable.GetInstanceAsync("old", TestHost.Stop));
        Assert.NotNull(await host.Durable.GetInstanceAsync("waits", TestHost.Stop));
    }

    [Fact]
    public async Task A_function_starts_orchestrations_with_the_client_it_is_given()
    {
        await using var host = await DurableHost.On(azurite).StartAsync(typeof(App));
        using var answer = await host.SendAsync(HttpMethod.Post, "/api/start", "default-key");
        Assert.Equal("from http", (await host.EndAsync("by-http")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task The_management_endpoints_show_raise_and_terminate()
    {
        await using var host = await DurableHost.On(azurite).StartAsync(typeof(App));
        await host.Durable.ScheduleNewOrchestrationInstanceAsync("Waits", 5, new StartOrchestrationOptions("a"), TestHost.Stop);
        await host.Durable.ScheduleNewOrchestrationInstanceAsync("Waits", 6, new StartOrchestrationOptions("b"), TestHost.Stop);

        using var closed = await host.SendAsync(HttpMethod.Get, $"{Instances}/a", "default-key");
        Assert.Equal(HttpStatusCode.Unauthorized, closed.StatusCode);
        using var running = await host.SendAsync(HttpMethod.Get, $"{Instances}/a", TestHost.Master);
        Assert.Equal(HttpStatusCode.Accepted, running.StatusCode);
        Assert.Equal(
            """{"name":"Waits","instanceId":"a","runtimeStatus":"Running","input":5,"customStatus":null,"output":null,"createdTime":"2026-03-01T06:00:00Z","lastUpdatedTime":"2026-03-01T06:00:00Z"}""",
            await running.Content.ReadAsStringAsync(TestHost.Stop));

        using var raised = await host.SendAsync(HttpMethod.Post, $"{Instances}/a/raiseEvent/Go", TestHost.Master, "\"now\"");
        Assert.Equal(HttpStatusCode.Accepted, raised.StatusCode);
        await host.EndAsync("a");
        using var ended = await host.SendAsync(HttpMethod.Get, $"{Instances}/a", TestHost.Master);
        Assert.Equal((HttpStatusCode.OK, "now"), (ended.StatusCode, JsonDocument.Parse(await ended.Content.ReadAsStringAsync(TestHost.Stop)).RootElement.GetProperty("output").GetString()));

        using var terminated = await host.SendAsync(HttpMethod.Post, $"{Instances}/b/terminate?reason=enough", TestHost.Master);
        Assert.Equal(HttpStatusCode.Accepted, terminated.StatusCode);
        await host.EndAsync("b");
        await host.QuietAsync();
        using var listed = await host.SendAsync(HttpMethod.Get, $"{Instances}?runtimeStatus=Terminated", TestHost.Master);
        var list = JsonDocument.Parse(await listed.Content.ReadAsStringAsync(TestHost.Stop)).RootElement;
        Assert.Equal([("b", "enough")], list.EnumerateArray().Select(i => (i.GetProperty("instanceId").GetString(), i.GetProperty("output").GetString())));

        using var late = await host.SendAsync(HttpMethod.Post, $"{Instances}/a/raiseEvent/Go", TestHost.Master, "1");
        using var unknown = await host.SendAsync(HttpMethod.Get, $"{Instances}/nobody", TestHost.Master);
        using var wrong = await host.SendAsync(HttpMethod.Get, $"{Instances}?runtimeStatus=Odd", TestHost.Master);
        Assert.Equal((HttpStatusCode.Gone, HttpStatusCode.NotFound, HttpStatusCode.BadRequest), (late.StatusCode, unknown.StatusCode, wrong.StatusCode));
    }

    [Fact]
    public async Task Events_to_nobody_and_to_the_finished_are_refused()
    {
        await using var host = await DurableHost.On(azurite).StartAsync(typeof(App));
        await host.RunAsync("Echo", 1, "over");
        await Assert.ThrowsAsync<ArgumentException>(() => host.Durable.RaiseEventAsync("nobody", "Go", TestHost.Stop));
        await Assert.ThrowsAsync<InvalidOperationException>(() => host.Durable.RaiseEventAsync("over", "Go", TestHost.Stop));
        await host.QuietAsync();
        await Assert.ThrowsAsync<InvalidOperationException>(() => host.Durable.TerminateInstanceAsync("over", TestHost.Stop));
    }

    [Theory]
    [InlineData("a/b")]
    [InlineData("@a")]
    [InlineData("a#b")]
    public async Task An_id_that_breaks_the_rule_is_refused(string id)
    {
        await using var host = await DurableHost.On(azurite).StartAsync(typeof(App));
        await Assert.ThrowsAsync<ArgumentException>(() => host.RunAsync("Echo", 1, id));
    }

    [Fact]
    public async Task A_hub_name_that_breaks_the_rule_is_told_at_the_start()
    {
        await using var host = DurableHost.On(azurite, "no-dashes");
        var refused = await Assert.ThrowsAsync<StartupException>(() => host.StartAsync(typeof(App)));
        Assert.EndsWith("$.extensions.durableTask.hubName: must be 3 to 45 letters and digits, a letter first", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_more_activities_run_at_once_than_host_json_allows()
    {
        await using var host = await DurableHost.On(azurite, more: ""","maxConcurrentActivityFunctions":2""").StartAsync(typeof(App));
        var crowd = host.RunAsync("Crowd", id: "crowd");
        // Both are in before either may go on.
        await host.Probe.NextAsync<int>();
        await host.Probe.NextAsync<int>();
        host.Probe.Gate.SetResult();
        await crowd;
        Assert.Equal(2, host.Probe.All.OfType<int>().Max());
    }

    private sealed class Counter : HttpPipelinePolicy
    {
        private int _count;

        public int Count => _count;

        public void Reset() => _count = 0;

        public override void Process(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            Interlocked.Increment(ref _count);
            ProcessNext(message, pipeline);
        }

        public override ValueTask ProcessAsync(HttpMessage message, ReadOnlyMemory<HttpPipelinePolicy> pipeline)
        {
            if (!message.Request.Uri.Query.Contains("comp=lease", StringComparison.Ordinal))
                Interlocked.Increment(ref _count);
            return ProcessNextAsync(message, pipeline);
        }
    }

    private sealed class App(Probe probe)
    {
        // One for all runs of the app in a test: an instance is made for each.
        private static int _running;

        [Function("Waits")]
        public static Task<string> Waits([OrchestrationTrigger] TaskOrchestrationContext context) => context.WaitForExternalEvent<string>("Go");

        [Function("WaitsADay")]
        public static async Task<DateTime> WaitsADay([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            await context.CreateTimer(TimeSpan.FromDays(1), CancellationToken.None);
            return context.CurrentUtcDateTime;
        }

        [Function("Echo")]
        public static object? Echo([OrchestrationTrigger] TaskOrchestrationContext context) => context.GetInput<JsonElement>();

        [Function("FiveSteps")]
        public static async Task FiveSteps([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            for (var n = 0; n < 5; n++)
                await context.CallActivityAsync("Nod", n);
        }

        [Function("Nod")]
        public static void Nod([ActivityTrigger] int number) => _ = number;

        [Function("Crowd")]
        public static Task Crowd([OrchestrationTrigger] TaskOrchestrationContext context) =>
            Task.WhenAll(Enumerable.Range(0, 20).Select(n => context.CallActivityAsync("Count", n)));

        [Function("Count")]
        public async Task Count([ActivityTrigger] int number)
        {
            probe.See(Interlocked.Increment(ref _running));
            await probe.Gate.Task;
            Interlocked.Decrement(ref _running);
        }

        [Function("Start")]
        public static async Task<IActionResult> Start(
            [HttpTrigger(AuthorizationLevel.Function, "post", Route = "start")] HttpRequest request, [DurableClient] DurableTaskClient client, CancellationToken stop) =>
            new OkObjectResult(await client.ScheduleNewOrchestrationInstanceAsync("Echo", "from http", new StartOrchestrationOptions("by-http"), stop));
    }

    private sealed class Before
    {
        [Function("Changing")]
        public static async Task Changing([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            await context.CallActivityAsync("One");
            await context.WaitForExternalEvent<object>("Go");
        }

        [Function("One")]
        public static void One([ActivityTrigger] FunctionContext context)
        {
        }
    }

    private sealed class After
    {
        [Function("Changing")]
        public static async Task Changing([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            await context.CallActivityAsync("Two");
            await context.WaitForExternalEvent<object>("Go");
        }

        [Function("Two")]
        public static void Two([ActivityTrigger] FunctionContext context)
        {
        }
    }
}
