using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Compliance.Findings;

namespace Local;

/// <summary>Starts Azurite, the sandbox tenant and the app, watches them, and stops them in reverse.</summary>
/// <param name="programs">What to start.</param>
/// <param name="output">Gets the report, and in run mode the addresses and log lines.</param>
/// <param name="progress">Gets what it is doing.</param>
/// <param name="terminal">How the report is shown.</param>
/// <param name="time">Clock for waiting.</param>
internal sealed class Launcher(Programs programs, TextWriter output, TextWriter progress, (int Width, bool Colour) terminal, TimeProvider time)
{
    private static readonly TimeSpan ReadyWithin = TimeSpan.FromSeconds(60);

    private readonly TextWriter _lines = TextWriter.Synchronized(output);

    /// <summary>Runs until <paramref name="stop"/>, or with <see cref="RunOptions.Once"/> until the check is done.</summary>
    /// <param name="options">What to do.</param>
    /// <param name="stop">Asks for an orderly end.</param>
    /// <param name="hurry">Asks for an end by force.</param>
    /// <returns>One of <see cref="ExitCode"/>.</returns>
    /// <exception cref="LaunchException">Something is missing, taken, or died; everything started was stopped.</exception>
    public async Task<int> RunAsync(RunOptions options, CancellationToken stop, CancellationToken hurry)
    {
        using var state = StateFolder.Take(Path.GetFullPath(options.State ?? Path.Combine(programs.RepositoryRoot, ".local")), options.Once);
        foreach (var leftover in await state.Pids.StopLeftoversAsync())
            Say($"stopped {leftover}, left over from an earlier start");
        if (options.Fresh && !await state.EmptyAsync())
            Say("--fresh: the other mode is running, so its state and the keys were kept");
        state.RotateLogs();
        var supervisor = new Supervisor(state.Pids, time);
        try
        {
            var keys = HostKeys.ReadOrMake(state.Keys);
            var (client, urls) = await StartAsync(options, state, keys, supervisor, stop);
            using (client)
            {
                if (options.Around is { } command)
                    return await supervisor.WhileAllLiveAsync(ending => CommandAsync(command, state, ending), stop);
                if (options.Once)
                    return await CheckAsync(options, state, client, supervisor, stop);
                foreach (var url in urls)
                    await _lines.WriteLineAsync(url);
                await _lines.WriteLineAsync("Ctrl-C stops it all.");
                await _lines.FlushAsync(stop);
                await supervisor.WhileAllLiveAsync(
                    async ending =>
                    {
                        await Task.Delay(Timeout.InfiniteTimeSpan, time, ending);
                        return true;
                    },
                    stop);
                return ExitCode.Done;
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            if (options.Once)
                throw new LaunchException("interrupted before the check was done");
            return ExitCode.Done;
        }
        finally
        {
            if (!options.Once && supervisor.Running.Count > 0)
                Say($"stopping: {string.Join(", ", supervisor.Running)}");
            await supervisor.StopAsync(hurry);
        }
    }

    private async Task<(HostClient Client, IReadOnlyList<string> Urls)> StartAsync(
        RunOptions options, StateFolder state, HostKeys keys, Supervisor supervisor, CancellationToken stop)
    {
        var (app, sandbox, blobs) = options.Once ? (0, 0, 0) : (7071, 7072, 10000);
        var firstAzurite = options.AzuritePort ?? blobs;
        int Azurite(int offset) => firstAzurite == 0 ? 0 : firstAzurite + offset;
        var wanted = new WantedPort(options.Port ?? app, "--port");
        // All ports that were given are checked before anything starts.
        Ports.Check(
            wanted, new(options.SandboxPort ?? sandbox, "--sandbox-port"),
            new(Azurite(0), "--azurite-port"), new(Azurite(1), "--azurite-port"), new(Azurite(2), "--azurite-port"));

        Say("starting Azurite");
        var azurite = await Local.Azurite.StartAsync(
            programs.RepositoryRoot, state.Azurite, (Azurite(0), Azurite(1), Azurite(2)), time, stop, state.Log("azurite.log"), supervisor.Add);

        SandboxReady? tenant = null;
        if (!options.Real)
        {
            Say($"starting the sandbox tenant ({(options.Tenant is null ? "demo" : options.Tenant)})");
            tenant = await StartChildAsync(
                new ChildSpec("sandbox", [.. programs.Sandbox, .. SandboxArguments(options, state, options.SandboxPort ?? sandbox)]) { LogFile = state.Log("sandbox.log") },
                async (child, ending) => SandboxReady.Parse(await child.FirstLine.WaitAsync(ending)));
        }

        Say("starting the app");
        var port = Ports.ChooseForApp(wanted);
        var settings = AppSettings.For(options, port, keys, azurite, tenant, state.SigningKey);
        new Connection(
            string.Create(CultureInfo.InvariantCulture, $"http://127.0.0.1:{port}"), keys.Default, keys.Hr, azurite.EvidenceConnection, settings["Approvals__Audience"],
            settings.Where(s => tenant is not null && s.Key.StartsWith("Tenant__", StringComparison.Ordinal)).ToDictionary(s => s.Key.Replace("__", ":", StringComparison.Ordinal), s => s.Value),
            azurite.StateConnection)
            .Write(state.Connection);
        var client = new HostClient(port, keys, time);
        try
        {
            await StartChildAsync(
                new ChildSpec("app", programs.App)
                {
                    Environment = settings,
                    WorkingDirectory = Path.GetDirectoryName(programs.App[^1]),
                    LogFile = state.Log("app.log"),
                    OnLine = options.Once ? null : Show,
                },
                (_, ending) => client.RunningAsync(ending));
        }
        catch
        {
            client.Dispose();
            throw;
        }
        return (client,
        [
            $"App      http://127.0.0.1:{port}  (keys: {state.Keys})",
            .. tenant is null ? Array.Empty<string>() : [$"Sandbox  {tenant.Url}  (tenant {tenant.TenantId})"],
            $"Azurite  http://127.0.0.1:{azurite.BlobPort} blobs, {azurite.QueuePort} queues, {azurite.TablePort} tables",
            $"Logs     {state.Log("")}",
        ]);

        async Task<T> StartChildAsync<T>(ChildSpec spec, Func<ChildProcess, CancellationToken, Task<T>> ready)
        {
            var child = ChildProcess.Start(spec);
            // Those already running are watched meanwhile; this one's own end has its own message.
            var isReady = supervisor.WhileAllLiveAsync(ending => child.WhenReadyAsync(ready: token => ready(child, token), ReadyWithin, time, ending), stop);
            supervisor.Add(child);
            return await isReady;
        }
    }

    // The command has this terminal; how it ends is how the launcher ends.
    private static async Task<int> CommandAsync(IReadOnlyList<string> command, StateFolder state, CancellationToken stop)
    {
        var start = new ProcessStartInfo(command[0], command.Skip(1)) { Environment = { [Connection.Variable] = state.Connection } };
        using var process = ProcessStart.Start(start, Path.GetFileName(command[0]), "build again");
        try
        {
            await process.WaitForExitAsync(stop);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
        return process.ExitCode;
    }

    private async Task<int> CheckAsync(RunOptions options, StateFolder state, HostClient client, Supervisor supervisor, CancellationToken stop)
    {
        Say("running the credential-rotation check");
        var report = await supervisor.WhileAllLiveAsync(client.CheckAsync, stop);
        if (options.Json)
            await output.WriteLineAsync(JsonSerializer.Serialize(report, ComplianceJson.Readable));
        else
            ReportTable.Print(report, output, terminal.Width, terminal.Colour, state.Azurite);
        await output.FlushAsync(stop);
        return Verdict.Of(report, options.FailOn);
    }

    private static List<string> SandboxArguments(RunOptions options, StateFolder state, int port)
    {
        List<string> arguments = ["serve", "--port", port.ToString(CultureInfo.InvariantCulture)];
        arguments.AddRange(options.Tenant is { } folder ? ["--tenant", Path.GetFullPath(folder)] : ["--demo"]);
        if (options.Now is { } now)
            arguments.AddRange(["--now", AppSettings.Iso(now)]);
        if (options.Faults is { } faults)
            arguments.AddRange(["--faults", faults]);
        arguments.AddRange(["--state", state.Sandbox(options.Tenant), "--request-log", state.Log("requests.jsonl"), "--parent-stdin"]);
        return arguments;
    }

    private void Show(string line)
    {
        var parsed = LogLine.Parse(line);
        if (parsed.IsForPeople)
            _lines.WriteLine(parsed.Short("app"));
    }

    private void Say(string text) => progress.WriteLine(text);
}
