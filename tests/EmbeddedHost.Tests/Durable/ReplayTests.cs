using EmbeddedHost.Durable;
using Microsoft.Extensions.Logging.Abstractions;

namespace EmbeddedHost.Tests.Durable;

/// <summary>The replay by itself: histories in, steps out, no storage and no host.</summary>
public sealed class ReplayTests
{
    private static readonly DateTime Now = new(2026, 3, 1, 6, 0, 0, DateTimeKind.Utc);

    private static readonly HistoryEvent[] Begun = [Begin(0), new(EventKind.ExecutionStarted) { Name = "O", Data = "7" }];

    [Fact]
    public void The_first_step_asks_for_what_the_code_calls_first()
    {
        var step = Run(c => c.CallActivityAsync("A", 5), [], Begun);
        Assert.Equal([new HistoryEvent(EventKind.TaskScheduled) { Id = 0, Name = "A", Data = "5" }], step.Actions);
        Assert.Null(step.Completed);
    }

    [Fact]
    public void A_result_takes_the_code_on_and_what_is_past_is_not_asked_for_again()
    {
        var step = Run(
            async c => await c.CallActivityAsync<int>("B", await c.CallActivityAsync<int>("A") + 1),
            [.. Begun, Scheduled(0, "A")],
            [Begin(1), new(EventKind.TaskCompleted) { Id = 0, Data = "41" }]);
        Assert.Equal([new HistoryEvent(EventKind.TaskScheduled) { Id = 1, Name = "B", Data = "42" }], step.Actions);
    }

    [Theory]
    [InlineData("B", "event 2 of its history: the history has activity 'A' (#0), the code asked for activity 'B' (#0)")]
    [InlineData("timer", "event 2 of its history: the history has activity 'A' (#0), the code asked for a timer (#0)")]
    [InlineData("child", "event 2 of its history: the history has activity 'A' (#0), the code asked for sub-orchestration 'C' (#0)")]
    [InlineData("send", "event 2 of its history: the history has activity 'A' (#0), the code asked for event 'E' to 'i' (#0)")]
    [InlineData("nothing", "event 2 of its history: the history has activity 'A' (#0), the code asked for nothing there")]
    [InlineData("more", "event 3 of its history: the history has nothing there, the code asked for activity 'B' (#1)")]
    public void What_the_code_does_otherwise_than_its_history_is_told(string now, string difference)
    {
        var step = Run(
            async c =>
            {
                await (now switch
                {
                    "B" => c.CallActivityAsync("B"),
                    "timer" => c.CreateTimer(TimeSpan.FromDays(1), CancellationToken.None),
                    "child" => c.CallSubOrchestratorAsync("C"),
                    "send" => Send(c),
                    "more" => Task.WhenAll(c.CallActivityAsync("A"), c.CallActivityAsync("B")),
                    _ => Task.CompletedTask,
                });
                await c.WaitForExternalEvent<int>("never");
            },
            [.. Begun, Scheduled(0, "A")],
            [Begin(1), new(EventKind.TaskCompleted) { Id = 0 }]);
        Assert.Equal(NonDeterminismException.OfficialName, step.Completed!.Failure!.ErrorType);
        Assert.StartsWith($"instance 'i', {difference}.", step.Completed.Failure.ErrorMessage, StringComparison.Ordinal);
        Assert.Empty(step.Actions);
    }

    [Fact]
    public void The_time_is_that_of_the_step_at_each_replay()
    {
        var times = new List<DateTime>();
        Task Code(TaskOrchestrationContext c) => Twice(c, () => times.Add(c.CurrentUtcDateTime));
        Run(Code, [.. Begun, Scheduled(0, "A")], [Begin(9), new(EventKind.TaskCompleted) { Id = 0 }]);
        Run(Code, [.. Begun, Scheduled(0, "A"), Begin(9), new(EventKind.TaskCompleted) { Id = 0 }, Scheduled(1, "A")], [Begin(20), new(EventKind.TaskCompleted) { Id = 1 }]);
        Assert.Equal([Now, Now.AddMinutes(9), Now, Now.AddMinutes(9), Now.AddMinutes(20)], times);
    }

    [Fact]
    public void Replaying_ends_where_the_new_begins()
    {
        var replaying = new List<bool>();
        Run(c => Twice(c, () => replaying.Add(c.IsReplaying)), [.. Begun, Scheduled(0, "A")], [Begin(1), new(EventKind.TaskCompleted) { Id = 0 }]);
        Assert.Equal([true, false], replaying);
    }

    [Fact]
    public void A_timer_that_was_given_up_is_not_waited_for()
    {
        var step = Run(c => c.WaitForExternalEvent<string>("E", TimeSpan.FromDays(90)), [], [.. Begun, Raised("e", "\"x\"")]);
        Assert.Equal([EventKind.TimerCreated], step.Actions.Select(a => a.Kind));
        Assert.Empty(step.Timers);
        Assert.Equal(OrchestrationRuntimeStatus.Completed, step.Completed!.Status);
    }

    [Fact]
    public void An_event_to_a_wait_that_was_given_up_is_lost_as_on_the_real_host()
    {
        var step = Run(
            async c =>
            {
                using var stop = new CancellationTokenSource();
                var wait = c.WaitForExternalEvent<string>("E", stop.Token);
                stop.Cancel();
                await c.CallActivityAsync("A");
                return await c.WaitForExternalEvent<string>("E");
            },
            [.. Begun, Scheduled(0, "A")],
            [Begin(1), Raised("E", "\"lost\""), new(EventKind.TaskCompleted) { Id = 0 }, Raised("E", "\"kept\"")]);
        Assert.Equal("\"kept\"", step.Completed!.Data);
    }

    [Fact]
    public void The_latest_of_several_waits_gets_the_event()
    {
        var step = Run(
            async c =>
            {
                var first = c.WaitForExternalEvent<int>("E");
                var second = c.WaitForExternalEvent<int>("E");
                return $"{await first} {await second}";
            },
            [], [.. Begun, Raised("E", "1"), Raised("E", "2")]);
        Assert.Equal("\"2 1\"", step.Completed!.Data);
    }

    [Fact]
    public void Beginning_anew_takes_along_the_events_nobody_took_unless_told_not_to()
    {
        var kept = Run(c => Anew(c, true), [], [.. Begun, Raised("E", "1"), Raised("F", "0")]);
        var dropped = Run(c => Anew(c, false), [], [.. Begun, Raised("E", "1"), Raised("F", "0")]);
        Assert.Equal("8", kept.Anew!.Input);
        Assert.Equal([Raised("E", "1")], kept.Anew.Events);
        Assert.Empty(dropped.Anew!.Events);
    }

    [Fact]
    public void A_result_that_does_not_fit_fails_the_call_in_the_code()
    {
        var step = Run(
            async c =>
            {
                try
                {
                    return (await c.CallActivityAsync<int>("A")).ToString(System.Globalization.CultureInfo.InvariantCulture);
                }
                catch (System.Text.Json.JsonException)
                {
                    return "no number";
                }
            },
            [.. Begun, Scheduled(0, "A")], [Begin(1), new(EventKind.TaskCompleted) { Id = 0, Data = "\"x\"" }]);
        Assert.Equal("\"no number\"", step.Completed!.Data);
    }

    [Fact]
    public void Leaving_the_thread_is_told_even_when_the_code_waits_for_its_context_too()
    {
        var strayed = 0;
        var gate = new TaskCompletionSource();
        var step = OrchestratorReplay.Run(
            "i", async c => { await Task.WhenAny(gate.Task, c.CallActivityAsync("A")); return null; }, [], Begun, NullLoggerFactory.Instance, NullLogger.Instance, () => strayed++);
        Assert.Null(step.Completed);
        gate.SetResult();
        Assert.Equal(1, strayed);
    }

    [Theory]
    [InlineData(0, 10)]
    [InlineData(1, 20)]
    [InlineData(4, 160)]
    [InlineData(5, 300)]
    [InlineData(4000, 300)]
    public void Waits_grow_by_the_coefficient_up_to_the_longest(int attempt, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), Retries.Delay(new RetryPolicy(9, TimeSpan.FromSeconds(10), 2, TimeSpan.FromSeconds(300)), attempt));

    [Fact]
    public void No_retry_begins_after_the_time_limit_of_the_policy()
    {
        var policy = new RetryPolicy(9, TimeSpan.FromMinutes(5), retryTimeout: TimeSpan.FromMinutes(8));
        HistoryEvent[] past = [.. Begun, Scheduled(0, "A"), Begin(1), Failed(0), Timer(1, 6), Begin(6), Fired(1), Scheduled(2, "A")];
        var within = Run(c => c.CallActivityAsync("A", TaskOptions.FromRetryPolicy(policy)), past, [Begin(7), Failed(2)]);
        var after = Run(c => c.CallActivityAsync("A", TaskOptions.FromRetryPolicy(policy)), past, [Begin(8), Failed(2)]);
        Assert.Equal([EventKind.TimerCreated], within.Actions.Select(a => a.Kind));
        Assert.Equal(OrchestrationRuntimeStatus.Failed, after.Completed!.Status);
    }

    [Fact]
    public void The_history_is_read_as_it_was_written()
    {
        HistoryEvent[] events =
        [
            new(EventKind.ExecutionStarted) { Name = "O", Data = "{\"a\":\"ä\"}", Time = Now, Execution = "e", Parent = new ParentLink("P", "p", "x", 3) },
            new(EventKind.TaskFailed) { Id = 4, Failure = new TaskFailureDetails("T", "m", "s", new TaskFailureDetails("U", "n", null, null, null), null) },
            new(EventKind.TimerCreated) { Id = 5, FireAt = Now.AddTicks(1) },
            new(EventKind.ExecutionCompleted) { Status = OrchestrationRuntimeStatus.Terminated, Recursive = true },
        ];
        Assert.Equal(events, HistoryEvent.Read(HistoryEvent.Write(events)));
    }

    private static HistoryEvent Begin(int minutes) => new(EventKind.OrchestratorStarted) { Time = Now.AddMinutes(minutes) };

    private static HistoryEvent Scheduled(int id, string name) => new(EventKind.TaskScheduled) { Id = id, Name = name };

    private static HistoryEvent Failed(int id) => new(EventKind.TaskFailed) { Id = id, Failure = new TaskFailureDetails("T", "m", null, null, null) };

    private static HistoryEvent Timer(int id, int minutes) => new(EventKind.TimerCreated) { Id = id, FireAt = Now.AddMinutes(minutes) };

    private static HistoryEvent Fired(int id) => new(EventKind.TimerFired) { Id = id };

    private static HistoryEvent Raised(string name, string data) => new(EventKind.EventRaised) { Name = name, Data = data };

    private static Task Send(TaskOrchestrationContext context)
    {
        context.SendEvent("i", "E", 1);
        return Task.CompletedTask;
    }

    private static async Task Twice(TaskOrchestrationContext context, Action note)
    {
        note();
        await context.CallActivityAsync("A");
        note();
        await context.CallActivityAsync("A");
        note();
    }

    private static async Task Anew(TaskOrchestrationContext context, bool keep)
    {
        // Ended by the event of another name, so that E is early.
        await context.WaitForExternalEvent<int>("F");
        context.ContinueAsNew(context.GetInput<int>() + 1, keep);
    }

    private static Step Run(Func<TaskOrchestrationContext, Task> code, HistoryEvent[] past, HistoryEvent[] fresh) =>
        OrchestratorReplay.Run("i", async c => { await code(c); return null; }, past, fresh, NullLoggerFactory.Instance, NullLogger.Instance, () => { });

    private static Step Run<T>(Func<TaskOrchestrationContext, Task<T>> code, HistoryEvent[] past, HistoryEvent[] fresh) =>
        OrchestratorReplay.Run("i", async c => await code(c), past, fresh, NullLoggerFactory.Instance, NullLogger.Instance, () => { });
}
