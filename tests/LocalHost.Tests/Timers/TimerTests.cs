using LocalHost.Hosting;
using LocalHost.Rpc;
using LocalHost.Worker;
using Testing;

namespace LocalHost.Tests.Timers;

public sealed class TimerTests(AzuriteFixture azurite)
{
    private const string Daily = "0 0 2 * * *";
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 0, 30, 0, TimeSpan.Zero);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private Bench Create(string id, DateTimeOffset now, string schedule = Daily, string more = "", LogBook? log = null) =>
        new(azurite.StateConnection, id, new Clock(now), log ?? new LogBook(), ("Nightly", schedule, more));

    private async Task<Bench> StartAsync(string id, DateTimeOffset now, string schedule = Daily, string more = "")
    {
        var bench = Create(id, now, schedule, more);
        await bench.StartAsync();
        await bench.Clock.WaitedOnAsync();
        return bench;
    }

    private async Task<bool> HasStatusAsync(string id) =>
        await azurite.Blobs.GetBlobContainerClient("azure-webjobs-hosts").GetBlobClient($"timers/{id}/Nightly/status").ExistsAsync(Token);

    [Fact]
    public async Task A_timer_fires_when_the_clock_reaches_its_time_and_not_before()
    {
        await using var bench = await StartAsync("timer-fires", Start);
        bench.Clock.Advance(new TimeSpan(1, 29, 59));
        Assert.Empty(bench.Runs);
        await bench.Clock.ReachAsync(TimeSpan.FromSeconds(1));
        await bench.Clock.ReachAsync(TimeSpan.FromDays(1));
        Assert.Equal(["03-01 02:00:00 False", "03-02 02:00:00 False"], bench.Runs);
    }

    [Fact]
    public async Task A_schedule_that_is_months_away_is_waited_for()
    {
        await using var bench = await StartAsync("timer-yearly", Start, "0 0 0 1 1 *");
        for (var i = 0; i < 12; i++)
            await bench.Clock.ReachAsync(TimeSpan.FromDays(24));
        Assert.Empty(bench.Runs);
        await bench.Clock.ReachAsync(TimeSpan.FromDays(18));
        Assert.Equal(["01-01 00:30:00 False"], bench.Runs);
    }

    [Fact]
    public async Task Runs_missed_while_the_host_was_down_are_made_up_for_once_and_marked_past_due()
    {
        await using (var first = await StartAsync("timer-past-due", Start))
        {
            await first.Clock.ReachAsync(TimeSpan.FromHours(2));
            Assert.Equal(["03-01 02:30:00 False"], first.Runs);
        }

        await using var second = await StartAsync("timer-past-due", Start.AddDays(3));
        await second.Clock.ReachAsync(TimeSpan.FromHours(2));
        Assert.Equal(["03-04 00:30:00 True", "03-04 02:30:00 False"], second.Runs);
    }

    [Fact]
    public async Task A_restart_with_nothing_missed_runs_nothing()
    {
        await (await StartAsync("timer-restart", Start)).DisposeAsync();
        await using var second = await StartAsync("timer-restart", Start.AddMinutes(30));
        Assert.Empty(second.Runs);
    }

    [Fact]
    public async Task The_first_run_of_a_new_timer_is_not_forgotten_when_the_host_is_down_then()
    {
        await (await StartAsync("timer-first", Start)).DisposeAsync();
        await using var second = await StartAsync("timer-first", Start.AddDays(1));
        Assert.Equal(["03-02 00:30:00 True"], second.Runs);
    }

    [Fact]
    public async Task A_changed_schedule_is_not_past_due()
    {
        await (await StartAsync("timer-changed", Start)).DisposeAsync();
        await using var second = await StartAsync("timer-changed", Start.AddDays(1), "0 0 3 * * *");
        Assert.Empty(second.Runs);
    }

    [Fact]
    public async Task RunOnStartup_runs_at_each_start()
    {
        foreach (var day in new[] { 0, 1 })
        {
            await using var bench = await StartAsync("timer-start", Start.AddDays(day), "0 0 0 1 1 *", ",\"runOnStartup\":true");
            Assert.Equal([$"03-0{1 + day} 00:30:00 False"], bench.Runs);
        }
    }

    [Fact]
    public async Task A_timer_without_monitor_is_never_past_due_and_keeps_no_status()
    {
        foreach (var day in new[] { 0, 3 })
        {
            await using var bench = await StartAsync("timer-unmonitored", Start.AddDays(day), more: ",\"useMonitor\":false");
            Assert.Empty(bench.Runs);
        }

        Assert.False(await HasStatusAsync("timer-unmonitored"));
    }

    [Fact]
    public async Task A_timer_under_a_minute_does_not_update_its_status_blob_as_on_the_real_host()
    {
        await using var fast = await StartAsync("timer-fast", Start, "*/30 * * * * *");
        await fast.Clock.ReachAsync(TimeSpan.FromSeconds(30));
        await using var slow = await StartAsync("timer-slow", Start, "0 * * * * *");
        await slow.Clock.ReachAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(
            (1, 1, false, true),
            (fast.Runs.Count, slow.Runs.Count, await HasStatusAsync("timer-fast"), await HasStatusAsync("timer-slow"))
        );
    }

    [Fact]
    public async Task A_timer_never_overlaps_itself_and_makes_up_for_what_came_due_meanwhile_once()
    {
        var gate = new TaskCompletionSource();
        await using var bench = await StartAsync("timer-overlap", Start, "0 * * * * *");
        bench.Gate = gate.Task;
        bench.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("03-01 00:31:00 False", await bench.NextRunAsync());
        bench.Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Single(bench.Runs);
        gate.SetResult();
        await bench.Clock.WaitedOnAsync();
        Assert.Equal(["03-01 00:31:00 False", "03-01 00:36:00 False"], bench.Runs);
    }

    [Fact]
    public async Task A_run_that_fails_or_dies_with_its_worker_does_not_end_the_schedule()
    {
        await using var bench = await StartAsync("timer-fails", Start, "0 * * * * *");
        bench.Failure = new FunctionFailedException(new RpcException { Message = "no" });
        await bench.Clock.ReachAsync(TimeSpan.FromMinutes(1));
        bench.Failure = new WorkerExitedException("gone");
        await bench.Clock.ReachAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(2, bench.Runs.Count);
    }

    [Fact]
    public async Task A_schedule_status_that_cannot_be_read_is_reported_and_the_timer_starts_without_it()
    {
        var container = azurite.Blobs.GetBlobContainerClient("azure-webjobs-hosts");
        await container.CreateIfNotExistsAsync(cancellationToken: Token);
        await container.GetBlobClient("timers/timer-unreadable/Nightly/status").UploadAsync(BinaryData.FromString("{cut"), true, Token);
        await using var bench = await StartAsync("timer-unreadable", Start);
        await bench.Clock.ReachAsync(TimeSpan.FromHours(2));
        Assert.Equal((1, 1), (bench.Log.Count(203), bench.Runs.Count));
    }

    [Fact]
    public async Task Of_two_hosts_side_by_side_one_fires_the_timers_and_the_other_takes_over_when_it_stops()
    {
        var first = await StartAsync("timer-twice", Start);
        await using var second = Create("timer-twice", Start);
        await second.StartAsync();
        await second.Log.SeenAsync(l => l.Event.Id == 206);
        second.Clock.Advance(TimeSpan.FromHours(2));
        await first.Clock.ReachAsync(TimeSpan.FromHours(2));
        Assert.Equal((1, 0), (first.Runs.Count, second.Runs.Count));
        await first.DisposeAsync();
        await second.Clock.WaitedOnAsync();
        Assert.Empty(second.Runs);
        await second.Clock.ReachAsync(TimeSpan.FromDays(1));
        Assert.Equal(["03-02 02:30:00 False"], second.Runs);
    }

    [Fact]
    public async Task Storage_that_is_down_at_the_start_is_tried_again_and_does_not_end_the_host()
    {
        const string nowhere = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;BlobEndpoint=http://127.0.0.1:1/a";
        await using var bench = new Bench(nowhere, "timer-down", new Clock(Start), new LogBook(), ("Nightly", Daily, ""));
        await bench.StartAsync();
        await bench.Log.SeenAsync(l => l.Event.Id == 207);
        Assert.Empty(bench.Runs);
    }

    [Theory]
    [InlineData("every day", "function Nightly: the schedule 'every day' is neither")]
    [InlineData("%Absent%", "function Nightly: '%Absent%': the setting Absent is not set")]
    public async Task A_timer_that_cannot_run_is_a_start_up_error_that_names_it(string schedule, string message)
    {
        await using var bench = Create("timer-bad", Start, schedule);
        var error = await Assert.ThrowsAsync<StartupException>(bench.StartAsync);
        Assert.StartsWith(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("", "setting AzureWebJobsStorage: is not set; timers keep their state in that storage account")]
    [InlineData("secret", "setting AzureWebJobsStorage: is not a storage connection string")]
    public async Task Timers_without_storage_are_a_start_up_error_that_does_not_repeat_the_setting(string storage, string message)
    {
        await using var bench = new Bench(storage, "timer-none", new Clock(Start), new LogBook(), ("Nightly", Daily, ""));
        Assert.Equal(message, (await Assert.ThrowsAsync<StartupException>(bench.StartAsync)).Message);
    }

    [Fact]
    public async Task The_function_gets_its_schedule_and_whether_it_is_past_due()
    {
        var host = new TestHost
        {
            Time = new Clock(Start),
            Settings =
            {
                ["AzureWebJobsStorage"] = azurite.StateConnection,
                ["AzureFunctionsWebHost__hostid"] = "timer-real",
                ["AzureWebJobs__Nightly__Disabled"] = "false",
                ["Nightly"] = Daily,
            },
        };
        await using var _ = await TestHost.StartAsync(host);
        await host.Log.SeenAsync(l => l.Event.Id == 200);
        ((Clock)host.Time).Advance(TimeSpan.FromHours(2));
        await host.Log.SeenAsync("nightly pastDue=False last=0001-01-01T00:00:00 next=2026-03-01T02:00:00 updated=2026-03-01T00:30:00");
    }
}
