using Azure.Core;
using Azure.Core.Pipeline;
using Testing;

namespace EmbeddedHost.Tests.Durable;

public sealed class StopTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task A_stop_waits_for_the_activity_under_way_and_keeps_its_result()
    {
        var hub = DurableHost.NewHub();
        await using (var host = await DurableHost.On(azurite, hub).StartAsync(typeof(App)))
        {
            await host.Durable.ScheduleNewOrchestrationInstanceAsync("Two", new StartOrchestrationOptions("a"), TestHost.Stop);
            await host.Probe.NextAsync<string>();
            var stopped = host.StopAsync();
            Assert.False(stopped.IsCompleted);
            host.Probe.Gate.SetResult();
            await stopped.WaitAsync(TimeSpan.FromSeconds(20), TestHost.Stop);
            // The second activity was scheduled by the step that took the result, and not begun.
            Assert.Equal(["begun one"], host.Probe.All);
        }

        await using var again = await DurableHost.On(azurite, hub).StartAsync(typeof(App));
        again.Probe.Gate.SetResult();
        Assert.Equal("one two", (await again.EndAsync("a")).ReadOutputAs<string>());
        Assert.Equal(["begun two"], again.Probe.All);
    }

    [Fact]
    public async Task An_activity_cut_off_by_the_end_of_the_drain_time_is_done_again_at_the_next_start()
    {
        var hub = DurableHost.NewHub();
        await using (var host = await DurableHost.On(azurite, hub).StartAsync(typeof(App)))
        {
            await host.Durable.ScheduleNewOrchestrationInstanceAsync("Two", new StartOrchestrationOptions("a"), TestHost.Stop);
            await host.Probe.NextAsync<string>();
            var stopped = host.StopAsync();
            host.Clock.Advance(TimeSpan.FromSeconds(31));
            await stopped.WaitAsync(TimeSpan.FromSeconds(20), TestHost.Stop);
        }

        await using var again = await DurableHost.On(azurite, hub).StartAsync(typeof(App));
        again.Probe.Gate.SetResult();
        Assert.Equal("one two", (await again.EndAsync("a")).ReadOutputAs<string>());
        Assert.Equal(["begun one", "begun two"], again.Probe.All);
    }

    [Fact]
    public async Task While_storage_is_down_a_step_waits_and_nothing_is_lost()
    {
        var outage = new Outage();
        await using var host = await DurableHost.On(azurite, counter: outage).StartAsync(typeof(App));
        await host.Durable.ScheduleNewOrchestrationInstanceAsync("Waits", new StartOrchestrationOptions("w"), TestHost.Stop);
        await host.QuietAsync();
        outage.On = true;
        var raised = host.Durable.RaiseEventAsync("w", "Go", "went", TestHost.Stop);
        await host.Log.SeenAsync(54);
        await host.QuietAsync();
        Assert.False(raised.IsCompleted);
        outage.On = false;
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        await raised.WaitAsync(TimeSpan.FromSeconds(20), TestHost.Stop);
        Assert.Equal("went", (await host.EndAsync("w")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_host_whose_storage_does_not_answer_says_so_in_one_line()
    {
        await using var host = DurableHost.On(azurite, counter: new Outage { On = true });
        var refused = await Assert.ThrowsAsync<EmbeddedHost.Hosting.StartupException>(() => host.StartAsync(typeof(App)));
        Assert.Contains("(setting AzureWebJobsStorage) does not answer: ", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', refused.Message);
    }

    private sealed class Outage : HttpPipelineSynchronousPolicy
    {
        public bool On { get; set; }

        public override void OnSendingRequest(HttpMessage message)
        {
            if (On)
                throw new IOException("the connection was refused");
        }
    }

    private sealed class App(Probe probe)
    {
        [Function("Waits")]
        public static Task<string> Waits([OrchestrationTrigger] TaskOrchestrationContext context) => context.WaitForExternalEvent<string>("Go");

        [Function("Two")]
        public static async Task<string> Two([OrchestrationTrigger] TaskOrchestrationContext context) =>
            $"{await context.CallActivityAsync<string>("Gated", "one")} {await context.CallActivityAsync<string>("Gated", "two")}";

        [Function("Gated")]
        public async Task<string> Gated([ActivityTrigger] string name, CancellationToken stop)
        {
            probe.See($"begun {name}");
            await probe.Gate.Task.WaitAsync(stop);
            return name;
        }
    }
}
