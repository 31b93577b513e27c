using System.Text.Json;
using Microsoft.DurableTask;
using Microsoft.DurableTask.Client;
using Testing;

namespace LocalHost.Tests.WebJobs;

/// <summary>What hosts of two releases left in one hub, under a host of the later one.</summary>
public abstract class Releases(AzuriteFixture azurite) : IAsyncLifetime
{
    private AppPlace? _place;
    private AppRun? _run;

    internal AppRun Run => _run!;

    public async ValueTask InitializeAsync()
    {
        _place = new AppPlace(azurite);
        await PrepareAsync(_place);
        _run = await AppRun.StartAsync(_place, "2.0");
    }

    public async ValueTask DisposeAsync()
    {
        if (_run is not null)
            await _run.DisposeAsync();
        _place?.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected abstract Task PrepareAsync(AppPlace place);
}

/// <summary>A release after another: instances that 1.0 began, under a host of 2.0.</summary>
public sealed class NewRelease(AzuriteFixture azurite) : Releases(azurite)
{
    private protected override async Task PrepareAsync(AppPlace place)
    {
        await using (var old = await AppRun.StartAsync(place, "1.0"))
        {
            await old.BeginAsync("stays");
            await old.BeginAsync("moves");
            await old.BeginAsync("shown");
            await old.BeginAsync("unversioned", version: "");
            await old.Client.ScheduleNewOrchestrationInstanceAsync("Family", new StartOrchestrationOptions("family"), AppRun.Stop);
            await old.StatusAsync("family", "waits");
        }
    }
}

/// <summary>What the official extension makes of the version settings of host.json, with the release forward.</summary>
public sealed class NewReleaseTests(NewRelease release) : IClassFixture<NewRelease>
{
    private AppRun Run => release.Run;

    [Fact]
    public async Task A_new_instance_has_the_default_version()
    {
        Assert.Equal("2.0", (await Run.RunAsync("Version")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task An_older_instance_goes_on_with_its_own_version_also_after_continue_as_new()
    {
        await Run.NextAsync("stays", "same", "[1.0][1.0]");
        Assert.Equal("[1.0][1.0]", await Run.LastAsync("stays"));
    }

    [Fact]
    public async Task A_new_generation_has_the_version_that_it_is_given()
    {
        await Run.NextAsync("moves", "2.0", "[1.0][2.0]");
        await Run.NextAsync("moves", "same", "[1.0][2.0][2.0]");
        Assert.Equal("[1.0][2.0][2.0]", await Run.LastAsync("moves"));
    }

    // The request that docs/architecture/versions.md has.
    [Fact]
    public async Task The_management_endpoint_lists_which_version_each_instance_has()
    {
        await Run.NextAsync("shown", "same", "[1.0][1.0]");
        var before = await VersionAsync("shown");
        await Run.NextAsync("shown", "2.0", "[1.0][1.0][2.0]");
        Assert.Equal(("1.0", "2.0"), (before, await VersionAsync("shown")));
    }

    [Fact]
    public async Task An_instance_without_a_version_is_older_than_any()
    {
        await Run.NextAsync("unversioned", "same", "[][]");
        await Run.NextAsync("unversioned", "2.0", "[][][2.0]");
        Assert.Equal("[][][2.0]", await Run.LastAsync("unversioned"));
    }

    // Not its parent's: the worker extension gives it the default version of the host that runs the parent.
    [Fact]
    public async Task A_child_has_the_hosts_default_version_unless_it_is_given_another()
    {
        Assert.Equal("1.0 2.0 1.0", await Run.LastAsync("family"));
    }

    private async Task<string?> VersionAsync(string id)
    {
        const string live = "/runtime/webhooks/durabletask/instances?runtimeStatus=Running,Pending&showInput=false";
        using var answer = await Run.SendAsync(HttpMethod.Get, live, AppRun.Master);
        var instances = JsonElement.Parse(await answer.Content.ReadAsStringAsync(AppRun.Stop)).EnumerateArray();
        return instances.Single(i => i.GetProperty("instanceId").GetString() == id).GetProperty("version").GetString();
    }
}

/// <summary>A release is taken back: instances that 2.0 began, or moved to, under a host of 1.0, and then 2.0 once more.</summary>
public sealed class FormerRelease(AzuriteFixture azurite) : Releases(azurite)
{
    private static readonly string[] Newer = ["began", "scheduled", "moves"];

    /// <summary>State and status of the newer instances under the older host, after it has rejected each.</summary>
    internal Dictionary<string, string> Rejected { get; } = [];

    /// <summary>Result of an instance of 1.0 in the same partition meanwhile.</summary>
    internal string? Other { get; private set; }

    private protected override async Task PrepareAsync(AppPlace place)
    {
        await using (var newer = await AppRun.StartAsync(place, "2.0"))
            await newer.BeginAsync("began");
        await using (var older = await AppRun.StartAsync(place, "1.0"))
        {
            await older.BeginAsync("moves");
            await older.Client.RaiseEventAsync("began", "Next", "same", AppRun.Stop);
            await older.Client.RaiseEventAsync("moves", "Next", "2.0", AppRun.Stop);
            await older.ScheduleAsync("scheduled", "2.0");
            foreach (var id in Newer)
            {
                await older.AbandonedAsync(id);
                var instance = await older.Client.GetInstanceAsync(id, getInputsAndOutputs: true, AppRun.Stop);
                Rejected[id] = $"{instance!.RuntimeStatus} {instance.ReadCustomStatusAs<string>()}".TrimEnd();
            }

            await older.BeginAsync("other");
            Other = await older.LastAsync("other");
        }
    }
}

/// <summary>What the official extension makes of the version settings of host.json, with the release backward.</summary>
public sealed class FormerReleaseTests(FormerRelease release) : IClassFixture<FormerRelease>
{
    [Fact]
    public void The_older_host_leaves_newer_instances_as_they_are_and_runs_its_own()
    {
        Assert.Equal(("Running [2.0]", "Pending", "[1.0]"), (release.Rejected["began"], release.Rejected["scheduled"], release.Other));
    }

    [Fact]
    public async Task The_newer_host_then_goes_on_with_an_instance_that_waited_and_none_of_its_events_is_lost()
    {
        await release.Run.StatusAsync("began", "[2.0][2.0]");
        Assert.Equal("[2.0][2.0]", await release.Run.LastAsync("began"));
    }

    [Fact]
    public async Task The_newer_host_then_begins_an_instance_that_waited()
    {
        await release.Run.StatusAsync("scheduled", "[2.0]");
        Assert.Equal("[2.0]", await release.Run.LastAsync("scheduled"));
    }

    // The step that would move it is not stored either: it is done again on each delivery.
    [Fact]
    public async Task An_instance_that_moves_to_a_version_newer_than_its_hosts_stays_where_it_is_until_a_newer_host_comes()
    {
        Assert.Equal("Running [1.0]", release.Rejected["moves"]);
        await release.Run.StatusAsync("moves", "[1.0][2.0]");
        Assert.Equal("[1.0][2.0]", await release.Run.LastAsync("moves"));
    }
}

/// <summary>Hosts of two versions at the same time on one task hub of one partition, which one of them owns.</summary>
public sealed class VersionsSideBySideTests(AzuriteFixture azurite)
{
    [Fact]
    public async Task What_a_newer_host_starts_waits_while_the_older_one_owns_its_partition_and_ends_when_that_has_stopped()
    {
        using var place = new AppPlace(azurite);
        await using var older = await AppRun.StartAsync(place, "1.0");
        await older.BeginAsync("under-way");
        await using var newer = await AppRun.StartAsync(place, "2.0");
        await newer.ScheduleAsync("new");
        await older.AbandonedAsync("new");
        var waiting = await newer.Client.GetInstanceAsync("new", AppRun.Stop);
        await older.DisposeAsync();
        await newer.StatusAsync("new", "[2.0]");
        Assert.Equal(
            (OrchestrationRuntimeStatus.Pending, "[2.0]", "[1.0]"),
            (waiting!.RuntimeStatus, await newer.LastAsync("new"), await newer.LastAsync("under-way"))
        );
    }

    // Versions bind orchestrations alone. The newer host has its one slot for activities taken, so that the older one is next.
    [Fact]
    public async Task An_activity_of_a_newer_instance_may_run_on_the_older_host_and_fails_where_that_does_not_have_it()
    {
        using var place = new AppPlace(azurite, ("durableTask:maxConcurrentActivityFunctions", "1"));
        await using var newer = await AppRun.StartAsync(place, "2.0");
        await newer.Client.ScheduleNewOrchestrationInstanceAsync("OneStep", "slot", AppRun.Stop);
        await place.SeenAsync(1);
        place.Environment["AzureWebJobs.Echo.Disabled"] = "true";
        await using (var older = await AppRun.StartAsync(place, "1.0"))
        {
            var options = new StartOrchestrationOptions("echo");
            await newer.Client.ScheduleNewOrchestrationInstanceAsync("EchoTwice", "late", options, AppRun.Stop);
            // All that the orchestrator learns of "The function 'Echo' doesn't exist, is disabled, or is not an activity function".
            await newer.StatusAsync("echo", "(unknown)");
        }

        place.Open("slot");
        await newer.Client.RaiseEventAsync("echo", "Next", "", AppRun.Stop);
        Assert.Equal("late", (await newer.EndAsync("echo")).ReadOutputAs<string>());
    }

    [Fact]
    public async Task With_the_failure_strategy_Fail_a_newer_instance_is_lost()
    {
        using var place = new AppPlace(azurite, ("durableTask:versionFailureStrategy", "Fail"));
        await using var older = await AppRun.StartAsync(place, "1.0");
        await older.ScheduleAsync("newer", "2.0");
        var ended = await older.EndAsync("newer");
        Assert.Equal(
            (OrchestrationRuntimeStatus.Failed, "VersionMismatch: Orchestration version did not comply with Worker Versioning"),
            (ended.RuntimeStatus, ended.SerializedOutput)
        );
    }
}

/// <summary>Steps of these tests with orchestrator <c>Generations</c>, whose status is the versions of its generations.</summary>
file static class Steps
{
    // Of DurableTask.AzureStorage: a message is put back into its queue.
    private const int AbandoningMessage = 104;

    /// <summary>Starts an instance.</summary>
    /// <param name="run">The host.</param>
    /// <param name="id">The instance.</param>
    /// <param name="version">Its version, empty for none at all; null leaves it to the host.</param>
    public static Task<string> ScheduleAsync(this AppRun run, string id, string? version = null)
    {
        var options = new StartOrchestrationOptions(id);
        if (version is not null)
            options = options with { Version = version };
        return run.Client.ScheduleNewOrchestrationInstanceAsync("Generations", null, options, AppRun.Stop);
    }

    /// <summary>Starts an instance and waits until it waits.</summary>
    public static async Task BeginAsync(this AppRun run, string id, string? version = null)
    {
        await run.ScheduleAsync(id, version);
        await run.StatusAsync(id, _ => true);
    }

    /// <summary>Lets an instance begin its next generation, and waits until that waits.</summary>
    public static async Task NextAsync(this AppRun run, string id, string version, string status)
    {
        await run.Client.RaiseEventAsync(id, "Next", version, AppRun.Stop);
        await run.StatusAsync(id, status);
    }

    /// <summary>Ends an instance; its result.</summary>
    public static async Task<string?> LastAsync(this AppRun run, string id)
    {
        await run.Client.RaiseEventAsync(id, "Next", "end", AppRun.Stop);
        return (await run.EndAsync(id)).ReadOutputAs<string>();
    }

    public static Task StatusAsync(this AppRun run, string id, string status) => run.StatusAsync(id, s => s == status);

    public static async Task StatusAsync(this AppRun run, string id, Func<string, bool> fits)
    {
        OrchestrationMetadata? last = null;
        await AppRun.UntilAsync(
            async () => last = await run.Client.GetInstanceAsync(id, getInputsAndOutputs: true, AppRun.Stop),
            instance => instance?.ReadCustomStatusAs<string>() is { } status && fits(status),
            () => $"{id} {last?.RuntimeStatus}, status {last?.SerializedCustomStatus}, output {last?.SerializedOutput}"
        );
    }

    /// <summary>Waits until the host has put a message of an instance back.</summary>
    public static Task AbandonedAsync(this AppRun run, string id) =>
        run.Log.SeenAsync(l =>
            l.Event.Id == AbandoningMessage
            && l.Category.StartsWith("DurableTask", StringComparison.Ordinal)
            && l.Text.StartsWith($"{id}:", StringComparison.Ordinal)
        );
}
