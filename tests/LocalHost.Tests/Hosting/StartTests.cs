using LocalHost.Hosting;
using LocalHost.Worker;

namespace LocalHost.Tests.Hosting;

public sealed class StartTests
{
    [Fact]
    public async Task A_key_that_is_not_set_opens_nothing_and_one_warning_names_its_setting()
    {
        var settings = new TestHost { Settings = { ["LocalHost__Keys__Default"] = "", ["LocalHost__Keys__Master"] = "" } };
        await using var host = await TestHost.StartAsync(settings);
        foreach (var key in new[] { null, "", TestHost.Default })
        {
            var function = await host.CallAsync(HttpMethod.Post, "/api/Guarded", key);
            var admin = await host.CallAsync(HttpMethod.Get, "/admin/functions", key);
            Assert.Equal(((401, ""), (401, "")), (function, admin));
        }

        Assert.Equal(
            ["LocalHost__Keys__Default", "LocalHost__Keys__Master"],
            host.Log.Lines.Where(l => l.Event.Id is 5 or 6).Select(l => l.Text.Split(' ')[2]).Order()
        );
    }

    [Fact]
    public async Task A_function_that_nothing_starts_is_a_start_up_error_that_names_it()
    {
        await using var host = new TestHost { Starters = (_, _, _, _, _) => [] };
        await host.BindAsync();
        var start = host.Host.StartAsync(TestContext.Current.CancellationToken);
        var error = await Assert.ThrowsAsync<StartupException>(() => start);
        Assert.Contains("function Nightly: this host does not know the trigger timerTrigger", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_queue_name_whose_setting_is_missing_is_a_start_up_error_that_names_function_and_setting()
    {
        await using var host = new TestHost();
        host.Settings.Remove("Take");
        host.Settings["Second"] = "";
        await host.BindAsync();
        var start = host.Host.StartAsync(TestContext.Current.CancellationToken);
        var error = await Assert.ThrowsAsync<StartupException>(() => start);
        Assert.Equal(
            [
                "function Forward: '%Second%': the setting Second is not set",
                "function Second: '%Second%': the setting Second is not set",
                "function Take: '%Take%': the setting Take is not set",
            ],
            error.Message.Split("; ").Order()
        );
    }

    [Fact]
    public async Task The_log_has_the_levels_of_host_json()
    {
        const string quiet = """{"version":"2.0","logging":{"logLevel":{"TestApp":"Error"}}}""";
        await using var host = await TestHost.StartAsync(new TestHost { HostJson = quiet });
        Assert.Equal(200, (await host.CallAsync(HttpMethod.Post, "/api/Log")).Status);
        await host.Log.SeenAsync("broken");
        Assert.DoesNotContain(host.Log.Lines, l => l.Text == "careful 7");
    }

    [Fact]
    public async Task The_apps_own_reason_does_not_wait_for_storage_that_does_not_answer()
    {
        await using var host = new TestHost { Starters = (_, _, _, _, _) => [new Stuck()], Settings = { ["TestApp__Fail"] = "no policy" } };
        await host.BindAsync();
        var start = host.Host.StartAsync(TestContext.Current.CancellationToken);
        var error = await Assert.ThrowsAsync<StartupException>(() =>
            start.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)
        );
        Assert.Equal("the app cannot start: no policy (exit code 134)", error.Message);
    }

    [Fact]
    public async Task A_stop_does_not_wait_for_storage_that_does_not_answer()
    {
        await using var host = new TestHost { Starters = (_, _, _, _, _) => [new Stuck()] };
        await host.BindAsync();
        using var cancellation = new CancellationTokenSource();
        var start = host.Host.StartAsync(cancellation.Token);
        await host.Log.SeenAsync(l => l.Event.Id == 100);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() =>
            start.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken)
        );
    }

    /// <summary>Cannot be made ready.</summary>
    private sealed class Stuck : IFunctionStarter
    {
        public Task Failure { get; } = new TaskCompletionSource().Task;

        public bool Starts(FunctionBinding trigger) => true;

        public Task PrepareAsync(CancellationToken cancellationToken) => new TaskCompletionSource().Task;

        public Task StartAsync(IReadOnlyList<WorkerFunction> functions, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task RunByHandAsync(WorkerFunction function, string? input, CancellationToken cancellationToken) => Task.CompletedTask;

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
