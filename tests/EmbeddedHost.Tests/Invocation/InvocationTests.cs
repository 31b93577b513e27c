using System.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Time.Testing;

namespace EmbeddedHost.Tests.Invocation;

public sealed class InvocationTests
{
    [Fact]
    public async Task Each_run_has_its_own_services_id_and_trace()
    {
        await using var host = await new TestHost().StartAsync(typeof(Telling));
        using var first = await host.SendAsync(HttpMethod.Get, "/api/tell/a");
        using var second = await host.SendAsync(HttpMethod.Get, "/api/tell/b?x=1");
        var (a, b) = (await host.Probe.NextAsync<Seen>(), await host.Probe.NextAsync<Seen>());
        Assert.Equal(("Telling", "httpTrigger", "a", "Telling", "httpTrigger", "b"), (a.Name, a.Trigger, a.Value, b.Name, b.Trigger, b.Value));
        Assert.True(a.Id != b.Id && a.Trace != b.Trace && a.Scoped != b.Scoped && a.FunctionId == b.FunctionId && a.Trace.StartsWith("00-", StringComparison.Ordinal));
        Assert.True(a.Scoped.Disposed && b.Scoped.Disposed);
    }

    [Fact]
    public async Task Middleware_runs_in_order_around_the_function_and_can_leave_it_out()
    {
        var host = new TestHost
        {
            Configure = b =>
            {
                b.UseMiddleware<Recording>();
                b.UseMiddleware(async (context, next) =>
                {
                    if (context.GetHttpContext()!.Request.Headers["x-skip"].Count == 0)
                        await next();
                    else
                        context.GetHttpContext()!.Response.StatusCode = 403;
                });
                b.UseWhen<Never>(_ => false);
            },
        };
        await using var started = await host.StartAsync(typeof(Correlated));
        using var ran = await host.SendAsync(HttpMethod.Get, "/api/Correlated");
        using var skipped = await host.SendAsync(HttpMethod.Get, "/api/Correlated", null, null, ("x-skip", "1"));
        Assert.Equal((200, 403), ((int)ran.StatusCode, (int)skipped.StatusCode));
        Assert.Equal(["before Correlated", "function c-1", "after", "before Correlated", "after"], host.Probe.All);
    }

    [Fact]
    public async Task functionTimeout_cancels_the_token_and_fails_the_run_even_when_the_function_then_returns()
    {
        var host = new TestHost { Time = new FakeTimeProvider(), HostJson = """{"version":"2.0","functionTimeout":"00:01:00"}""" };
        await using var started = await host.StartAsync(typeof(Long));
        var answer = host.SendAsync(HttpMethod.Get, "/api/Long");
        Assert.Equal("begin", await host.Probe.NextAsync<string>());
        host.Clock.Advance(TimeSpan.FromSeconds(60));
        using var late = await answer;
        Assert.Equal((500, "cancelled"), ((int)late.StatusCode, host.Probe.All[^1]));
        Assert.Contains(host.Log.Lines, l => l.Id == 102 && l.Error is TimeoutException e && e.Message == "Long took longer than host.json's functionTimeout of 00:01:00");
    }

    [Fact]
    public async Task A_stop_lets_runs_end_and_only_then_the_host_is_down()
    {
        await using var host = await new TestHost { Time = new FakeTimeProvider() }.StartAsync(typeof(Gated));
        var answer = host.SendAsync(HttpMethod.Get, "/api/Gated");
        Assert.Equal("begin", await host.Probe.NextAsync<string>());
        var stopped = host.StopAsync();
        host.Probe.Gate.SetResult();
        await stopped;
        using var done = await answer;
        Assert.Equal((200, "end False"), ((int)done.StatusCode, host.Probe.All[^1]));
        Assert.Contains(host.Log.Lines, l => l.Id == 7);
    }

    [Fact]
    public async Task A_run_that_outlasts_the_drain_time_is_cancelled()
    {
        var host = new TestHost { Time = new FakeTimeProvider() };
        host.Settings["EmbeddedHost:DrainSeconds"] = "20";
        await using var started = await host.StartAsync(typeof(Long));
        using var answer = await host.SendAsync(HttpMethod.Post, "/admin/functions/Background", TestHost.Master, """{"input":"{}"}""");
        Assert.Equal("begin", await host.Probe.NextAsync<string>());
        var stopped = host.StopAsync();
        host.Clock.Advance(TimeSpan.FromSeconds(19));
        Assert.Equal(["begin"], host.Probe.All);
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        await stopped;
        Assert.Equal(["begin", "cancelled"], host.Probe.All);
        Assert.Contains(host.Log.Lines, l => l.Id == 6);
    }

    private sealed record Seen(string Id, string FunctionId, string Trace, Scoped Scoped, string Name, string Trigger, object? Value);

    private sealed class Telling(Probe probe, Scoped scoped)
    {
        [Function("Telling")]
        public IActionResult Run([HttpTrigger(AuthorizationLevel.Anonymous, "get", Route = "tell/{value}")] HttpRequest request, FunctionContext context)
        {
            Debug.Assert(context.InstanceServices.GetService(typeof(Scoped)) == scoped, "the run's own services");
            probe.See(new Seen(
                context.InvocationId, context.FunctionId, context.TraceContext.TraceParent, scoped, context.FunctionDefinition.Name,
                context.FunctionDefinition.InputBindings["request"].Type, context.BindingContext.BindingData["value"]));
            return new OkResult();
        }
    }

    private sealed class Recording(Probe probe) : IFunctionsWorkerMiddleware
    {
        public async Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
        {
            probe.See($"before {context.FunctionDefinition.Name}");
            context.Items["correlation"] = "c-1";
            await next(context);
            probe.See("after");
        }
    }

    private sealed class Never(Probe probe) : IFunctionsWorkerMiddleware
    {
        public Task Invoke(FunctionContext context, FunctionExecutionDelegate next)
        {
            probe.See("never");
            return next(context);
        }
    }

    private sealed class Correlated(Probe probe)
    {
        [Function("Correlated")]
        public void Run([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request, FunctionContext context) => probe.See($"function {context.Items["correlation"]}");
    }

    private sealed class Gated(Probe probe)
    {
        [Function("Gated")]
        public async Task RunAsync([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request, CancellationToken stop)
        {
            probe.See("begin");
            await probe.Gate.Task;
            probe.See($"end {stop.IsCancellationRequested}");
        }
    }

    private sealed class Long(Probe probe)
    {
        [Function("Long")]
        public Task RunAsync([HttpTrigger(AuthorizationLevel.Anonymous)] HttpRequest request, CancellationToken stop) => WaitAsync(stop);

        [Function("Background")]
        public Task BackgroundAsync([EventGridTrigger] string text, CancellationToken stop) => WaitAsync(stop);

        private async Task WaitAsync(CancellationToken stop)
        {
            probe.See("begin");
            var cancelled = new TaskCompletionSource();
            await using var registration = stop.Register(cancelled.SetResult);
            await cancelled.Task;
            probe.See("cancelled");
        }
    }
}
