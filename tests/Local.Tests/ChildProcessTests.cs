namespace Local.Tests;

public sealed class ChildProcessTests : IDisposable
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(60);
    private readonly string _folder = Directory.CreateTempSubdirectory("child-").FullName;

    private PidFile Pids => new(Path.Combine(_folder, "pids.json"));

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_child_that_dies_while_starting_is_named_with_its_exit_code_and_last_words()
    {
        await using var child = Start("die", "5");
        var error = await Assert.ThrowsAsync<LaunchException>(() =>
            child.WhenReadyAsync(token => child.FirstLine.WaitAsync(token), Long, TimeProvider.System, Stop)
        );
        Assert.Equal("fake ended while starting (exit 5): something is wrong", error.Message);
    }

    [Fact]
    public async Task A_child_that_dies_later_ends_the_work_and_the_others_last_started_first()
    {
        var supervisor = new Supervisor(Pids, TimeProvider.System);
        await using var first = await ReadyAsync("ready");
        await using var second = await ReadyAsync("ready");
        supervisor.Add(first);
        supervisor.Add(second);
        var working = supervisor.WhileAllLiveAsync(
            async cancellationToken =>
            {
                await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
                return true;
            },
            Stop
        );
        await second.Process.StandardInput.WriteLineAsync("die");
        await second.Process.StandardInput.FlushAsync(Stop);
        var error = await Assert.ThrowsAsync<LaunchException>(() => working);
        await supervisor.StopAsync(Stop);
        Assert.Equal(
            ("fake ended by itself (exit 7): ready", 0, false),
            (error.Message, await first.Exited, File.Exists(Path.Combine(_folder, "pids.json")))
        );
    }

    [Fact]
    public async Task A_dropped_connection_is_told_as_the_death_that_caused_it()
    {
        var supervisor = new Supervisor(Pids, TimeProvider.System);
        await using var child = await ReadyAsync("ready");
        supervisor.Add(child);
        var error = await Assert.ThrowsAsync<LaunchException>(() =>
            supervisor.WhileAllLiveAsync<bool>(
                _ =>
                {
                    child.Process.StandardInput.WriteLine("die");
                    child.Process.StandardInput.Flush();
                    return Task.FromException<bool>(new HttpRequestException("connection reset")); // known before the end is
                },
                Stop
            )
        );
        Assert.Equal("fake ended by itself (exit 7): ready", error.Message);
    }

    [Fact]
    public async Task A_log_that_cannot_be_written_ends_the_work_and_stops_all_children()
    {
        if (!OperatingSystem.IsLinux())
            return;
        var supervisor = new Supervisor(Pids, TimeProvider.System);
        await using var other = await ReadyAsync("ready");
        // Every write to this device fails as on a full disk.
        await using var child = ChildProcess.Start(Fake("ready") with { LogFile = "/dev/full" });
        supervisor.Add(other);
        supervisor.Add(child);

        var error = await Assert.ThrowsAsync<LaunchException>(() => supervisor.WhileAllLiveAsync(UntilStopped, Stop));
        await supervisor.StopAsync(Stop);

        Assert.Equal("the log /dev/full cannot be written: No space left on device : '/dev/full'", error.Message);
        Assert.Equal((0, 0), (await other.Exited, await child.Exited));
    }

    [Fact]
    public async Task A_log_that_cannot_be_written_while_a_child_starts_ends_the_wait_for_it()
    {
        if (!OperatingSystem.IsLinux())
            return;
        await using var child = ChildProcess.Start(Fake("ready") with { LogFile = "/dev/full" });

        var error = await Assert.ThrowsAsync<LaunchException>(() => child.WhenReadyAsync(UntilStopped, Long, TimeProvider.System, Stop));

        Assert.StartsWith("the log /dev/full cannot be written: ", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_output_that_cannot_be_written_ends_the_work_too()
    {
        var supervisor = new Supervisor(Pids, TimeProvider.System);
        await using var child = ChildProcess.Start(Fake("ready") with { OnLine = _ => throw new IOException("No space left on device") });
        supervisor.Add(child);

        var error = await Assert.ThrowsAsync<LaunchException>(() => supervisor.WhileAllLiveAsync(UntilStopped, Stop));

        Assert.Equal("the standard output cannot be written: No space left on device", error.Message);
    }

    [Fact]
    public void A_long_last_line_keeps_its_beginning_which_names_the_file()
    {
        var lines = new LastLines(4);
        lines.Add("userz.json: the sandbox knows no file of this name; it reads " + new string('x', 2000));

        Assert.Equal((600, "userz.json: the sandbox", '…'), (lines.Text.Length, lines.Text[..23], lines.Text[^1]));
    }

    [Fact]
    public async Task A_child_is_asked_to_end_before_it_is_made_to()
    {
        await using var child = await ReadyAsync("ready");
        await child.StopAsync(Long, Stop);
        Assert.Equal(0, await child.Exited);
    }

    [Fact]
    public async Task A_child_that_does_not_listen_is_ended_by_force_when_asked_twice()
    {
        await using var child = await ReadyAsync("stubborn");
        await child.StopAsync(Long, new CancellationToken(canceled: true));
        Assert.Equal(137, await child.Exited); // 128 + KILL
    }

    [Fact]
    public void A_missing_tool_is_one_line()
    {
        var error = Assert.Throws<LaunchException>(() => Tool.Find("node", "install Node.js 20 or newer", path: _folder));
        Assert.Equal("node is missing: install Node.js 20 or newer", error.Message);
    }

    [Fact]
    public async Task What_a_killed_launcher_left_behind_is_stopped()
    {
        await using var child = await ReadyAsync("ready");
        Pids.Write([child]);
        Assert.Equal([$"fake (pid {child.Process.Id})"], await Pids.StopLeftoversAsync());
        Assert.Equal((0, false), (await child.Exited, File.Exists(Path.Combine(_folder, "pids.json"))));
    }

    [Theory]
    [InlineData("child.js", "other.js")] // another command line
    [InlineData("\"startedAt\":\"20", "\"startedAt\":\"19")] // another process had this number
    public async Task A_process_that_is_not_surely_ours_is_left_alone(string noted, string changed)
    {
        await using var child = await ReadyAsync("ready");
        Pids.Write([child]);
        var file = Path.Combine(_folder, "pids.json");
        var text = await File.ReadAllTextAsync(file, Stop);
        Assert.Contains(noted, text, StringComparison.Ordinal);
        await File.WriteAllTextAsync(file, text.Replace(noted, changed, StringComparison.Ordinal), Stop);
        Assert.Empty(await Pids.StopLeftoversAsync());
        Assert.False(child.Process.HasExited);
    }

    [Fact]
    public async Task A_pid_file_that_is_cut_off_stops_nothing()
    {
        await File.WriteAllTextAsync(Path.Combine(_folder, "pids.json"), "[{\"name\":\"app\",", Stop);
        Assert.Empty(await Pids.StopLeftoversAsync());
    }

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    private static async Task<bool> UntilStopped(CancellationToken cancellationToken)
    {
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        return true;
    }

    private static ChildSpec Fake(params string[] arguments) =>
        new("fake", [Tool.Find("node", "install it"), Path.Combine(AppContext.BaseDirectory, "Fakes", "child.js"), .. arguments]);

    private static ChildProcess Start(params string[] arguments) => ChildProcess.Start(Fake(arguments));

    private static async Task<ChildProcess> ReadyAsync(string fate)
    {
        var child = Start(fate);
        Assert.Equal("ready", await child.WhenReadyAsync(token => child.FirstLine.WaitAsync(token), Long, TimeProvider.System, Stop));
        return child;
    }
}
