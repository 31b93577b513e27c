using Testing;

namespace EmbeddedHost.Tests.Durable;

public sealed class OrchestrationTests(AzuriteFixture azurite)
{
    private sealed record Order(string Item, int Count);

    [Fact]
    public async Task Activities_run_one_after_the_other_and_their_results_come_back()
    {
        await using var host = await DurableHost.On(azurite).StartAsync(typeof(Shop));
        var ended = await host.RunAsync("Buy", new Order("pen", 2));
        Assert.Equal((OrchestrationRuntimeStatus.Completed, "pen x2 packed, sent", (string?)null), (ended.RuntimeStatus, ended.ReadOutputAs<string>(), ended.FailureDetails?.ToString()));
        Assert.Equal(["pack pen", "send pen"], host.Probe.All);
        Assert.Equal(new Order("pen", 2), ended.ReadInputAs<Order>());
    }

    [Fact]
    public async Task A_fan_out_runs_its_activities_side_by_side()
    {
        await using var host = await DurableHost.On(azurite).StartAsync(typeof(Shop));
        var ended = await host.RunAsync("Square", 10);
        Assert.Equal(Enumerable.Range(0, 10).Sum(n => n * n), ended.ReadOutputAs<int>());
    }

    [Fact]
    public async Task A_timer_fires_when_the_clock_is_moved()
    {
        await using var host = await DurableHost.On(azurite).StartAsync(typeof(Shop));
        var id = await host.Durable.ScheduleNewOrchestrationInstanceAsync("Wait90Days", cancellation: TestHost.Stop);
        await host.QuietAsync();
        await host.AdvanceAsync(TimeSpan.FromDays(89));
        Assert.True((await host.Durable.GetInstanceAsync(id, TestHost.Stop))!.IsRunning);
        await host.AdvanceAsync(TimeSpan.FromDays(1));
        var ended = await host.EndAsync(id);
        Assert.Equal(new DateTime(2026, 5, 30, 6, 0, 0, DateTimeKind.Utc), ended.ReadOutputAs<DateTime>());
    }

    private sealed class Shop(Probe probe)
    {
        [Function("Buy")]
        public static async Task<string> Buy([OrchestrationTrigger] TaskOrchestrationContext context, Order order)
        {
            var packed = await context.CallActivityAsync<string>("Pack", order);
            var sent = await context.CallActivityAsync<string>("Send", order.Item);
            return $"{packed}, {sent}";
        }

        [Function("Pack")]
        public string Pack([ActivityTrigger] Order order)
        {
            probe.See($"pack {order.Item}");
            return $"{order.Item} x{order.Count} packed";
        }

        [Function("Send")]
        public Task<string> Send([ActivityTrigger] string item, FunctionContext context, CancellationToken stop)
        {
            probe.See($"send {item}");
            return Task.FromResult("sent");
        }

        [Function("Square")]
        public static async Task<int> SquareAll([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            var squares = await Task.WhenAll(Enumerable.Range(0, context.GetInput<int>()).Select(n => context.CallActivityAsync<int>("SquareOne", n)));
            return squares.Sum();
        }

        [Function("SquareOne")]
        public static int SquareOne([ActivityTrigger] int number) => number * number;

        [Function("Wait90Days")]
        public static async Task<DateTime> Wait90Days([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            await context.CreateTimer(TimeSpan.FromDays(90), CancellationToken.None);
            return context.CurrentUtcDateTime;
        }
    }
}
