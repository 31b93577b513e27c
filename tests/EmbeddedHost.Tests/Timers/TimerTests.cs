using System.Globalization;
using Microsoft.Extensions.Time.Testing;
using Testing;

namespace EmbeddedHost.Tests.Timers;

public sealed class TimerTests(AzuriteFixture azurite)
{
    private static readonly DateTimeOffset Start = new(2026, 3, 1, 0, 30, 0, TimeSpan.Zero);

    private static string Text(DateTimeOffset time) => time.ToString("MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    private TestHost Host(string id, DateTimeOffset now, Probe? probe = null)
    {
        var host = new TestHost { Time = new FakeTimeProvider(now), Probe = probe ?? new Probe() };
        host.Settings["AzureWebJobsStorage"] = azurite.StateConnection;
        host.Settings["AzureFunctionsWebHost:hostid"] = id;
        host.Settings["Nightly"] = "0 0 2 * * *";
        return host;
    }

    [Fact]
    public async Task A_timer_fires_when_the_clock_reaches_its_time_and_not_before()
    {
        await using var host = await Host("timer-fires", Start).StartAsync(typeof(Nightly));
        await host.QuietAsync();
        await host.AdvanceAsync(new TimeSpan(1, 29, 59));
        Assert.Empty(host.Probe.All);
        await host.AdvanceAsync(TimeSpan.FromSeconds(1));
        await host.AdvanceAsync(TimeSpan.FromDays(1));
        Assert.Equal(["03-01 02:00:00 False", "03-02 02:00:00 False"], host.Probe.All);
    }

    [Fact]
    public async Task A_schedule_that_is_months_away_is_waited_for()
    {
        await using var host = await Host("timer-yearly", Start).StartAsync(typeof(Yearly));
        await host.QuietAsync();
        for (var i = 0; i < 305; i++)
            await host.AdvanceAsync(TimeSpan.FromDays(1));
        Assert.Empty(host.Probe.All);
        await host.AdvanceAsync(TimeSpan.FromDays(1));
        Assert.Single(host.Probe.All);
    }

    [Fact]
    public async Task Runs_missed_while_the_host_was_down_are_made_up_for_once_and_marked_past_due()
    {
        var probe = new Probe();
        await using (var first = await Host("timer-past-due", Start, probe).StartAsync(typeof(Nightly)))
        {
            await first.QuietAsync();
            await first.AdvanceAsync(TimeSpan.FromHours(2));
        }

        await using var second = await Host("timer-past-due", Start.AddDays(3), probe).StartAsync(typeof(Nightly));
        await second.QuietAsync();
        await second.AdvanceAsync(TimeSpan.FromHours(2));
        Assert.Equal(["03-01 02:30:00 False", "03-04 00:30:00 True", "03-04 02:30:00 False"], probe.All);
    }

    [Fact]
    public async Task A_restart_with_nothing_missed_runs_nothing()
    {
        var probe = new Probe();
        await using (var first = await Host("timer-restart", Start, probe).StartAsync(typeof(Nightly)))
            await first.QuietAsync();
        await using var second = await Host("timer-restart", Start.AddMinutes(30), probe).StartAsync(typeof(Nightly));
        await second.QuietAsync();
        Assert.Empty(probe.All);
    }

    [Fact]
    public async Task The_first_run_of_a_new_timer_is_not_forgotten_when_the_host_is_down_then()
    {
        var probe = new Probe();
        await using (var first = await Host("timer-first", Start, probe).StartAsync(typeof(Nightly)))
            await first.QuietAsync();
        await using var second = await Host("timer-first", Start.AddDays(1), probe).StartAsync(typeof(Nightly));
        await second.QuietAsync();
        Assert.Equal(["03-02 00:30:00 True"], probe.All);
    }

    [Fact]
    public async Task A_changed_schedule_is_not_past_due()
    {
        var probe = new Probe();
        await using (var first = await Host("timer-changed", Start, probe).StartAsync(typeof(Nightly)))
            await first.QuietAsync();
        var host = Host("timer-changed", Start.AddDays(1), probe);
        host.Settings["Nightly"] = "0 0 3 * * *";
        await using var second = await host.StartAsync(typeof(Nightly));
        await second.QuietAsync();
        Assert.Empty(probe.All);
    }

    [Fact]
    public async Task RunOnStartup_runs_at_each_start_and_a_timer_without_monitor_is_never_past_due()
    {
        var probe = new Probe();
        foreach (var day in new[] { 0, 3 })
        {
            await using var host = await Host("timer-start", Start.AddDays(day), probe).StartAsync(typeof(AtStart), typeof(Unmonitored));
            await host.QuietAsync();
        }

        Assert.Equal(["start", "start"], probe.All);
    }

    [Fact]
    public async Task A_timer_never_overlaps_itself_and_makes_up_for_what_came_due_meanwhile_once()
    {
        await using var host = await Host("timer-overlap", Start).StartAsync(typeof(Slow));
        await host.QuietAsync();
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal("begin", await host.Probe.NextAsync<string>());
        host.Clock.Advance(TimeSpan.FromMinutes(5));
        host.Probe.Gate.SetResult();
        await host.QuietAsync();
        Assert.Equal(["begin", "end", "begin", "end"], host.Probe.All);
    }

    [Fact]
    public async Task A_failing_run_is_logged_and_the_schedule_goes_on()
    {
        await using var host = await Host("timer-fails", Start).StartAsync(typeof(Failing));
        await host.QuietAsync();
        await host.AdvanceAsync(TimeSpan.FromMinutes(1));
        await host.AdvanceAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(2, host.Log.Lines.Count(l => l.Id == 102 && l.Error is InvalidDataException));
    }

    [Fact]
    public async Task A_schedule_status_that_cannot_be_read_is_said_and_the_timer_begins_anew()
    {
        var container = azurite.Blobs.GetBlobContainerClient("azure-webjobs-hosts");
        await container.CreateIfNotExistsAsync(cancellationToken: TestHost.Stop);
        await container.GetBlobClient("timers/timer-unreadable/Nightly/status").UploadAsync(BinaryData.FromString("{cut"), true, TestHost.Stop);
        await using var host = await Host("timer-unreadable", Start).StartAsync(typeof(Nightly));
        await host.QuietAsync();
        await host.AdvanceAsync(TimeSpan.FromHours(2));
        Assert.Equal((1, 1), (host.Log.Lines.Count(l => l.Id == 203), host.Probe.All.Count));
    }

    [Fact]
    public async Task Storage_that_is_down_at_the_start_is_tried_again_and_does_not_end_the_host()
    {
        var host = Host("timer-down", Start);
        host.Settings["AzureWebJobsStorage"] = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;BlobEndpoint=http://127.0.0.1:1/a;QueueEndpoint=http://127.0.0.1:1/a";
        await using var started = await host.StartAsync(typeof(Nightly));
        await host.QuietAsync();
        await host.AdvanceAsync(TimeSpan.FromMilliseconds(100));
        Assert.Equal(2, host.Log.Lines.Count(l => l.Id == 202));
    }

    private sealed class Nightly(Probe probe, TimeProvider time)
    {
        [Function("Nightly")]
        public void Run([TimerTrigger("%Nightly%")] TimerInfo timer) => probe.See($"{Text(time.GetUtcNow())} {timer.IsPastDue}");
    }

    private sealed class Yearly(Probe probe)
    {
        [Function("Yearly")]
        public void Run([TimerTrigger("0 0 0 1 1 *")] TimerInfo timer) => probe.See(timer.ScheduleStatus!.Next);
    }

    private sealed class AtStart(Probe probe)
    {
        [Function("AtStart")]
        public void Run([TimerTrigger("0 0 0 1 1 *", RunOnStartup = true)] TimerInfo timer) => probe.See(timer.IsPastDue ? "past due" : "start");
    }

    private sealed class Unmonitored(Probe probe)
    {
        [Function("Unmonitored")]
        public void Run([TimerTrigger("0 0 2 * * *", UseMonitor = false)] TimerInfo timer) => probe.See(timer);
    }

    private sealed class Slow(Probe probe)
    {
        [Function("Slow")]
        public async Task RunAsync([TimerTrigger("0 * * * * *")] TimerInfo timer)
        {
            probe.See("begin");
            await probe.Gate.Task;
            probe.See("end");
        }
    }

    private sealed class Failing
    {
        [Function("Failing")]
        public static Task RunAsync([TimerTrigger("0 * * * * *")] TimerInfo timer) => throw new InvalidDataException("no");
    }
}
