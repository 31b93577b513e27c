using System.Collections.Concurrent;
using DurableTask.Core.Exceptions;
using Microsoft.Azure.Functions.Worker;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace Simulation.Tests;

/// <summary>What the tests of orchestrators rely on.</summary>
public sealed class DurableEngineTests : IAsyncLifetime
{
    private static readonly DateTimeOffset Start = new(2026, 11, 23, 6, 0, 0, TimeSpan.Zero);

    private readonly FakeTimeProvider _clock = new(Start);
    private readonly Steps _steps = new();
    private readonly ServiceProvider _services;
    private readonly DurableEngine _engine;

    public DurableEngineTests()
    {
        _services = new ServiceCollection().AddSingleton(_steps).BuildServiceProvider();
        _engine = new DurableEngine([typeof(Orchestrators), typeof(Activities)], _clock);
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await _engine.StartAsync(_services);

    public async ValueTask DisposeAsync()
    {
        await _engine.DisposeAsync();
        await _services.DisposeAsync();
    }

    [Fact]
    public async Task A_durable_timer_fires_when_the_clock_has_passed_it_and_not_before_and_the_orchestrators_time_is_the_clocks()
    {
        var id = await StartAsync(nameof(Orchestrators.WaitTenDays), null);
        await IdleAsync();
        _clock.Advance(TimeSpan.FromDays(10) - TimeSpan.FromSeconds(1));
        await IdleAsync();
        Assert.Equal(OrchestrationRuntimeStatus.Running, (await _engine.Client.GetInstanceAsync(id, Stop))!.RuntimeStatus);

        _clock.Advance(TimeSpan.FromSeconds(1));

        var ended = await EndAsync(id);
        Assert.Equal([Start.UtcDateTime, Start.UtcDateTime.AddDays(10)], ended.ReadOutputAs<DateTime[]>()!);
        Assert.Equal((Start, Start.AddDays(10)), (ended.CreatedAt, ended.LastUpdatedAt));
    }

    [Fact]
    public async Task An_activity_that_fails_is_done_again_once_the_clock_has_passed_the_wait()
    {
        _steps.Fail("flaky", 2);
        var id = await StartAsync(nameof(Orchestrators.Retry), "flaky");
        var counts = new List<int>();

        foreach (var wait in new[] { 0, 999, 1, 1999, 1 })
        {
            _clock.Advance(TimeSpan.FromMilliseconds(wait));
            await IdleAsync();
            counts.Add(_steps.Count("flaky"));
        }

        Assert.Equal([1, 1, 2, 2, 3], counts);
        Assert.Equal("\"flaky done\"", (await EndAsync(id)).SerializedOutput);
    }

    [Fact]
    public async Task Events_reach_an_orchestrator_also_while_a_step_runs_and_over_a_new_history()
    {
        _steps.Hold("slow");
        var id = await StartAsync(nameof(Orchestrators.Collect), new Collected([]));
        await _steps.NextAsync("slow");
        for (var i = 0; i < 5; i++)
            await _engine.Client.RaiseEventAsync(id, "item", $"{i}", Stop);
        _steps.LetGo("slow");

        Assert.Equal(["0", "1", "2", "3", "4"], (await EndAsync(id)).ReadOutputAs<string[]>()!.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_start_is_refused_while_one_of_the_same_id_runs_and_replaces_one_that_has_ended()
    {
        _steps.Hold("slow");
        var id = await StartAsync(nameof(Orchestrators.Retry), "slow");
        await _steps.NextAsync("slow");

        await Assert.ThrowsAsync<OrchestrationAlreadyExistsException>(() => StartAsync(nameof(Orchestrators.Retry), "other", id));
        _steps.LetGo("slow");
        await EndAsync(id);
        await StartAsync(nameof(Orchestrators.Retry), "other", id);

        Assert.Equal("\"other done\"", (await EndAsync(id)).SerializedOutput);
    }

    [Theory]
    [InlineData(nameof(Orchestrators.AwaitOutside), "awaited something that is not of its context")]
    [InlineData(nameof(Orchestrators.ChangeItsMind), "Non-Deterministic")]
    [InlineData("Unknown", "there is no orchestrator Unknown")]
    public async Task An_orchestrator_that_breaks_the_rules_fails(string name, string reason)
    {
        var ended = await EndAsync(await StartAsync(name, "x"));

        Assert.Equal(OrchestrationRuntimeStatus.Failed, ended.RuntimeStatus);
        Assert.Contains(reason, ended.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_app_that_is_stopped_does_its_running_step_again_and_heeds_what_came_meanwhile()
    {
        _steps.Hold("slow");
        var id = await StartAsync(nameof(Orchestrators.StepThenWaitOrEvent), "slow");
        await _steps.NextAsync("slow");
        await _engine.StopAsync();
        Assert.Equal((1, 0), (_steps.Count("slow"), _steps.Running));

        await _engine.Client.RaiseEventAsync(id, "item", "while stopped", Stop);
        _steps.LetGo("slow");
        await _engine.StartAsync(_services);

        Assert.Equal(("\"while stopped\"", 2), ((await EndAsync(id)).SerializedOutput, _steps.Count("slow")));
    }

    [Fact]
    public async Task Nothing_is_lost_over_many_restarts_at_any_time()
    {
        var id = await StartAsync(nameof(Orchestrators.Collect), new Collected([]));
        for (var i = 0; i < 40; i++)
        {
            // As many as it collects, so that it does not end when one is lost.
            if (i < 5)
                await _engine.Client.RaiseEventAsync(id, "item", $"{i:00}", Stop);
            await _engine.StopAsync();
            await _engine.StartAsync(_services);
            if ((await _engine.Client.GetInstanceAsync(id, Stop))!.IsCompleted)
                break;
        }

        Assert.Equal(["00", "01", "02", "03", "04"], (await EndAsync(id)).ReadOutputAs<string[]>()!.Order(StringComparer.Ordinal));
    }

    private async Task<string> StartAsync(string name, object? input, string? id = null) =>
        await _engine.Client.ScheduleNewOrchestrationInstanceAsync(name, input, new StartOrchestrationOptions(id), Stop);

    private Task IdleAsync() => _engine.WhenIdleAsync(Stop).WaitAsync(TimeSpan.FromSeconds(30), Stop);

    private Task<OrchestrationMetadata> EndAsync(string id) =>
        _engine.Client.WaitForInstanceCompletionAsync(id, getInputsAndOutputs: true, Stop).WaitAsync(TimeSpan.FromSeconds(30), Stop);

    public sealed record Collected(string[] Items);

    /// <summary>What the activities did, and what they are to do.</summary>
    public sealed class Steps
    {
        private readonly ConcurrentDictionary<string, int> _counts = new();
        private readonly ConcurrentDictionary<string, int> _failures = new();
        private readonly ConcurrentDictionary<string, TaskCompletionSource> _begun = new();
        private readonly ConcurrentDictionary<string, TaskCompletionSource> _held = new();
        private int _running;

        public int Running => _running;

        public int Count(string step) => _counts.GetValueOrDefault(step);

        public void Fail(string step, int times) => _failures[step] = times;

        public void Hold(string step) => _held[step] = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void LetGo(string step) => _held[step].TrySetResult();

        public Task NextAsync(string step) => Begun(step).Task.WaitAsync(TimeSpan.FromSeconds(30), Stop);

        public async Task<string> RunAsync(string step, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _running);
            try
            {
                var count = _counts.AddOrUpdate(step, 1, (_, n) => n + 1);
                Begun(step).TrySetResult();
                if (_held.TryGetValue(step, out var held))
                    await held.Task.WaitAsync(cancellationToken);
                return count <= _failures.GetValueOrDefault(step) ? throw new InvalidOperationException($"{step} fails") : $"{step} done";
            }
            finally
            {
                Interlocked.Decrement(ref _running);
            }
        }

        private TaskCompletionSource Begun(string step) =>
            _begun.GetOrAdd(step, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
    }

    public sealed class Activities(Steps steps)
    {
        [Function(nameof(Step))]
        public Task<string> Step([ActivityTrigger] string step, CancellationToken cancellationToken) =>
            steps.RunAsync(step, cancellationToken);
    }

#pragma warning disable DURABLE0001, DURABLE0004, DURABLE0009 // What breaks the rules is tested, and both ways of taking an input.
    public static class Orchestrators
    {
        private static int _runs;

        [Function(nameof(WaitTenDays))]
        public static async Task<DateTime[]> WaitTenDays([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            var began = context.CurrentUtcDateTime;
            await context.CreateTimer(TimeSpan.FromDays(10), CancellationToken.None);
            return [began, context.CurrentUtcDateTime];
        }

        [Function(nameof(Retry))]
        public static Task<string> Retry([OrchestrationTrigger] TaskOrchestrationContext context, string step)
        {
            var options = TaskOptions.FromRetryPolicy(new RetryPolicy(5, TimeSpan.FromSeconds(1), 2));
            return context.CallActivityAsync<string>(nameof(Activities.Step), step, options);
        }

        [Function(nameof(Collect))]
        public static async Task<string[]> Collect([OrchestrationTrigger] TaskOrchestrationContext context, Collected collected)
        {
            await context.CallActivityAsync<string>(nameof(Activities.Step), "slow");
            var items = collected.Items.Append(await context.WaitForExternalEvent<string>("item")).ToArray();
            if (items.Length < 5)
                context.ContinueAsNew(new Collected(items));
            return items;
        }

        [Function(nameof(StepThenWaitOrEvent))]
        public static async Task<string> StepThenWaitOrEvent([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            await context.CallActivityAsync<string>(nameof(Activities.Step), context.GetInput<string>());
            return await context.WaitForExternalEvent<string>("item", TimeSpan.FromHours(1));
        }

        [Function(nameof(AwaitOutside))]
        public static async Task<string> AwaitOutside([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            await Task.Run(() => { }, CancellationToken.None).ConfigureAwait(false);
            return await context.CallActivityAsync<string>(nameof(Activities.Step), "x");
        }

        [Function(nameof(ChangeItsMind))]
        public static async Task<string> ChangeItsMind([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            if (Interlocked.Increment(ref _runs) == 1)
                return await context.CallActivityAsync<string>(nameof(Activities.Step), "x");
            await context.CreateTimer(TimeSpan.FromHours(1), CancellationToken.None);
            return "";
        }
    }
#pragma warning restore DURABLE0001, DURABLE0004, DURABLE0009
}
