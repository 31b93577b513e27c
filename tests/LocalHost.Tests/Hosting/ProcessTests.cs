using System.Diagnostics;
using System.Text.Json;
using LocalHost.Tests.WebJobs;
using Testing;

namespace LocalHost.Tests.Hosting;

/// <summary>The host as the process that scripts start.</summary>
public sealed class ProcessTests(AzuriteFixture azurite) : IDisposable
{
    private readonly AppPlace _place = new(azurite);

    private static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(60);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static string HostDll { get; } = typeof(LocalHost.Hosting.AppHost).Assembly.Location;

    private Process Start(params (string Name, string Value)[] settings) => Start([], settings);

    private Process Start(string[] options, params (string Name, string Value)[] settings)
    {
        // In a process group of its own and heeding Ctrl-C, as in a terminal: what a shell starts in the background ignores it, and passes
        // that on.
        var start = new ProcessStartInfo("setsid", ["env", "--default-signal=INT", "dotnet"])
        {
            RedirectStandardInput = options.Length > 0,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(HostDll);
        start.ArgumentList.Add(TestHost.AppDll);
        foreach (var option in options)
            start.ArgumentList.Add(option);
        foreach (var (name, value) in _place.Environment.Concat(new TestHost().Settings).Select(s => (s.Key, s.Value)).Concat(settings))
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    public void Dispose() => _place.Dispose();

    private static async Task<Uri> AddressAsync(Process host) =>
        new(JsonElement.Parse((await host.StandardOutput.ReadLineAsync(Token))!).GetProperty("address").GetString()!);

    private static async Task<int> WorkerIdAsync(Uri address)
    {
        using var client = new HttpClient(new SocketsHttpHandler()) { BaseAddress = address };
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            using var answer = await client.GetAsync(new Uri("/api/ProcessId", UriKind.Relative), Token);
            if (answer.IsSuccessStatusCode)
                return int.Parse(await answer.Content.ReadAsStringAsync(Token), null);
            Assert.Equal(503, (int)answer.StatusCode);
            Assert.True(Stopwatch.GetElapsedTime(began) < StartLimit, $"the worker is not ready after {StartLimit}: the host answers 503");
            await Task.Delay(TimeSpan.FromMilliseconds(100), TimeProvider.System, Token);
        }
    }

    // Sample: "4242 (dotnet) S 4200 ..."; Z is a process that has ended and was not waited for.
    private static bool IsRunning(int processId)
    {
        try
        {
            return File.ReadAllText($"/proc/{processId}/stat").Split(") ")[1][0] != 'Z';
        }
        catch (IOException)
        {
            return false;
        }
    }

    private static string ProcessGroup(int processId) => File.ReadAllText($"/proc/{processId}/stat").Split(") ")[1].Split(' ')[2];

    private static async Task EndedAsync(int processId, TimeSpan limit)
    {
        var started = Stopwatch.GetTimestamp();
        while (IsRunning(processId))
        {
            Assert.True(Stopwatch.GetElapsedTime(started) < limit, $"process {processId} still runs after {limit}");
            await Task.Delay(TimeSpan.FromMilliseconds(20), TimeProvider.System, Token);
        }
    }

    [Fact]
    public async Task The_worker_does_not_outlive_a_host_that_was_killed()
    {
        using var host = Start();
        var worker = await WorkerIdAsync(await AddressAsync(host));
        host.Kill();
        await EndedAsync(worker, TimeSpan.FromSeconds(3));
    }

    [Fact]
    public async Task A_host_ends_with_the_program_that_started_it_however_that_went()
    {
        using var host = Start(["--parent-stdin"]);
        var worker = await WorkerIdAsync(await AddressAsync(host));
        var rest = host.StandardOutput.ReadToEndAsync(Token);

        // What the system does for a program that was killed.
        host.StandardInput.Close();

        await host.WaitForExitAsync(Token).WaitAsync(TimeSpan.FromSeconds(60), Token);
        Assert.Equal((0, false), (host.ExitCode, IsRunning(worker)));
        Assert.EndsWith("Stopped\n", await rest, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_argument_is_answered_with_the_usage_and_exit_code_2()
    {
        using var host = Start(["--nonsense"]);
        var error = await host.StandardError.ReadToEndAsync(Token);
        await host.WaitForExitAsync(Token);
        Assert.Equal(2, host.ExitCode);
        Assert.StartsWith("usage: dotnet LocalHost.dll PATH/TO/APP.dll [--parent-stdin] ", error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("INT")]
    [InlineData("TERM")]
    public async Task A_stop_of_the_whole_process_group_lets_functions_end_then_the_worker_then_the_host_with_exit_code_0(string signal)
    {
        using var host = Start();
        var address = await AddressAsync(host);
        var worker = await WorkerIdAsync(address);
        // Else a Ctrl-C would reach the worker itself, before the host has drained it.
        Assert.NotEqual(ProcessGroup(host.Id), ProcessGroup(worker));
        using var client = new HttpClient(new SocketsHttpHandler()) { BaseAddress = address };
        var running = client.PostAsync(new Uri("/api/slow/1000", UriKind.Relative), null, Token);
        while (!(await host.StandardOutput.ReadLineAsync(Token))!.EndsWith(" begin", StringComparison.Ordinal)) { }

        var rest = host.StandardOutput.ReadToEndAsync(Token);
        // The terminal sends it to the whole group, and who started the host may pass it on once more.
        foreach (var receiver in new[] { -host.Id, host.Id })
        {
            using var kill = Process.Start("kill", [$"-{signal}", "--", $"{receiver}"]);
            await kill.WaitForExitAsync(Token);
        }

        Assert.Equal(200, (int)(await running).StatusCode);
        await host.WaitForExitAsync(Token).WaitAsync(TimeSpan.FromSeconds(30), Token);
        Assert.Equal((0, false), (host.ExitCode, IsRunning(worker)));
        Assert.EndsWith("Stopped\n", await rest, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_app_that_cannot_start_ends_the_host_with_exit_code_1_and_one_line()
    {
        using var host = Start(("TestApp__Fail", "Policy:Path: the file x.yaml is missing"));
        var output = host.StandardOutput.ReadToEndAsync(Token);
        var error = await host.StandardError.ReadToEndAsync(Token);
        await host.WaitForExitAsync(Token);
        Assert.Equal(
            (1, "LocalHost: the app cannot start: Policy:Path: the file x.yaml is missing (exit code 134)\n"),
            (host.ExitCode, error)
        );
        Assert.DoesNotContain("   at ", await output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_misspelt_setting_of_the_host_is_named_and_nothing_is_started()
    {
        using var host = Start(("LocalHost__Keys__Mater", "x"));
        var output = host.StandardOutput.ReadToEndAsync(Token);
        var error = await host.StandardError.ReadToEndAsync(Token);
        await host.WaitForExitAsync(Token);
        Assert.Equal(
            (1, "LocalHost: setting LocalHost__Keys__Mater: is not a setting of this host; did you intend LocalHost__Keys__Master?\n", ""),
            (host.ExitCode, error, await output)
        );
    }

    [Fact]
    public async Task With_Logs_Console_json_each_line_is_an_object_with_a_UTC_time_and_the_scope_of_its_invocation()
    {
        using var host = Start(("Logs__Console", "json"));
        var address = await AddressAsync(host);
        await WorkerIdAsync(address);
        using (var client = new HttpClient(new SocketsHttpHandler()) { BaseAddress = address })
            (await client.PostAsync(new Uri("/api/Log", UriKind.Relative), null, Token)).Dispose();
        JsonElement line;
        do line = JsonElement.Parse((await host.StandardOutput.ReadLineAsync(Token))!);
        while (line.GetProperty("Message").GetString() != "careful 7");
        var scope = line.GetProperty("Scopes").EnumerateArray().Single(s => s.TryGetProperty("InvocationId", out _));
        Assert.Equal(
            ("TestApp.ProcessFunctions", "Warning", "Log", true, 32),
            (
                Text(line, "Category"),
                Text(line, "LogLevel"),
                Text(scope, "FunctionName"),
                Text(line, "Timestamp").EndsWith("+00:00", StringComparison.Ordinal),
                Text(scope, "CorrelationId").Length
            )
        );
        host.Kill();
    }

    private static string Text(JsonElement json, string property) => json.GetProperty(property).GetString()!;
}
