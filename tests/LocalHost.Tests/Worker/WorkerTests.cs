using System.Collections;
using System.Diagnostics.CodeAnalysis;
using LocalHost.Configuration;
using LocalHost.Hosting;
using LocalHost.Worker;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;

namespace LocalHost.Tests.Worker;

/// <summary>The worker's log, environment and functions, over a host that stays as it was.</summary>
public sealed class WorkerTests(SharedHost shared) : IClassFixture<SharedHost>
{
    private readonly TestHost _host = shared.Host;

    [Fact]
    public async Task The_apps_log_comes_through_with_category_level_event_exception_and_the_scope_of_its_invocation()
    {
        Assert.Equal(200, (await _host.CallAsync(HttpMethod.Post, "/api/Log")).Status);
        var careful = await _host.Log.SeenAsync("careful 7");
        var broken = await _host.Log.SeenAsync("broken");
        Assert.Equal(
            ("TestApp.ProcessFunctions", LogLevel.Warning, "Careful", "Log", true),
            (
                careful.Category,
                careful.Level,
                careful.Event.Name,
                careful.Scope["FunctionName"],
                careful.Scope["CorrelationId"] is string { Length: 32 }
            )
        );
        Assert.Equal(
            (LogLevel.Error, careful.Scope["InvocationId"], true),
            (
                broken.Level,
                broken.Scope["InvocationId"],
                broken.Error!.ToString().Contains("System.IO.InvalidDataException: the cause", StringComparison.Ordinal)
            )
        );
    }

    [Fact]
    public async Task What_the_app_writes_to_its_output_becomes_log_lines()
    {
        Assert.Equal(200, (await _host.CallAsync(HttpMethod.Post, "/api/Log")).Status);
        Assert.Equal(
            (LogLevel.Information, LogLevel.Warning),
            ((await _host.Log.SeenAsync("raw output")).Level, (await _host.Log.SeenAsync("raw error")).Level)
        );
    }

    [Theory]
    [InlineData("LocalHost__Keys__Master", "(not set)")]
    [InlineData("LocalHost__Keys__Default", "(not set)")]
    [InlineData("LocalHost__Port", "(not set)")]
    [InlineData("DOTNET_STARTUP_HOOKS", "(not set)")]
    [InlineData("AzureWebJobs__DoorPut__Disabled", "1")]
    [InlineData("FUNCTIONS_WORKER_RUNTIME", "dotnet-isolated")]
    [InlineData("AZURE_FUNCTIONS_ENVIRONMENT", "Development")]
    public async Task The_app_sees_its_settings_and_none_of_the_hosts_own(string name, string value) =>
        Assert.Equal((200, value), await _host.CallAsync(HttpMethod.Get, $"/api/setting/{name}"));

    [Fact]
    public async Task A_caller_that_goes_away_cancels_the_functions_token()
    {
        using var caller = new CancellationTokenSource();
        using var client = new HttpClient(new SocketsHttpHandler()) { BaseAddress = _host.Host.Address };
        var call = client.PostAsync(new Uri("/api/Patient", UriKind.Relative), null, caller.Token);
        await _host.Log.SeenAsync("begin");
        await caller.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await _host.Log.SeenAsync("cancelled");
    }

    [Fact]
    public async Task A_process_that_does_not_know_the_workers_id_is_refused()
    {
        using var channel = Grpc.Net.Client.GrpcChannel.ForAddress($"http://127.0.0.1:{_host.Host.WorkerPort}");
        var method = new Grpc.Core.Method<byte[], byte[]>(
            Grpc.Core.MethodType.DuplexStreaming,
            "AzureFunctionsRpcMessages.FunctionRpc",
            "EventStream",
            Plain,
            Plain
        );
        using var stream = channel.CreateCallInvoker().AsyncDuplexStreamingCall(method, null, new Grpc.Core.CallOptions());
        // A StartStream message with the worker id "x".
        var token = TestContext.Current.CancellationToken;
        await stream.RequestStream.WriteAsync([0xA2, 0x01, 0x03, 0x12, 0x01, (byte)'x'], token);
        var refusal = await Assert.ThrowsAsync<Grpc.Core.RpcException>(() => stream.ResponseStream.MoveNext(token));
        Assert.Equal(Grpc.Core.StatusCode.PermissionDenied, refusal.StatusCode);
        Assert.Equal(200, (await _host.CallAsync(HttpMethod.Get, "/api/ProcessId")).Status);
    }

    private static Grpc.Core.Marshaller<byte[]> Plain { get; } = Grpc.Core.Marshallers.Create(b => b, b => b);
}

/// <summary>What becomes of functions and of the worker when either lasts too long or dies.</summary>
public sealed class WorkerLifeTests
{
    private static Task<TestHost> StartAsync(TestHost? host = null) => TestHost.StartAsync(host ?? new TestHost());

    private static async Task<TestHost> TimedAsync() =>
        await StartAsync(new TestHost { Time = new FakeTimeProvider(), HostJson = """{"version":"2.0","functionTimeout":"00:01:00"}""" });

    private static async Task<int> ProcessIdAsync(TestHost host) =>
        int.Parse((await host.CallAsync(HttpMethod.Get, "/api/ProcessId")).Body, null);

    [Fact]
    public async Task FunctionTimeout_cancels_the_token_and_fails_the_run_and_the_worker_lives_on()
    {
        await using var host = await TimedAsync();
        var before = await ProcessIdAsync(host);
        var call = host.CallAsync(HttpMethod.Post, "/api/Patient");
        await host.Log.SeenAsync("begin");
        ((FakeTimeProvider)host.Time).Advance(TimeSpan.FromMinutes(1));
        Assert.Equal((500, ""), await call);
        await host.Log.SeenAsync("cancelled");
        Assert.Equal(before, await ProcessIdAsync(host));
    }

    [Fact]
    public async Task A_function_that_ignores_its_time_out_takes_the_worker_with_it_as_on_the_real_host()
    {
        await using var host = await TimedAsync();
        var clock = (FakeTimeProvider)host.Time;
        var before = await ProcessIdAsync(host);
        var call = host.CallAsync(HttpMethod.Post, "/api/Deaf");
        await host.Log.SeenAsync("begin");
        clock.Advance(TimeSpan.FromMinutes(1));
        await host.Log.SeenAsync(l => l.Event.Id == 104);
        // The wait for the function to heed its token begins right after that line.
        while (!call.IsCompleted)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            await Task.WhenAny(call, Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, TestContext.Current.CancellationToken));
        }

        Assert.Equal((500, ""), await call);
        Assert.NotEqual(before, await ProcessIdAsync(host));
        Assert.Equal((1, 0), (host.Log.Count(105), host.Log.Count(101)));
    }

    [Fact]
    public async Task A_worker_that_died_is_started_again_what_ran_in_it_fails_and_what_comes_meanwhile_waits()
    {
        await using var host = await StartAsync();
        var before = await ProcessIdAsync(host);
        var running = host.CallAsync(HttpMethod.Post, "/api/Patient");
        await host.Log.SeenAsync("begin");
        Assert.Equal((500, ""), await host.CallAsync(HttpMethod.Post, "/api/Crash"));
        var waiting = ProcessIdAsync(host);
        Assert.Equal((500, ""), await running);
        Assert.NotEqual(before, await waiting);
        var line = Assert.Single(host.Log.Lines, l => l.Event.Id == 101);
        Assert.Equal("The worker ended with exit code 137 (1 of 3 crashes in a row): it was ended by signal 9", line.Text);
    }

    [Fact]
    public async Task A_worker_that_died_is_started_again_though_a_process_that_it_left_behind_holds_its_output()
    {
        await using var host = await StartAsync();
        var before = await ProcessIdAsync(host);
        await using var held = new FileStream($"/proc/{before}/fd/1", FileMode.Open, FileAccess.Write);
        Assert.Equal((500, ""), await host.CallAsync(HttpMethod.Post, "/api/Crash"));
        Assert.NotEqual(before, await ProcessIdAsync(host));
    }

    [Fact]
    public async Task A_worker_that_is_being_started_when_the_host_stops_is_ended()
    {
        var stopping = new TaskCompletionSource<Task>();
        WorkerSupervisor? supervisor = null;
        var options = HostContext.Create(TestHost.AppDll, new TestHost().Settings, []).WorkerOptions(new Uri("http://127.0.0.1:1"));
        // The last thing before the process is there.
        var environment = new Noticed(options.Environment, () => stopping.TrySetResult(supervisor!.DisposeAsync().AsTask()));
        using var loggers = LoggerFactory.Create(_ => { });
        supervisor = new WorkerSupervisor(_ => options with { Environment = environment }, loggers, TimeProvider.System);
        await using var server = new WorkerServer(supervisor, loggers);
        await server.StartAsync(TestContext.Current.CancellationToken);
        _ = supervisor.StartAsync(server.Port, new Uri("http://127.0.0.1:1"), TestContext.Current.CancellationToken);
        await (await stopping.Task).WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Assert.True(supervisor.Ended.IsCompletedSuccessfully);
    }

    [Fact]
    public async Task After_three_crashes_in_a_row_the_host_gives_up_with_one_clear_line_as_the_real_host_does()
    {
        await using var host = await StartAsync();
        for (var i = 0; i < 3; i++)
            Assert.Equal(500, (await host.CallAsync(HttpMethod.Post, "/api/Unhandled")).Status);
        var wait = host.Host.WaitAsync(TestContext.Current.CancellationToken);
        var error = await Assert.ThrowsAsync<StartupException>(() => wait);
        Assert.Equal("the worker crashed 3 times in a row; the last time: lost on a thread", error.Message);
    }

    [Fact]
    public async Task Crashes_that_are_half_an_hour_apart_do_not_add_up()
    {
        await using var host = await StartAsync(new TestHost { Time = new FakeTimeProvider() });
        for (var i = 0; i < 4; i++)
        {
            Assert.Equal(500, (await host.CallAsync(HttpMethod.Post, "/api/Crash")).Status);
            var process = await ProcessIdAsync(host);
            Assert.NotEqual(0, process);
            ((FakeTimeProvider)host.Time).Advance(TimeSpan.FromMinutes(31));
        }

        Assert.Equal(4, host.Log.Lines.Count(l => l.Event.Id == 101 && l.Text.Contains("(1 of 3 crashes", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_stop_lets_running_functions_end_and_only_then_the_worker_ends()
    {
        await using var host = await StartAsync();
        var call = host.CallAsync(HttpMethod.Post, "/api/slow/500");
        await host.Log.SeenAsync("begin");
        await host.Host.StopAsync();
        Assert.Equal((200, ""), await call);
        await host.Log.SeenAsync("end");
        Assert.Equal((0, 0), (host.Log.Count(108), host.Log.Count(101)));
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => host.CallAsync(HttpMethod.Get, "/api/ProcessId"));
    }

    [Fact]
    public async Task A_function_that_outlasts_the_drain_time_is_cancelled()
    {
        await using var host = await StartAsync(new TestHost { Settings = { ["LocalHost__DrainSeconds"] = "1" } });
        var call = host.CallAsync(HttpMethod.Post, "/api/Patient");
        await host.Log.SeenAsync("begin");
        await host.Host.StopAsync();
        await host.Log.SeenAsync("cancelled");
        Assert.Equal((1, 500), (host.Log.Count(108), (await call).Status));
    }

    [Fact]
    public async Task An_app_that_cannot_start_is_one_line_with_the_apps_own_reason()
    {
        await using var host = new TestHost { Settings = { ["TestApp__Fail"] = "Policy:Path: the file x.yaml is missing" } };
        await host.BindAsync();
        var start = host.Host.StartAsync(TestContext.Current.CancellationToken);
        var error = await Assert.ThrowsAsync<StartupException>(() => start);
        Assert.Equal("the app cannot start: Policy:Path: the file x.yaml is missing (exit code 134)", error.Message);
        Assert.DoesNotContain(host.Log.Lines, l => l.Text.Contains("   at ", StringComparison.Ordinal));
        var status = await host.CallAsync(HttpMethod.Get, "/admin/host/status", TestHost.Master);
        Assert.Contains("\"state\":\"Error\"", status.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Policy:Path is missing", "the app cannot start: Policy:Path is missing (exit code 3)")]
    [InlineData("The app cannot start: Policy:Path is missing", "The app cannot start: Policy:Path is missing (exit code 3)")]
    public async Task An_app_that_refuses_to_start_is_the_line_that_it_writes(string line, string message)
    {
        await using var host = new TestHost { Settings = { ["TestApp__Refuse"] = line } };
        await host.BindAsync();
        var start = host.Host.StartAsync(TestContext.Current.CancellationToken);
        Assert.Equal(message, (await Assert.ThrowsAsync<StartupException>(() => start)).Message);
    }

    [Fact]
    public async Task Until_the_app_is_ready_its_functions_are_503_and_the_status_is_Starting()
    {
        await using var host = new TestHost();
        await host.BindAsync();
        using var answer = await host.SendAsync(HttpMethod.Get, "/api/ProcessId");
        var status = await host.CallAsync(HttpMethod.Get, "/admin/host/status", TestHost.Master);
        Assert.Equal((503, "1"), ((int)answer.StatusCode, answer.Headers.RetryAfter?.ToString()));
        Assert.Contains("\"state\":\"Starting\"", status.Body, StringComparison.Ordinal);
        await host.Host.StartAsync(TestContext.Current.CancellationToken);
        Assert.Equal(200, (await host.CallAsync(HttpMethod.Get, "/api/ProcessId")).Status);
    }

    [Fact]
    public async Task A_port_that_is_taken_is_one_clear_line()
    {
        await using var host = new TestHost();
        await host.BindAsync();
        await using var second = new TestHost { Settings = { ["LocalHost__Port"] = $"{host.Host.Address.Port}" } };
        var error = await Assert.ThrowsAsync<StartupException>(second.BindAsync);
        var port = host.Host.Address.Port;
        Assert.Equal($"port {port} on 127.0.0.1 is taken; choose another with the setting LocalHost__Port", error.Message);
    }

    /// <summary>An environment that notices when it is given to a process.</summary>
    private sealed class Noticed(IReadOnlyDictionary<string, string> variables, Action given) : IReadOnlyDictionary<string, string>
    {
        public int Count => variables.Count;

        public IEnumerable<string> Keys => variables.Keys;

        public IEnumerable<string> Values => variables.Values;

        public string this[string key] => variables[key];

        public bool ContainsKey(string key) => variables.ContainsKey(key);

        public bool TryGetValue(string key, [MaybeNullWhen(false)] out string value) => variables.TryGetValue(key, out value);

        public IEnumerator<KeyValuePair<string, string>> GetEnumerator()
        {
            given();
            return variables.GetEnumerator();
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
    }
}
