using System.Net;
using System.Text.Json;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Testing;

namespace LocalHost.Tests.WebJobs;

/// <summary>Runs the test app once for a class: the orchestrations keep apart by their ids.</summary>
public sealed class SharedRun(AzuriteFixture azurite) : IAsyncLifetime
{
    private AppPlace? _place;
    private AppRun? _run;

    internal AppRun Run => _run!;

    public async ValueTask InitializeAsync()
    {
        _place = new AppPlace(azurite);
        _run = await AppRun.StartAsync(_place);
    }

    public async ValueTask DisposeAsync()
    {
        if (_run is not null)
            await _run.DisposeAsync();
        _place?.Dispose();
    }
}

public sealed class DurableTests(SharedRun shared) : IClassFixture<SharedRun>
{
    private const string Instances = "/runtime/webhooks/durabletask/instances";

    private AppRun Run => shared.Run;

    [Fact]
    public async Task Activities_run_one_after_the_other_and_their_results_come_back()
    {
        var ended = await Run.RunAsync("Buy", new { Item = "pen", Count = 2 }, "buy");
        Assert.Equal(
            (OrchestrationRuntimeStatus.Completed, "pen x2 packed for buy, pen sent"),
            (ended.RuntimeStatus, ended.ReadOutputAs<string>())
        );
    }

    [Fact]
    public async Task A_fan_out_adds_up()
    {
        var ended = await Run.RunAsync("Square", 10);
        Assert.Equal(Enumerable.Range(0, 10).Sum(n => n * n), ended.ReadOutputAs<int>());
    }

    [Fact]
    public async Task Inputs_and_results_of_all_shapes_go_through()
    {
        var ended = await Run.RunAsync("Shapes");
        Assert.Equal("null 2.5 pen4 a+b", ended.ReadOutputAs<string>());
    }

    // The engine's timers on Azure Storage fire up to a second early: a queue message's delay has whole seconds.
    [Fact]
    public async Task A_timer_fires()
    {
        var ended = await Run.RunAsync("Sleeps", 2.0);
        Assert.InRange(ended.ReadOutputAs<double>(), 1, 20);
    }

    [Fact]
    public async Task An_event_ends_a_wait_whatever_the_case_of_its_name()
    {
        var id = await Run.Client.ScheduleNewOrchestrationInstanceAsync("TwoApprovals", AppRun.Stop);
        await Run.Client.RaiseEventAsync(id, "APPROVAL", "ann", AppRun.Stop);
        await Run.Client.RaiseEventAsync(id, "approval", "bob", AppRun.Stop);
        Assert.Equal("ann and bob", (await Run.EndAsync(id)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_wait_for_an_event_ends_when_its_time_has_passed()
    {
        var ended = await Run.RunAsync("ApprovalOrEscalate", 2.0);
        Assert.Equal("escalated", ended.ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_wait_for_an_event_with_a_time_limit_is_ended_by_the_event_and_its_status_is_seen_meanwhile()
    {
        var id = await Run.Client.ScheduleNewOrchestrationInstanceAsync("ApprovalOrEscalate", 600.0, AppRun.Stop);
        var waiting = await AppRun.UntilAsync(
            () => Run.Client.GetInstanceAsync(id, getInputsAndOutputs: true, AppRun.Stop),
            i => i?.SerializedCustomStatus is not null,
            () => "no custom status"
        );
        await Run.Client.RaiseEventAsync(id, "Approval", "ann", AppRun.Stop);
        Assert.Equal(("waiting", "ann"), (waiting!.ReadCustomStatusAs<string>(), (await Run.EndAsync(id)).ReadOutputAs<string>()));
    }

    [Fact]
    public async Task A_failing_activity_is_tried_again()
    {
        var ended = await Run.RunAsync("Stubborn", 3, "stubborn");
        Assert.Equal("went at attempt 3", ended.ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_failure_that_its_policy_does_not_handle_is_not_tried_again()
    {
        var ended = await Run.RunAsync("Picky", id: "picky");
        // The store keeps a failure as text; its details are seen by an orchestrator that catches it.
        Assert.Equal(
            (
                OrchestrationRuntimeStatus.Failed,
                "Microsoft.DurableTask.TaskFailedException: Task 'Try' (#0) failed with an unhandled exception: attempt 1 fails"
            ),
            (ended.RuntimeStatus, ended.SerializedOutput!.Split('\n')[0].TrimEnd())
        );
    }

    [Fact]
    public async Task A_sub_orchestration_gives_its_result_and_knows_its_parent()
    {
        var ended = await Run.RunAsync("Parent", "child-of-7", "parent-7");
        Assert.Equal("child-of-7 under parent-7", ended.ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_failed_sub_orchestration_fails_its_task()
    {
        var ended = await Run.RunAsync("ParentOfFailure");
        Assert.Equal("Picky: Microsoft.DurableTask.TaskFailedException System.InvalidOperationException", ended.ReadOutputAs<string>());
    }

    [Fact]
    public async Task A_new_generation_keeps_the_events_that_were_not_waited_for()
    {
        var id = await Run.Client.ScheduleNewOrchestrationInstanceAsync("Collector", 0, AppRun.Stop);
        for (var n = 1; n <= 5; n++)
            await Run.Client.RaiseEventAsync(id, "Number", n, AppRun.Stop);
        Assert.Equal(15, (await Run.EndAsync(id)).ReadOutputAs<int>());
    }

    [Fact]
    public async Task An_orchestration_sends_another_an_event()
    {
        var receiver = await Run.Client.ScheduleNewOrchestrationInstanceAsync("ApprovalOrEscalate", 600.0, AppRun.Stop);
        await Run.RunAsync("Sender", receiver);
        Assert.Equal("from afar", (await Run.EndAsync(receiver)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task Ids_and_time_are_the_same_at_each_replay()
    {
        var ended = await Run.RunAsync("Deterministic");
        Assert.Equal("True True", ended.ReadOutputAs<string>());
    }

    // Not empty, whatever its type promises.
    [Fact]
    public async Task Without_a_default_version_the_version_of_an_orchestration_is_null()
    {
        var ended = await Run.RunAsync("Version");
        Assert.Equal((OrchestrationRuntimeStatus.Completed, null), (ended.RuntimeStatus, ended.ReadOutputAs<string>()));
    }

    [Fact]
    public async Task A_payload_of_a_megabyte_goes_through()
    {
        var text = "ä\"😀" + new string('x', 1_000_000);
        Assert.Equal(text, (await Run.RunAsync("Echoes", text)).ReadOutputAs<string>());
    }

    [Fact]
    public async Task An_unknown_activity_and_an_unknown_orchestrator_are_named()
    {
        var (activity, orchestrator) = (await Run.RunAsync("Calls", "Unknown"), await Run.RunAsync("Nowhere"));
        Assert.Contains("Task 'Unknown' (#0) failed", activity.SerializedOutput, StringComparison.Ordinal);
        Assert.Contains("The function 'Nowhere' doesn't exist", orchestrator.SerializedOutput, StringComparison.Ordinal);
    }

    // One after the other: of several creations at the very same time the official store lets more than one through.
    [Fact]
    public async Task A_second_creation_of_an_id_in_use_is_refused_and_the_id_is_free_again_at_its_end()
    {
        Task<string> CreateAsync() =>
            Run.Client.ScheduleNewOrchestrationInstanceAsync("TwoApprovals", new StartOrchestrationOptions("one"), AppRun.Stop);
        await CreateAsync();
        var refused = await Assert.ThrowsAnyAsync<Exception>(CreateAsync);
        await Run.Client.TerminateInstanceAsync("one", AppRun.Stop);
        await Run.EndAsync("one");
        var again = await Run.RunAsync("Echoes", "again", "one");
        Assert.Contains("An Orchestration instance with the ID one already exists.", refused.Message, StringComparison.Ordinal);
        Assert.Equal("again", again.ReadOutputAs<string>());
    }

    // The official extension leaves the children alone, whatever its client asks for.
    [Fact]
    public async Task A_terminated_orchestration_ends_with_the_given_output()
    {
        var id = await Run.Client.ScheduleNewOrchestrationInstanceAsync("TwoApprovals", AppRun.Stop);
        await RunningAsync(id);
        await Run.Client.TerminateInstanceAsync(id, "enough", AppRun.Stop);
        var ended = await Run.EndAsync(id);
        Assert.Equal((OrchestrationRuntimeStatus.Terminated, "enough"), (ended.RuntimeStatus, ended.ReadOutputAs<string>()));
    }

    [Fact]
    public async Task Instances_are_listed_by_what_is_asked_and_a_purged_one_is_gone()
    {
        for (var n = 0; n < 3; n++)
            await Run.RunAsync("Echoes", $"{n}", $"listed:{n}");
        await Run.Client.ScheduleNewOrchestrationInstanceAsync("TwoApprovals", new StartOrchestrationOptions("listed:waits"), AppRun.Stop);
        var query = new OrchestrationQuery
        {
            InstanceIdPrefix = "listed:",
            Statuses = [OrchestrationRuntimeStatus.Completed],
            FetchInputsAndOutputs = true,
        };
        var before = await ListAsync(query);
        var purged = await Run.Client.PurgeInstanceAsync("listed:1", AppRun.Stop);
        Assert.Equal(["listed:0 0", "listed:1 1", "listed:2 2"], before);
        Assert.Equal(1, purged.PurgedInstanceCount);
        Assert.Equal(["listed:0 0", "listed:2 2"], await ListAsync(query));
        Assert.Null(await Run.Client.GetInstanceAsync("listed:1", AppRun.Stop));
    }

    [Fact]
    public async Task A_function_starts_an_orchestration_with_the_client_it_is_given()
    {
        using var answer = await Run.SendAsync(HttpMethod.Post, "/api/echo/by-http");
        Assert.Equal((HttpStatusCode.OK, "from http"), (answer.StatusCode, await answer.Content.ReadAsStringAsync(AppRun.Stop)));
    }

    [Fact]
    public async Task The_management_endpoints_show_raise_and_terminate_for_the_master_key_alone()
    {
        foreach (var id in new[] { "managed", "managed-2" })
        {
            var options = new StartOrchestrationOptions(id);
            await Run.Client.ScheduleNewOrchestrationInstanceAsync("ApprovalOrEscalate", 600.0, options, AppRun.Stop);
        }

        await RunningAsync("managed");

        using var closed = await Run.SendAsync(HttpMethod.Get, $"{Instances}/managed");
        using var running = await Run.SendAsync(HttpMethod.Get, $"{Instances}/managed", AppRun.Master);
        Assert.Equal(
            (HttpStatusCode.Unauthorized, HttpStatusCode.Accepted, "Running"),
            (closed.StatusCode, running.StatusCode, await TextAsync(running, "runtimeStatus"))
        );

        using var raised = await Run.SendAsync(HttpMethod.Post, $"{Instances}/managed/raiseEvent/Approval", AppRun.Master, "\"ann\"");
        await Run.EndAsync("managed");
        using var ended = await Run.SendAsync(HttpMethod.Get, $"{Instances}/managed", AppRun.Master);
        Assert.Equal((HttpStatusCode.Accepted, HttpStatusCode.OK), (raised.StatusCode, ended.StatusCode));
        Assert.Equal(("Completed", "ann"), (await TextAsync(ended, "runtimeStatus"), await TextAsync(ended, "output")));

        using var terminated = await Run.SendAsync(HttpMethod.Post, $"{Instances}/managed-2/terminate?reason=enough", AppRun.Master);
        Assert.Equal(HttpStatusCode.Accepted, terminated.StatusCode);
        Assert.Equal(OrchestrationRuntimeStatus.Terminated, (await Run.EndAsync("managed-2")).RuntimeStatus);

        using var unknown = await Run.SendAsync(HttpMethod.Get, $"{Instances}/unknown", AppRun.Master);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
    }

    private async Task RunningAsync(string id) =>
        await AppRun.UntilAsync(
            () => Run.Client.GetInstanceAsync(id, AppRun.Stop),
            i => i?.RuntimeStatus == OrchestrationRuntimeStatus.Running,
            () => "not running"
        );

    private static async Task<string?> TextAsync(HttpResponseMessage response, string property)
    {
        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync(AppRun.Stop));
        return json.RootElement.GetProperty(property).GetString();
    }

    private async Task<List<string>> ListAsync(OrchestrationQuery query)
    {
        var found = new List<string>();
        await foreach (var instance in Run.Client.GetAllInstancesAsync(query))
            found.Add($"{instance.InstanceId} {instance.ReadOutputAs<string>()}");
        return found;
    }
}
