using Microsoft.Extensions.Logging;
using Testing;

namespace EmbeddedHost.Tests.Durable;

public sealed class FeatureTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task An_event_ends_a_wait_whatever_the_case_of_its_name()
    {
        await using var host = await DurableHost.On(azurite).StartAsync(typeof(App));
        var id = await host.Durable.ScheduleNewOrchestrationInstanceAsync("TwoApprovals", cancellation: TestHost.Stop);
        await host.QuietAsync();
        await host.Durable.RaiseEventAsync(id, "APPROVAL", "ann", TestHost.Stop);
        await host.Durable.RaiseEventAsync(id, "approval", "bob", TestHost.Stop);
        Assert.Equal("ann and bob", (await host.EndAsync(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Events_that_come_before_anyone_waits_are_kept_in_order()
    {
        await using var host = await DurableHost.On(azurite).StartAsync(typeof(App));
        var start = host.Time.GetUtcNow().AddHours(1);
        var id = await host.Durable.ScheduleNewOrchestrationInstanceAsync("TwoApprovals", new StartOrchestrationOptions("early", start), TestHost.Stop);
        await host.Durable.RaiseEventAsync(id, "Approval", "ann", TestHost.Stop);
        await host.Durable.RaiseEventAsync(id, "Approval", "bob", TestHost.Stop);
        Assert.Equal(OrchestrationRuntimeStatus.Pending, (await host.Durable.GetInstanceAsync(id, TestHost.Stop))!.RuntimeStatus);
        await host.AdvanceAsync(TimeSpan.FromHours(1));
        Assert.Equal("ann and bob", (await host.EndAsync(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_wait_for_an_event_gives_up_when_its_time_has_passed()
    {
        await using var host = await DurableHost.On(azurite).StartAsync(typeof(App));
        var id = await host.Durable.ScheduleNewOrchestrationInstanceAsync("ApprovalOrEscalate", cancellation: TestHost.Stop);
        await host.QuietAsync();
        await host.AdvanceAsync(TimeSpan.FromHours(24));
        Assert.Equal("escalated", (await host.EndAsync(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_wait_for_an_event_with_a_time_limit_is_ended_by_the_event()
    {
        await using var host = await DurableHost.On(azurite).StartAsync(typeof(App));
        var id = await host.Durable.ScheduleNewOrchestrationInstanceAsync("ApprovalOrEscalate", cancellation: TestHost.Stop);
        await host.Durable.RaiseEventAsync(id, "Approval", "ann", TestHost.Stop);
        Assert.Equal("ann", (await host.EndAsync(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_failing_activity_is_tried_again_after_waits_that_grow()
    {
        await using var host = await DurableHost.On(azurite).StartAsync(typeof(App));
        var id = await host.Durable.ScheduleNewOrchestrationInstanceAsync("Stubborn", 3, TestHost.Stop);
        await host.QuietAsync();
        Assert.Single(host.Probe.All);
        await host.AdvanceAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(2, host.Probe.All.Count);
        await host.AdvanceAsync(TimeSpan.FromSeconds(19));
        Assert.Equal(2, host.Probe.All.Count);
        await host.AdvanceAsync(TimeSpan.FromSeconds(1));
        Assert.Equal("went on the 3rd try", (await host.EndAsync(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_failure_that_its_policy_does_not_handle_is_not_tried_again()
    {
        await using var host = await DurableHost.On(azurite).StartAsync(typeof(App));
        var ended = await host.RunAsync("Picky", 3);
        Assert.Equal(OrchestrationRuntimeStatus.Failed, ended.RuntimeStatus);
        Assert.Equal("Task 'Try' (#0) failed with an unhandled exception: not yet", ended.FailureDetails!.ErrorMessage);
        Assert.True(ended.FailureDetails.IsCausedBy<TaskFailedException>());
        Assert.True(ended.FailureDetails.InnerFailure!.IsCausedBy<InvalidOperationException>());
        Assert.Single(host.Probe.All);
    }

    [Fact]
    public async Task A_sub_orchestration_gives_its_result_and_knows_its_parent()
    {
        await using var host = await DurableHost.On(azurite).StartAsync(typeof(App));
        var ended = await host.RunAsync("Parent", "child-of-7", "parent-7");
        Assert.Equal("child-of-7 under Parent parent-7", ended.ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_failed_sub_orchestration_fails_its_task()
    {
        await using var host = await DurableHost.On(azurite).StartAsync(typeof(App));
        var ended = await host.RunAsync("ParentOfFailure");
        Assert.Equal("caught EmbeddedHost.TaskFailedException: Task 'Try' (#0) failed with an unhandled exception: not yet", ended.ReadOutputAs<string>());
    }

    [Fact]
    public async Task Beginning_anew_keeps_the_events_nobody_waited_for()
    {
        await using var host = await DurableHost.On(azurite).StartAsync(typeof(App));
        var id = await host.Durable.ScheduleNewOrchestrationInstanceAsync("Collector", 0, new StartOrchestrationOptions("collector"), TestHost.Stop);
        for (var n = 1; n <= 5; n++)
            await host.Durable.RaiseEventAsync(id, "Number", n, TestHost.Stop);
        Assert.Equal(15, (await host.EndAsync(id)).ReadOutputAs<int>());
    }

    [Fact]
    public async Task An_orchestration_sends_another_an_event()
    {
        await using var host = await DurableHost.On(azurite).StartAsync(typeof(App));
        var receiver = await host.Durable.ScheduleNewOrchestrationInstanceAsync("ApprovalOrEscalate", cancellation: TestHost.Stop);
        await host.RunAsync("Sender", receiver);
        Assert.Equal("from afar", (await host.EndAsync(receiver)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_custom_status_is_seen_from_outside()
    {
        await using var host = await DurableHost.On(azurite).StartAsync(typeof(App));
        var id = await host.Durable.ScheduleNewOrchestrationInstanceAsync("ApprovalOrEscalate", cancellation: TestHost.Stop);
        var running = await host.Durable.GetInstanceAsync(id, true, TestHost.Stop);
        Assert.Equal("waiting", running!.ReadCustomStatusAs<string>());
        Assert.Throws<InvalidOperationException>((await host.Durable.GetInstanceAsync(id, TestHost.Stop))!.ReadCustomStatusAs<string>);
    }

    [Fact]
    public async Task A_terminated_orchestration_ends_with_the_given_output_and_takes_its_children_along_when_told()
    {
        await using var host = await DurableHost.On(azurite).StartAsync(typeof(App));
        var id = await host.Durable.ScheduleNewOrchestrationInstanceAsync("ParentThatWaits", "waiting-child", TestHost.Stop);
        await host.QuietAsync();
        await host.Durable.TerminateInstanceAsync(id, new TerminateInstanceOptions("enough", Recursive: true), TestHost.Stop);
        var (parent, child) = (await host.EndAsync(id), await host.EndAsync("waiting-child"));
        Assert.Equal((OrchestrationRuntimeStatus.Terminated, "enough"), (parent.RuntimeStatus, parent.ReadOutputAs<string>()));
        Assert.Equal((OrchestrationRuntimeStatus.Terminated, "enough"), (child.RuntimeStatus, child.ReadOutputAs<string>()));
    }

    [Fact]
    public async Task Ids_and_time_are_the_same_at_each_replay_and_the_log_speaks_once()
    {
        await using var host = await DurableHost.On(azurite).StartAsync(typeof(App));
        var ended = await host.RunAsync("Deterministic", id: "det");
        Assert.Equal("True", ended.ReadOutputAs<string>());
        Assert.Equal(["begun", "half", "done"], host.Probe.All.OfType<string>().Where(s => !s.StartsWith('#')));
        // The official recipe over id, time and counter, computed here by hand from RFC 9562.
        Assert.Equal("#" + Uuid5("det_2026-03-01T06:00:00.0000000Z_0"), host.Probe.All.OfType<string>().First(s => s.StartsWith('#')));
    }

    [Fact]
    public async Task An_unknown_activity_or_orchestrator_is_told_by_name()
    {
        await using var host = await DurableHost.On(azurite).StartAsync(typeof(App));
        var ended = await host.RunAsync("CallsNobody");
        Assert.Contains("there is no activity 'Nobody' in this app; there is ", ended.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => host.Durable.ScheduleNewOrchestrationInstanceAsync("Nothing", TestHost.Stop));
        Assert.Contains("there is no orchestrator 'Nothing' in this app; there is ", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("AwaitsDelay")]
    [InlineData("AwaitsDelayBesideTimer")]
    public async Task Awaiting_what_is_not_the_contexts_fails_and_says_so(string name)
    {
        await using var host = await DurableHost.On(azurite).StartAsync(typeof(App));
        var ended = await host.RunAsync(name);
        Assert.Equal(OrchestrationRuntimeStatus.Failed, ended.RuntimeStatus);
        Assert.Contains("awaited something that is not of its context", ended.FailureDetails!.ErrorMessage, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_payload_of_megabytes_goes_through()
    {
        await using var host = await DurableHost.On(azurite).StartAsync(typeof(App));
        var text = string.Concat(Enumerable.Repeat("ä\"😀x", 300_000));
        var ended = await host.RunAsync("Echoes", text, "big");
        Assert.Equal(text, ended.ReadOutputAs<string>());
        await host.Durable.GetInstanceAsync("big", TestHost.Stop);
        await host.QuietAsync();
        Assert.Equal(text, (await host.Durable.GetInstanceAsync("big", true, TestHost.Stop))!.ReadOutputAs<string>());
    }

    private static string Uuid5(string name)
    {
#pragma warning disable CA5350 // what version 5 says
        var hash = System.Security.Cryptography.SHA1.HashData([.. Convert.FromHexString("9e9529585e334daf827f2fa12937b875"), .. System.Text.Encoding.UTF8.GetBytes(name)]);
#pragma warning restore CA5350
        var hex = Convert.ToHexStringLower(hash)[..32].ToCharArray();
        hex[12] = '5';
        hex[16] = "89ab"[Convert.ToInt32(hex[16].ToString(), 16) & 3];
        return Guid.ParseExact(new string(hex), "N").ToString();
    }

    private sealed class App(Probe probe)
    {
        private static readonly RetryPolicy Patient = new(5, TimeSpan.FromSeconds(10), 2);

        [Function("TwoApprovals")]
        public static async Task<string> TwoApprovals([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            var first = await context.WaitForExternalEvent<string>("Approval");
            var second = await context.WaitForExternalEvent<string>("Approval");
            return $"{first} and {second}";
        }

        [Function("ApprovalOrEscalate")]
        public static async Task<string> ApprovalOrEscalate([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            context.SetCustomStatus("waiting");
            try
            {
                return await context.WaitForExternalEvent<string>("Approval", TimeSpan.FromHours(24));
            }
            catch (OperationCanceledException)
            {
                return "escalated";
            }
        }

        [Function("Stubborn")]
        public static Task<string> Stubborn([OrchestrationTrigger] TaskOrchestrationContext context, int until) =>
            context.CallActivityAsync<string>("Try", until, TaskOptions.FromRetryPolicy(Patient));

        [Function("Picky")]
        public static Task<string> Picky([OrchestrationTrigger] TaskOrchestrationContext context, int until) =>
            context.CallActivityAsync<string>("Try", until, new TaskOptions(new RetryPolicy(5, TimeSpan.FromSeconds(1))
            {
                HandleFailure = f => f.IsCausedBy<TimeoutException>(),
            }));

        [Function("Try")]
        public string Try([ActivityTrigger] int until)
        {
            probe.See("tried");
            return probe.All.Count >= until ? $"went on the {probe.All.Count}rd try" : throw new InvalidOperationException("not yet");
        }

        [Function("Parent")]
        public static Task<string> Parent([OrchestrationTrigger] TaskOrchestrationContext context) =>
            context.CallSubOrchestratorAsync<string>("Child", options: new SubOrchestrationOptions(instanceId: context.GetInput<string>()));

        [Function("Child")]
        public static string Child([OrchestrationTrigger] TaskOrchestrationContext context) => $"{context.InstanceId} under {context.Parent!.Name} {context.Parent.InstanceId}";

        [Function("ParentOfFailure")]
        public static async Task<string> ParentOfFailure([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            try
            {
                await context.CallSubOrchestratorAsync("Picky", 9);
                return "?";
            }
            catch (TaskFailedException e)
            {
                return $"caught {e.FailureDetails}";
            }
        }

        [Function("ParentThatWaits")]
        public static Task<string> ParentThatWaits([OrchestrationTrigger] TaskOrchestrationContext context) =>
            context.CallSubOrchestratorAsync<string>("TwoApprovals", options: new SubOrchestrationOptions(instanceId: context.GetInput<string>()));

        [Function("Collector")]
        public static async Task<int> Collector([OrchestrationTrigger] TaskOrchestrationContext context, int sum)
        {
            sum += await context.WaitForExternalEvent<int>("Number");
            if (sum == 15)
                return sum;
            // Takes a step in which further events come early.
            await context.CallActivityAsync("Nod");
            context.ContinueAsNew(sum);
            return -1;
        }

        [Function("Nod")]
        public static void Nod([ActivityTrigger] FunctionContext context)
        {
        }

        [Function("Sender")]
        public static async Task Sender([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            await context.CallActivityAsync("Nod");
            context.SendEvent(context.GetInput<string>()!, "approval", "from afar");
        }

        [Function("Deterministic")]
        public async Task<string> Deterministic([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            var log = context.CreateReplaySafeLogger(nameof(App));
            var (id, now) = (context.NewGuid(), context.CurrentUtcDateTime);
            Say("begun");
            probe.See($"#{id}");
            var same = await context.CallActivityAsync<string>("Echo", $"{id} {now:o}");
            Say("half");
            var other = context.NewGuid();
            await context.CallActivityAsync<string>("Echo", "once more");
            Say("done");
            log.LogDebug("both");
            return (same == $"{id} {now:o}" && other != id).ToString();

            void Say(string word)
            {
                if (!context.IsReplaying)
                    probe.See(word);
            }
        }

        [Function("Echo")]
        public static string Echo([ActivityTrigger] string text) => text;

        [Function("Echoes")]
        public static Task<string> Echoes([OrchestrationTrigger] TaskOrchestrationContext context, string text) => context.CallActivityAsync<string>("Echo", text);

        [Function("CallsNobody")]
        public static Task CallsNobody([OrchestrationTrigger] TaskOrchestrationContext context) =>
            context.CallActivityAsync("Nobody", options: TaskOptions.FromRetryPolicy(Patient));

        [Function("AwaitsDelay")]
        public static async Task AwaitsDelay([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            await context.CallActivityAsync("Nod");
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        }

        [Function("AwaitsDelayBesideTimer")]
        public static async Task AwaitsDelayBesideTimer([OrchestrationTrigger] TaskOrchestrationContext context)
        {
            var timer = context.CreateTimer(TimeSpan.FromDays(1), CancellationToken.None);
            await Task.WhenAny(timer, Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System));
        }
    }
}
